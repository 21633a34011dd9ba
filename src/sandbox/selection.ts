import type { Json } from '../model.ts'
import type { ResourceType } from './attributes.ts'
import { isAbsent, isList, isObject, type JsonObject, ownInAnyCase, withMember } from './json.ts'
import { parsePath, type Path } from './path.ts'
import { bad } from './scim-error.ts'

/** What of a resource is asked for (RFC 7644 §3.9). */
export interface Selection {
  readonly only: readonly Path[] | undefined
  readonly except: readonly Path[] | undefined
}

/** Undefined for all of it. The two parameters exclude each other. */
export function parseSelection(
  attributes: readonly string[],
  excluded: readonly string[],
  type: ResourceType,
): Selection | undefined {
  if (attributes.length === 0 && excluded.length === 0) return undefined
  if (attributes.length > 0 && excluded.length > 0) {
    throw bad('invalidValue', 'attributes and excludedAttributes exclude each other')
  }
  const paths = (names: readonly string[]) =>
    names.length === 0 ? undefined : names.flatMap(name => parsePath(name, type) ?? [])
  return { only: paths(attributes), except: paths(excluded) }
}

/** Whether this attribute is shown at all. */
export function isSelected(attribute: string, selection: Selection | undefined): boolean {
  if (selection === undefined) return true
  const among = (paths: readonly Path[]) => paths.some(path => path.attribute === attribute && path.urn === undefined)
  if (selection.only !== undefined) return among(selection.only)
  return !(selection.except ?? []).some(path => path.attribute === attribute && path.sub === undefined)
}

/** The resource with what was asked for; `id` and `schemas` are always there. */
export function select(resource: JsonObject, { only, except }: Selection): JsonObject {
  if (only === undefined) return (except ?? []).reduce(without, resource)
  const always: JsonObject = { schemas: resource['schemas'] ?? [], id: resource['id'] ?? '' }
  return only.reduce<JsonObject>((one, path) => withPath(one, resource, path), always)
}

function without(resource: JsonObject, path: Path): JsonObject {
  if (path.urn === undefined) return ['id', 'schemas'].includes(path.attribute ?? '') ? resource : cut(resource, path)
  const [name, extension] = ownInAnyCase(resource, path.urn)
  if (path.attribute === undefined || !isObject(extension)) return withMember(resource, name, undefined)
  const inner = cut(extension, path)
  return withMember(resource, name, isAbsent(inner) ? undefined : inner)
}

function cut(container: JsonObject, { attribute = '', sub }: Path): JsonObject {
  const [name, value] = ownInAnyCase(container, attribute)
  if (sub === undefined || value === undefined) return withMember(container, name, undefined)
  const cutOne = (one: Json) => (isObject(one) ? withMember(one, ownInAnyCase(one, sub)[0], undefined) : one)
  return withMember(container, name, isList(value) ? value.map(cutOne) : cutOne(value))
}

function withPath(selected: JsonObject, resource: JsonObject, path: Path): JsonObject {
  if (path.urn === undefined) return picked(selected, resource, path)
  const [name, extension] = ownInAnyCase(resource, path.urn)
  if (!isObject(extension)) return selected
  if (path.attribute === undefined) return withMember(selected, name, extension)
  const known = ownInAnyCase(selected, name)[1]
  const inner = picked(isObject(known) ? known : {}, extension, path)
  return isAbsent(inner) ? selected : withMember(selected, name, inner)
}

function picked(selected: JsonObject, container: JsonObject, { attribute = '', sub }: Path): JsonObject {
  const [name, value] = ownInAnyCase(container, attribute)
  if (value === undefined) return selected
  if (sub === undefined) return withMember(selected, name, value)
  const known = ownInAnyCase(selected, name)[1]
  if (!isList(value)) return isObject(value) ? withMember(selected, name, pickSub(value, known, sub)) : selected
  return withMember(
    selected,
    name,
    value.map((one, at) => (isObject(one) ? pickSub(one, isList(known) ? known[at] : undefined, sub) : one)),
  )
}

function pickSub(value: JsonObject, known: Json | undefined, sub: string): JsonObject {
  const [name, inner] = ownInAnyCase(value, sub)
  return withMember(isObject(known) ? known : {}, name, inner)
}
