import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Heard, Reply } from '../support/http.ts'
import { dialectWith, list, pageOf, people, person, signal, targetAt } from './scim.ts'

const filterOf = ({ query }: Heard) => /^(\w+) eq (.*)$/s.exec(query.get('filter') ?? '')
const found = (resources: readonly { readonly id: string }[]) => resources.map(({ id }) => id)

/** A server that filters as it should, but for what the test says. */
function directory(
  resources: readonly Readonly<Record<string, unknown>>[],
  filtered: (attribute: string, value: string, heard: Heard) => Reply | undefined = () => undefined,
) {
  return (heard: Heard): Reply => {
    const [, attribute, literal] = filterOf(heard) ?? []
    if (attribute && literal) {
      const value = String(JSON.parse(literal))
      const own = filtered(attribute, value, heard)
      return own ?? list(resources.filter(one => String(one[attribute]).toLowerCase() === value.toLowerCase()))
    }
    const id = decodeURIComponent(/\/(?:Users|Groups)\/(.+)$/.exec(heard.path)?.[1] ?? '')
    if (id === '') return pageOf(resources, heard)
    const one = resources.find(other => other['id'] === id)
    return one ? { json: one } : { status: 404 }
  }
}

test('a user is found by one request with one eq, whatever the case of the name', async () => {
  const { target, heard } = await targetAt(directory(people(300)))
  expect(found(await target.findUsers('userName', 'Person7@Example.com', signal))).toEqual(['id-7'])
  expect(heard).toHaveLength(1)
  expect(heard[0]?.search).toBe('filter=userName%20eq%20%22Person7%40Example.com%22&startIndex=1&count=100')
})

test('any name arrives as it was, as one JSON literal', async () => {
  const { target, heard } = await targetAt(directory([]))
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), async name => {
      heard.length = 0
      await target.findUsers('externalId', name, signal)
      const [first] = heard
      expect(JSON.parse(filterOf(first!)?.[2] ?? '')).toBe(name)
      expect(first?.search).not.toMatch(/[+'" #]/)
    }),
    { numRuns: 60 },
  )
})

test('hits are checked against the key: someone else is not taken', async () => {
  const all = people(5)
  const { target } = await targetAt(
    directory(all, (attribute, value) => {
      if (attribute !== 'externalId') return undefined
      return list(value.startsWith('rollcall-nobody-') ? [] : [all[2]])
    }),
  )
  expect(await target.findUsers('externalId', 'ext-9', signal)).toEqual([])
  expect(await target.findUsers('externalId', 'EXT-3', signal)).toEqual([])
  expect(found(await target.findUsers('externalId', 'ext-3', signal))).toEqual(['id-3'])
})

test('two who match are both told', async () => {
  const twins = [person(1, { userName: 'Ada@example.com' }), person(2, { userName: 'ada@example.com' })]
  const { target } = await targetAt(directory(twins))
  expect(found(await target.findUsers('userName', 'ADA@example.com', signal))).toEqual(['id-1', 'id-2'])
})

test('a target that ignores filters is found out once, and listed instead', async () => {
  const all = people(450)
  const { target, heard } = await targetAt(directory(all, (_attribute, _value, one) => pageOf(all, one)))
  for (const n of [7, 440, 123])
    expect(found(await target.findUsers('userName', `person${n}@example.com`, signal))).toEqual([`id-${n}`])
  expect(await target.findUsers('userName', 'nobody@example.com', signal)).toEqual([])
  const filters = heard.filter(one => filterOf(one))
  expect(filters.some(({ search }) => search.includes('rollcall-nobody-'))).toBe(true)
  expect(filters.length).toBeLessThanOrEqual(6)
  expect(heard.length).toBeLessThan(20)
})

test('a filter that is refused falls back to the listing', async () => {
  const { target } = await targetAt(directory(people(3), () => ({ status: 400, json: { scimType: 'invalidFilter' } })))
  expect(found(await target.findUsers('userName', 'person2@example.com', signal))).toEqual(['id-2'])
})

test('a filter that fails on awkward names is not believed', async () => {
  const all = [person(1, { userName: 'ada+test@example.com' }), person(2, { userName: 'o"neil@example.com' })]
  const { target } = await targetAt(directory(all, () => list([])))
  expect(found(await target.findUsers('userName', 'ada+test@example.com', signal))).toEqual(['id-1'])
  expect(found(await target.findUsers('userName', 'o"neil@example.com', signal))).toEqual(['id-2'])
})

test('a filter that minds the case is asked in lower case, too', async () => {
  const all = people(3)
  const { target, heard } = await targetAt(
    directory(all, (attribute, value) => list(all.filter(one => Reflect.get(one, attribute) === value))),
  )
  expect(found(await target.findUsers('userName', 'Person2@Example.com', signal))).toEqual(['id-2'])
  expect(heard).toHaveLength(2)
})

test('what the dialect cannot filter is listed', async () => {
  const dialect = await dialectWith(({ users }) => ({ users: { ...users, filter: [] } }))
  const { target, heard } = await targetAt(directory(people(3)), { dialect })
  expect(found(await target.findUsers('externalId', 'ext-3', signal))).toEqual(['id-3'])
  expect(heard.some(one => filterOf(one))).toBe(false)
})

test('groups are found by name, and by externalId although it cannot be filtered', async () => {
  const groups = [{ id: 'g1', displayName: 'All Staff', externalId: 'x' }]
  const { target, heard } = await targetAt(directory(groups))
  expect(found(await target.findGroups('displayName', 'ALL staff', signal))).toEqual(['g1'])
  expect(heard).toHaveLength(1)
  expect(found(await target.findGroups('externalId', 'x', signal))).toEqual(['g1'])
})

test('users are found under other attributes, too', async () => {
  const all = [person(1, { emails: [{ value: 'Ada@example.com', primary: true }], name: { familyName: 'L' } })]
  const { target } = await targetAt(directory(all))
  expect(found(await target.findUsers('emails', 'ada@example.com', signal))).toEqual(['id-1'])
  expect(found(await target.findUsers('name.familyName', 'L', signal))).toEqual(['id-1'])
  expect(found(await target.findUsers('name.givenName', 'L', signal))).toEqual([])
})

test('after a 409, an empty filter answer is not taken for absence', async () => {
  const all = people(3)
  const { target } = await targetAt(heard =>
    heard.method === 'POST' ? { status: 409 } : directory(all, () => list([]))(heard),
  )
  expect(await target.findUsers('userName', 'person2@example.com', signal)).toEqual([])
  expect((await target.createUser({ userName: 'person2@example.com' }, signal)).outcome).toBe('conflict')
  expect(found(await target.findUsers('userName', 'person2@example.com', signal))).toEqual(['id-2'])
})

test('a listing taken before a POST whose outcome is unknown does not answer for it', async () => {
  const all = people(2)
  const dialect = await dialectWith(({ users }) => ({ users: { ...users, filter: [] } }))
  const { target } = await targetAt(
    heard => {
      if (heard.method !== 'POST') return directory(all)(heard)
      all.push(person(3))
      return { drop: true }
    },
    { dialect },
  )
  expect(await target.findUsers('userName', 'person3@example.com', signal)).toEqual([])
  await expect(target.createUser(person(3), signal)).rejects.toMatchObject({ code: 'unknown_outcome' })
  expect(found(await target.findUsers('userName', 'person3@example.com', signal))).toEqual(['id-3'])
})

test('nobody is absent because a listing is broken', async () => {
  const dialect = await dialectWith(({ users }) => ({ users: { ...users, filter: [] } }))
  const { target } = await targetAt(() => list(people(2), 50), { dialect })
  await expect(target.findUsers('userName', 'person9@example.com', signal)).rejects.toMatchObject({
    code: 'target_incomplete',
  })
})

test('many look-ups at once share one listing', async () => {
  const all = people(250)
  const dialect = await dialectWith(({ users }) => ({ users: { ...users, filter: [] } }))
  const { target, heard } = await targetAt(directory(all), { dialect })
  await Promise.all([5, 6, 7, 8].map(n => target.findUsers('userName', `person${n}@example.com`, signal)))
  expect(heard.filter(({ query }) => query.get('startIndex') === '1')).toHaveLength(1)
})
