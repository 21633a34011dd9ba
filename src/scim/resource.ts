import type { Json, ScimResource, TargetResource } from '../model.ts'
import { isRecord } from './answer.ts'
import { isObject, present } from './patch.ts'

export type Kind = 'user' | 'group'

const CORE: Readonly<Record<Kind, string>> = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
}
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** Names as RFC 7643 §4 spells them, at whatever depth; they are compared without case (§2.1). */
const SPELLING = new Map(
  `id externalId meta schemas userName name formatted familyName givenName middleName honorificPrefix honorificSuffix
   displayName nickName profileUrl title userType preferredLanguage locale timezone active password emails phoneNumbers
   ims photos addresses groups entitlements roles x509Certificates members value type primary display $ref
   streetAddress locality region postalCode country employeeNumber costCenter organization division department manager`
    .split(/\s+/)
    .concat(ENTERPRISE)
    .map(name => [name.toLowerCase(), name]),
)
/** What is nested deeper is left out; SCIM itself goes four deep. */
const MAX_DEPTH = 12
/** What a resource says about itself and what is not ours to write. */
const OWN = new Set(['id', 'meta', 'schemas', '__proto__'])

/** What a server's answer holds of one user or group. */
export interface Parsed extends TargetResource {
  /** The users among the members; undefined where the answer has no `members`. */
  readonly members: readonly string[] | undefined
  /** Whether a user says which groups it is in; undefined where it says nothing about it. */
  readonly inGroups: boolean | undefined
}

/** Undefined where there is no usable `id`: numbers count, `""`, `"undefined"` and `"null"` do not. */
export function parseResource(answer: unknown, kind: Kind): Parsed | undefined {
  if (!isRecord(answer)) return undefined
  let id: string | undefined
  const resource: Record<string, Json> = {}
  let members: readonly string[] | undefined
  let inGroups: boolean | undefined
  for (const [given, raw] of Object.entries(answer)) {
    const name = spelled(given)
    if (name === 'id') id = idOf(raw)
    if (OWN.has(name)) continue
    if (kind === 'group' && name === 'members') {
      members = membersOf(raw)
      continue
    }
    const value = toJson(raw, 1)
    if (kind === 'user' && name === 'groups') inGroups = present(value) !== undefined
    else if (name === 'active') resource[name] = toBoolean(value)
    else if (name.startsWith('name.')) {
      const nested = resource['name']
      resource['name'] = { ...(isObject(nested) ? nested : {}), [spelled(name.slice(5))]: value }
    } else resource[name] = Array.isArray(value) ? primariesOf(value) : value
  }
  return id === undefined ? undefined : { id, resource, members, inGroups }
}

/** The body of a POST or PUT: `schemas` names the core schema and every extension that is there (RFC 7643 §3). */
export function bodyOf(resource: ScimResource, kind: Kind, beside: ScimResource = {}): string {
  const extensions = Object.entries(resource).flatMap(([name, value]) =>
    name.startsWith('urn:') && isObject(value) ? [name] : [],
  )
  return JSON.stringify({ schemas: [CORE[kind], ...extensions], ...beside, ...resource })
}

/** What a server stored under an id, where its answer shows all that was sent, value for value: nothing else was kept. */
export function echoOf(answer: unknown, sent: ScimResource): TargetResource | undefined {
  if (!isRecord(answer)) return undefined
  const { id } = answer
  if (typeof id !== 'string' || idOf(id) === undefined) return undefined
  for (const name of Object.keys(sent))
    if (!Object.hasOwn(answer, name) || !isSame(sent[name], answer[name])) return undefined
  return { id, resource: sent }
}

/** Whether two pieces of JSON are the same, order and all. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one))
    return Array.isArray(other) && one.length === other.length && one.every((item, at) => isSame(item, other[at]))
  if (!isRecord(one) || !isRecord(other)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every(name => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  )
}

/** Without what is absent: a new resource has nothing to clear. */
export function withoutAbsent(resource: ScimResource): ScimResource {
  if (!lacksSomething(resource)) return resource
  return Object.fromEntries(
    Object.entries(resource).flatMap(([name, value]): [string, Json][] => {
      if (!isObject(value)) return present(value) === undefined ? [] : [[name, value]]
      const inner = Object.entries(value).filter(([, one]) => present(one) !== undefined)
      return inner.length > 0 ? [[name, Object.fromEntries(inner)]] : []
    }),
  )
}

function lacksSomething(resource: ScimResource): boolean {
  for (const name of Object.keys(resource)) {
    const value = resource[name]
    if (present(value) === undefined || (isObject(value) && lacksSomething(value))) return true
  }
  return false
}

/** Whether some value under this attribute is `same`: of a list of objects, their `value`. */
export function hasValue(resource: ScimResource, attribute: string, same: (value: string) => boolean): boolean {
  const cut = attribute.startsWith('urn:') ? attribute.lastIndexOf(':') : attribute.indexOf('.')
  const [outer, inner] = cut < 0 ? [attribute, undefined] : [attribute.slice(0, cut), attribute.slice(cut + 1)]
  const held = Object.hasOwn(resource, outer) ? resource[outer] : undefined
  const values: readonly Json[] = isList(held) ? held : held === undefined ? [] : [held]
  return values.some(value => {
    const text = isObject(value) ? value[inner ?? 'value'] : value
    return typeof text === 'string' && same(text)
  })
}

/** Own properties alone, names in RFC spelling; `__proto__` and what is nested beyond reason are left out. */
function toJson(value: unknown, depth: number): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return value
  if (typeof value !== 'object' || depth > MAX_DEPTH) return null
  if (Array.isArray(value)) return value.map(item => toJson(item, depth + 1))
  const object: Record<string, Json> = {}
  for (const [name, inner] of Object.entries(value))
    if (name !== '__proto__') object[spelled(name)] = toJson(inner, depth + 1)
  return object
}

function spelled(name: string): string {
  return SPELLING.get(name) ?? SPELLING.get(name.toLowerCase()) ?? name
}

function idOf(id: unknown): string | undefined {
  if (typeof id === 'number' && Number.isFinite(id)) return String(id)
  return typeof id === 'string' && id !== '' && id !== 'undefined' && id !== 'null' ? id : undefined
}

/** Straight from the answer: a group may have hundreds of thousands. */
function membersOf(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return []
  const ids: string[] = []
  for (const member of list) {
    const type = isRecord(member) ? (member['type'] ?? member['Type']) : undefined
    if (typeof type === 'string' && type.toLowerCase() === 'group') continue
    const id = idOf(isRecord(member) ? (member['value'] ?? member['Value']) : member)
    if (id !== undefined) ids.push(id)
  }
  return ids
}

function primariesOf(list: readonly Json[]): readonly Json[] {
  return list.map(item =>
    isObject(item) && Object.hasOwn(item, 'primary') ? { ...item, primary: toBoolean(item['primary'] ?? null) } : item,
  )
}

/** Some servers write booleans as "True" and "False". */
function toBoolean(value: Json): Json {
  if (typeof value !== 'string') return value
  const text = value.toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : value
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
