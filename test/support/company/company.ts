import { CULTURES, type Culture } from './names.ts'

/** The invented company that the demo and many tests are about: about 300 people in three regions, the same every time. */
export interface Company {
  readonly users: readonly CompanyUser[]
  readonly groups: readonly CompanyGroup[]
}

export interface CompanyUser {
  /** Issued once, kept for life. */
  readonly id: string
  readonly enabled: boolean
  /** As people there write it, family name first where that is the custom. */
  readonly name: string
  readonly givenName: string
  /** Empty for those who go by one name. */
  readonly familyName: string
  readonly mail: string
  readonly title: string
  readonly department: string
  readonly region: Region
  readonly city: string
  readonly country: string
  readonly locale: string
  readonly type: 'employee' | 'guest'
}

export interface CompanyGroup {
  readonly id: string
  readonly name: string
  readonly description: string
  /** Ids of users and groups. */
  readonly members: readonly string[]
}

export type Region = keyof typeof CULTURES
/** The company as it is, as it is a day later, and as an export shows it that lost half its people. */
export type Day = 1 | 2 | 'half'

const SIZES: Readonly<Record<Region, number>> = { emea: 110, amer: 100, apac: 90 }
const DEPARTMENTS: Readonly<Record<string, readonly string[]>> = {
  engineering: ['Engineer', 'Senior Engineer', 'Staff Engineer', 'Engineering Manager'],
  sales: ['Account Executive', 'Sales Engineer', 'Regional Director'],
  support: ['Support Specialist', 'Support Lead'],
  finance: ['Accountant', 'Controller'],
  people: ['Recruiter', 'People Partner'],
}
/** Every how many people one is a guest, one has left for a while and is disabled; the shared address is these two's. */
const GUEST = 25
const DISABLED = 50
const TWINS = [120, 121] as const

export function company(day: Day): Company {
  const first = dayOne()
  if (day === 1) return first
  return day === 2 ? dayTwo(first) : halfOf(dayTwo(first))
}

/** Who does what on day two; ids in day one's company, the joiner's in day two's. */
export interface News {
  readonly joiner: string
  readonly mover: string
  readonly leaver: string
  readonly married: string
  readonly renamedGroup: string
  readonly movedGroup: string
}

export function news(): News {
  const { users } = dayOne()
  const some = (region: Region, nth: number) =>
    users.filter(user => user.region === region && user.enabled && user.type === 'employee' && user.familyName)[nth]!.id
  return {
    joiner: idOf('user', 'joiner'),
    mover: some('emea', 17),
    leaver: some('amer', 23),
    married: some('emea', 5),
    renamedGroup: idOf('group', 'apac-support'),
    movedGroup: idOf('group', 'payments-apps'),
  }
}

function dayOne(): Company {
  const random = dice(20260504)
  const taken = new Set<string>()
  const regions = Object.keys(SIZES) as Region[]
  const users = regions.flatMap(region =>
    Array.from({ length: SIZES[region] }, (_, nth) => person(region, nth, random, taken)),
  )
  const [one, other] = TWINS
  const twins = users.map((user, at) => (at === other ? { ...user, mail: users[one]!.mail } : user))
  return { users: twins, groups: groupsOf(twins) }
}

function person(region: Region, nth: number, random: Dice, taken: Set<string>): CompanyUser {
  const culture = CULTURES[region][nth % CULTURES[region].length]!
  const [given, givenSpelt] = pick(culture.given, random)
  const [family, familySpelt] = culture.family.length > 0 ? pick(culture.family, random) : ['', '']
  const department = pick(Object.keys(DEPARTMENTS), random)
  const guest = nth % GUEST === GUEST - 1
  return {
    id: idOf('user', `${region}-${nth}`),
    enabled: nth % DISABLED !== DISABLED - 7,
    name: fullName(culture, given, family),
    givenName: given,
    familyName: family,
    mail: address([givenSpelt, familySpelt], guest ? 'example.org' : culture.domain, taken),
    title: pick(DEPARTMENTS[department]!, random),
    department,
    region,
    city: culture.city,
    country: culture.country,
    locale: culture.locale,
    type: guest ? 'guest' : 'employee',
  }
}

function fullName({ familyFirst }: Culture, given: string, family: string): string {
  return (familyFirst ? [family, given] : [given, family]).filter(part => part !== '').join(' ')
}

/** A namesake gets a number. */
function address(parts: readonly string[], domain: string, taken: Set<string>): string {
  const local = parts.filter(part => part !== '').join('.')
  for (let nth = 1; ; nth++) {
    const mail = `${local}${nth === 1 ? '' : nth}@${domain}`
    if (taken.has(mail)) continue
    taken.add(mail)
    return mail
  }
}

/**
 * everyone ─┬─ emea ──────┬─ emea-engineering ─┬─ engineering ── everyone is reached by two paths (a diamond)
 *           ├─ amer …     └─ emea-sales …      │
 *           └─ engineering ────────────────────┘        guild-design ⇄ guild-research contain each other
 */
function groupsOf(users: readonly CompanyUser[]): CompanyGroup[] {
  const regions = Object.keys(SIZES)
  const departments = Object.keys(DEPARTMENTS)
  const group = (name: string, description: string, members: readonly string[]): CompanyGroup => {
    return { id: idOf('group', name), name, description, members }
  }
  const nested = (...names: readonly string[]) => names.map(name => idOf('group', name))
  const who = (test: (user: CompanyUser, at: number) => boolean) => users.filter(test).map(user => user.id)
  const staff = (user: CompanyUser) => user.type === 'employee'
  return [
    group('everyone', 'All of the company', nested(...regions, ...departments)),
    ...regions.map(region =>
      group(region, `All of ${region.toUpperCase()}`, nested(...departments.map(name => `${region}-${name}`))),
    ),
    ...departments.map(department =>
      group(department, `All of ${department}`, nested(...regions.map(region => `${region}-${department}`))),
    ),
    ...regions.flatMap(region =>
      departments.map(department =>
        group(
          `${region}-${department}`,
          `${department} in ${region.toUpperCase()}`,
          who(user => staff(user) && user.region === region && user.department === department),
        ),
      ),
    ),
    group('payments', 'The payments product', nested('payments-core', 'payments-apps')),
    group('payments-core', 'Ledger and settlement', [
      ...nested('on-call'),
      ...who((user, at) => staff(user) && at % 31 === 3),
    ]),
    group('payments-apps', 'Checkout', [...nested('on-call'), ...who((user, at) => staff(user) && at % 31 === 9)]),
    group(
      'on-call',
      'Whose telephone rings at night',
      who((user, at) => staff(user) && at % 60 === 12),
    ),
    group(
      'platform',
      'What everything runs on',
      who((user, at) => staff(user) && at % 23 === 5),
    ),
    group('guild-design', 'Designers', [
      ...nested('guild-research'),
      ...who((user, at) => staff(user) && at % 43 === 1),
    ]),
    group('guild-research', 'Researchers', [
      ...nested('guild-design'),
      ...who((user, at) => staff(user) && at % 47 === 2),
    ]),
    group(
      'guests',
      'People of other companies',
      who(user => user.type === 'guest'),
    ),
    group('launch', 'Nobody yet', []),
  ]
}

function dayTwo({ users, groups }: Company): Company {
  const { joiner, mover, leaver, married, renamedGroup, movedGroup } = news()
  const moverBefore = users.find(user => user.id === mover)!
  const from = idOf('group', `emea-${moverBefore.department}`)
  const to = idOf('group', `amer-${moverBefore.department}`)
  const people = users
    .filter(user => user.id !== leaver)
    .map(user => {
      if (user.id === mover) return { ...user, region: 'amer' as const, city: 'Denver', country: 'US' }
      if (user.id !== married) return user
      const [culture] = CULTURES.emea
      const familyName = 'Winterbourne'
      const local = user.mail.slice(0, user.mail.indexOf('.'))
      return {
        ...user,
        familyName,
        name: fullName(culture!, user.givenName, familyName),
        mail: `${local}.winterbourne@example.com`,
      }
    })
  const newcomer: CompanyUser = {
    id: joiner,
    enabled: true,
    name: 'Henrietta Moonstone',
    givenName: 'Henrietta',
    familyName: 'Moonstone',
    mail: 'henrietta.moonstone@example.com',
    title: 'Engineer',
    department: 'engineering',
    region: 'emea',
    city: 'London',
    country: 'GB',
    locale: 'en-GB',
    type: 'employee',
  }
  const membersOn2 = ({ id, members }: CompanyGroup): readonly string[] => {
    const stayed = members.filter(member => member !== leaver && !(id === from && member === mover))
    if (id === to) return [...stayed, mover]
    if (id === idOf('group', 'emea-engineering')) return [...stayed, joiner]
    if (id === idOf('group', 'payments')) return stayed.filter(member => member !== movedGroup)
    if (id === idOf('group', 'platform')) return [...stayed, movedGroup]
    return stayed
  }
  return {
    users: [...people, newcomer],
    groups: groups.map(group => ({
      ...group,
      name: group.id === renamedGroup ? 'apac-care' : group.name,
      members: membersOn2(group),
    })),
  }
}

/** Every second person is gone, from the list and from the groups: as an export looks that went wrong and said nothing. */
function halfOf({ users, groups }: Company): Company {
  const left = users.filter((_, at) => at % 2 === 0)
  const gone = new Set(users.filter((_, at) => at % 2 === 1).map(user => user.id))
  return {
    users: left,
    groups: groups.map(group => ({ ...group, members: group.members.filter(member => !gone.has(member)) })),
  }
}

type Dice = () => number

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function dice(seed: number): Dice {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function pick<Item>(items: readonly Item[], random: Dice): Item {
  return items[Math.floor(random() * items.length)]!
}

/** A UUID that is always the same for the same thing. */
function idOf(kind: 'user' | 'group', key: string): string {
  let seed = 2166136261
  for (const char of `${kind}:${key}`) seed = Math.imul(seed ^ char.charCodeAt(0), 16777619)
  const random = dice(seed)
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
