import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sourceFile } from '../../../connectors/file/client.ts'
import { rows } from '../../../connectors/file/csv.ts'
import { RollcallError } from '../../../src/errors.ts'
import { errorOf, failures, tables } from './given.ts'

const names = async (users: string | Uint8Array) =>
  [...(await tables(users).read()).users.values()].map(({ name }) => name)

test('quotes hold commas, quotes and line breaks (RFC 4180)', async () => {
  const users = 'id,enabled,name\r\n1,true,"Lovelace, ""Ada"""\r\n2,true,"two\r\nlines\nthree"\r\n3,true,""\r\n'
  expect(await names(users)).toEqual(['Lovelace, "Ada"', 'two\r\nlines\nthree', '3'])
})

test.for([
  ['line feeds', 'id,name\n1,Ada\n2,Grace\n'],
  ['carriage returns with line feeds', 'id,name\r\n1,Ada\r\n2,Grace\r\n'],
  ['carriage returns alone', 'id,name\r1,Ada\r2,Grace\r'],
  ['no line break at the end', 'id,name\n1,Ada\n2,Grace'],
  ['blank lines', '\r\nid,name\n\n1,Ada\n\r\n\n2,Grace\n\n'],
  ['a byte order mark', '\ufeffid,name\n1,Ada\n2,Grace\n'],
  ['a quoted header behind a byte order mark', '\ufeff"id","name"\n"1","Ada"\n"2","Grace"'],
] as const)('%s make no difference', async ([, users]) => {
  expect(await names(users)).toEqual(['Ada', 'Grace'])
})

test('an empty cell is an absent attribute, and blanks are kept', async () => {
  const { users } = await tables('id,name,title,city\n1,Ada,,  \n2,Grace,Admiral,""\n').read({
    userAttributes: ['title', 'city'],
  })
  expect([...users.values()].map(({ attributes }) => attributes)).toEqual([{ city: '  ' }, { title: 'Admiral' }])
})

test('a column whose name ends in [] is a list', async () => {
  const csv = tables('id,aliases[]\n1,ada@example.com|countess@example.com\n2,\n3,|\n4,one\n')
  expect((await csv.attributes()).user).toEqual({ aliases: 'list' })
  const { users } = await csv.read({ userAttributes: ['aliases'] })
  expect([...users.values()].map(({ attributes }) => attributes['aliases'])).toEqual([
    ['ada@example.com', 'countess@example.com'],
    undefined,
    undefined,
    ['one'],
  ])
})

test('whether someone is enabled is said in few words, and left open where it is not said', async () => {
  const { users } = await tables('id,enabled\n1,true\n2,FALSE\n3,yes\n4,no\n5,1\n6,0\n7,\n8, true\n').read()
  expect([...users.values()].map(({ enabled }) => enabled)).toEqual([
    true,
    false,
    true,
    false,
    true,
    false,
    undefined,
    true,
  ])
  expect((await tables('id\n1\n').read()).users.get('1')?.enabled).toBe(undefined)
})

test('names are data, whatever they look like', async () => {
  const odd = [
    '=cmd|calc',
    '\u202eevil',
    '\u001b[31mred',
    '東雲 結衣',
    '🐱‍💻',
    "O'Brien\\",
    '; DROP TABLE',
    'null',
    '__proto__',
  ]
  const users = `id,name\n${odd.map((name, at) => `${at},"${name}"\n`).join('')}`
  expect(await names(users)).toEqual(odd)
})

test('a column called __proto__ is a column', async () => {
  const csv = tables('id,__proto__,constructor\n1,a,b\n')
  expect(Object.keys((await csv.attributes()).user)).toEqual(['__proto__', 'constructor'])
  const { users } = await csv.read({ userAttributes: ['__proto__', 'constructor'] })
  expect(Object.entries(users.get('1')?.attributes ?? {})).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
  expect(Object.getPrototypeOf(users.get('1')?.attributes)).toBe(Object.prototype)
})

test('the header declares the attributes, whoever has them', async () => {
  const csv = tables('id,enabled,name,mail,aliases[]\n', 'id,name,members\n')
  expect(await csv.attributes()).toEqual({
    user: { mail: 'text', aliases: 'list' },
    group: { members: 'text' },
    caseInsensitive: false,
    closed: true,
  })
})

test('rows of one group may stand apart, and members may be groups', async () => {
  const { members, certificate } = await tables(
    'id\nada\ngrace\n',
    'id,name\nall,All\nteam,Team\n',
    'group,member\nall,team\nteam,ada\nall,grace\nteam,all\n',
  ).read()
  expect([...members]).toEqual([
    ['all', ['team', 'grace']],
    ['team', ['ada', 'all']],
  ])
  expect(certificate).toMatchObject({ complete: true, users: 2, groups: 2, members: 4 })
})

test.for([
  ['a header alone means nobody', 'id,enabled,name\n', true],
  ['an empty file says nothing', '', false],
  ['blank lines say nothing either', '\n\r\n\n', false],
  ['nor does a byte order mark', '\ufeff', false],
] as const)('%s', async ([, users, complete]) => {
  const read = await tables(users).read()
  expect([read.users.size, read.certificate.complete]).toEqual([0, complete])
})

test('an id that is there twice, even as user and as group, is not certified', async () => {
  expect(failures(await tables('id\nada\ngrace\nada\n').read())).toEqual([
    'unique-ids: one id is there more than once among users and groups ("ada"): make them unique',
  ])
  expect(failures(await tables('id\nx\ny\n', 'id,name\ny,Y\nx,X\n').read())).toEqual([
    'unique-ids: 2 ids are there more than once among users and groups ("y"): make them unique',
  ])
})

test('members of a group that is not listed mean files of different days: not certified', async () => {
  const read = await tables('id\nada\n', 'id,name\nall,All\n', 'group,member\nall,ada\ngone,ada\ngone,x\n').read()
  expect(failures(read)).toEqual([
    'groups-listed: members.csv: groups that are not listed have members (2 rows, the first is line 3). Were the files written at different times? Write them again',
  ])
})

test.for([
  ['cut off in a row', 'id,name,mail\n1,Ada,a@example.com\n2,Gra', 'users.csv:3:1: not as many cells'],
  ['cut off in quotes', 'id,name\n1,Ada\n2,"Gra', 'users.csv:3:1: the file ends within quotes'],
  ['a cell too many', 'id,name\n1,Lovelace, Ada\n', 'users.csv:2:1: not as many cells'],
  ['a quote in the middle', 'id,name\n1,Rhys "the Hat" Evans\n', 'users.csv:2:1: a quote in the wrong place'],
  ['something behind a quote', 'id,name\n1,"Rhys" Evans\n', 'users.csv:2:1: a quote in the wrong place'],
  ['no id', 'id,name\n1,Ada\n,Grace\n', 'users.csv:3:1: a row without an id'],
  ['no column id', 'ID,name\n1,Ada\n', 'users.csv:1:1: no column "id"'],
  ['two columns of one name', 'id,mail,mail[]\n', 'users.csv:1:1: two columns are named "mail"'],
  ['a column without a name', 'id,,name\n', 'users.csv:1:1: column 2 has no name'],
  ['a list of ids', 'id,enabled[]\n1,true\n', 'users.csv:1:1: enabled is one value'],
  ['half a yes', 'id,enabled\n1,true\n2,maybe\n', 'users.csv:3:1: enabled must be true, false'],
  ['semicolons', 'id;enabled;name\n1;true;Ada\n', 'users.csv:1:1: no column "id"'],
])('%s is an error with its line', async ([, users = '', message]) => {
  expect(await errorOf(tables(users).read())).toContain(`source_incomplete: file "hq": ${message}`)
})

test('lines are counted as an editor counts them, within quotes too', async () => {
  const users = 'id,name\r\n1,"a\r\nb\nc"\r\n\r\n2,"d\r\re"\n3,Ada,more\n'
  expect(await errorOf(tables(users).read())).toContain('users.csv:9:1: not as many cells')
})

test('a line break that lies across two pieces of the file is one line', async () => {
  const head = 'id,name\r\n1,'
  const users = `${head}${'x'.repeat(256 * 1024 - head.length - 1)}\r\n2,Ada,more\r\n`
  expect(users.indexOf('\r', head.length)).toBe(256 * 1024 - 1)
  expect(await errorOf(tables(users).read())).toContain('users.csv:3:1: not as many cells')
})

test.for([
  ['id,name\n,Team\n', 'group,member\n', 'groups.csv:2:1: a row without an id'],
  ['id,name\nteam,\n', 'group,member\n', 'groups.csv:2:1: a group without a name'],
  ['id,name\nteam,Team\n', 'group,member\nteam,\n', 'members.csv:2:1: a row without a member'],
  ['id,name\nteam,Team\n', 'group,member\n,ada\n', 'members.csv:2:1: a row without a group'],
  ['id\nteam\n', 'group,member\n', 'groups.csv:1:1: no column "name"'],
  ['id,name\n', 'id,name\n', 'members.csv:1:1: no column "group"'],
])('what groups and members lack is an error as well: %#', async ([groups = '', members = '', message]) => {
  expect(await errorOf(tables('id\nada\n', groups, members).read())).toContain(message)
})

test('a column that a profile reads and that is gone is an error: it would be cleared everywhere', async () => {
  expect(await errorOf(tables('id,name\n1,Ada\n').read({ userAttributes: ['title'] }))).toContain(
    'users.csv:1:1: no column "title", which a profile reads',
  )
})

test('errors show nothing of what the file holds', async () => {
  const secret = 'Lovelace'
  for (const users of [`id,enabled\n1,${secret}\n`, `id,name\n1,x,${secret}\n`, `id,name\n1,"${secret}" ${secret}\n`]) {
    expect(await errorOf(tables(users).read())).not.toContain(secret)
  }
})

test('a last line without its line break is suspicious only where there was one before', async () => {
  const first = await tables('id,name\n1,Ada\n2,Grace\n').read()
  const cut = await tables('id,name\n1,Ada\n2,Gra').read({ previous: first.certificate })
  expect(failures(cut)).toEqual([
    'ends-in-line-break: users.csv: no line break at the end, where there was one before. Cut off? Write it again, or add the line break',
  ])
  const never = await tables('id,name\n1,Ada').read()
  expect(failures(await tables('id,name\n1,Ada\n2,Grace').read({ previous: never.certificate }))).toEqual([])
})

test('whatever text a table holds comes back as it was, wherever the file is cut into pieces', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n', ' ', 'é', '\u{1F431}'), maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, text), { maxLength: 20 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.boolean(),
      fc.integer({ min: 0, max: 5 }),
      async (cells, lineBreak, last, shift) => {
        // The first cell is so long that the others lie around the border of two pieces (256 KiB).
        const filler = 'x'.repeat(256 * 1024 - 40 - shift)
        const all = [['filler', filler], ...cells]
        const quoted = all.map(([one = '', other = ''], at) =>
          [String(at), one, other].map(cell => `"${cell.replaceAll('"', '""')}"`).join(','),
        )
        const csv = ['id,one,other', ...quoted].join(lineBreak) + (last ? lineBreak : '')
        const { users } = await tables(csv).read({ userAttributes: ['one', 'other'] })
        expect([...users.values()].map(({ attributes: { one = '', other = '' } }) => [one, other])).toEqual(all)
      },
    ),
    { numRuns: 60 },
  )
})

test('csv-parse, another reader, reads any text in the same way', async () => {
  const another = (text: string): string[][] | 'refused' => {
    try {
      return parse(text, { record_delimiter: ['\r\n', '\n', '\r'], skip_empty_lines: true })
    } catch {
      return 'refused'
    }
  }
  const own = async (text: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-'))
    writeFileSync(join(folder, 'x.csv'), text)
    try {
      const all: (readonly string[])[] = []
      for await (const batch of rows(sourceFile('x.csv', folder), new AbortController().signal, 2)) {
        all.push(...batch.map(({ cells }) => cells))
      }
      return all
    } catch (error) {
      if (error instanceof RollcallError) return 'refused'
      throw error
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const anything = fc.string({ unit: fc.constantFrom('a', 'b', ',', ',', '"', '\r', '\n', '\r\n'), maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(anything, async text => {
      expect(await own(text)).toEqual(another(text))
    }),
    { numRuns: 500 },
  )
})
