import type { Decoding } from './entry.ts'

/** What kinds of directory server differ in, as data. */
export interface Vendor {
  readonly name: string
  /** The attribute that names an entry for life. */
  readonly id: { readonly attribute: string; readonly as: Decoding }
  readonly disabled: DisabledRule
  readonly users: string
  readonly groups: string
  /** Which attributes name members by DN, and which by uid. */
  readonly members: readonly string[]
  readonly memberUids: readonly string[]
  /** Membership in the primary group, which member lists leave out: the user's attribute, the group's that equals it. */
  readonly primary?: { readonly user: string; readonly group: string }
  /** Group classes that cannot be without a member: one that shows none hides them. */
  readonly neverEmpty: readonly string[]
  /** Parts of a directory that searches at its root refer to, and that hold no people (the beginning of their names). */
  readonly elsewhere: readonly string[]
  /** Where it says how new its data is. */
  readonly asOf: 'contextCSN' | 'highestCommittedUSN' | undefined
  /** What to do about a limit on what a search may return. */
  readonly unlimited: (account: string) => string
}

/**
 * Which accounts may not sign in. With `bits` the attribute is a number of which one of these is set; with `equals` it
 * has one of these values, compared without case; with `present` it is there. `known` is what the attribute's
 * absence means: an enabled user, or one of whom the server would not tell.
 */
export interface DisabledRule {
  readonly attribute: string
  readonly bits?: number
  readonly equals?: readonly string[]
  readonly present?: boolean
  readonly absent: 'enabled' | 'unknown'
}

export const VENDORS = ['openldap', '389', 'freeipa', 'ad', 'other'] as const
export type VendorName = (typeof VENDORS)[number]

const PEOPLE = '(|(objectClass=person)(objectClass=posixAccount))'
const GROUPS = `(|${['groupOfNames', 'groupOfUniqueNames', 'groupOfMembers', 'posixGroup']
  .map(name => `(objectClass=${name})`)
  .join('')})`

/** RFC 4519, RFC 4530, RFC 2307: what any server may hold to. */
const STANDARD = {
  id: { attribute: 'entryUUID', as: 'text' },
  users: PEOPLE,
  groups: GROUPS,
  members: ['member', 'uniqueMember'],
  memberUids: ['memberUid'],
  neverEmpty: [],
  elsewhere: [],
  asOf: undefined,
} as const

const NS_LOCK: DisabledRule = { attribute: 'nsAccountLock', equals: ['true'], absent: 'enabled' }
const paged389 = (account: string) =>
  `let the account read everything: on the server, set nsPagedSizeLimit, nsPagedLookThroughLimit, nsSizeLimit and nsLookThroughLimit to -1 in ${account}`

/** A lock until an administrator lifts it. Any other time is a lock after wrong passwords, which passes. */
const LOCKED_FOR_GOOD = '000001010000Z'

const TABLE: Readonly<Record<VendorName, Vendor>> = {
  openldap: {
    ...STANDARD,
    name: 'OpenLDAP',
    disabled: { attribute: 'pwdAccountLockedTime', equals: [LOCKED_FOR_GOOD], absent: 'enabled' },
    neverEmpty: ['groupofnames', 'groupofuniquenames'],
    asOf: 'contextCSN',
    unlimited: account =>
      `let the account read everything: on the server, add to the database  limits dn.exact="${account}" size=unlimited time=unlimited`,
  },
  '389': {
    ...STANDARD,
    name: '389 Directory Server',
    id: { attribute: 'nsUniqueId', as: 'text' },
    disabled: NS_LOCK,
    unlimited: paged389,
  },
  freeipa: {
    ...STANDARD,
    name: 'FreeIPA',
    id: { attribute: 'ipaUniqueID', as: 'text' },
    disabled: NS_LOCK,
    unlimited: paged389,
  },
  ad: {
    ...STANDARD,
    name: 'Active Directory',
    id: { attribute: 'objectGUID', as: 'guid' },
    disabled: { attribute: 'userAccountControl', bits: 2, absent: 'unknown' },
    users: '(&(objectCategory=person)(objectClass=user))',
    groups: '(objectClass=group)',
    members: ['member'],
    memberUids: [],
    primary: { user: 'primaryGroupID', group: 'primaryGroupToken' },
    elsewhere: ['CN=Configuration,', 'CN=Schema,', 'DC=DomainDnsZones,', 'DC=ForestDnsZones,'],
    asOf: 'highestCommittedUSN',
    unlimited: () => 'ask for no more than MaxPageSize at once: set pageSize: 1000 or less on the source',
  },
  other: {
    ...STANDARD,
    name: 'an LDAP server',
    disabled: { attribute: 'pwdAccountLockedTime', equals: [LOCKED_FOR_GOOD], absent: 'enabled' },
    unlimited: account => `let the account ${account} read everything: lift its size, time and look-through limits`,
  },
}

export function vendorOf(name: VendorName): Vendor {
  return TABLE[name]
}

/** What a server's root entry shows it to be. `values` by lower-case name. */
export function recognise(values: (name: string) => readonly string[]): VendorName {
  const has = (name: string, value: RegExp) => values(name).some(text => value.test(text))
  if (has('supportedCapabilities', /^1\.2\.840\.113556\.1\.4\.(800|1851)$/)) return 'ad'
  if (has('ipaTopologyPluginVersion', /./) || has('ipaDomainLevel', /./)) return 'freeipa'
  if (has('vendorVersion', /^389-Directory/i) || has('vendorName', /^389 Project/i)) return '389'
  if (has('objectClass', /^OpenLDAProotDSE$/i) || has('vendorName', /OpenLDAP/i)) return 'openldap'
  return 'other'
}

/** Asked of the root entry, beside what `recognise` looks at. */
export const ROOT_ATTRIBUTES = [
  'objectClass',
  'vendorName',
  'vendorVersion',
  'supportedCapabilities',
  'supportedControl',
  'namingContexts',
  'dsServiceName',
  'highestCommittedUSN',
  'ipaTopologyPluginVersion',
  'ipaDomainLevel',
] as const
