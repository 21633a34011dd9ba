import { expect, test } from 'vitest'
import { dialectWith, everything, list, pageOf, people, person, signal, targetAt } from './scim.ts'

const ids = (resources: readonly { readonly id: string }[]) => resources.map(({ id }) => id)
const isUsers = (path: string) => path.endsWith('/Users')

test('everyone of several pages comes once, in order, with a certificate that says so', async () => {
  const all = people(1_234)
  const { target } = await targetAt(heard => (isUsers(heard.path) ? pageOf(all, heard) : list([])))
  const read = await everything(target)
  expect(ids(read.users)).toEqual(ids(all))
  expect(read.certificate).toMatchObject({ complete: true, users: 1_234, groups: 0, members: 0 })
})

test('pages go on by what came where the target gives less than asked for', async () => {
  const all = people(230)
  const { target, heard } = await targetAt(one => (isUsers(one.path) ? pageOf(all, one, 20) : list([])))
  const read = await everything(target)
  expect(ids(read.users)).toEqual(ids(all))
  expect(read.certificate.complete).toBe(true)
  expect(heard.filter(({ path }) => isUsers(path)).map(({ query }) => query.get('startIndex'))).toContain('21')
})

test('a page that comes short in the middle leaves nobody out', async () => {
  const all = people(900)
  const { target } = await targetAt(one => {
    if (!isUsers(one.path)) return list([])
    return pageOf(all, one, one.query.get('startIndex') === '301' ? 7 : 100)
  })
  const read = await everything(target)
  expect(ids(read.users).toSorted()).toEqual(ids(all).toSorted())
  expect(read.certificate.complete).toBe(true)
})

test('a target that ignores startIndex and gives the first page again is not believed', async () => {
  const all = people(243)
  const { target, heard } = await targetAt(one => (isUsers(one.path) ? list(all.slice(0, 20), 243) : list([])))
  const read = await everything(target)
  expect(read.users).toHaveLength(20)
  expect(read.certificate.complete).toBe(false)
  expect(read.why.join()).toContain('20 came of 243 promised')
  expect(heard.length).toBeLessThan(40)
})

test('the first page coming again behind the end harms nobody', async () => {
  const all = people(150)
  const { target } = await targetAt(one => {
    if (!isUsers(one.path)) return list([])
    return Number(one.query.get('startIndex')) > 150 ? list(all.slice(0, 1), 150) : pageOf(all, one)
  })
  expect((await everything(target)).certificate).toMatchObject({ complete: true, users: 150 })
})

test('a total of one page is seen through by a question behind the end', async () => {
  const all = people(260)
  const { target } = await targetAt(one => {
    if (!isUsers(one.path)) return list([])
    const start = Number(one.query.get('startIndex'))
    return list(all.slice(start - 1, start - 1 + Number(one.query.get('count'))), 100)
  })
  const read = await everything(target)
  expect(ids(read.users)).toEqual(ids(all))
  expect(read.certificate.complete).toBe(true)
})

test('fewer people than promised, twice, end uncertified with both numbers', async () => {
  const { target } = await targetAt(one =>
    isUsers(one.path) ? list(Number(one.query.get('startIndex')) > 1 ? [] : people(40), 43) : list([]),
  )
  const read = await everything(target)
  expect(read.users).toHaveLength(40)
  expect(read.why.join()).toContain('40 came of 43 promised')
})

test('someone deleted while pages were read is noticed, and a second look finds whom that hid', async () => {
  const all = people(200)
  let gone = false
  const { target } = await targetAt(one => {
    if (!isUsers(one.path)) return list([])
    const now = gone ? all.slice(1) : all
    gone = true
    return pageOf(now, one)
  })
  const read = await everything(target)
  expect(ids(read.users)).toContain('id-101')
  expect(new Set(ids(read.users)).size).toBe(read.users.length)
  expect(read.certificate.complete).toBe(true)
})

test('newcomers while pages are read are no fault', async () => {
  const all = people(150)
  let asked = 0
  const { target } = await targetAt(one => {
    if (!isUsers(one.path)) return list([])
    if (asked++ > 0 && all.length < 151) all.push(person(151))
    return pageOf(all, one)
  })
  expect((await everything(target)).certificate).toMatchObject({ complete: true, users: 151 })
})

test('someone without an id makes the listing uncertified', async () => {
  const { target } = await targetAt(one =>
    isUsers(one.path) && one.query.get('startIndex') === '1'
      ? list([person(1), { userName: 'ghost@example.com' }, { id: 'undefined', userName: 'other@example.com' }], 1)
      : list([], 1),
  )
  const read = await everything(target)
  expect(ids(read.users)).toEqual(['id-1'])
  expect(read.why.join()).toContain('2 came without an id')
})

test('an answer that is JSON but no listing is an error, not an empty directory', async () => {
  for (const json of [{}, [], 'all well', { Resources: 'none' }]) {
    const { target } = await targetAt(() => ({ json }))
    await expect(everything(target)).rejects.toMatchObject({ code: 'target_incomplete' })
  }
})

test('web pages, cut JSON and empty answers are errors', async () => {
  for (const text of ['<html><title>Sign in</title></html>', '{"totalResults":1,"Resources":[{"id":"1"', '']) {
    const { target, heard } = await targetAt(() => ({ text }))
    await expect(everything(target)).rejects.toMatchObject({ code: 'target_incomplete' })
    expect(heard).toHaveLength(3)
  }
})

test('`resources` in lower case, numbers as ids and totals as text are understood', async () => {
  const { target } = await targetAt(one =>
    isUsers(one.path) && one.query.get('startIndex') === '1'
      ? { json: { totalresults: '2', resources: [{ ID: 7, username: 'a@example.com' }, { Id: '8' }] } }
      : { json: { totalResults: one.path.endsWith('/Users') ? 2 : 0 } },
  )
  const read = await everything(target)
  expect(read.users).toEqual([
    { id: '7', resource: { userName: 'a@example.com' } },
    { id: '8', resource: {} },
  ])
  expect(read.certificate.complete).toBe(true)
})

const byCursor = () => dialectWith(() => ({ paging: { style: 'cursor' as const, max: 100 } }))

test('cursors are followed to the end, from an empty first one', async () => {
  const all = people(250)
  const { target, heard } = await targetAt(
    one => {
      if (!isUsers(one.path)) return { json: { Resources: [] } }
      const at = Number((one.query.get('cursor') ?? '').slice(1) || 0)
      const next = at + 100 < 250 ? { nextCursor: `&${at + 100}` } : {}
      return { json: { Resources: all.slice(at, at + 100), ...next } }
    },
    { dialect: await byCursor() },
  )
  const read = await everything(target)
  expect(ids(read.users)).toEqual(ids(all))
  expect(read.certificate.complete).toBe(true)
  expect(heard[0]?.search).toBe('cursor=&count=100')
  expect(heard.some(({ query }) => query.has('startIndex'))).toBe(false)
})

test('a cursor that nobody asked for is followed all the same', async () => {
  const all = people(20)
  const { target } = await targetAt(one => {
    if (!isUsers(one.path)) return list([])
    return one.query.get('cursor') === 'b' ? list(all.slice(10), 20) : list(all.slice(0, 10), 20, { nextCursor: 'b' })
  })
  const read = await everything(target)
  expect(ids(read.users)).toEqual(ids(all))
  expect(read.certificate.complete).toBe(true)
})

test('a cursor that comes in the middle loses nobody', async () => {
  const all = people(300)
  const { target } = await targetAt(one => {
    if (!isUsers(one.path)) return list([])
    if (one.query.get('cursor') === 'c') return list(all.slice(200), 300)
    return one.query.get('startIndex') === '101'
      ? list(all.slice(100, 200), 300, { nextCursor: 'c' })
      : pageOf(all, one)
  })
  const read = await everything(target)
  expect(ids(read.users)).toEqual(ids(all))
  expect(read.certificate.complete).toBe(true)
})

test('a page of groups that is too large to take in is asked for in parts', async () => {
  const large = (n: number) => ({
    id: `g${n}`,
    displayName: `large ${n}`,
    description: 'x'.repeat(15_000),
    members: [],
  })
  const groups = [1, 2, 3, 4, 5, 6].map(large)
  const { target, heard } = await targetAt(one => (isUsers(one.path) ? list([]) : pageOf(groups, one, 5)), {
    dialect: await dialectWith(() => ({ paging: { style: 'index' as const, max: 5 } })),
    largest: 50_000,
  })
  const read = await everything(target)
  expect(ids(read.groups)).toEqual(ids(groups))
  expect(read.certificate.complete).toBe(true)
  expect(heard.some(({ query }) => query.get('count') === '3')).toBe(true)
})

test('cursors that go in a circle end, uncertified', async () => {
  const { target, heard } = await targetAt(
    (one, nth) => (isUsers(one.path) ? { json: { Resources: [person(nth)], nextCursor: 'round' } } : list([])),
    { dialect: await byCursor() },
  )
  const read = await everything(target)
  expect(read.why.join()).toContain('the same cursor came twice')
  expect(heard.length).toBeLessThan(10)
})

test('cursors that lead on and on through nothing new end, uncertified', async () => {
  const { target } = await targetAt(
    (one, nth) => (isUsers(one.path) ? { json: { Resources: [person(1)], nextCursor: `c${nth}` } } : list([])),
    { dialect: await byCursor() },
  )
  expect((await everything(target)).why.join()).toContain('nothing new')
})

test('an expired cursor is begun again once', async () => {
  let expired = false
  const { target } = await targetAt(
    one => {
      if (!isUsers(one.path)) return list([])
      if (one.query.get('cursor') === '') return { json: { Resources: [person(1)], nextCursor: 'n' } }
      if (expired) return { json: { Resources: [person(2)] } }
      expired = true
      return { status: 400, json: { scimType: 'expiredCursor', detail: 'too old' } }
    },
    { dialect: await byCursor() },
  )
  expect((await everything(target)).certificate).toMatchObject({ complete: true, users: 2 })
})

test('members come with the groups; nested groups are not among them', async () => {
  const { target } = await targetAt(one =>
    isUsers(one.path)
      ? pageOf(people(3), one)
      : pageOf(
          [
            {
              id: 'g1',
              displayName: 'Sales',
              members: [{ value: 'id-1' }, { value: 'g2', type: 'Group' }, { value: 'id-2', type: 'User' }],
            },
            { id: 'g2', displayName: 'Nobody' },
          ],
          one,
        ),
  )
  const read = await everything(target)
  expect(read.groups).toEqual([
    { id: 'g1', resource: { displayName: 'Sales' } },
    { id: 'g2', resource: { displayName: 'Nobody' } },
  ])
  expect(read.members).toEqual({ g1: ['id-1', 'id-2'] })
  expect(read.certificate.members).toBe(2)
})

test('groups that show no members in the listing are read one by one', async () => {
  const groups = [
    { id: 'g/1', displayName: 'Sales' },
    { id: 'g2', displayName: 'Nobody' },
  ]
  const { target, heard } = await targetAt(one => {
    if (isUsers(one.path)) return pageOf(people(1), one)
    if (one.path.endsWith('/Groups')) return pageOf(groups, one)
    return { json: one.path.endsWith('g%2F1') ? { ...groups[0], members: [{ value: 'id-1' }] } : groups[1] }
  })
  const read = await everything(target)
  expect(read.members).toEqual({ 'g/1': ['id-1'] })
  expect(heard.map(({ path }) => path)).toContain('/scim/v2/Groups/g%2F1')
})

test('users who are in no group spare the groups that look empty a request each', async () => {
  const { target, heard } = await targetAt(one =>
    isUsers(one.path) ? pageOf([person(1, { groups: [] })], one) : pageOf([{ id: 'g1', displayName: 'New' }], one),
  )
  await everything(target)
  expect(heard.map(({ path }) => path)).not.toContain('/scim/v2/Groups/g1')
})

test('a target that hides members although users have groups is not certified', async () => {
  const { target } = await targetAt(one => {
    if (isUsers(one.path)) return pageOf([person(1, { groups: [{ value: 'g1' }] })], one)
    if (one.path.endsWith('/Groups')) return pageOf([{ id: 'g1', members: [] }], one)
    return { json: { id: 'g1', members: [] } }
  })
  expect((await everything(target)).certificate.complete).toBe(false)
})

test('where the dialect says that members cannot be read, none are told', async () => {
  const { target } = await targetAt(
    one =>
      isUsers(one.path)
        ? pageOf(people(1), one)
        : one.path.endsWith('/Groups')
          ? pageOf([{ id: 'g1', members: [{ value: 'id-1' }] }], one)
          : { json: { id: 'g1', members: [] } },
    { dialect: await dialectWith(({ members }) => ({ members: { ...members, readable: 'never' } })) },
  )
  expect((await everything(target)).members).toEqual({})
  expect(await target.readGroup('g1', signal)).toMatchObject({ members: undefined })
})
