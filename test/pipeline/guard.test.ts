import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Change, Limits } from '../../src/model.ts'
import { count, DEFAULT_LIMITS, guard, type Tally } from '../../src/pipeline/guard.ts'

const managed = { users: 1_000, groups: 50, memberships: 4_000 }
const at = (tally: Tally, limits: Limits = DEFAULT_LIMITS, more = {}) =>
  guard([{ scope: 'target atlassian', tally, managed: { ...managed, ...more }, limits }], [], limits, false)

test.each([
  ['deactivate-user', 100, 101],
  ['update-user', 300, 301],
  ['create-user', 500, 501],
  ['change-address', 50, 51],
  ['relink-user', 10, 11],
  ['remove-members', 800, 801],
] as const)(
  '%s: %i of 1 000 people and 4 000 memberships are within the default, %i are not',
  (limit, within, over) => {
    expect(at({ [limit]: within })).toEqual([])
    expect(at({ [limit]: over })).toMatchObject([{ limit, scope: 'target atlassian', changes: over }])
  },
)

test.each(['delete-user', 'delete-group', 'empty-group'] as const)('one %s is one too many', limit => {
  expect(at({ [limit]: 1 })).toMatchObject([{ limit, allowed: '0' }])
})

test('a few changes in a small directory are measured against the floor', () => {
  expect(at({ 'deactivate-user': 1 }, DEFAULT_LIMITS, { users: 0 })).toEqual([])
  expect(at({ 'deactivate-user': 2 }, DEFAULT_LIMITS, { users: 3 })).toHaveLength(1)
  expect(at({ 'deactivate-user': 2 }, { ...DEFAULT_LIMITS, floor: 20 }, { users: 3 })).toEqual([])
})

test('a plain number is absolute, and any kind of change can have one', () => {
  const limits = { 'add-members': { count: 3 }, 'update-group': { percent: 2 } }
  expect(at({ 'add-members': 3, 'update-group': 1 }, limits)).toEqual([])
  expect(at({ 'add-members': 4, 'update-group': 2 }, limits).map(({ limit, allowed }) => [limit, allowed])).toEqual([
    ['update-group', '2%'],
    ['add-members', '3'],
  ])
})

test('before anything was applied to a target, creates, updates and adoptions are not limited; the rest is', () => {
  const tally = { 'create-user': 5_000, 'update-user': 900, 'adopt-user': 900, 'deactivate-user': 900 }
  const counted = [{ scope: 'target atlassian', tally, managed, limits: DEFAULT_LIMITS }]
  expect(guard(counted, [], DEFAULT_LIMITS, true).map(({ limit }) => limit)).toEqual(['deactivate-user'])
})

test('a source that shrank by more than a tenth is told in plain words; one that grew is not', () => {
  const before = { users: 300, groups: 40, members: 900 }
  const now = { users: 150, groups: 40, members: 1_000 }
  const [breach, ...others] = guard([], [{ source: 'hq', before, now }], DEFAULT_LIMITS, false)
  expect(others).toEqual([])
  expect(breach).toMatchObject({
    limit: 'shrink-users',
    scope: 'source hq',
    changes: 150,
    managed: 300,
    allowed: '10%',
  })
  expect(breach?.message).toMatch(/^source hq has 150 of its 300 users less than before \(50%\)/)
})

test('the limit is exact at any size: changes × 100 against percent × managed', () => {
  fc.assert(
    fc.property(fc.nat(2_000), fc.nat(2_000), fc.integer({ min: 0, max: 100 }), (changes, users, percent) => {
      const limits = { 'deactivate-user': { percent }, floor: 10 }
      const breaches = at({ 'deactivate-user': changes }, limits, { users })
      expect(breaches.length > 0).toBe(changes > 0 && changes * 100 > percent * Math.max(users, 10))
    }),
  )
})

test('members count one by one, a new address counts as such, and an adoption that deactivates as a deactivation', () => {
  const common = {
    profile: 'emea',
    source: 'hq',
    sourceId: 'u1',
    name: 'ada',
    reason: '',
    reversible: 'reversible',
  } as const
  const changes: readonly Change[] = [
    { ...common, change: 'add-members', members: ['a', 'b'] },
    { ...common, change: 'remove-members', members: ['c'], strangers: ['x', 'y'] },
    { ...common, change: 'update-user', before: { emails: null }, after: { emails: [] } },
    { ...common, change: 'adopt-user', scimId: 's', before: { active: true }, after: { active: false } },
  ]
  const tally: Tally = {}
  for (const change of changes) count(tally, change)
  expect(tally).toEqual({
    'add-members': 2,
    'remove-members': 3,
    'update-user': 1,
    'change-address': 1,
    'adopt-user': 1,
    'deactivate-user': 1,
  })
})
