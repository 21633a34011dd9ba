import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EVERYONE, label, MAPPING, type Person, type Team, textIn } from './support/scene.ts'
import { type Company, world } from './support/world.ts'

const PROFILES = {
  members: { emea: `scope: { groups: ["team-*"], users: members }\nmatch: [externalId, userName]\n${MAPPING}` },
  everyone: { emea: EVERYONE },
  regions: {
    emea: EVERYONE.replace('users: all', `users: all, when: "user.department == 'emea'"`),
    apac: `${EVERYONE.replace('users: all', 'users: all').replace('${user.title}', '${user.title} (APAC)')}leavers: delete\ngoneGroups: delete\n`,
  },
}

const ids = Array.from({ length: 12 }, (_, at) => `u${at}`)
const groupIds = Array.from({ length: 6 }, (_, at) => `g${at}`)

const person = (id: string): fc.Arbitrary<Person> =>
  fc.record(
    {
      id: fc.constant(id),
      enabled: fc.boolean(),
      mail: fc.constantFrom(
        `${id}@example.com`,
        `${id.toUpperCase()}@example.com`,
        `${id}.new@example.com`,
        'u1@example.com',
        '',
      ),
      title: fc.constantFrom('Engineer', 'Ingénieur·e 🦊', '  ', 'a "quoted" \\ name'),
      department: fc.constantFrom('emea', 'apac'),
    },
    { requiredKeys: ['id'] },
  )
const team = (id: string): fc.Arbitrary<Team> =>
  fc.record({
    id: fc.constant(id),
    name: fc.constantFrom(`team-${id}`, `Team-${id}-renamed`, `other-${id}`, 'team-shared'),
    members: fc.uniqueArray(fc.constantFrom(...ids, ...groupIds), { maxLength: 8 }),
  })
const company: fc.Arbitrary<Company> = fc.record({
  users: fc.subarray(ids).chain(some => fc.tuple(...some.map(person))),
  groups: fc.subarray(groupIds).chain(some => fc.tuple(...some.map(team))),
})

test.each([
  ['generic', 'members', []],
  ['generic', 'everyone', ['rewrite', 'forget-attribute=title']],
  ['generic', 'regions', ['ignore-clear']],
  ['atlassian', 'members', []],
  ['atlassian', 'regions', ['rewrite']],
] as const)('after a clean apply the next plan is empty: %s, %s, %j', async (dialect, profiles, faults) => {
  await fc.assert(
    fc.asyncProperty(fc.array(company, { minLength: 2, maxLength: 3 }), async days => {
      const one = await world({ dialect, profiles: PROFILES[profiles], faults })
      try {
        for (const day of days) {
          // Deletes come last, so what a deleted user or group held is free for the plan after.
          for (let round = 0; round < (profiles === 'regions' ? 2 : 1); round++) {
            await one.plan(day)
            expect(await one.apply()).toEqual([])
          }
          expect((await one.plan(day)).map(label)).toEqual([])
        }
      } finally {
        await one.close()
      }
    }),
    { numRuns: 8 },
  )
})

test('whoever is in a managed group at the target is who flattening says', async () => {
  await fc.assert(
    fc.asyncProperty(company, async day => {
      const one = await world({ dialect: 'generic', profiles: PROFILES.everyone })
      try {
        await one.plan(day)
        await one.apply()
        const { directory } = one.sandbox
        const idOf = new Map(directory.users().map(({ id, resource }) => [id, textIn(resource, 'externalId')]))
        const present = new Set(idOf.values())
        for (const { id, resource } of directory.groups()) {
          const source = day.groups.find(({ name }) => name === resource['displayName'])
          const members = directory.members(id).map(member => idOf.get(member) ?? member)
          const expected = [...within(source?.id ?? '', day)].filter(user => present.has(user))
          expect(members.toSorted()).toEqual(expected.toSorted())
        }
      } finally {
        await one.close()
      }
    }),
    { numRuns: 15 },
  )
})

/** By walking, as anybody would. */
function within(group: string, { groups }: Company): Set<string> {
  const users = new Set<string>()
  const reached = new Set([group])
  for (const one of reached)
    for (const member of groups.find(({ id }) => id === one)?.members ?? [])
      (member.startsWith('g') ? reached : users).add(member)
  return users
}
