import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { loadDialect } from '../../src/scim/dialect.ts'
import { company, PROFILE } from '../config/company.ts'
import { rollcall } from './terminal.ts'

const TOKEN = 'check-test-token'
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ dialect: await loadDialect('atlassian', '.'), port: 0, token: TOKEN })
})
afterAll(() => sandbox.close())

/** Two targets and two sources: of `atlassian` and `hq` all is well. */
function config(more = ''): string {
  return `version: 1
sources:
  hq: { connector: file, users: ../data/users.csv, groups: ../data/groups.csv, members: ../data/members.csv }
targets:
  atlassian:
    connector: scim
    dialect: atlassian
    url: ${sandbox.url}
    token: { file: ../token }
${more}`
}

test('with everything in order, source and target say so and check ends 0', async () => {
  const cwd = company({ 'config/rollcall.yaml': config(), token: TOKEN })
  const { code, out, err } = await rollcall(['check'], { cwd })
  expect([code, err]).toEqual([0, ''])
  expect(out.split('\n').filter(line => !line.startsWith(' '))).toEqual([
    'config config/rollcall.yaml',
    'source hq (file)',
    'target atlassian',
    '',
  ])
  expect(out).toContain('  ✓ valid: 1 source, 1 target, 1 profile\n')
  expect(out).toContain('members.csv: 1 users, 1 groups, 1 memberships')
  expect(out).not.toContain('✗')
  expect(out).not.toContain(TOKEN)
})

test('with --json all of it is one document', async () => {
  const cwd = company({ 'config/rollcall.yaml': config(), token: TOKEN })
  const { out } = await rollcall(['check', '--json'], { cwd })
  expect(JSON.parse(out)).toMatchObject({
    exitCode: 0,
    checks: [
      {
        of: 'config',
        name: 'config/rollcall.yaml',
        lines: [{ ok: true, what: 'valid: 1 source, 1 target, 1 profile' }],
      },
      { of: 'source', name: 'hq', kind: 'file' },
      { of: 'target', name: 'atlassian' },
    ],
  })
})

test('a secret that is not there fails its target, and what else there is is checked all the same', async () => {
  const more = `  slack:
    connector: scim
    dialect: generic
    url: ${sandbox.url}
    token: { env: ROLLCALL_TEST_NOT_SET }
`
  const cwd = company({ 'config/rollcall.yaml': config(more), token: TOKEN })
  const { code, out } = await rollcall(['check', '--json'], { cwd })
  const { checks } = JSON.parse(out)
  expect(code).toBe(1)
  expect(checks.map(({ name, lines }: Said) => [name, lines.every(({ ok }) => ok)])).toEqual([
    ['config/rollcall.yaml', true],
    ['hq', true],
    ['atlassian', true],
    ['slack', false],
  ])
  expect(checks[3].lines[0].what).toMatch(
    /^target slack, token: a secret cannot be had: environment variable ROLLCALL_TEST_NOT_SET is not set; set it/,
  )
  expect(checks[0].lines[1].what).toBe('target slack has no profile: nothing is written to it')
})

test('a token that is refused is told with what to do, without the token', async () => {
  const cwd = company({ 'config/rollcall.yaml': config(), token: 'another-token' })
  const { code, out } = await rollcall(['check'], { cwd })
  expect(code).toBe(1)
  expect(out).toMatch(/target atlassian\n(.*\n)*? {2}✗ /)
  expect(out).not.toContain('another-token')
})

test('a token that cannot stand in a header never reaches the wire', async () => {
  const cwd = company({ 'config/rollcall.yaml': config(), token: 'two\r\nlines' })
  const { code, out } = await rollcall(['check', '--target', 'atlassian'], { cwd })
  expect(code).toBe(1)
  expect(out).toContain('target atlassian, token: there is more than printable ASCII in it')
  expect(out).not.toContain('two')
})

test('a target that is down is told before whoever waits gives up', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const text = config().replace(sandbox.url, `http://127.0.0.1:${portOf(server)}/scim`)
  server.close()
  await once(server, 'close')
  const { code, out } = await rollcall(['check'], { cwd: company({ 'config/rollcall.yaml': text, token: TOKEN }) })
  expect(code).toBe(1)
  expect(out).toMatch(/target atlassian\n {2}✗ .*ECONNREFUSED/)
}, 30_000)

test('an address that leads elsewhere fails', async () => {
  const server = createServer((_, response) =>
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>No</h1>'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const text = config().replace(sandbox.url, `http://127.0.0.1:${portOf(server)}/scim`)
  const cwd = company({ 'config/rollcall.yaml': text, token: TOKEN })
  const { code, out } = await rollcall(['check'], { cwd })
  expect(code).toBe(1)
  expect(out).toMatch(/target atlassian\n(.*\n)*? {2}✗ /)
})

test('a source that fails is told with what to do, and the target is still asked', async () => {
  const twice = 'id,enabled,name,mail,displayName\n1,true,Ada,a@example.com,Ada\n1,true,Bo,b@example.com,Bo\n'
  const files = { 'config/rollcall.yaml': config(), token: TOKEN, 'data/users.csv': twice }
  const { code, out } = await rollcall(['check'], { cwd: company(files) })
  expect(code).toBe(1)
  expect(out).toMatch(/source hq \(file\)\n(.*\n)*? {2}✗ .*\n {4}one id is there more than once/)
  expect(out).toMatch(/target atlassian\n {2}✓ /)
})

test('--target asks that target, and the sources it gets people from', async () => {
  const text = config(`  other: { connector: scim, dialect: generic, url: "${sandbox.url}", token: { file: ../token } }
`).replace('sources:\n', 'sources:\n  lab: { connector: file, path: ../data/lab.json }\n')
  const files = {
    'config/rollcall.yaml': text,
    'config/profiles/lab.yaml': PROFILE.replace('hq', 'lab')
      .replace('atlassian', 'other')
      .replaceAll('user.mail', 'user.name'),
    'config/profiles/staff.yaml': PROFILE,
    'data/lab.json': '{ "users": [{ "id": "9", "enabled": true, "name": "Bo", "displayName": "Bo" }], "groups": [] }',
    token: TOKEN,
  }
  const asked = async (...more: string[]) => {
    const { out } = await rollcall(['check', '--json', ...more], { cwd: company(files) })
    return JSON.parse(out).checks.map(({ name }: Said) => name)
  }
  expect(await asked()).toEqual(['config/rollcall.yaml', 'lab', 'hq', 'atlassian', 'other'])
  expect(await asked('--target', 'other')).toEqual(['config/rollcall.yaml', 'lab', 'other'])
  expect(await rollcall(['check', '--target', 'othr'], { cwd: company(files) })).toEqual({
    code: 64,
    out: '',
    err: 'rollcall: the config has no target othr; did you mean other?\n',
  })
})

test('--offline asks nobody and needs no secret', async () => {
  sandbox.directory.forgetRequests()
  const { code, out } = await rollcall(['check', '--offline'], { cwd: company({ 'config/rollcall.yaml': config() }) })
  expect([code, out]).toEqual([0, 'config config/rollcall.yaml\n  ✓ valid: 1 source, 1 target, 1 profile\n'])
  expect(sandbox.directory.requests()).toEqual({})
})

test('a config at fault ends 78 with every fault, and nobody is asked', async () => {
  const files = { 'config/rollcall.yaml': config('limit: {}\n'), 'config/profiles/b.yaml': 'version: 2\n' }
  const { code, out, err } = await rollcall(['check'], { cwd: company(files) })
  expect([code, out]).toEqual([78, ''])
  expect(err).toMatch(/^rollcall: wrong configuration:\nconfig\/profiles\/b\.yaml:1:1: /)
  expect(err).toContain('config/rollcall.yaml:10:1: there is no limit here; did you mean limits?\n')
  const json = await rollcall(['check', '--json'], { cwd: company(files) })
  expect(JSON.parse(json.out)).toMatchObject({ error: { code: 'config_invalid' } })
})

test('without a config, rollcall says how to get one', async () => {
  const cwd = company({ 'config/rollcall.yaml': '' })
  expect(await rollcall(['check'], { cwd })).toMatchObject({
    code: 78,
    err: 'rollcall: there is no config/rollcall.yaml and no rollcall.yaml here; name the config with -c, or let `rollcall init` write one.\n',
  })
})

test('rollcall.yaml in the folder itself is found, too, and config/rollcall.yaml comes first', async () => {
  const files = { 'rollcall.yaml': config().replaceAll('../', './'), 'profiles/staff.yaml': PROFILE }
  const alone = await rollcall(['check', '--offline'], { cwd: company({ ...files, 'config/rollcall.yaml': '' }) })
  expect(alone.out).toMatch(/^config rollcall\.yaml\n/)
  const both = await rollcall(['check', '--offline'], { cwd: company({ ...files, 'config/rollcall.yaml': config() }) })
  expect(both.out).toMatch(/^config config\/rollcall\.yaml\n/)
})

test('what stands in a config cannot act upon the terminal', async () => {
  const files = { 'config/rollcall.yaml': config('"\\u001b[2J\\u202e\\nx": 1\n') }
  const { err } = await rollcall(['check', '--offline'], { cwd: company(files) })
  expect(err).toContain('\\x1b[2J\\u{202e}')
  expect(err).not.toMatch(/[\x1b\u202e]/)
  expect(err.trimEnd().split('\n')).toHaveLength(3)
})

interface Said {
  readonly name: string
  readonly lines: readonly { readonly ok: boolean; readonly what: string }[]
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
