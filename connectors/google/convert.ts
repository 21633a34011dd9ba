import type { Attributes, SourceGroup, SourceUser, Value } from '../../src/model.ts'
import type { GoogleOptions } from './options.ts'
import { GROUP_ATTRIBUTES, USER_ATTRIBUTES } from './schema.ts'

/** From what the Directory API says to users and groups; pure. */

/** A user or group on the wire; no property of it is null. */
export interface WireUser {
  readonly id: string
  readonly primaryEmail: string
  readonly [property: string]: unknown
}

export interface WireGroup {
  readonly id: string
  readonly email: string
  readonly [property: string]: unknown
}

/** What is asked for of every user and group, whatever the profiles name. */
const USER_FIELDS = ['id', 'primaryEmail', 'name', 'suspended', 'archived', 'aliases', 'nonEditableAliases']
const GROUP_FIELDS = ['id', 'email', 'name', 'directMembersCount', 'aliases', 'nonEditableAliases']

/** Properties on the wire, for `fields`; never one within a list, which comes back empty without a word. */
export function userFields(attributes: readonly string[], { orgUnits }: Pick<GoogleOptions, 'orgUnits'>): string {
  const from = attributes.map(name => USER_ATTRIBUTES[name]?.from ?? name)
  return [...new Set([...USER_FIELDS, ...(orgUnits ? ['orgUnitPath'] : []), ...from])].join(',')
}

export function groupFields(attributes: readonly string[]): string {
  return [...new Set([...GROUP_FIELDS, ...attributes])].join(',')
}

export function userOf(wire: WireUser, names: readonly string[], schemas: GoogleOptions['schemas']): SourceUser {
  const attributes: Record<string, Value> = {}
  const unknown: string[] = []
  for (const name of names) {
    const value = name === 'customSchemas' ? customOf(wire['customSchemas'], schemas) : attributeOf(wire, name)
    if (value === UNKNOWN) unknown.push(name)
    else if (value !== undefined) attributes[name] = value
  }
  const found: Attributes = attributes
  return {
    id: wire.id,
    enabled: enabledOf(wire),
    name: nameOf(wire) ?? wire.primaryEmail,
    attributes: found,
    ...(unknown.length > 0 && { unknown }),
  }
}

/** Suspended or archived users cannot sign in. Undefined where the directory does not say, as of users made just now. */
export function enabledOf({ suspended, archived }: WireUser): boolean | undefined {
  if (suspended === true || archived === true) return false
  return suspended === false && archived === false ? true : undefined
}

export function groupOf(wire: WireGroup, names: readonly string[]): SourceGroup {
  const attributes: Record<string, Value> = {}
  const unknown: string[] = []
  for (const name of names) {
    const value = name === 'directMembersCount' ? countOf(wire) : typed(wire[name], typeOf(GROUP_ATTRIBUTES, name))
    if (value === UNKNOWN) unknown.push(name)
    else if (value !== undefined) attributes[name] = value
  }
  const name = typeof wire['name'] === 'string' && wire['name'] !== '' ? wire['name'] : wire.email
  return { id: wire.id, name, attributes, ...(unknown.length > 0 && { unknown }) }
}

/** As the API writes 64-bit numbers: in text. */
export function countOf({ directMembersCount }: WireGroup): number | undefined {
  if (typeof directMembersCount !== 'string' || !/^\d{1,15}$/.test(directMembersCount)) return undefined
  return Number(directMembersCount)
}

/** Addresses that mean this user or group: the primary one first; in lower case. */
export function addressesOf(wire: WireUser | WireGroup): readonly [string, ...string[]] {
  const primary = 'primaryEmail' in wire ? wire.primaryEmail : wire.email
  const more = [...texts(wire['aliases']), ...texts(wire['nonEditableAliases'])]
  return [String(primary).toLowerCase(), ...more.map(one => one.toLowerCase())]
}

function texts(list: unknown): string[] {
  const items: readonly unknown[] = Array.isArray(list) ? list : []
  return items.filter(one => typeof one === 'string').filter(one => one !== '')
}

/** Said of an attribute whose value is not of any shape that it is known to have. */
const UNKNOWN = Symbol('unknown')
type Found = Value | undefined | typeof UNKNOWN

function attributeOf(wire: WireUser, name: string): Found {
  switch (name) {
    case 'givenName':
    case 'familyName':
    case 'fullName':
    case 'displayName': {
      const parts = wire['name']
      return isRecord(parts) ? nameText(parts[name]) : UNKNOWN
    }
    case 'title':
    case 'department':
    case 'costCenter':
      return pick(wire['organizations'], name)
    case 'organization':
      return pick(wire['organizations'], 'name')
    case 'employeeType':
      return pick(wire['organizations'], 'description')
    case 'phone':
      return pick(wire['phones'], 'value', ({ type }) => type === 'work') ?? undefined
    case 'mobile':
      return pick(wire['phones'], 'value', ({ type }) => type === 'work_mobile' || type === 'mobile')
    case 'manager':
      return pick(wire['relations'], 'value', ({ type }) => type === 'manager')
    case 'employeeId':
      return pick(wire['externalIds'], 'value', ({ type }) => type === 'organization')
    case 'preferredLanguage':
      return pick(wire['languages'], 'languageCode', ({ preference }) => preference !== 'not_preferred')
    default:
      return typed(wire[name], USER_ATTRIBUTES[name]?.type ?? 'any')
  }
}

function nameOf(wire: WireUser): string | undefined {
  const parts = wire['name']
  return isRecord(parts) ? (nameText(parts['fullName']) ?? nameText(parts['displayName'])) : undefined
}

/** Google wants two names of everyone: who has one is given a zero-width space for the other. */
function nameText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.includes('\u200b') ? value.replaceAll('\u200b', '').trim() : value
  return text === '' ? undefined : text
}

type Entry = Readonly<Record<string, Value>>

/**
 * A text out of a list of objects: of the primary entry, else of the others, the first in the order of their JSON,
 * which does not depend on how the server returns them.
 */
function pick(list: unknown, name: string, of: (entry: Entry) => boolean = () => true): Found {
  const entries = typed(list, { listOf: 'any' })
  if (!Array.isArray(entries)) return entries
  const having = entries.filter(isEntry).filter(entry => of(entry) && typeof entry[name] === 'string')
  return (having.find(({ primary }) => primary === true) ?? having[0])?.[name]
}

function isEntry(value: unknown): value is Entry {
  return isRecord(value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

type Type = (typeof USER_ATTRIBUTES)[string]['type']

function typeOf(types: Readonly<Record<string, Type>>, name: string): Type {
  return types[name] ?? 'any'
}

/** Lists of objects are typed `any` by the API, and one object alone has been seen in place of a list of one. */
function typed(value: unknown, type: Type): Found {
  if (value === undefined) return undefined
  if (typeof type === 'object' && 'listOf' in type) {
    const list = Array.isArray(value) ? value : [value]
    if (!list.every(isRecord)) return UNKNOWN
    const hasPrimary = typeof type.listOf === 'object' && 'object' in type.listOf && 'primary' in type.listOf.object
    const entries = list
      .map(one => plain(hasPrimary ? { primary: false, ...one } : one))
      .filter(one => one !== undefined)
    return entries.length === 0 ? undefined : inOrder(entries)
  }
  switch (type) {
    case 'text':
      return typeof value === 'string' ? value || undefined : UNKNOWN
    case 'boolean':
      return typeof value === 'boolean' ? value : UNKNOWN
    case 'number':
      return typeof value === 'number' ? value : UNKNOWN
    case 'list': {
      if (!Array.isArray(value)) return UNKNOWN
      const found = texts(value)
      return found.length > 0 ? found : undefined
    }
    default:
      return plain(value)
  }
}

function inOrder(entries: readonly Value[]): readonly Value[] {
  if (entries.length === 1) return entries
  const texts = entries.map(entry => [JSON.stringify(entry), entry] as const)
  return texts.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry)
}

/** Without null, which stands for absent; keys in order. */
function plain(value: unknown): Value | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(plain).filter(one => one !== undefined)
  if (!isRecord(value)) return undefined
  const entries = Object.keys(value)
    .toSorted()
    .map(name => [name, plain(value[name])] as const)
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, Value] => entry[1] !== undefined))
}

/** One value of a custom field is a scalar, several are `{ value, type }`; 64-bit numbers may be text. */
function customOf(given: unknown, schemas: GoogleOptions['schemas']): Found {
  if (given === undefined) return undefined
  if (!isRecord(given)) return UNKNOWN
  const found = Object.entries(schemas).flatMap(([schema, fields]) => {
    const values = given[schema]
    if (!isRecord(values)) return []
    const read = Object.entries(fields).flatMap(([field, type]) => {
      const value = customValue(values[field], type)
      return value === undefined ? [] : [[field, value] as const]
    })
    return read.length > 0 ? [[schema, Object.fromEntries(read)] as const] : []
  })
  return found.length > 0 ? Object.fromEntries(found) : undefined
}

function customValue(given: unknown, type: 'text' | 'list' | 'number' | 'boolean'): Value | undefined {
  const list = Array.isArray(given) ? given : [given]
  const values = list
    .map(one => plain(isRecord(one) ? one['value'] : one))
    .filter(one => one !== undefined && one !== '')
  const texts = values.map(String).toSorted()
  const [first] = texts
  if (first === undefined) return undefined
  switch (type) {
    case 'list':
      return texts
    case 'text':
      return texts.length === 1 ? first : texts
    case 'number':
      return Number.isFinite(Number(first)) ? Number(first) : first
    case 'boolean':
      return /^(true|false)$/i.test(first) ? first.toLowerCase() === 'true' : first
  }
}
