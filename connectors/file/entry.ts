import type { Attributes, SourceGroup, SourceUser } from '../../src/model.ts'
import { normalDn } from '../../src/dn.ts'
import { attributesOf } from './format.ts'
import { type Entry, type LdifValue, text } from './ldif.ts'

/** What an LDIF entry is, says and names; pure. */

const PEOPLE = new Set(['person', 'organizationalperson', 'inetorgperson', 'posixaccount', 'user'])
const GROUPS = new Set(['groupofnames', 'groupofuniquenames', 'groupofmembers', 'posixgroup', 'group'])
/** Some of these count themselves among the people, too. */
const OTHERS = new Set(['computer', 'device', 'contact'])

/** An attribute asked for, and whether all its values are wanted. */
export interface Asked {
  readonly name: string
  readonly list: boolean
}

/** By objectClass; undefined for containers, machines, address book entries and whatever else an export holds. */
export function kindOf(entry: Entry): 'user' | 'group' | undefined {
  const classes = texts(entry, 'objectclass').map(name => name.toLowerCase())
  if (classes.some(name => GROUPS.has(name))) return 'group'
  if (classes.some(name => OTHERS.has(name))) return undefined
  return classes.some(name => PEOPLE.has(name)) ? 'user' : undefined
}

/** Ids that survive a rename, and last the name itself, which does not. */
export const IDENTITIES = ['entryUUID', 'nsUniqueId', 'ipaUniqueID', 'objectGUID', 'DN'] as const
export type Identity = (typeof IDENTITIES)[number]

export function identityOf(entry: Entry): { readonly by: Identity; readonly id: string } {
  for (const by of IDENTITIES) {
    if (by === 'DN') continue
    const value = entry.values.get(by.toLowerCase())?.[0]
    if (value !== undefined) return { by, id: by === 'objectGUID' ? guid(value) : text(value) }
  }
  return { by: 'DN', id: normalDn(entry.dn) }
}

/** Active Directory's GUID in the form its tools show: the first three groups are little-endian (MS-DTYP 2.3.4.2). */
function guid(value: LdifValue): string {
  const bytes = Buffer.from(value)
  if (bytes.length !== 16) return text(value)
  const hex = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
    .map(at => bytes[at]!.toString(16).padStart(2, '0'))
    .join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * Whether this user may sign in: Active Directory's userAccountControl, 389's nsAccountLock, OpenLDAP's permanent
 * lock. The last two are operational attributes: an export whose ids are not cannot tell.
 */
export function enabledOf(entry: Entry, by: Identity): boolean | undefined {
  const control = texts(entry, 'useraccountcontrol')[0]
  if (control !== undefined) return /^-?\d+$/.test(control) ? (Number(control) & 2) === 0 : undefined
  if (texts(entry, 'nsaccountlock')[0]?.toLowerCase() === 'true') return false
  if (texts(entry, 'pwdaccountlockedtime').includes('000001010000Z')) return false
  return by === 'entryUUID' || by === 'nsUniqueId' ? true : undefined
}

export function userOf(entry: Entry, id: string, by: Identity, asked: readonly Asked[]): SourceUser {
  const shown = ['displayname', 'cn', 'uid'].map(name => texts(entry, name)[0]).find(value => value)
  return { id, enabled: enabledOf(entry, by), name: shown ?? entry.dn, ...attributesIn(entry, asked) }
}

/** Undefined where it has no cn. */
export function groupOf(entry: Entry, id: string, asked: readonly Asked[]): SourceGroup | undefined {
  const name = texts(entry, 'cn')[0]
  return name ? { id, name, ...attributesIn(entry, asked) } : undefined
}

/** Whom a group names: by DN (groupOfNames, groupOfUniqueNames, Active Directory) or by uid (posixGroup). */
export function membersOf(entry: Entry): { readonly dns: readonly string[]; readonly uids: readonly string[] } {
  const all = (name: string) => (entry.values.get(name) ?? []).map(text)
  const unique = all('uniquemember').map(name => name.replace(/#'[01]*'B$/, '')) // RFC 4517 §3.3.21
  return { dns: [...all('member'), ...unique].map(normalDn), uids: all('memberuid') }
}

export function uidsOf(entry: Entry): readonly string[] {
  return texts(entry, 'uid')
}

/** Attributes of several values by nature; the others are text, of which the first value in byte order is taken. */
export const LISTS: ReadonlySet<string> = new Set(
  ['objectClass', 'memberOf', 'member', 'uniqueMember', 'memberUid', 'proxyAddresses', 'mailAlternateAddress']
    .concat(['otherMailbox', 'otherTelephone', 'otherMobile', 'servicePrincipalName', 'sshPublicKey'])
    .map(name => name.toLowerCase()),
)

/** A value that is not UTF-8 (a picture, a name in another encoding) is one that cannot be told. */
function attributesIn(
  entry: Entry,
  asked: readonly Asked[],
): { readonly attributes: Attributes; readonly unknown?: readonly string[] } {
  const attributes = attributesOf(
    asked.map(({ name, list }) => {
      const values = texts(entry, name.toLowerCase()).filter(value => value !== '')
      return [name, values.length === 0 ? undefined : list ? values : firstOf(values)] as const
    }),
  )
  const unknown = asked.filter(({ name }) =>
    entry.values.get(name.toLowerCase())?.some(value => typeof value !== 'string'),
  )
  return unknown.length === 0 ? { attributes } : { attributes, unknown: unknown.map(({ name }) => name) }
}

/** Which of these are text and have several values here. */
export function severalIn(entry: Entry, asked: readonly Asked[]): string[] {
  const several = asked.filter(({ name, list }) => !list && (entry.values.get(name.toLowerCase())?.length ?? 0) > 1)
  return several.map(({ name }) => name)
}

function firstOf(values: readonly string[]): string | undefined {
  return values.length < 2 ? values[0] : values.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))[0]
}

function texts(entry: Entry, name: string): string[] {
  return (entry.values.get(name) ?? []).filter(value => typeof value === 'string')
}
