/**
 * Microsoft Graph on the loopback with a company of the size that entra.ts measures, in a process of its own; it talks
 * with its parent: says where it is, changes fifty things when told to, and tells what it was asked.
 */
import { type GraphGroup, type GraphUser, startGraph } from '../test/support/graph/index.ts'

export interface Size {
  readonly users: number
  readonly groups: number
  readonly memberships: number
  readonly latencyMs: number
  readonly unitsPer10s: number
}

/** What the parent may ask. */
export type Asked = { readonly ask: 'figures' } | { readonly ask: 'change' } | { readonly ask: 'end' }

/** What it is told. */
export type Told =
  | { readonly tell: 'place'; readonly place: GraphPlace; readonly floorUnits: number }
  | { readonly tell: 'figures'; readonly requests: number; readonly units: number; readonly throttled: number }
  | { readonly tell: 'changed'; readonly changes: number }

export interface GraphPlace {
  readonly url: string
  readonly login: string
  readonly ca: string
  readonly tenant: string
  readonly client: string
  readonly secret: string
}

const PAGE = 999

async function serve(size: Size): Promise<void> {
  const sizes = groupSizes(size)
  const graph = await startGraph({
    users: users(size),
    groups: groups(size, sizes),
    latencyMs: size.latencyMs,
    budget: { unitsPer10s: size.unitsPer10s },
  })
  const tell = (told: Told) => process.send?.(told)
  process.on('message', (asked: Asked) => {
    switch (asked.ask) {
      case 'figures': {
        const { requests, units, throttled } = graph
        // What came in a batch came in one request.
        tell({ tell: 'figures', requests: requests.filter(({ inBatch }) => !inBatch).length, units, throttled })
        graph.reset()
        return
      }
      case 'change':
        tell({ tell: 'changed', changes: change(graph, size) })
        return
      case 'end':
        process.exit()
    }
  })
  const { url, login, ca, tenant, client, secret } = graph
  const place = { url, login, ca, tenant, client, secret }
  tell({ tell: 'place', place, floorUnits: unitsAtBest(size, sizes) })
}

/** What a full reading costs at least: pages of users and groups 1 unit each, pages of members 2. */
function unitsAtBest(size: Size, sizes: readonly number[]): number {
  const pages = (count: number) => Math.max(1, Math.ceil(count / PAGE))
  return pages(size.users) + pages(size.groups) + 2 * sizes.reduce((sum, members) => sum + pages(members), 0)
}

/** One group of everyone in a country, some of thousands, most of a few dozen. */
function groupSizes({ users, groups, memberships }: Size): number[] {
  const large = [users / 2, ...Array.from({ length: groups / 1_000 }, (_, nth) => users / 20 - nth * 10)].map(
    Math.floor,
  )
  const left = memberships - large.reduce((sum, members) => sum + members, 0)
  const small = groups - large.length
  const weight = (nth: number) => WEIGHTS[nth % WEIGHTS.length]!
  const whole = Array.from({ length: small }, (_, nth) => weight(nth)).reduce((sum, one) => sum + one, 0)
  const sizes = Array.from({ length: small }, (_, nth) => Math.floor((left * weight(nth)) / whole))
  sizes[0] = sizes[0]! + left - sizes.reduce((sum, members) => sum + members, 0)
  return [...large, ...sizes]
}

const WEIGHTS = [1, 2, 3, 5, 8, 13, 5, 3, 2, 1]
/** Every so many groups one holds three others in place of three users. */
const NESTING = 5

function* groups(size: Size, sizes: readonly number[]): Generator<GraphGroup> {
  for (const [nth, members] of sizes.entries()) {
    const nested =
      nth % NESTING === 0 && members > 3 ? [1, 2, 3].map(one => groupId((nth * 7 + one) % size.groups)) : []
    const people = Array.from({ length: members - nested.length }, (_, at) => userId((nth * 37 + at) % size.users))
    yield { id: groupId(nth), displayName: `team-${nth}`, members: [...nested, ...people] }
  }
}

function* users({ users }: Size): Generator<GraphUser> {
  for (let nth = 0; nth < users; nth++) yield user(nth)
}

function user(nth: number, displayName = `Person ${nth} of Example`): GraphUser {
  return {
    id: userId(nth),
    displayName,
    userPrincipalName: `person.${nth}@example.com`,
    mail: `person.${nth}@example.com`,
    givenName: 'Person',
    surname: `Number ${nth}`,
    jobTitle: TITLES[nth % TITLES.length],
    department: `Department ${nth % 400}`,
    preferredLanguage: 'en-GB',
    accountEnabled: nth % 100 !== 99,
    userType: 'Member',
  }
}

const TITLES = ['Engineer', 'Accountant', 'Account Executive', 'Recruiter', 'Support Specialist', 'Director of Sales']

function userId(nth: number): string {
  return `aaaaaaaa-0000-4000-8000-${nth.toString(16).padStart(12, '0')}`
}
function groupId(nth: number): string {
  return `bbbbbbbb-0000-4000-8000-${nth.toString(16).padStart(12, '0')}`
}

/** A morning's changes: people renamed, joined and left, groups renamed, made, nested and left. */
function change(graph: Awaited<ReturnType<typeof startGraph>>, { users, groups }: Size): number {
  const some = (count: number, what: (nth: number) => void) => {
    for (let nth = 0; nth < count; nth++) what(nth)
    return count
  }
  return (
    some(10, nth => graph.putUser(user(nth * 11, `Renamed ${nth}`))) +
    some(5, nth => graph.putUser(user(users + nth))) +
    some(3, nth => graph.softDelete(userId(users - 1 - nth))) +
    some(2, nth => graph.hardDelete(userId(users - 10 - nth))) +
    some(12, nth => graph.addMember(groupId(100 + nth), userId(users + (nth % 5)))) +
    some(10, nth => graph.removeMember(groupId(200 + nth), userId(((200 + nth) * 37 + 5) % users))) +
    some(3, nth => graph.putGroup({ id: groupId(300 + nth), displayName: `renamed-${nth}` })) +
    some(1, () => graph.putGroup({ id: groupId(groups), displayName: 'team-new' })) +
    some(3, nth => graph.addMember(groupId(groups), userId(nth))) +
    some(1, () => graph.addMember(groupId(400), groupId(groups)))
  )
}

if (process.send) await serve(JSON.parse(process.argv[2] ?? '{}') as Size)
