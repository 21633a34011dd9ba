import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type GraphDouble, startGraph } from '../../support/graph/index.ts'
import { type Reading, readAgain, reading } from '../../support/reading.ts'
import { sourceAt } from './given.ts'
import { said } from './sweep.ts'

const USERS = 4
const GROUPS = 4
const user = (nth: number) => `aaaaaaaa-0000-4000-8000-${String(nth).padStart(12, '0')}`
const group = (nth: number) => `bbbbbbbb-0000-4000-8000-${String(nth).padStart(12, '0')}`
const LAPTOP = 'cccccccc-0000-4000-8000-000000000001'

/** What may happen in a directory. Who cannot (is not there, was there already) does not. */
type Happening =
  | {
      readonly what: 'user'
      readonly nth: number
      readonly title: string | null
      readonly enabled: boolean
      readonly manager: number | null
    }
  | { readonly what: 'group'; readonly nth: number; readonly name: string }
  | { readonly what: 'join'; readonly group: number; readonly member: Someone }
  | { readonly what: 'soft-delete' | 'hard-delete'; readonly who: Someone }
  /** One of those that can. */
  | { readonly what: 'restore' | 'leave'; readonly nth: number }

interface Someone {
  readonly kind: 'user' | 'group' | 'laptop'
  readonly nth: number
}

const nth = (most: number) => fc.integer({ min: 1, max: most })
const someone = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('user' as const), nth: nth(USERS) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('group' as const), nth: nth(GROUPS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('laptop' as const), nth: fc.constant(1) }) },
)
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('join' as const), group: nth(GROUPS), member: someone }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constantFrom('leave', 'restore'), nth: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('soft-delete' as const), who: someone }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('hard-delete' as const), who: someone }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('user' as const),
      nth: nth(USERS),
      title: fc.constantFrom('Engineer', 'Director', null),
      enabled: fc.boolean(),
      manager: fc.option(nth(USERS)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('group' as const),
      nth: nth(GROUPS),
      name: fc.constantFrom('team-a', 'team-b', 'other', 'else'),
    }),
  },
)
const manners = fc.record(
  {
    shuffle: fc.nat(1_000),
    replay: fc.integer({ min: 1, max: 12 }),
    duplicates: fc.boolean(),
    emptyPages: fc.boolean(),
    restoredTellMembers: fc.boolean(),
  },
  { requiredKeys: [] },
)
const story = fc.record({
  members: fc.array(fc.record({ group: nth(GROUPS), member: someone }), { minLength: 4, maxLength: 12 }),
  rounds: fc.array(
    fc.record({ happenings: fc.array(happening, { minLength: 1, maxLength: 25, size: 'max' }), manners }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  pages: fc.record({ deltaObjects: nth(3), deltaLinks: nth(3) }),
  listDeletedMembers: fc.boolean(),
})

/** Object ids are never given again: who comes after someone who is gone for good is someone else. */
class World {
  readonly #graph: GraphDouble
  readonly #there = new Map<string, 'there' | 'deleted'>()
  readonly #lives = new Map<string, number>()
  /** `group member`. */
  readonly #joined = new Set<string>()
  constructor(graph: GraphDouble, there: readonly string[]) {
    this.#graph = graph
    for (const id of there) this.#there.set(id, 'there')
  }

  idOf({ kind, nth }: Someone): string {
    if (kind === 'laptop') return LAPTOP
    const id = kind === 'user' ? user(nth) : group(nth)
    return id.replace(/^(.{9})0000/, `$1${String(this.#lives.get(id) ?? 0).padStart(4, '0')}`)
  }

  happen(happening: Happening): void {
    const graph = this.#graph
    switch (happening.what) {
      case 'user': {
        const id = this.idOf({ kind: 'user', nth: happening.nth })
        if (this.#there.get(id) === 'deleted') return
        this.#there.set(id, 'there')
        const manager = happening.manager === null ? id : this.idOf({ kind: 'user', nth: happening.manager })
        graph.putUser({
          ...person(id),
          jobTitle: happening.title,
          accountEnabled: happening.enabled,
          ...(manager !== id && this.#there.get(manager) === 'there' && { manager }),
        })
        return
      }
      case 'group': {
        const id = this.idOf({ kind: 'group', nth: happening.nth })
        if (this.#there.get(id) === 'deleted') return
        this.#there.set(id, 'there')
        graph.putGroup({ id, displayName: happening.name })
        return
      }
      case 'join': {
        const of = this.idOf({ kind: 'group', nth: happening.group })
        const member = this.idOf(happening.member)
        if (of === member || this.#there.get(of) !== 'there' || this.#there.get(member) !== 'there') return
        graph.addMember(of, member)
        this.#joined.add(`${of} ${member}`)
        return
      }
      case 'leave': {
        const both = [...this.#joined].filter(pair => pair.split(' ').every(id => this.#there.get(id) === 'there'))
        const pair = both[happening.nth % both.length]
        if (pair === undefined) return
        const [of = '', member = ''] = pair.split(' ')
        graph.removeMember(of, member)
        this.#joined.delete(pair)
        return
      }
      case 'restore': {
        const deleted = [...this.#there].filter(([, state]) => state === 'deleted').map(([id]) => id)
        const id = deleted[happening.nth % deleted.length]
        if (id === undefined) return
        graph.restore(id)
        this.#there.set(id, 'there')
        return
      }
      case 'soft-delete':
      case 'hard-delete': {
        const { who } = happening
        const id = this.idOf(who)
        if (who.kind === 'laptop' || !this.#there.has(id)) return
        if (happening.what === 'soft-delete') {
          graph.softDelete(id)
          this.#there.set(id, 'deleted')
          return
        }
        graph.hardDelete(id)
        this.#there.delete(id)
        const first = who.kind === 'user' ? user(who.nth) : group(who.nth)
        this.#lives.set(first, (this.#lives.get(first) ?? 0) + 1)
      }
    }
  }
}

function person(id: string) {
  return {
    id,
    displayName: `Person ${id}`,
    userPrincipalName: `${id}@example.com`,
    accountEnabled: true,
    jobTitle: 'Engineer',
  }
}

interface Scope {
  readonly allUsers: boolean
  readonly inScope: (group: { readonly name: string }) => boolean
}

/** Tells how many of the readings were of changes alone. */
async function holds(
  scope: Scope,
  told: fc.Parameters<unknown>,
): Promise<{ readonly changes: number; readonly all: number }> {
  let [changes, all] = [0, 0]
  const asked = { userAttributes: ['jobTitle', 'manager'], ...scope, scope: 'the same' }
  await fc.assert(
    fc.asyncProperty(story, async ({ members, rounds, pages, listDeletedMembers }) => {
      const users = [1, 2, 3, 4].map(user)
      const groups = [1, 2, 3].map(group)
      const idOf = ({ kind, nth }: Someone) => (kind === 'laptop' ? LAPTOP : kind === 'user' ? user(nth) : group(nth))
      const graph = await startGraph({
        users: users.map(person),
        groups: groups.map((id, at) => ({
          id,
          displayName: ['team-a', 'other', 'team-c'][at]!,
          members: [
            ...new Set(
              members.filter(one => group(one.group) === id && idOf(one.member) !== id).map(one => idOf(one.member)),
            ),
          ].filter(member => [...users, ...groups, LAPTOP].includes(member)),
        })),
        others: [{ id: LAPTOP, type: 'device', displayName: 'A laptop' }],
        pageSizes: { users: 3, groups: 2, members: 2, ...pages },
        listDeletedMembers,
      })
      try {
        const source = sourceAt(graph)
        const world = new World(graph, [...users, ...groups, LAPTOP])
        let last: Reading = await reading(source, asked)
        for (const { happenings, manners } of rounds) {
          graph.manners(manners)
          for (const one of happenings) world.happen(one)
          last = await readAgain(source, last, asked)
          all++
          if (last.parts[0] === 'since') changes++
          expect(last.certificate.checks.filter(({ passed }) => !passed)).toEqual([])
          expect(last.repeated).toEqual([])
          expect(said(known(last))).toEqual(said(known(await reading(source, asked))))
        }
      } finally {
        await graph.close()
      }
    }),
    told,
  )
  return { changes, all }
}

/** Without members that are not in the reading themselves: of these nothing follows but a finding. */
function known(from: Reading): Reading {
  const { users, groups, members } = from
  return {
    ...from,
    members: new Map([...members].map(([of, ids]) => [of, ids.filter(id => users.has(id) || groups.has(id))])),
  }
}

const RUNS = { numRuns: 35 }

test('whatever happened, in whatever pages it is told, changes give the same reading as reading everything', async () => {
  const { changes, all } = await holds({ allUsers: true, inScope: () => true }, RUNS)
  expect(changes).toBeGreaterThan(all / 2)
})

test('and so they do where some groups alone are in scope, and renames move groups in and out', async () => {
  const inScope = ({ name }: { readonly name: string }) => name.startsWith('team-')
  const { changes, all } = await holds({ allUsers: false, inScope }, RUNS)
  expect(changes).toBeGreaterThan(all / 2)
})
