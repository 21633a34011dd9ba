import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReadingPart } from '../../src/connector.ts'
import { openCache } from '../../src/state/cache.ts'

const NOW = new Date('2026-11-24T06:00:00Z')

/** Users with their titles, and groups with their members. */
interface Day {
  readonly users: Readonly<Record<string, string>>
  readonly groups: Readonly<Record<string, readonly string[]>>
}

const userParts = (users: Day['users']): ReadingPart => ({
  part: 'users',
  users: Object.entries(users).map(([id, title]) => ({ id, enabled: true, name: id, attributes: { title } })),
})
const groupParts = (groups: Day['groups']): ReadingPart[] => [
  { part: 'groups', groups: Object.keys(groups).map(id => ({ id, name: `team ${id}`, attributes: {} })) },
  ...Object.entries(groups).map(([group, members]): ReadingPart => ({ part: 'members', group, members })),
]
const endPart = ({ users, groups }: Day, came: Day['groups'], checkpoint?: string): ReadingPart => ({
  part: 'end',
  certificate: {
    complete: true,
    checks: [],
    users: Object.keys(users).length,
    groups: Object.keys(groups).length,
    members: Object.values(came).flat().length,
  },
  ...(checkpoint !== undefined && { checkpoint }),
})

/** Everything. */
function whole(day: Day, checkpoint?: string): ReadingPart[] {
  return [userParts(day.users), ...groupParts(day.groups), endPart(day, day.groups, checkpoint)]
}

/** Only what differs between two days. */
function difference(before: Day, after: Day, checkpoint?: string): ReadingPart[] {
  const changed = <T>(from: Readonly<Record<string, T>>, to: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(to).filter(([id, value]) => JSON.stringify(from[id]) !== JSON.stringify(value)))
  const gone = [...Object.keys(before.users), ...Object.keys(before.groups)].filter(
    id => !(id in after.users) && !(id in after.groups),
  )
  const groups = changed(before.groups, after.groups)
  return [
    { part: 'since' },
    { part: 'gone', ids: gone },
    userParts(changed(before.users, after.users)),
    ...groupParts(groups),
    endPart(after, groups, checkpoint),
  ]
}

function rig() {
  const cache = openCache(new DatabaseSync(':memory:'))
  async function* stream(parts: readonly ReadingPart[]) {
    yield* parts
  }
  return {
    cache,
    read: (parts: readonly ReadingPart[], source = 'hq') => cache.keepReading(source, stream(parts), NOW),
    seen() {
      const people = cache.population('cloud', 'x')
      const ids = cache.ids()
      const users = ids.filter((_, node) => people.live[node] === 1).toSorted()
      const numbers = Uint32Array.from(people.live.keys()).filter(node => people.live[node] === 1)
      const titles = [...cache.users(numbers)].map(
        ({ user }) => `${user.id} ${JSON.stringify(user.attributes['title'])}`,
      )
      const groups = [...cache.groups()].map(row => [row.id, [...row.members].map(node => ids[node]!).toSorted()])
      return { users, titles: titles.toSorted(), groups: Object.fromEntries(groups) as unknown }
    },
  }
}

const MONDAY: Day = {
  users: { ada: 'Countess', grace: 'Admiral', alan: 'Reader' },
  groups: { all: ['design', 'alan'], design: ['ada', 'grace'], empty: [] },
}

test('what changed takes its place, who has gone leaves every group, and all else stands', async () => {
  const { read, cache, seen } = rig()
  await read(whole(MONDAY, 'monday'))
  expect(cache.since('hq')?.checkpoint).toBe('monday')
  const TUESDAY: Day = {
    users: { ada: 'Duchess', grace: 'Admiral', edsger: 'Goto' },
    groups: { all: ['design'], design: ['ada', 'grace'], empty: ['edsger'] },
  }
  const parts: ReadingPart[] = [
    { part: 'since' },
    { part: 'gone', ids: ['alan', 'somebody nobody knows'] },
    userParts({ ada: 'Duchess', edsger: 'Goto' }),
    { part: 'members', group: 'empty', members: ['edsger', 'edsger'] },
    endPart(TUESDAY, { empty: ['edsger', 'edsger'] }, 'tuesday'),
  ]
  const kept = await read(parts)
  expect(kept.certificate.checks.filter(({ passed }) => !passed)).toEqual([])
  expect(kept.certificate).toMatchObject({ complete: true, users: 3, groups: 3, members: 4 })
  expect(seen()).toEqual({
    users: ['ada', 'edsger', 'grace'],
    titles: ['ada "Duchess"', 'edsger "Goto"', 'grace "Admiral"'],
    groups: { all: ['design'], design: ['ada', 'grace'], empty: ['edsger'] },
  })
  expect(cache.since('hq')?.checkpoint).toBe('tuesday')
})

test('day after day, what changed adds up to what a reading of everything says', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e']
  const day = fc.record({
    users: fc.dictionary(fc.constantFrom(...ids), fc.constantFrom('x', 'y')),
    groups: fc.dictionary(
      fc.constantFrom('A', 'B', 'C', 'D'),
      fc.uniqueArray(fc.constantFrom(...ids, 'A', 'B', 'C', 'D')),
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(day, { minLength: 2, maxLength: 5 }), async drawn => {
      const days = drawn.map(
        ({ users, groups }): Day => ({
          users,
          groups: Object.fromEntries(
            Object.entries(groups).map(([id, members]) => [id, members.filter(one => one in users || one in groups)]),
          ),
        }),
      )
      const [first, ...others] = days
      const changes = rig()
      await changes.read(whole(first!, '1'))
      let before = first!
      for (const after of others) {
        const { certificate } = await changes.read(difference(before, after, '2'))
        expect(certificate).toMatchObject({ complete: true, members: Object.values(after.groups).flat().length })
        before = after
      }
      const everything = rig()
      await everything.read(whole(before, '3'))
      expect(changes.seen()).toEqual(everything.seen())
    }),
    { numRuns: 60 },
  )
})

test('a source is told of its last certified reading what it asks, and of no other source’s', async () => {
  const { read, cache } = rig()
  await read(whole({ users: { ada: 'other' }, groups: { all: ['ada'] } }, 'theirs'), 'tokyo')
  await read(whole(MONDAY, 'monday'))
  const since = cache.since('hq')
  expect(['ada', 'all', 'nobody'].map(id => since?.kindOf(id))).toEqual(['user', 'group', undefined])
  expect([...(since?.ids('user') ?? [])].toSorted()).toEqual(['ada', 'alan', 'grace'])
  expect(since?.user('ada')).toEqual({ id: 'ada', enabled: true, name: 'ada', attributes: { title: 'Countess' } })
  expect(since?.group('all')).toEqual({ id: 'all', name: 'team all', attributes: {} })
  expect(since?.members('all').toSorted()).toEqual(['alan', 'design'])
  expect(since?.members('nobody')).toEqual([])
  expect([...(since?.nested() ?? [])]).toEqual([{ group: 'all', members: ['design'] }])
})

test('a reading that is not certified leaves the checkpoint as it was, and one without takes it away', async () => {
  const { read, cache } = rig()
  await read(whole(MONDAY, 'monday'))
  await read([{ part: 'since' }, endPart({ ...MONDAY, users: { ada: 'Countess' } }, {}, 'wrong')])
  expect(cache.since('hq')?.checkpoint).toBe('monday')
  await read(whole(MONDAY))
  expect(cache.since('hq')).toBeUndefined()
})

test('changes of nothing, changes said in the middle, and the gone of a whole reading are faults of the connector', async () => {
  const { read } = rig()
  await expect(read([{ part: 'since' }, endPart(MONDAY, {})])).rejects.toMatchObject({ code: 'source_incomplete' })
  await read(whole(MONDAY, 'monday'))
  await expect(read([userParts({}), { part: 'since' }])).rejects.toMatchObject({ code: 'source_incomplete' })
  await expect(read([{ part: 'gone', ids: ['ada'] }])).rejects.toMatchObject({ code: 'source_incomplete' })
})
