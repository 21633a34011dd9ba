import type { Dialect } from '../model.ts'
import type { Kind } from './attributes.ts'
import type { Wanted } from './expression.ts'
import { suggestion } from './suggestion.ts'

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const NAME = ['formatted', 'familyName', 'givenName', 'middleName', 'honorificPrefix', 'honorificSuffix']
/** Multi-valued attributes of RFC 7643 §4.1.2 that may be written. */
const LISTS = ['emails', 'phoneNumbers', 'ims', 'photos', 'addresses', 'entitlements', 'roles', 'x509Certificates']
const TEXTS = [
  'userName',
  'externalId',
  'displayName',
  'nickName',
  'profileUrl',
  'title',
  'userType',
  'preferredLanguage',
  'locale',
  'timezone',
]
const ENTERPRISE_TEXTS = ['employeeNumber', 'costCenter', 'organization', 'division', 'department']

/** RFC 7643 §4.1–4.3, as mappings write it, and what each takes. */
const KNOWN: Readonly<Record<Kind, ReadonlyMap<string, Wanted>>> = {
  user: new Map<string, Wanted>([
    ...TEXTS.map(path => [path, 'text'] as const),
    ...NAME.map(part => [`name.${part}`, 'text'] as const),
    ...LISTS.map(path => [path, 'list'] as const),
    ...ENTERPRISE_TEXTS.map(part => [`${ENTERPRISE}:${part}`, 'text'] as const),
    [`${ENTERPRISE}:manager`, 'any'],
    ['name', 'any'],
    ['active', 'boolean'],
  ]),
  group: new Map<string, Wanted>([
    ['displayName', 'text'],
    ['externalId', 'text'],
  ]),
}

const NEVER: Readonly<Record<string, string>> = {
  id: 'the target gives it',
  meta: 'the target gives it',
  schemas: 'rollcall derives it from what is mapped',
  password: 'rollcall sets no passwords',
  groups: 'it follows from the members of groups',
  members: 'they follow from the source',
}

/** A path in the RFC's spelling, or what is wrong with it. */
export type KnownPath = { readonly path: string; readonly wanted: Wanted } | { readonly message: string }

/** Case does not matter (RFC 7643 §2.1). What the dialect alone knows is taken as the dialect spells it. */
export function canonicalPath(kind: Kind, written: string, dialect: Dialect | undefined): KnownPath {
  const path = written.replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i, '')
  const same = (known: string): boolean => known.toLowerCase() === path.toLowerCase()
  const known = [...KNOWN[kind]].find(([name]) => same(name))
  if (known) return { path: known[0], wanted: known[1] }
  const never = Object.keys(NEVER).find(same)
  if (never !== undefined) return { message: `${never} cannot be mapped: ${NEVER[never]}; remove the line` }
  const writable = writablePaths(kind, dialect)
  const special = writable.find(same)
  if (special !== undefined) return { path: special, wanted: special === 'photos' ? 'list' : 'any' }
  const list = LISTS.find(name => new RegExp(`^${name}[.[]`, 'i').test(path))
  if (list !== undefined) {
    return {
      message: `${list} has several values; map ${list} itself, to text or to a list like [{"value": …, "type": "work"}]`,
    }
  }
  const foreign = /^urn:[a-z0-9][a-z0-9-]{1,31}:[^\s[\]]+:([A-Za-z$_][\w$-]*)$/i.test(path)
  if (foreign && !path.toLowerCase().startsWith(ENTERPRISE.toLowerCase())) return { path, wanted: 'any' }
  const near = suggestion(path, [...KNOWN[kind].keys(), ...writable])
  const now =
    near === undefined
      ? `name one of RFC 7643, or urn:…:${kind === 'user' ? 'User' : 'Group'}:NAME of an extension`
      : `did you mean ${near}?`
  return { message: `SCIM has no attribute ${written} for a ${kind}; ${now}` }
}

export function writablePaths(kind: Kind, dialect: Dialect | undefined): readonly string[] {
  const writable = kind === 'user' ? dialect?.users.writable : dialect?.groups.writable
  return writable === undefined || writable === '*' ? [] : writable
}

/** Whether the target stores it: itself, or all of what it is a part of. */
export function isWritable(kind: Kind, path: string, dialect: Dialect | undefined): boolean {
  const writable = kind === 'user' ? dialect?.users.writable : dialect?.groups.writable
  return writable === undefined || writable === '*' || writable.some(outer => within(path, outer))
}

/** `name.givenName` is within `name`, `urn:…:User:department` within `urn:…:User`. */
export function within(path: string, outer: string): boolean {
  const [inside, outside] = [path.toLowerCase(), outer.toLowerCase()]
  return inside === outside || inside.startsWith(`${outside}.`) || inside.startsWith(`${outside}:`)
}
