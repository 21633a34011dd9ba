import type { Dialect, Json, ScimResource } from '../model.ts'
import {
  type Attribute,
  attributeNamed,
  isAttributeName,
  type ResourceType,
  schemaNamed,
  topAttribute,
} from './attributes.ts'
import { isAbsent, isList, isObject, type JsonObject, own, ownInAnyCase } from './json.ts'
import { bad } from './scim-error.ts'

/** Paths that may be written, with all below them. What no schema knows is kept where everything may. */
export type Writable = readonly string[] | '*'

/**
 * A POST or PUT body as a resource: known names in the schema's spelling, without `schemas`, without what is
 * read-only or absent. Throws 400 for a wrong type, a name that is none, and a path that may not be written.
 */
export function acceptResource(body: Json, type: ResourceType, writable: Writable): ScimResource {
  if (!isObject(body)) throw bad('invalidSyntax', 'the body is no JSON object')
  const listed = schemasOf(body, type)
  const accepted: [string, Json][] = []
  for (const [key, value] of Object.entries(body)) {
    if (/^urn:/i.test(key)) {
      const urn = schemaNamed(key, type)?.id ?? key
      const inner = acceptExtension(urn, value, type, writable)
      if (isAbsent(inner)) continue
      if (!listed.has(urn.toLowerCase())) throw bad('invalidSyntax', `${urn} is not among the schemas of the body`)
      accepted.push([urn, inner])
      continue
    }
    const attribute = topAttribute(key, type)
    if (attribute?.mutability === 'readOnly') continue
    const found = acceptValue(attribute, value, attribute?.name ?? key, writable)
    if (!isAbsent(found) && attribute?.mutability !== 'writeOnly') accepted.push([attribute?.name ?? key, found])
  }
  return Object.fromEntries(accepted)
}

function acceptExtension(urn: string, value: Json, type: ResourceType, writable: Writable): Json | undefined {
  if (isAbsent(value)) return undefined
  if (!isObject(value)) throw bad('invalidValue', `${urn} is no JSON object`)
  const attributes = schemaNamed(urn, type)?.attributes
  return acceptMembers(value, attributes, name => `${urn}:${name}`, writable)
}

/**
 * A value for this attribute, undefined where it is none (null, [], {}). `path` is for messages and the check
 * against what may be written; an unknown attribute takes any value with names that are names.
 */
export function acceptValue(
  attribute: Attribute | undefined,
  value: Json,
  path: string,
  writable: Writable,
): Json | undefined {
  if (!mayWrite(path, writable)) throw bad('invalidValue', `attribute ${path} is not supported`)
  if (isAbsent(value)) return undefined
  if (attribute === undefined) return acceptUnknown(value, path)
  if (!attribute.multiValued) return acceptOne(attribute, value, path, writable)
  if (!isList(value)) throw bad('invalidValue', `attribute ${path} is no list`)
  const values = value.flatMap(one => acceptOne(attribute, one, path, writable) ?? [])
  if (values.filter(isPrimary).length > 1) throw bad('invalidValue', `more than one value of ${path} is primary`)
  return values
}

/** One value, where the attribute is a list of them. */
export function acceptOne(attribute: Attribute, value: Json, path: string, writable: Writable): Json | undefined {
  if (isAbsent(value)) return undefined
  switch (attribute.type) {
    case 'complex':
      if (!isObject(value)) throw bad('invalidValue', `a value of ${path} is no JSON object`)
      return acceptMembers(value, attribute.subAttributes, name => `${path}.${name}`, writable)
    case 'boolean':
      if (typeof value !== 'boolean') throw bad('invalidValue', `attribute ${path} is neither true nor false`)
      return value
    case 'string':
    case 'reference':
    case 'dateTime':
    case 'binary':
      if (typeof value !== 'string') throw bad('invalidValue', `attribute ${path} is no text`)
      return value
  }
}

export function isPrimary(value: Json): boolean {
  return isObject(value) && own(value, 'primary') === true
}

function acceptMembers(
  value: JsonObject,
  attributes: readonly Attribute[] | undefined,
  pathOf: (name: string) => string,
  writable: Writable,
): JsonObject | undefined {
  const accepted: [string, Json][] = []
  for (const [key, inner] of Object.entries(value)) {
    const attribute = attributeNamed(key, attributes ?? [])
    if (attribute?.mutability === 'readOnly') continue
    const name = attribute?.name ?? key
    if (attribute === undefined && attributes !== undefined && writable !== '*') {
      throw bad('invalidValue', `attribute ${pathOf(name)} is not supported`)
    }
    const found = acceptValue(attribute, inner, pathOf(name), writable)
    if (found !== undefined) accepted.push([name, found])
  }
  return accepted.length === 0 ? undefined : Object.fromEntries(accepted)
}

function acceptUnknown(value: Json, path: string): Json {
  const name = path.slice(Math.max(path.lastIndexOf(':'), path.lastIndexOf('.')) + 1)
  if (!isAttributeName(name)) throw bad('invalidSyntax', `${JSON.stringify(name)} is no attribute name`)
  checkNames(value)
  return value
}

function checkNames(value: Json): void {
  if (isList(value)) for (const one of value) checkNames(one)
  else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (!isAttributeName(key)) throw bad('invalidSyntax', `${JSON.stringify(key)} is no attribute name`)
      checkNames(inner)
    }
  }
}

export function mayWrite(path: string, writable: Writable): boolean {
  if (writable === '*') return true
  return writable.some(entry => {
    const allowed = entry.replace(/\.\*$/, '')
    return path === allowed || startsWithPath(path, allowed) || startsWithPath(allowed, path)
  })
}

function startsWithPath(path: string, start: string): boolean {
  return path.startsWith(start) && (path[start.length] === '.' || path[start.length] === ':')
}

/** URNs that the body lists, in lower case. RFC 7643 §3: not empty, the type's own among them. */
function schemasOf(body: JsonObject, type: ResourceType): ReadonlySet<string> {
  const [, schemas] = ownInAnyCase(body, 'schemas')
  const listed = isList(schemas) ? schemas.flatMap(one => (typeof one === 'string' ? one.toLowerCase() : [])) : []
  if (!listed.includes(type.core.id.toLowerCase())) {
    throw bad('invalidSyntax', `schemas of the body does not list ${type.core.id}`)
  }
  return new Set(listed)
}

/** What must hold of a user after every write. Throws 400 `invalidValue`. */
export function checkUser(user: ScimResource, { required, emails }: Dialect['users']): void {
  for (const path of ['userName', ...required]) {
    const value = valueOf(user, path)
    if (isAbsent(value) || value === '') throw bad('invalidValue', `attribute ${path} is required`)
  }
  const addresses = own(user, 'emails')
  if (!isList(addresses) || addresses.length === 0) return
  const primaries = addresses.filter(isPrimary).length
  if (emails === 'one-primary' && primaries !== 1) {
    throw bad('invalidValue', 'Resource [USER] One email address need to be marked as primary.')
  }
  if (emails === 'one' && addresses.length > 1) throw bad('invalidValue', 'no more than one of emails can be kept')
}

function valueOf(resource: ScimResource, text: string): Json | undefined {
  const [outer = text, inner] = /^urn:/i.test(text)
    ? [text.slice(0, text.lastIndexOf(':')), text.slice(text.lastIndexOf(':') + 1)]
    : text.split('.')
  const value = own(resource, outer)
  return inner === undefined ? value : isObject(value) ? own(value, inner) : undefined
}
