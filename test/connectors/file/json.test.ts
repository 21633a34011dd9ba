import fc from 'fast-check'
import { expect, test } from 'vitest'
import { document, errorOf, failures } from './given.ts'

const users = (...some: readonly object[]) => JSON.stringify({ users: some, groups: [] })

test('users and groups of one document, in any order, indented or not', async () => {
  const hq = {
    version: 3,
    groups: [{ id: 'all', name: 'All', members: ['ada', 'team'], color: 'red' }],
    meta: { written: 'today', by: ['x', { y: [] }] },
    users: [{ id: 'ada', enabled: true, name: 'Ada', title: 'Countess' }],
  }
  for (const text of [JSON.stringify(hq), JSON.stringify(hq, null, '\t'), `\ufeff${JSON.stringify(hq)}\n`]) {
    const read = await document(text).read({ userAttributes: ['title'], groupAttributes: ['color'] })
    expect(read.users.get('ada')).toEqual({ id: 'ada', enabled: true, name: 'Ada', attributes: { title: 'Countess' } })
    expect(read.groups.get('all')).toEqual({ id: 'all', name: 'All', attributes: { color: 'red' } })
    expect(read.members.get('all')).toEqual(['ada', 'team'])
  }
})

test('values keep their kind; null, empty text and lists of nothing are absent', async () => {
  const given = {
    id: '1',
    text: 'x',
    yes: true,
    age: 41.5,
    list: ['a', null, ''],
    none: null,
    empty: '',
    nothing: [''],
  }
  const hq = document(users({ ...given, nested: { a: [1, { b: 'c' }], gone: null } }))
  const names = ['text', 'yes', 'age', 'list', 'none', 'empty', 'nothing', 'nested']
  expect((await hq.read({ userAttributes: names })).users.get('1')?.attributes).toEqual({
    text: 'x',
    yes: true,
    age: 41.5,
    list: ['a'],
    nested: { a: [1, { b: 'c' }] },
  })
  expect(await hq.attributes()).toEqual({
    user: { text: 'text', yes: 'boolean', age: 'number', list: 'any', empty: 'text', nothing: 'list', nested: 'any' },
    group: {},
    caseInsensitive: false,
    closed: true,
  })
})

test('an attribute that only the last user has may be named, and one of two kinds is checked as it comes', async () => {
  const hq = document(users({ id: '1', floor: 3 }, { id: '2', floor: '3a' }, { id: '3', aliases: ['x'] }))
  expect((await hq.attributes()).user).toEqual({ floor: 'any', aliases: 'list' })
})

test('a directory without anybody lets any attribute be named: there is nothing to tell them from', async () => {
  const hq = document('{"users":[],"groups":[]}')
  expect(await hq.attributes()).toMatchObject({ user: {}, closed: false })
  expect((await hq.read()).certificate).toMatchObject({ complete: true, users: 0 })
})

test('a user without enabled is left open, and one without a name goes by the id', async () => {
  const read = await document(users({ id: '1' }, { id: '2', enabled: null, name: '' })).read()
  expect([...read.users.values()]).toEqual([
    { id: '1', enabled: undefined, name: '1', attributes: {} },
    { id: '2', enabled: undefined, name: '2', attributes: {} },
  ])
})

test('keys of every object are data: __proto__, toString and constructor', async () => {
  const text = '{"users":[{"id":"1","__proto__":"a","constructor":{"__proto__":"b"}}],"groups":[]}'
  const hq = document(text)
  expect(Object.keys((await hq.attributes()).user)).toEqual(['__proto__', 'constructor'])
  const { users } = await hq.read({ userAttributes: ['__proto__', 'constructor', 'toString', 'hasOwnProperty'] })
  const attributes = users.get('1')?.attributes ?? {}
  expect(JSON.stringify(attributes)).toBe('{"__proto__":"a","constructor":{"__proto__":"b"}}')
  expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype)
})

test('ids are unique across users and groups', async () => {
  const text = JSON.stringify({ users: [{ id: 'x' }], groups: [{ id: 'x', name: 'X', members: [] }] })
  expect(failures(await document(text).read())).toEqual([
    'unique-ids: one id is there more than once among users and groups ("x"): make them unique',
  ])
})

test('an empty file says nothing about whether anyone is left', async () => {
  for (const text of ['', '\ufeff', ' \n']) {
    expect(failures(await document(text).read())).toEqual([
      'has-header: hq.json is empty: write {"users":[],"groups":[]} when there really is nobody',
    ])
  }
})

const [open, close] = ['{"groups":[],"users":[\n', '\n]}']
test.for([
  ['cut off between users', `${open}{"id":"1"},`, '2:12: the file ends in the middle'],
  ['cut off in a user', `${open}{"id":"1"},\n{"id":`, '3:7: the file ends in the middle'],
  ['cut off before the last bracket', `${open}{"id":"1"}\n]`, '3:2: the file ends in the middle'],
  ['cut off before the groups', '{"users":[{"id":"1"}]', 'the file ends in the middle'],
  ['no groups', '{"users":[]}', '1:1: no array "groups": write [] when there are none'],
  ['no users', '{"groups":[]}', '1:1: no array "users"'],
  ['users by id', '{"users":{"1":{}},"groups":[]}', '1:1: no array "users"'],
  ['users twice', '{"users":[],"groups":[],"users":[]}', '"users" stands here for the second time'],
  ['a key twice', `${open}{"id":"1","enabled":true,"enabled":false}${close}`, '2:1: one key stands twice'],
  ['a list', '[{"id":"1"}]', '1:1: expected {: not JSON'],
  ['two documents', '{"users":[],"groups":[]}\n{}', '2:1: text after the end'],
  ['a comma too many', `${open}{"id":"1"},${close}`, 'not JSON'],
  ['a comma missing', `${open}{"id":"1"} {"id":"2"}${close}`, '2:12: expected , or ]: not JSON'],
  ['a quote missing', `${open}{"id":"1}${close}`, 'the file ends in the middle'],
  ['single quotes', `${open}{'id':'1'}${close}`, '2:2: not JSON'],
  ['a comment', `// users\n${open}${close}`, '1:1: expected {: not JSON'],
  ['a user that is text', `${open}"ada"${close}`, '2:1: users[0]: a user must be an object'],
  ['no id', `${open}{"name":"Ada"}${close}`, '2:1: users[0]: no id'],
  ['an id that is a number', `${open}{"id":1}${close}`, '2:1: users[0]: id must be text, in quotes'],
  ['an empty id', `${open}{"id":""}${close}`, '2:1: users[0]: no id'],
  ['enabled in quotes', `${open}{"id":"1"},\n{"id":"2","enabled":"true"}${close}`, '3:1: users[1]: enabled must be'],
  ['a number of many digits', `${open}{"id":"1","n":9007199254740993}${close}`, 'users[0]: "n" has more digits'],
  ['a number without end', `${open}{"id":"1","n":1e999}${close}`, 'users[0]: "n" has more digits'],
  ['half a character', `${open}{"id":"1","n":"\\ud83d"}${close}`, 'users[0]: "n" has half a character'],
  ['half a character as id', `${open}{"id":"\\ud83d"}${close}`, 'users[0]: "id" has half a character'],
  [
    'nested without end',
    `${open}{"id":"1","n":${'['.repeat(50_000)}${']'.repeat(50_000)}}${close}`,
    'users[0]: "n" is nested',
  ],
])('%s is an error with its place', async ([, text = '', message]) => {
  expect(await errorOf(document(text).read({ userAttributes: ['n'] }))).toMatch(
    new RegExp(`^source_incomplete: file "hq": hq.json:\\d+:\\d+: `),
  )
  expect(await errorOf(document(text).read({ userAttributes: ['n'] }))).toContain(message)
})

test.for([
  [{ id: 'g', members: [] }, 'groups[0]: a group without a name'],
  [{ name: 'G', members: [] }, 'groups[0]: no id'],
  [{ id: 'g', name: 'G' }, 'groups[0]: no list of members: write "members": [] when there are none'],
  [{ id: 'g', name: 'G', members: null }, 'groups[0]: no list of members'],
  [{ id: 'g', name: 'G', members: [1] }, 'groups[0]: members must be ids, in quotes'],
  [{ id: 'g', name: 'G', members: ['a', ''] }, 'groups[0]: members must be ids, in quotes'],
  ['g', 'groups[0]: a group must be an object'],
] as const)('what a group lacks is an error: %#', async ([group, message]) => {
  expect(await errorOf(document(JSON.stringify({ users: [], groups: [group] })).read())).toContain(message)
})

test('errors show nothing of what the file holds', async () => {
  const secret = 'Lovelace'
  for (const user of [`"${secret}"`, `{"id":"1" "name":"${secret}"}`, `{"id":"1","enabled":"${secret}"}`]) {
    expect(await errorOf(document(`{"users":[${user}],"groups":[]}`).read())).not.toContain(secret)
  }
})

test('a file cut short is told when it is read; when the config loads, what is whole of it still declares names', async () => {
  const hq = document('{"users":[{"id":"1","title":"x"},{"id":"2","ti')
  expect(await hq.attributes()).toMatchObject({ user: { title: 'text' }, closed: false })
  expect(await errorOf(hq.read())).toContain('the file ends in the middle')
})

test('any document comes back as it was, wherever the file is cut into pieces', async () => {
  const value = fc.jsonValue({ maxDepth: 3 })
  const name = fc.string({ unit: fc.constantFrom('a', '"', '\\', '{', ']', ',', ':', '\n', 'é', '\u{1F431}') })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, value), { maxLength: 20 }),
      fc.constantFrom(undefined, 1, '\t'),
      fc.integer({ min: 0, max: 8 }),
      async (given, indent, shift) => {
        // The first user is so long that the others lie around the border of two pieces (256 KiB).
        const filler = { id: 'filler', name: 'x'.repeat(256 * 1024 - 200 - shift) }
        const people = given.map(([name, anything], at) => ({ id: String(at), name, anything }))
        const text = JSON.stringify({ users: [filler, ...people], groups: [] }, null, indent)
        const { users } = await document(text).read()
        expect([...users.values()].map(({ id, name }) => [id, name])).toEqual(
          [filler, ...people].map(({ id, name }) => [id, name === '' ? id : name]),
        )
      },
    ),
    { numRuns: 60 },
  )
})
