import type { Asked } from './contract.ts'
import {
  type Directory,
  domainOf,
  idOfRow,
  orderKey,
  parentOf,
  type Row,
  sorted,
  type StoredUser,
} from './directory.ts'
import { type Page, pageOf, positionOf, tokenOf } from './listing.ts'
import type { GoogleOptions } from './model.ts'
import { REFUSALS } from './refusal.ts'
import { findGroups, findUsers, groupsWith, within } from './search.ts'
import {
  etagOf,
  type View,
  type Wire,
  wireDomains,
  wireGroup,
  wireMember,
  wireOrgUnits,
  wireSchemas,
  wireUser,
} from './wire.ts'

/** What each method answers, before `fields` and before faults. */

export interface Answer {
  readonly body: Wire
  /** Where it is a page of a list. */
  readonly list?: ListAnswer
}

export interface ListAnswer {
  readonly key: string
  readonly previous: () => readonly Wire[]
  /** Tokens that lead to this page, and into another listing. */
  readonly tokens: { readonly self: string; readonly foreign: string }
}

export interface Caller {
  /** Undefined for a service account that asks for itself. */
  readonly subject: string | undefined
}

export function answer(
  { method, parameters }: Asked,
  directory: Directory,
  given: GoogleOptions,
  caller: Caller,
): Answer {
  const customer = () => customerOf(parameters, directory, caller)
  switch (method.id.replace('directory.', '')) {
    case 'users.list':
      return users(parameters, directory, given, customer)
    case 'users.get':
      return { body: wireUser(userBy(parameters['userKey'], directory), directory, viewOf(parameters, given)) }
    case 'groups.list':
      return groups(parameters, directory, given, customer)
    case 'groups.get':
      return { body: wireGroup(groupBy(parameters['groupKey'], directory, given), directory, given.counts) }
    case 'members.list':
      return members(parameters, directory, given)
    case 'members.get':
      return { body: wireMember(memberIn(parameters, directory, given), directory) }
    case 'members.hasMember':
      return { body: { isMember: isMember(parameters, directory, given) } }
    case 'orgunits.list':
      customer()
      return listed('organizationUnits', 'orgUnits', orgUnits(parameters, directory))
    case 'orgunits.get': {
      customer()
      const path = parameters['orgUnitPath'] ?? ''
      const found = wireOrgUnits(directory).find(one => one.orgUnitPath === `/${path}` || one['orgUnitId'] === path)
      if (!found) throw REFUSALS.notFound('orgUnit')
      return { body: found }
    }
    case 'customers.get':
      return { body: customerBody(customer(), directory) }
    case 'domains.list':
      customer()
      return listed('domains', 'domains', wireDomains(directory))
    case 'domains.get': {
      customer()
      const found = wireDomains(directory).find(domain => domain['domainName'] === parameters['domainName'])
      if (!found) throw REFUSALS.notFound('domain')
      return { body: found }
    }
    case 'schemas.list':
      customer()
      return listed('schemas', 'schemas', wireSchemas(given.schemas ?? []))
    case 'schemas.get': {
      customer()
      const found = wireSchemas(given.schemas ?? []).find(schema => schema['schemaName'] === parameters['schemaKey'])
      if (!found) throw REFUSALS.notFound('schema')
      return { body: found }
    }
    default:
      throw new Error(`${method.id} is in the contract and not in the double`)
  }
}

type Parameters = Asked['parameters']

/** A service account that asks for itself is in no customer, so it cannot say `my_customer`. */
function customerOf(parameters: Parameters, directory: Directory, { subject }: Caller): string {
  const asked = parameters['customer'] ?? parameters['customerId'] ?? parameters['customerKey'] ?? ''
  if (asked === 'my_customer' && subject !== undefined) return directory.customer
  if (asked === 'my_customer') throw REFUSALS.invalid('')
  if (asked !== directory.customer) throw REFUSALS.forbidden()
  return asked
}

function viewOf(
  { projection = 'basic', customFieldMask, viewType = 'admin_view' }: Parameters,
  given: GoogleOptions,
): View {
  if ((projection === 'custom') !== (customFieldMask !== undefined)) throw REFUSALS.invalid('customFieldMask')
  for (const name of customFieldMask?.split(',') ?? []) {
    if (given.schemas && !given.schemas.some(({ schemaName }) => schemaName === name))
      throw REFUSALS.invalid('custom_schema')
  }
  return { projection, customFieldMask, viewType }
}

function users(parameters: Parameters, directory: Directory, given: GoogleOptions, customer: () => string): Answer {
  const { domain, query, orderBy = 'email', sortOrder, showDeleted = 'false', event } = parameters
  if (event !== undefined) throw REFUSALS.invalid('event')
  if (sortOrder !== undefined && parameters['orderBy'] === undefined) throw REFUSALS.invalid('sortOrder')
  if (parameters['customer'] === undefined && domain === undefined) throw REFUSALS.badRequest()
  if (parameters['customer'] !== undefined) customer()
  const view = viewOf(parameters, given)
  const found = () => {
    if (showDeleted === 'true') return sorted(directory.deleted(), orderBy)
    return query === undefined ? directory.usersBy(orderBy) : sorted(findUsers(directory, query), orderBy)
  }
  const inDomain =
    domain === undefined ? found() : found().filter(({ user }) => within(known(domain, directory), user.primaryEmail))
  const size = Math.min(Number(parameters['maxResults'] ?? 100), given.pageSizes?.users ?? 500)
  const page = paged(inDomain, parameters, 'users', directory, size, user => orderKey(user, orderBy), sortOrder)
  return list(page, 'users', directory, (user: StoredUser) => wireUser(user, directory, view), {
    mayOmit: query !== undefined || domain !== undefined || showDeleted === 'true',
  })
}

function known(domain: string, directory: Directory): string {
  if (directory.domains().some(one => one.domainName === domain.toLowerCase())) return domain
  throw REFUSALS.notFound('domain')
}

function groups(parameters: Parameters, directory: Directory, given: GoogleOptions, customer: () => string): Answer {
  const { domain, query, userKey, sortOrder } = parameters
  if (userKey !== undefined && parameters['customer'] !== undefined) throw REFUSALS.invalid('userKey')
  if (userKey === undefined && parameters['customer'] === undefined && domain === undefined) throw REFUSALS.badRequest()
  if (sortOrder !== undefined && parameters['orderBy'] === undefined) throw REFUSALS.invalid('sortOrder')
  if (parameters['customer'] !== undefined) customer()
  const found = () => {
    if (userKey !== undefined) return groupsWith(directory, userKey)
    return query === undefined ? directory.groupsByEmail() : findGroups(directory, query)
  }
  const inDomain =
    domain === undefined ? found() : found().filter(({ group }) => within(known(domain, directory), group.email))
  const size = Math.min(Number(parameters['maxResults'] ?? 200), given.pageSizes?.groups ?? 200)
  const keyOf = ({ group, id }: (typeof inDomain)[number]) => `${group.email.toLowerCase()}\0${id}`
  const page = paged(inDomain, parameters, 'groups', directory, size, keyOf, sortOrder)
  return list(page, 'groups', directory, stored => wireGroup(stored, directory, given.counts), { mayOmit: true })
}

function members(parameters: Parameters, directory: Directory, given: GoogleOptions): Answer {
  const { roles, includeDerivedMembership = 'false' } = parameters
  const wanted = roles?.split(',')
  if (wanted?.some(role => !['OWNER', 'MANAGER', 'MEMBER'].includes(role))) throw REFUSALS.invalid('roles')
  const group = groupBy(parameters['groupKey'], directory, given)
  const direct = includeDerivedMembership === 'true' ? derived(group.members, directory, given) : group.members
  const rows = wanted
    ? direct.filter(row => wanted.includes(typeof row === 'string' ? 'MEMBER' : (row.role ?? 'MEMBER')))
    : direct
  const size = Math.min(Number(parameters['maxResults'] ?? 200), given.pageSizes?.members ?? 200)
  const self = positionOf(
    parameters['pageToken'],
    `${group.id} ${roles ?? ''} ${includeDerivedMembership}`,
    directory.now(),
  )
  const page = pageOf(rows, self, size, idOfRow, false)
  return list(page, 'members', directory, row => wireMember(row, directory), { mayOmit: true })
}

/** The users below, each once; of CUSTOMER, all users. */
function derived(rows: readonly Row[], directory: Directory, given: GoogleOptions): readonly Row[] {
  const found = new Map<string, Row>()
  const walk = (here: readonly Row[]) => {
    for (const row of here) {
      const id = idOfRow(row)
      if (found.has(id)) continue
      const below = directory.groups.get(id)
      found.set(id, row)
      if (below) walk(below.members)
      if (id === directory.customer) walk([...directory.users.keys()])
    }
  }
  walk(rows)
  const isGroup = (row: Row) => directory.groups.has(idOfRow(row)) || idOfRow(row) === directory.customer
  return [...found.values()].filter(row => given.derivedGroups || !isGroup(row))
}

/** Parameters in which the pages of one listing may differ. */
const OF_ONE_PAGE = new Set(['pageToken', 'maxResults', 'fields', 'alt', 'prettyPrint', 'quotaUser'])

function paged<Item>(
  items: readonly Item[],
  parameters: Parameters,
  kind: string,
  directory: Directory,
  size: number,
  keyOf: (item: Item) => string,
  sortOrder: string | undefined,
): Page<Item> {
  const asked = Object.entries(parameters).filter(([name]) => !OF_ONE_PAGE.has(name))
  const of = `${kind} ${JSON.stringify(asked.toSorted(([one], [other]) => (one < other ? -1 : 1)))}`
  const self = positionOf(parameters['pageToken'], of, directory.now())
  return sortOrder === 'DESCENDING'
    ? pageOf(items.toReversed(), self, size, keyOf, false)
    : pageOf(items, self, size, keyOf, true)
}

function list<Item>(
  page: Page<Item>,
  key: string,
  directory: Directory,
  wire: (item: Item) => Wire,
  { mayOmit }: { readonly mayOmit: boolean },
): Answer {
  const items = page.items.map(wire)
  const { next, self } = page
  const body = {
    kind: `admin#directory#${key}`,
    get etag() {
      return etagOf(items.map(item => String(item['etag'])).join() + (next ? 'more' : ''))
    },
    ...((items.length > 0 || !mayOmit) && { [key]: items }),
    ...(next && { nextPageToken: tokenOf(next, directory.now()) }),
  }
  const tokens = {
    self: tokenOf(self, directory.now()),
    foreign: tokenOf({ of: `another than ${self.of}`, after: 'x', at: 1 }, directory.now()),
  }
  return { body, list: { key, previous: () => page.previous().map(wire), tokens } }
}

/** Lists that have no pages. */
function listed(key: string, kind: string, items: readonly Wire[]): Answer {
  const etag = etagOf(items.map(item => String(item['etag'])).join())
  const body = { kind: `admin#directory#${kind}`, etag, ...(items.length > 0 && { [key]: items }) }
  return { body, list: { key, previous: () => items, tokens: { self: '', foreign: '' } } }
}

function userBy(key: string | undefined, directory: Directory): StoredUser {
  const found = directory.userBy(key ?? '')
  if (found) return found
  if (directory.deletedBy(key ?? '')) throw REFUSALS.deleted()
  throw REFUSALS.notFound('userKey')
}

function groupBy(key: string | undefined, directory: Directory, given: GoogleOptions) {
  const found = directory.groupBy(key ?? '')
  if (found) return found
  if (given.outside?.[key ?? ''] === 403) throw REFUSALS.forbidden()
  throw REFUSALS.notFound('groupKey')
}

function memberIn(parameters: Parameters, directory: Directory, given: GoogleOptions): Row {
  const key = parameters['memberKey'] ?? ''
  const id = (directory.userBy(key) ?? directory.groupBy(key))?.id ?? key
  const { members } = groupBy(parameters['groupKey'], directory, given)
  const found = members.find(row => idOfRow(row) === id || (typeof row === 'object' && row.email === key))
  if (found === undefined) throw REFUSALS.notFound('memberKey')
  return found
}

function isMember(parameters: Parameters, directory: Directory, given: GoogleOptions): boolean {
  const key = parameters['memberKey'] ?? ''
  const id = (directory.userBy(key) ?? directory.groupBy(key))?.id
  const { members: rows } = groupBy(parameters['groupKey'], directory, given)
  if (
    id === undefined ||
    !directory.domains().some(({ domainName }) => domainName === domainOf(addressIn(id, directory)))
  ) {
    throw REFUSALS.invalid('memberKey')
  }
  return derived(rows, directory, { ...given, derivedGroups: true }).some(row => idOfRow(row) === id)
}

function addressIn(id: string, directory: Directory): string {
  return directory.users.get(id)?.user.primaryEmail ?? directory.groups.get(id)?.group.email ?? ''
}

function orgUnits({ orgUnitPath = '/', type = 'children' }: Parameters, directory: Directory): readonly Wire[] {
  const top = orgUnitPath.startsWith('/') ? orgUnitPath : `/${orgUnitPath}`
  const all = wireOrgUnits(directory)
  if (!all.some(unit => unit.orgUnitPath === top)) throw REFUSALS.invalid('INVALID_OU_ID')
  const below = (path: string) => path !== top && path.startsWith(top === '/' ? '/' : `${top}/`)
  return all.filter(({ orgUnitPath: path }) => {
    if (path === top) return type === 'allIncludingParent'
    return type === 'children' ? parentOf(path) === top : below(path)
  })
}

function customerBody(id: string, directory: Directory): Wire {
  const domain = directory.domains().find(({ isPrimary }) => isPrimary)?.domainName
  return {
    kind: 'admin#directory#customer',
    id,
    etag: etagOf(id),
    customerDomain: domain,
    alternateEmail: 'owner@example.net',
    customerCreationTime: '2020-01-02T03:04:05.000Z',
    language: 'en',
    postalAddress: { organizationName: 'Example', countryCode: 'US' },
  }
}
