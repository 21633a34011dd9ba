import { appendFileSync, chmodSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { file } from '../../../connectors/file/index.ts'
import type { CheckLine } from '../../../src/connector.ts'
import { checking, request } from '../../support/reading.ts'
import { document, errorOf, failures, type Given, given, tables } from './given.ts'

const THREE = ['id\nada\n', 'id,name\nall,All\n', 'group,member\nall,ada\n'] as const

const at = ({ folder }: Given, name: string, time: string) =>
  utimesSync(join(folder, name), new Date(time), new Date(time))

test('a file older than at the last reading is a restored copy: not certified', async () => {
  const hq = tables(...THREE)
  at(hq, 'users.csv', '2026-05-04T10:00:00Z')
  at(hq, 'groups.csv', '2026-05-04T10:00:00Z')
  at(hq, 'members.csv', '2026-05-04T10:00:00Z')
  const { certificate: previous } = await hq.read()
  expect(previous).toMatchObject({
    server: 'users.csv, groups.csv, members.csv',
    asOf: '2026-05-04T10:00:00.000Z 2026-05-04T10:00:00.000Z 2026-05-04T10:00:00.000Z',
  })
  expect(failures(await hq.read({ previous }))).toEqual([])

  at(hq, 'groups.csv', '2026-05-03T10:00:00Z')
  at(hq, 'members.csv', '2026-05-05T10:00:00Z')
  expect(failures(await hq.read({ previous }))).toEqual([
    'not-older: groups.csv: older than at the last reading. A restored copy? If it is the right one, touch it',
  ])
  at(hq, 'groups.csv', '2026-05-05T10:00:00Z')
  expect(failures(await hq.read({ previous }))).toEqual([])
})

test('the age of another file says nothing', async () => {
  const old = given({ users: 'old.csv' }, { 'old.csv': 'id\nada\n' })
  at(old, 'old.csv', '2020-01-01T00:00:00Z')
  expect(failures(await old.read({ previous: (await tables('id\n').read()).certificate }))).toEqual([])
})

test.for([
  ['written to', (path: string) => appendFileSync(path, 'someone\n')],
  [
    'replaced',
    (path: string) => {
      writeFileSync(`${path}.new`, 'id\nada\n')
      renameSync(`${path}.new`, path)
    },
  ],
  ['touched', (path: string) => utimesSync(path, new Date(), new Date('2031-01-01T00:00:00Z'))],
] as const)('a file that is %s while it is read is not certified', async ([, change]) => {
  const hq = tables(...THREE)
  const found: string[] = []
  for await (const part of hq.source.read(request())) {
    if (part.part === 'users') change(join(hq.folder, 'users.csv'))
    if (part.part === 'end') found.push(...part.certificate.checks.filter(({ passed }) => !passed).map(c => c.detail))
  }
  expect(found).toEqual(['users.csv changed while being read: run again once it is written'])
})

test('a file that is not there is told with where it was looked for', async () => {
  const hq = given({ users: '../data/users.csv' }, {})
  const where = join(hq.folder, '../data/users.csv')
  expect(await errorOf(hq.read())).toBe(
    `source_incomplete: file "hq": ../data/users.csv is not there: looked for ${where}`,
  )
  expect(await errorOf(hq.attributes())).toBe(
    `config_invalid: source "hq": ../data/users.csv is not there: looked for ${where}`,
  )
})

test('one table of three that is not there is an error, not a directory without groups', async () => {
  const hq = given({ users: 'users.csv', groups: 'groups.csv', members: 'members.csv' }, { 'users.csv': 'id\nada\n' })
  expect(await errorOf(hq.read())).toContain('groups.csv is not there')
})

test('a folder is not a file', async () => {
  expect(await errorOf(given({ users: '.' }, {}).read())).toBe(
    'source_incomplete: file "hq": . is a folder: name a file',
  )
})

test('a file that may not be read is told as such', async () => {
  const hq = tables('id\nada\n')
  chmodSync(join(hq.folder, 'users.csv'), 0)
  const root = process.geteuid?.() === 0 // may read anything
  if (root) process.seteuid?.('nobody')
  try {
    expect(await errorOf(hq.read())).toContain('source_denied: file "hq": users.csv may not be read')
  } finally {
    if (root) process.seteuid?.(0)
  }
})

test('text in another encoding is an error with its place, not a name spelt wrongly', async () => {
  expect(await errorOf(tables(Buffer.from('\ufeffid,name\n1,Ada\n', 'utf16le')).read())).toContain(
    'users.csv:1:1: the file is UTF-16: save it as UTF-8',
  )
  const latin = Buffer.concat([Buffer.from('id,name\n1,Zoë\n2,東雲 J'), Buffer.from('ürgen\n', 'latin1')])
  expect(await errorOf(tables(latin).read())).toContain('users.csv:3:7: not UTF-8: save the file as UTF-8')
  const cut = Buffer.from('id,name\n1,東').subarray(0, -1)
  expect(await errorOf(tables(cut).read())).toContain('users.csv:2:3: not UTF-8')
})

test('a character is not cut, wherever the file is', async () => {
  for (const shift of [0, 1, 2, 3]) {
    const name = `${'x'.repeat(256 * 1024 - 30 + shift)}${'🐱'.repeat(20)}`
    const read = await document(JSON.stringify({ users: [{ id: '1', name }], groups: [] })).read()
    expect(read.users.get('1')?.name).toBe(name)
  }
})

function lines(hq: Given): Promise<CheckLine[]> {
  return checking(hq.source)
}

test('the connection test counts what is there and tells what is wrong', async () => {
  expect((await lines(tables(...THREE)))[0]).toEqual({
    ok: true,
    what: 'users.csv, groups.csv, members.csv: 1 users, 1 groups, 1 memberships',
  })
  expect((await lines(tables('id\nada\nada\n'))).filter(({ ok }) => !ok)).toEqual([
    {
      ok: false,
      what: 'unique-ids',
      now: 'one id is there more than once among users and groups ("ada"): make them unique',
    },
  ])
  expect(await lines(tables('name\nAda\n'))).toEqual([
    {
      ok: false,
      what: 'users.csv can be read',
      now: 'file "hq": users.csv:1:1: no column "id". The first line names the columns, separated by commas',
    },
  ])
})

test('options say at their own path what is wrong with them', () => {
  const wrong = (options: unknown) => {
    const { error } = file.options.safeParse(options)
    return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message.split(':')[0]}`)
  }
  expect(wrong({})).toEqual(['users: is missing'])
  expect(wrong({ path: 'a.json' })).toBe(undefined)
  expect(wrong({ path: 'a.LDIF', attributes: { mail: 'list' } })).toBe(undefined)
  expect(wrong({ users: 'u.csv' })).toBe(undefined)
  expect(wrong({ path: 'a.xml' })).toEqual([
    'path: must end in .json or .ldif; tables are named by users, groups and members',
  ])
  expect(wrong({ path: 'a.json', users: 'u.csv' })).toEqual(['users: stands beside path'])
  expect(wrong({ users: 'u.csv', groups: 'g.csv' })).toEqual(['members: is missing'])
  expect(wrong({ users: 'u.csv', members: 'm.csv' })).toEqual(['groups: is missing'])
  expect(wrong({ path: 'a.json', attributes: {} })).toEqual(['attributes: is for LDIF only'])
  expect(wrong({ path: '' })).toContain('path: name a file')
  expect(wrong({ path: 'a.json', user: 'x' })).toEqual([': Unrecognized key'])
})
