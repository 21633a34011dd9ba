import { resolved, shapeOf } from './contract.ts'
import type { GoogleDomain, GoogleGroup, GoogleMember, GoogleOptions, GoogleOrgUnit, GoogleUser } from './model.ts'

/** What the double holds, and how it changes. */

export interface StoredUser {
  readonly id: string
  user: GoogleUser
  version: number
  deletedAt?: number
}

export interface StoredGroup {
  readonly id: string
  group: GoogleGroup
  version: number
  members: Row[]
}

/** As given: an id is a user, a group or the customer. */
export type Row = string | GoogleMember

export const idOfRow = (row: Row) => (typeof row === 'string' ? row : row.id)

const KEPT = 20 * 24 * 3_600_000

export class Directory {
  readonly customer: string
  readonly admin: string
  readonly users = new Map<string, StoredUser>()
  readonly groups = new Map<string, StoredGroup>()
  readonly #deleted = new Map<string, StoredUser>()
  /** Ids by address in lower case, aliases too. */
  readonly #addresses = new Map<string, string>()
  readonly #given: GoogleOptions
  /** How often anything changed. */
  changes = 0
  #sorted = new Map<string, readonly StoredUser[]>()
  #sortedGroups: readonly StoredGroup[] | undefined
  #index: readonly StoredUser[] = []

  constructor(given: GoogleOptions) {
    this.#given = given
    this.customer = given.customer ?? 'C0example1'
    this.admin = given.admin ?? 'admin@example.com'
    for (const user of given.users ?? []) this.putUser(user)
    for (const group of given.groups ?? []) this.putGroup(group)
    if (given.lagging) this.reindex()
  }

  now(): number {
    return this.#given.now?.() ?? Date.now()
  }

  putUser(user: GoogleUser): void {
    known('User', user)
    const stored = this.users.get(user.id)
    if (stored) this.#forget(addressesOf(stored.user.primaryEmail, stored.user))
    this.#claim(user.id, addressesOf(user.primaryEmail, user))
    this.#deleted.delete(user.id)
    const version = ++this.changes
    if (stored) Object.assign(stored, { user, version })
    else this.users.set(user.id, { id: user.id, user, version })
    this.#sorted = new Map()
  }

  removeUser(id: string): void {
    const stored = this.users.get(id)
    if (!stored) throw new Error(`there is no user ${id}`)
    this.users.delete(id)
    this.#forget(addressesOf(stored.user.primaryEmail, stored.user))
    this.#deleted.set(id, { ...stored, version: ++this.changes, deletedAt: this.now() })
    this.#sorted = new Map()
    this.#leaveAll(id)
  }

  putGroup(group: GoogleGroup): void {
    const { members, ...rest } = group
    known('Group', rest)
    const stored = this.groups.get(group.id)
    if (stored) this.#forget(addressesOf(stored.group.email, stored.group))
    this.#claim(group.id, addressesOf(group.email, group))
    const made = { id: group.id, group: { ...group, members: [] }, version: ++this.changes, members: [...members] }
    if (stored) Object.assign(stored, made)
    else this.groups.set(group.id, made)
    this.#sortedGroups = undefined
  }

  removeGroup(id: string): void {
    const stored = this.groups.get(id)
    if (!stored) throw new Error(`there is no group ${id}`)
    this.groups.delete(id)
    this.changes++
    this.#forget(addressesOf(stored.group.email, stored.group))
    this.#sortedGroups = undefined
    this.#leaveAll(id)
  }

  addMember(group: string, member: Row): void {
    this.removeMember(group, idOfRow(member))
    this.groups.get(group)?.members.push(member)
    this.changes++
  }

  removeMember(group: string, member: string): void {
    const stored = this.groups.get(group)
    if (!stored) throw new Error(`there is no group ${group}`)
    stored.members = stored.members.filter(row => idOfRow(row) !== member)
    this.changes++
  }

  reindex(): void {
    this.#index = [...this.users.values()].map(stored => ({ ...stored }))
  }

  /** By id, address or alias. */
  userBy(key: string): StoredUser | undefined {
    return this.users.get(key) ?? this.users.get(this.#addresses.get(key.toLowerCase()) ?? '')
  }

  groupBy(key: string): StoredGroup | undefined {
    return this.groups.get(key) ?? this.groups.get(this.#addresses.get(key.toLowerCase()) ?? '')
  }

  /** Those of the last 20 days. */
  deleted(): readonly StoredUser[] {
    return [...this.#deleted.values()].filter(({ deletedAt = 0 }) => this.now() - deletedAt < KEPT)
  }

  deletedBy(key: string): StoredUser | undefined {
    return this.deleted().find(({ id, user }) => id === key || user.primaryEmail.toLowerCase() === key.toLowerCase())
  }

  /** What a search looks at. */
  searched(): readonly StoredUser[] {
    return this.#given.lagging ? this.#index : [...this.users.values()]
  }

  /** In the order of `orderBy`, by address where there is none. */
  usersBy(order: string): readonly StoredUser[] {
    const before = this.#sorted.get(order)
    if (before) return before
    const made = sorted([...this.users.values()], order)
    this.#sorted.set(order, made)
    return made
  }

  groupsByEmail(): readonly StoredGroup[] {
    this.#sortedGroups ??= sortedBy([...this.groups.values()], ({ group, id }) => `${group.email.toLowerCase()}\0${id}`)
    return this.#sortedGroups
  }

  domains(): readonly GoogleDomain[] {
    if (this.#given.domains) return this.#given.domains
    const found = new Set([...this.users.values()].map(({ user }) => domainOf(user.primaryEmail)))
    found.delete('example.com')
    return [{ domainName: 'example.com', isPrimary: true }, ...[...found].map(domainName => ({ domainName }))]
  }

  orgUnits(): readonly GoogleOrgUnit[] {
    if (this.#given.orgUnits) return this.#given.orgUnits
    const paths = new Set<string>()
    for (const { user } of this.users.values()) {
      for (let path = user.orgUnitPath ?? '/'; path !== '/' && path !== ''; path = parentOf(path)) paths.add(path)
    }
    return [...paths].toSorted().map(orgUnitPath => ({ orgUnitPath }))
  }

  #leaveAll(id: string): void {
    for (const stored of this.groups.values()) {
      if (stored.members.some(row => idOfRow(row) === id)) this.removeMember(stored.id, id)
    }
  }

  #claim(id: string, addresses: readonly string[]): void {
    for (const address of addresses) {
      const other = this.#addresses.get(address)
      if (other !== undefined && other !== id) throw new Error(`${address} is another's already`)
      this.#addresses.set(address, id)
    }
  }

  #forget(addresses: readonly string[]): void {
    for (const address of addresses) this.#addresses.delete(address)
  }
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** What the listing goes by; ends in the id, since names repeat. */
export function orderKey({ user, id }: StoredUser, order: string): string {
  const { givenName = '', familyName = '' } = user.name ?? {}
  const by = order === 'givenName' ? givenName : order === 'familyName' ? familyName : user.primaryEmail
  return `${by.toLowerCase()}\0${id}`
}

export function sorted(users: readonly StoredUser[], order: string): readonly StoredUser[] {
  return sortedBy(users, user => orderKey(user, order))
}

function sortedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  return items
    .map(item => ({ item, key: keyOf(item) }))
    .toSorted((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ item }) => item)
}

function addressesOf(
  address: string,
  { aliases = [], nonEditableAliases = [] }: Pick<GoogleUser, 'aliases' | 'nonEditableAliases'>,
): readonly string[] {
  return [address, ...aliases, ...nonEditableAliases].map(one => one.toLowerCase())
}

function known(shape: 'User' | 'Group', given: object): void {
  const { properties = {} } = resolved(shapeOf(shape))
  const wrong = Object.keys(given).find(name => !(name in properties))
  if (wrong !== undefined) throw new Error(`a ${shape} has no ${wrong}`)
}
