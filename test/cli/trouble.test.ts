import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { loadDialect } from '../../src/scim/dialect.ts'
import { folderWith } from '../support/folder.ts'
import { textIn } from '../support/scene.ts'
import { rollcall } from './terminal.ts'

const PEOPLE = ['ada', 'grace', 'taro', 'hana', 'jun', 'nia', 'zoe']
const users = (ids: readonly string[]) =>
  `id,enabled,name,mail\n${ids.map(id => `${id},true,${id},${id}@example.com\n`).join('')}`
const members = (ids: readonly string[]) => `group,member\n${ids.map(id => `g1,${id}\n`).join('')}`

function workspace(url: string, more = ''): string {
  return folderWith({
    'users.csv': users(PEOPLE),
    'groups.csv': 'id,name\ng1,team-all\n',
    'members.csv': members(PEOPLE),
    'config/rollcall.yaml': `version: 1
state: ../state
sources:
  hq: { connector: file, users: ../users.csv, groups: ../groups.csv, members: ../members.csv }
targets:
  directory: { connector: scim, dialect: generic, url: "${url}", token: { env: ROLLCALL_TEST_TOKEN } }
${more}`,
    'config/profiles/staff.yaml': `version: 1
source: hq
target: directory
scope: { groups: ["team-*"], users: members }
match: [externalId, userName]
user:
  userName: "\${user.mail}"
  externalId: "\${user.id}"
  emails: "\${user.mail}"
  displayName: "\${user.name}"
  active: "\${user.enabled}"
`,
  })
}

describe('a directory that misbehaves', () => {
  let sandbox: Sandbox
  let cwd: string
  beforeEach(async () => {
    sandbox = await startSandbox({ dialect: await loadDialect('generic', '.'), port: 0 })
    process.env['ROLLCALL_TEST_TOKEN'] = sandbox.token
    cwd = workspace(sandbox.url)
  })
  afterEach(() => sandbox.close())

  const there = () =>
    sandbox.directory
      .users()
      .map(({ resource }) => textIn(resource, 'externalId'))
      .toSorted()
  const inGroup = () => sandbox.directory.members(sandbox.directory.groups()[0]?.id ?? '').length

  test.each([
    ['drop-after-commit', '2'],
    ['drop-before-commit', '3'],
    ['unavailable', '4'],
    ['unavailable-after-commit', '3'],
    ['error-500', '5'],
    ['create-without-id', '2'],
    ['rate-limit', '5:0'],
    ['conflict-without-scimtype', undefined],
    ['ignored-filters', undefined],
    ['short-total', undefined],
    ['hidden-members', undefined],
  ])('%s=%s: nothing twice, nothing lost, and in step once it behaves', { timeout: 120_000 }, async (fault, value) => {
    sandbox.directory.setFault(fault, value ?? 'on')
    const { code } = await rollcall(['sync', '--first', '-q'], { cwd })
    expect([0, 1, 4]).toContain(code)
    expect(new Set(there()).size).toBe(there().length)
    sandbox.directory.setFault(fault)
    const after = await rollcall(['sync', '--first', '-q'], { cwd })
    expect([after.code, after.err]).toEqual([0, ''])
    expect(there()).toEqual(PEOPLE.toSorted())
    expect(sandbox.directory.groups()).toHaveLength(1)
    expect(inGroup()).toBe(PEOPLE.length)
    expect((await rollcall(['plan', '--detailed-exitcode', '-q'], { cwd })).code).toBe(0)
  })

  test.each([
    ['html', '1', /web page/i],
    ['truncated-json', '1', /JSON|broke|cut/i],
    ['redirect', 'http://127.0.0.1:9/elsewhere', /redirect|307|127\.0\.0\.1:9/i],
    ['repeat-page', undefined, /page|repeat/i],
    ['lying-total', '7', /total|of/i],
  ])('%s: an error that says what, exit 1, and nothing written', { timeout: 120_000 }, async (fault, value, says) => {
    expect((await rollcall(['sync', '--first', '-q'], { cwd })).code).toBe(0)
    writeFileSync(join(cwd, 'users.csv'), users(PEOPLE.slice(1)))
    writeFileSync(join(cwd, 'members.csv'), members(PEOPLE.slice(1)))
    sandbox.directory.forgetRequests()
    if (fault === 'repeat-page') sandbox.directory.setFault('page-max', '2')
    sandbox.directory.setFault(fault, value ?? 'on')
    const { code, err } = await rollcall(['sync', '-q'], { cwd })
    expect(code).toBe(1)
    expect(err).toMatch(says)
    expect(err).not.toContain(sandbox.token)
    expect(Object.keys(sandbox.directory.requests()).filter(name => !name.startsWith('GET'))).toEqual([])
    sandbox.directory.setFault(fault)
    sandbox.directory.setFault('page-max')
    expect((await rollcall(['sync', '-q'], { cwd })).code).toBe(0)
  })

  test('a source that ends early, lost half its people, or is empty: held, exit 3, and nobody is touched', async () => {
    expect((await rollcall(['sync', '--first', '-q'], { cwd })).code).toBe(0)
    const before = JSON.stringify(sandbox.directory.users())
    const writes = () => Object.keys(sandbox.directory.requests()).filter(name => !name.startsWith('GET'))
    sandbox.directory.forgetRequests()
    for (const [name, text] of [
      ['cut off', users(PEOPLE).slice(0, -8)],
      ['without ids', users(PEOPLE).replace('\nada,', '\n,')],
      ['an id twice', `${users(PEOPLE)}ada,true,ada,ada2@example.com\n`],
      ['nothing at all', ''],
      ['half', users(PEOPLE.slice(0, 3))],
      ['a header alone', users([])],
    ] as const) {
      writeFileSync(join(cwd, 'users.csv'), text)
      const { code, out, err } = await rollcall(['sync'], { cwd })
      expect([name, code]).toEqual([name, 3])
      expect(`${out}${err}`).toMatch(/users\.csv|less than before|unique-ids/)
      expect(JSON.stringify(sandbox.directory.users())).toBe(before)
    }
    expect(writes()).toEqual([])
  }, 60_000)

  test('hostile names go to the target byte for byte, and cannot act upon the terminal', async () => {
    const names = [
      '"quoted"',
      'back\\slash',
      '🦊',
      '\u202eevil',
      '\x1b[2Jgone',
      'two\nlines',
      "<img src=x onerror='1'>",
      '=1+1',
    ]
    writeFileSync(
      join(cwd, 'users.csv'),
      `id,enabled,name,mail\n${names.map((name, at) => `u${at},true,"${name.replaceAll('"', '""')}",u${at}@example.com\n`).join('')}`,
    )
    writeFileSync(join(cwd, 'members.csv'), members(names.map((_, at) => `u${at}`)))
    const { code, out } = await rollcall(['sync', '--first', '-v'], { cwd })
    expect(code).toBe(0)
    expect(out).not.toMatch(/[\x1b\u202e]/)
    expect(sandbox.directory.users().map(({ resource }) => resource['displayName'])).toEqual(names)
    expect((await rollcall(['plan', '--detailed-exitcode', '-q'], { cwd })).code).toBe(0)
  })

  test('two runs at once: the second ends 5 and does nothing', async () => {
    sandbox.directory.setFault('slow', '100')
    const first = rollcall(['sync', '--first', '-q'], { cwd })
    await new Promise(resolve => setTimeout(resolve, 150))
    const second = await rollcall(['sync', '--first'], { cwd })
    expect(second.code).toBe(5)
    expect(second.err).toMatch(/in use by `rollcall sync`/)
    expect((await first).code).toBe(0)
  })

  test('a state file from a newer version is not touched', async () => {
    mkdirSync(join(cwd, 'state'))
    const db = new DatabaseSync(join(cwd, 'state/rollcall.db'))
    db.exec('PRAGMA user_version = 999')
    db.close()
    const { code, err } = await rollcall(['plan'], { cwd })
    expect(code).toBe(1)
    expect(err).toMatch(/newer rollcall/)
  })

  test('a name that nobody has is wrong usage, as is an unknown target or profile', async () => {
    for (const argv of [
      ['plan', '--user', 'nobody'],
      ['plan', '--target', 'directroy'],
      ['plan', '--profile', 'stuff'],
      ['explain', 'user', 'nobody'],
    ]) {
      const { code, err } = await rollcall(argv, { cwd })
      expect([argv, code, err]).toEqual([argv, 64, expect.stringMatching(/nobody|directory|staff/)])
    }
  })

  test('over a limit nothing is written, the digest approves this one plan, and it is kept 0600', async () => {
    expect((await rollcall(['sync', '--first', '-q'], { cwd })).code).toBe(0)
    writeFileSync(join(cwd, 'users.csv'), users(PEOPLE.slice(0, 5)))
    writeFileSync(join(cwd, 'members.csv'), members(PEOPLE.slice(0, 5)))
    const { code, out } = await rollcall(['sync'], { cwd })
    expect(code).toBe(3)
    expect(out).toContain('Over the limits')
    const [, file = '', digest = ''] = /rollcall apply (\S+) --approve (sha256:[0-9a-f]{64})/.exec(out) ?? []
    expect((await rollcall(['apply', file, '-q'], { cwd })).code).toBe(3)
    expect(
      (await rollcall(['apply', file, '--approve', digest.replace(/.$/, digest.endsWith('0') ? '1' : '0')], { cwd }))
        .code,
    ).toBe(3)
    expect((await rollcall(['apply', file, '--approve', digest, '-q'], { cwd })).code).toBe(0)
    expect(sandbox.directory.users().filter(({ resource }) => resource['active'] === false)).toHaveLength(2)
    expect((await rollcall(['apply', file, '--approve', digest], { cwd })).err).toMatch(/was applied already/)
    expect(readdirSync(join(cwd, 'state/plans')).length).toBeGreaterThan(1)
  })
})

test('an error of ten megabytes is cut, and what matters of it is shown', async () => {
  const server = createServer((_, response) => {
    response.writeHead(400, { 'content-type': 'application/scim+json' })
    response.end(JSON.stringify({ detail: `no such directory ${'x'.repeat(10 << 20)}`, status: '400' }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  process.env['ROLLCALL_TEST_TOKEN'] = 'hush-hush'
  try {
    const cwd = workspace(`http://127.0.0.1:${(server.address() as AddressInfo).port}/scim`)
    const { code, err } = await rollcall(['plan'], { cwd })
    expect(code).toBe(1)
    expect(err.length).toBeLessThan(5_000)
    expect(err).toContain('400')
    expect(err).not.toContain('hush-hush')
  } finally {
    server.close()
  }
})

test('a target that refuses the token stops the run and says what to do; the token is not shown', async () => {
  const server = createServer((_, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: 'unauthorized', traceId: 'abc123' }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  process.env['ROLLCALL_TEST_TOKEN'] = 'hush-hush'
  try {
    const cwd = workspace(`http://127.0.0.1:${(server.address() as AddressInfo).port}/scim`)
    const { code, err } = await rollcall(['sync', '-v'], { cwd })
    expect(code).toBe(1)
    expect(err).toMatch(/401/)
    expect(err).not.toContain('hush-hush')
  } finally {
    server.close()
  }
})
