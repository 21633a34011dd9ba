import { type Csv, csv, ldif, type Written } from '../written.ts'
import { type Company, type CompanyUser, company, type Day, type Region } from './company.ts'

/** What the headquarters' directory exports on that day: EMEA and AMER, as three tables. */
export function headquarters(day: Day): Csv {
  return csv(written(partOf(company(day), ['emea', 'amer']), PLAIN))
}

/** What Tokyo's own directory exports on that day: APAC, as LDIF. It never loses anyone. */
export function tokyo(day: Day): string {
  return ldif(written(partOf(company(day === 'half' ? 2 : day), ['apac']), INET_ORG_PERSON))
}

const REGIONS: readonly Region[] = ['emea', 'amer', 'apac']

/** People of these regions, and the groups without the others: groups named after another region are not there. */
function partOf({ users, groups }: Company, regions: readonly Region[]): Company {
  const others = REGIONS.filter(region => !regions.includes(region))
  const here = users.filter(user => regions.includes(user.region))
  const teams = groups.filter(({ name }) => !others.some(region => name === region || name.startsWith(`${region}-`)))
  const ids = new Set([...here, ...teams].map(({ id }) => id))
  return {
    users: here,
    groups: teams.map(group => ({ ...group, members: group.members.filter(member => ids.has(member)) })),
  }
}

type Vocabulary = Readonly<Partial<Record<keyof CompanyUser, string>>>

const PLAIN = {
  mail: 'mail',
  givenName: 'givenName',
  familyName: 'familyName',
  title: 'title',
  department: 'department',
  region: 'region',
  city: 'city',
  country: 'country',
  locale: 'locale',
  type: 'type',
} satisfies Vocabulary

const INET_ORG_PERSON = {
  mail: 'mail',
  givenName: 'givenName',
  familyName: 'sn',
  title: 'title',
  department: 'ou',
  city: 'l',
  country: 'c',
  locale: 'preferredLanguage',
  type: 'employeeType',
} satisfies Vocabulary

/** In the source's own words; what is empty is left out. */
function written({ users, groups }: Company, vocabulary: Vocabulary): Written {
  const attributesOf = (user: Readonly<Record<string, unknown>>) =>
    Object.entries(vocabulary).flatMap(([key, name]) => {
      const value = user[key]
      return typeof value === 'string' && value !== '' ? [[name, value] as const] : []
    })
  return {
    users: users.map(user => ({
      id: user.id,
      enabled: user.enabled,
      name: user.name,
      attributes: Object.fromEntries(attributesOf({ ...user })),
    })),
    groups: groups.map(({ id, name, description, members }) => ({ id, name, attributes: { description }, members })),
  }
}
