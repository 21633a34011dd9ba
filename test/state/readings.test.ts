import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReadingPart } from '../../src/connector.ts'
import type { SourceGroup, SourceUser } from '../../src/model.ts'
import type { KeptReading } from '../../src/state.ts'
import { openCache } from '../../src/state/cache.ts'
import { usableAll } from '../../src/state/unusable.ts'

const NOW = new Date('2026-11-24T06:00:00Z')

interface Given {
  readonly users?: readonly string[]
  readonly groups?: Readonly<Record<string, readonly string[]>>
  readonly hidden?: readonly string[]
  readonly titles?: Readonly<Record<string, string>>
  readonly complete?: boolean
  /** In place of what came. */
  readonly promised?: { readonly users?: number; readonly groups?: number; readonly members?: number }
  readonly more?: readonly ReadingPart[]
}

function user(id: string, title = 'Engineer'): SourceUser {
  return { id, enabled: true, name: `${id}@example.com`, attributes: { mail: `${id}@example.com`, title } }
}
function group(id: string, isHidden = false): SourceGroup {
  return { id, name: `team ${id}`, attributes: {}, ...(isHidden && { membersUnknown: true }) }
}

function partsOf({ users = [], groups = {}, hidden = [], titles = {}, complete = true, promised, more = [] }: Given) {
  const members = Object.values(groups).flat().length
  const counts = { users: users.length, groups: Object.keys(groups).length, members, ...promised }
  const parts: ReadingPart[] = [
    { part: 'users', users: users.map(id => user(id, titles[id])) },
    { part: 'groups', groups: Object.keys(groups).map(id => group(id, hidden.includes(id))) },
    ...Object.entries(groups).map(([id, list]): ReadingPart => ({ part: 'members', group: id, members: list })),
    ...more,
    { part: 'end', certificate: { complete, checks: [], ...counts } },
  ]
  return parts
}

function rig() {
  const cache = openCache(new DatabaseSync(':memory:'))
  async function* stream(parts: readonly ReadingPart[]) {
    yield* parts
  }
  return {
    cache,
    read: (given: Given, source = 'hq'): Promise<KeptReading> => cache.keepReading(source, stream(partsOf(given)), NOW),
    readParts: (parts: readonly ReadingPart[]) => cache.keepReading('hq', stream(parts), NOW),
    /** Everyone there now, and each group's members by id. */
    seen() {
      const people = cache.population('cloud', 'x')
      const ids = cache.ids()
      const users = ids.filter((_, node) => people.live[node] === 1).toSorted()
      const groups = [...cache.groups()].map(
        row => [row.id, [...row.members].map(node => ids[node] ?? '').toSorted((a, b) => (a < b ? -1 : 1))] as const,
      )
      return { users, groups: Object.fromEntries(groups) }
    },
  }
}

test('a reading is kept whole: who is there, who is gone, and who is in which group', async () => {
  const { read, seen } = rig()
  await read({ users: ['ada', 'grace'], groups: { sales: ['ada', 'team'], team: ['grace', 'ada'] } })
  expect(seen()).toEqual({ users: ['ada', 'grace'], groups: { sales: ['ada', 'team'], team: ['ada', 'grace'] } })
  await read({ users: ['grace', 'jun'], groups: { team: ['jun'] } })
  expect(seen()).toEqual({ users: ['grace', 'jun'], groups: { team: ['jun'] } })
})

test('who comes back is the one they were', async () => {
  const { read, cache } = rig()
  const number = () => cache.ids().indexOf('ada')
  await read({ users: ['ada'] })
  const before = number()
  await read({ users: ['grace'] })
  await read({ users: ['ada', 'grace'] })
  expect(number()).toBe(before)
})

test.each<readonly [string, Given]>([
  ['says itself that it is not complete', { users: ['ada'], complete: false }],
  ['brings fewer users than promised', { users: ['ada'], promised: { users: 2 } }],
  ['brings more groups than promised', { groups: { sales: [] }, promised: { groups: 0 } }],
  ['brings fewer members than promised', { users: ['ada'], groups: { sales: ['ada'] }, promised: { members: 2 } }],
  ['repeats a user', { users: ['ada', 'ada'] }],
  ['has a user and a group of one id', { users: ['ada'], groups: { ada: [] } }],
])('a reading that %s is not certified, and the last one stands', async (_, given) => {
  const { read, seen, cache } = rig()
  await read({ users: ['ada', 'grace'], groups: { sales: ['grace'] } })
  const stood = cache.reading('hq')
  const kept = await read(given)
  expect(kept.certificate.complete).toBe(false)
  expect(seen()).toEqual({ users: ['ada', 'grace'], groups: { sales: ['grace'] } })
  expect(cache.reading('hq')).toEqual(stood)
})

test('a reading that breaks off leaves nothing behind, and its error comes out', async () => {
  const { cache, read, seen } = rig()
  await read({ users: ['ada'] })
  async function* breaksOff(): AsyncGenerator<ReadingPart> {
    yield { part: 'users', users: [user('grace')] }
    throw new Error('page 2: 503')
  }
  await expect(cache.keepReading('hq', breaksOff(), NOW)).rejects.toThrow('page 2: 503')
  expect(seen().users).toEqual(['ada'])
})

test('a reading without an end, or that goes on after it, is incomplete', async () => {
  const { readParts, seen } = rig()
  const parts = partsOf({ users: ['ada'] })
  await expect(readParts(parts.slice(0, -1))).rejects.toMatchObject({ code: 'source_incomplete' })
  await expect(readParts([...parts, ...parts])).rejects.toMatchObject({ code: 'source_incomplete' })
  expect(seen().users).toEqual([])
})

test('the number of a reading grows when something in it changed, and only then', async () => {
  const { read } = rig()
  const given = { users: ['ada', 'grace'], groups: { sales: ['ada'] } }
  expect(await read(given)).toMatchObject({ reading: 1, changed: 3 + 1 })
  expect(await read(given)).toMatchObject({ reading: 1, changed: 0 })
  expect(await read({ ...given, titles: { ada: 'Analyst' } })).toMatchObject({ reading: 2, changed: 1 })
  expect(await read({ ...given, titles: { ada: 'Analyst' }, groups: { sales: ['grace'] } })).toMatchObject({
    reading: 3,
    changed: 1,
  })
  expect(await read({ users: ['ada'], groups: {} })).toMatchObject({ reading: 4 })
})

test('values in another order are the same values', async () => {
  const { readParts } = rig()
  const parts = (mails: readonly string[]): ReadingPart[] => [
    { part: 'users', users: [{ ...user('ada'), attributes: { mails, title: 'Engineer' } }] },
    { part: 'end', certificate: { complete: true, checks: [], users: 1, groups: 0, members: 0 } },
  ]
  await readParts(parts(['a@example.com', 'b@example.com']))
  expect(await readParts(parts(['b@example.com', 'a@example.com']))).toMatchObject({ changed: 0 })
})

test('a member that is nobody of the reading is left out and counted', async () => {
  const { read, seen } = rig()
  const kept = await read({ users: ['ada'], groups: { sales: ['ada', 'contact-1', 'contact-2'] } })
  expect(kept.certificate.complete).toBe(true)
  expect(kept.findings).toMatchObject([
    { finding: 'unknown-members', source: 'hq', message: expect.stringMatching(/^2 members/) as string },
  ])
  expect(seen().groups).toEqual({ sales: ['ada'] })
})

test('a group that hides its members keeps those it had', async () => {
  const { read, seen } = rig()
  await read({ users: ['ada', 'grace'], groups: { sales: ['ada', 'grace'] } })
  await read({ users: ['ada', 'grace'], groups: { sales: [] }, hidden: ['sales'] })
  expect(seen().groups).toEqual({ sales: ['ada', 'grace'] })
})

test('a connector’s findings come along, with the reading, and with the last one when asked later', async () => {
  const { read, cache } = rig()
  const finding = { finding: 'skipped', source: 'hq', message: 'a group without a name' }
  await read({ users: ['ada'], more: [{ part: 'finding', finding }] })
  expect(cache.reading('hq')).toMatchObject({
    reading: 1,
    readAt: NOW.toISOString(),
    findings: [finding],
    certificate: { users: 1 },
  })
})

test('an id that was a user’s and is a group’s now stands for someone else', async () => {
  const { read, seen, cache } = rig()
  await read({ users: ['x', 'ada'] })
  const before = cache.ids().indexOf('x')
  expect((await read({ users: ['ada'], groups: { x: ['ada'] } })).certificate.complete).toBe(true)
  expect(seen()).toEqual({ users: ['ada'], groups: { x: ['ada'] } })
  expect([...cache.groups()][0]?.num).not.toBe(before)
  expect((await read({ users: ['ada'], groups: { x: ['ada'] } })).changed).toBe(0)
})

test('two sources may use the same ids and know nothing of each other', async () => {
  const { read, cache } = rig()
  await read({ users: ['ada'] }, 'hq')
  await read({ users: ['ada'] }, 'tokyo')
  await read({ users: [] }, 'tokyo')
  const people = cache.population('cloud', 'x')
  const live = [...people.live].flatMap((kind, node) => (kind === 1 ? [people.source[node]] : []))
  expect(live).toEqual([people.sources.get('hq')])
  expect(cache.nameOf('hq', 'ada')).toBe('ada@example.com')
})

test('shrinkage is counted from the reading that was accepted last', async () => {
  const { read, cache } = rig()
  await read({ users: ['ada', 'grace'] })
  cache.acceptReading('hq')
  await read({ users: ['ada'] })
  expect(cache.reading('hq')?.accepted).toEqual({ users: 2, groups: 0, members: 0 })
})

test('in whatever order and pieces a reading comes, it comes to the same', async () => {
  const member = fc.constantFrom('u0', 'u1', 'u2', 'u3', 'g0', 'g1', 'g2')
  const groups = fc.dictionary(fc.constantFrom('g0', 'g1', 'g2'), fc.array(member, { maxLength: 8 }))
  await fc.assert(
    fc.asyncProperty(groups, fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), async (some, order) => {
      const users = ['u0', 'u1', 'u2', 'u3']
      const one = rig()
      await one.read({ users, groups: some })
      const pieces: ReadingPart[] = [
        ...users.map((id): ReadingPart => ({ part: 'users', users: [user(id)] })),
        ...Object.keys(some).map((id): ReadingPart => ({ part: 'groups', groups: [group(id)] })),
        ...Object.entries(some).flatMap(([id, list]) =>
          list.map((each): ReadingPart => ({ part: 'members', group: id, members: [each] })),
        ),
      ]
      const shuffled = pieces
        .map((piece, at) => ({ piece, key: order[at % order.length]! * 31 + at }))
        .toSorted((a, b) => (a.key % 7_919) - (b.key % 7_919))
        .map(({ piece }) => piece)
      const other = rig()
      await other.readParts([...shuffled, ...partsOf({ users, groups: some }).slice(-1)])
      expect(other.seen()).toEqual(one.seen())
      expect(await one.readParts([...shuffled, ...partsOf({ users, groups: some }).slice(-1)])).toMatchObject({
        changed: 0,
      })
    }),
    { numRuns: 40 },
  )
})

test('a disk that is full is told as such, and the last reading stands', async () => {
  const db = new DatabaseSync(':memory:')
  const cache = usableAll('state/rollcall.db', openCache(db))
  async function* parts(users: number) {
    yield* partsOf({ users: Array.from({ length: users }, (_, at) => `user-${at}`) })
  }
  await cache.keepReading('hq', parts(10), NOW)
  const pages = db.prepare('PRAGMA page_count').get()?.['page_count']
  db.exec(`PRAGMA max_page_count = ${Number(pages) + 2}`)
  await expect(cache.keepReading('hq', parts(5_000), NOW)).rejects.toMatchObject({
    code: 'state_unusable',
    message: expect.stringMatching(/^state state\/rollcall\.db: the disk is full/),
  })
  expect(cache.reading('hq')?.certificate.users).toBe(10)
})
