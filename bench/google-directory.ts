/** Google's Directory API as a process of its own, for google.ts: 100 000 users, 20 000 groups, 1 000 000 direct memberships. */
import { type GoogleGroup, type GoogleUser, startGoogle } from '../test/support/google/index.ts'

const [users, groups, memberships, latencyMs, perMinute] = process.argv.slice(2).map(Number)
const SIZE = { users: users ?? 0, groups: groups ?? 0, memberships: memberships ?? 0 }

const GIVEN = ['Ada', 'Grace', 'Jürgen', 'Zoë', 'Alan', 'Nguyễn', 'Søren', 'Barbara', 'Edsger', '結衣', 'Katherine']
const FAMILY = ['Lovelace', 'Hopper', 'Groß', 'Turing', 'Đặng', 'Kierkegaard', 'Liskov', 'Dijkstra', '東雲', 'Johnson']
const TITLES = ['Engineer', 'Accountant', 'Account Executive', 'Recruiter', 'Support Specialist', 'Director of Sales']

const userId = (nth: number) => `1${String(nth).padStart(20, '0')}`
const groupId = (nth: number) => `0${nth.toString(36).padStart(14, '0')}`

function person(nth: number): GoogleUser {
  const [givenName, familyName] = [GIVEN[nth % GIVEN.length]!, FAMILY[(nth * 7) % FAMILY.length]!]
  const primaryEmail = `person${nth}@example.com`
  return {
    id: userId(nth),
    primaryEmail,
    name: { givenName, familyName },
    suspended: nth % 97 === 0,
    orgUnitPath: `/Region ${nth % 3}/Department ${nth % 40}`,
    aliases: nth % 10 === 0 ? [`p${nth}@example.org`] : [],
    organizations: [{ title: TITLES[nth % TITLES.length], department: `Department ${nth % 40}`, primary: true }],
    phones: [{ value: `+1 555 ${String(nth).padStart(7, '0')}`, type: 'work' }],
    languages: [{ languageCode: 'en', preference: 'preferred' }],
  }
}

/** A few groups are large, most have some forty members, and every tenth has another group in it. */
function* teams(): Generator<GoogleGroup> {
  const ids = Array.from({ length: SIZE.users }, (_, nth) => userId(nth))
  let left = SIZE.memberships
  for (let nth = 0; nth < SIZE.groups; nth++) {
    const others = SIZE.groups - nth
    const usual = Math.round((left / others) * (0.25 + (1.5 * ((nth * 7) % 11)) / 10))
    const size = others === 1 ? left : nth === 0 ? 20_011 : nth <= 10 ? 5_003 : nth <= 110 ? 1_009 : usual
    left -= size
    const isNested = nth % 10 === 3 && size > 0
    const start = nth * 7_919
    const members = Array.from({ length: size - (isNested ? 1 : 0) }, (_, at) => ids[(start + at * 7) % ids.length]!)
    if (isNested) members.push(groupId((nth + 1) % SIZE.groups))
    yield {
      id: groupId(nth),
      email: `team-${nth}@example.com`,
      name: `team ${nth}`,
      description: `Those of team ${nth}`,
      members,
    }
  }
}

const all = [...teams()]
const pages = all.reduce((sum, { members }) => sum + Math.max(1, Math.ceil(members.length / 200)), 0)
const double = await startGoogle({
  users: Array.from({ length: SIZE.users }, (_, nth) => person(nth)),
  groups: all,
  latencyMs: latencyMs ?? 0,
  perMinute: perMinute ?? Number.POSITIVE_INFINITY,
})
all.length = 0

process.on('message', () => {
  const { refusedForQuota, refusedOften, requests, writes } = double
  process.send?.({ refusedForQuota, refusedOften, requests: requests.length, writes })
  double.reset()
})
process.on('disconnect', () => process.exit())
process.send?.({
  admin: double.url,
  token: double.tokenUrl,
  key: JSON.stringify(double.key),
  as: double.admin,
  /** The fewest that tell everything once: users by 500, groups and members by 200, and of no group less than one. */
  fewest: Math.ceil(SIZE.users / 500) + Math.ceil(SIZE.groups / 200) + pages,
})
