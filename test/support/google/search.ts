import { type Directory, domainOf, idOfRow, type StoredGroup, type StoredUser } from './directory.ts'
import { REFUSALS } from './refusal.ts'

/** Google's query language, as much of it as readers use: `field=value`, `field:value`, `field:value*`, joined by AND. */

interface Clause {
  readonly field: string
  readonly exact: boolean
  readonly value: string
}

function clauses(query: string): readonly Clause[] {
  const found: Clause[] = []
  let rest = query.trim()
  while (rest !== '') {
    const match = /^(?:([\w.]+)\s*([=:])\s*)?(?:'((?:[^'\\]|\\.)*)'|([^\s']*))(?:\s+|$)/.exec(rest)
    if (!match || match[0] === '') throw REFUSALS.invalid('query')
    const value = (match[3]?.replaceAll(/\\(.)/g, '$1') ?? match[4] ?? '').toLowerCase()
    found.push({ field: match[1] ?? '', exact: match[2] === '=', value })
    rest = rest.slice(match[0].length)
  }
  return found
}

const matches = ({ exact, value }: Clause, texts: readonly (string | undefined)[]) =>
  texts.some(text => {
    const lower = text?.toLowerCase()
    if (lower === undefined) return false
    if (exact) return lower === value
    return value.endsWith('*') ? lower.startsWith(value.slice(0, -1)) : lower.includes(value)
  })

export function findUsers(directory: Directory, query: string): readonly StoredUser[] {
  const all = clauses(query)
  for (const { field, value } of all) {
    if (field.toLowerCase() === 'orgunitpath' && value === '') throw REFUSALS.invalid('INVALID_OU_ID')
    if (userTexts(field, undefined) === undefined) throw REFUSALS.invalid('query')
  }
  return directory
    .searched()
    .filter(({ user }) => all.every(clause => matches(clause, userTexts(clause.field, user) ?? [])))
}

/** Undefined for a field that there is not. */
function userTexts(field: string, user: StoredUser['user'] | undefined): readonly (string | undefined)[] | undefined {
  const name = user?.name
  const emails = [user?.primaryEmail, ...(user?.aliases ?? [])]
  const organizations: unknown = user?.['organizations']
  const inOrganizations = (key: string) =>
    (Array.isArray(organizations) ? organizations : []).map(one => String(Reflect.get(Object(one), key) ?? ''))
  switch (field.toLowerCase()) {
    case '':
      return [name?.givenName, name?.familyName, ...emails]
    case 'name':
      return [`${name?.givenName ?? ''} ${name?.familyName ?? ''}`]
    case 'givenname':
      return [name?.givenName]
    case 'familyname':
      return [name?.familyName]
    case 'email':
      return emails
    case 'issuspended':
      return [String(user?.suspended ?? false)]
    case 'isarchived':
      return [String(user?.archived ?? false)]
    case 'isadmin':
      return [String(user?.['isAdmin'] === true)]
    case 'orgunitpath':
      return [user?.orgUnitPath ?? '/']
    case 'orgname':
      return inOrganizations('name')
    case 'orgtitle':
      return inOrganizations('title')
    case 'orgdepartment':
      return inOrganizations('department')
    case 'orgcostcenter':
      return inOrganizations('costCenter')
    default:
      return undefined
  }
}

export function findGroups(directory: Directory, query: string): readonly StoredGroup[] {
  const all = clauses(query)
  const keys = all.filter(({ field }) => field === 'memberKey')
  if (keys.length > 0 && all.length > 1) throw REFUSALS.invalid('query')
  if (!all.every(({ field }) => ['email', 'name', 'memberKey'].includes(field))) throw REFUSALS.invalid('query')
  const [member] = keys
  if (member) return groupsWith(directory, member.value)
  return directory
    .groupsByEmail()
    .filter(({ group }) =>
      all.every(clause => matches(clause, [clause.field === 'email' ? group.email : (group.name ?? '')])),
    )
}

/** The groups that a user or group is in directly. */
export function groupsWith(directory: Directory, key: string): readonly StoredGroup[] {
  const id = (directory.userBy(key) ?? directory.groupBy(key))?.id
  if (id === undefined) throw REFUSALS.notFound('userKey')
  return directory.groupsByEmail().filter(({ members }) => members.some(row => idOfRow(row) === id))
}

export function within(domain: string, address: string): boolean {
  return domainOf(address) === domain.toLowerCase()
}
