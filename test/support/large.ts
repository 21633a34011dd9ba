import { GROUPS, ldifEntry, PEOPLE } from './ldif.ts'

export interface LargeCompany {
  /** For slapadd. */
  readonly ldif: Iterable<string>
  /** Direct members of each group, users and groups, by id. */
  readonly direct: ReadonlyMap<string, readonly string[]>
  readonly users: number
}

export interface Size {
  readonly users: number
  readonly groups: number
  readonly memberships: number
  readonly seed: number
}

const GIVEN = ['Ada', 'Grace', 'Jürgen', 'Zoë', 'Alan', 'Nguyễn', 'Søren', 'Barbara', 'Edsger', '結衣', 'Katherine']
const FAMILY = ['Lovelace', 'Hopper', 'Groß', 'Turing', 'Đặng', 'Kierkegaard', 'Liskov', 'Dijkstra', '東雲', 'Johnson']
const TITLES = ['Engineer', 'Accountant', 'Account Executive', 'Recruiter', 'Support Specialist', 'Director of Sales']

/**
 * An invented company of any size, the same for the same seed. A few groups are large and most are small; a third of
 * them hold other groups, some in circles.
 */
export function largeCompany({ users, groups, memberships, seed }: Size): LargeCompany {
  const random = dice(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const members: Set<number>[] = Array.from({ length: groups }, () => new Set())
  for (let left = memberships; left > 0; ) {
    const group = Math.floor(groups * random() ** 3)
    const nested = group % 3 === 0 && below(50) === 0
    const member = nested ? users + below(groups) : below(users)
    if (members[group]!.has(member)) continue
    members[group]!.add(member)
    left--
  }
  const idOf = (member: number) => (member < users ? uuid('a', member) : uuid('b', member - users))
  return {
    users,
    direct: new Map(members.map((ids, group) => [uuid('b', group), Array.from(ids, idOf)])),
    ldif: entries(users, members, random),
  }
}

function* entries(users: number, members: readonly ReadonlySet<number>[], random: () => number): Generator<string> {
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)]!
  const userDn = (nth: number) => `uid=person${nth},${PEOPLE}`
  const groupDn = (nth: number) => `cn=group ${nth},${GROUPS}`
  for (let nth = 0; nth < users; nth++) {
    const [given, family] = [pick(GIVEN), pick(FAMILY)]
    yield ldifEntry(userDn(nth), {
      objectClass: 'inetOrgPerson',
      uid: `person${nth}`,
      cn: `${given} ${family}`,
      givenName: given,
      sn: family,
      displayName: `${given} ${family}`,
      mail: `person${nth}@example.com`,
      title: pick(TITLES),
      telephoneNumber: `+1 555 ${String(nth).padStart(7, '0')}`,
      employeeNumber: String(nth),
      departmentNumber: String(Math.floor(random() * 400)),
      preferredLanguage: 'en',
      street: `${nth % 300} Invented Street`,
      l: 'Nowhere',
      description: 'An invented person in an invented company, with a few words to say',
      entryUUID: uuid('a', nth),
    })
  }
  for (const [nth, ids] of members.entries()) {
    yield ldifEntry(groupDn(nth), {
      objectClass: 'groupOfMembers',
      cn: `group ${nth}`,
      description: `Those of group ${nth}`,
      member: Array.from(ids, id => (id < users ? userDn(id) : groupDn(id - users))),
      entryUUID: uuid('b', nth),
    })
  }
}

function uuid(kind: 'a' | 'b', nth: number): string {
  return `${kind.repeat(8)}-0000-4000-8000-${nth.toString(16).padStart(12, '0')}`
}

/** Numbers from 0 to 1 (mulberry32). */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
