import type { Json, ScimResource } from '../model.ts'
import { acceptOne, acceptValue, isPrimary, mayWrite, type Writable } from './accept.ts'
import { type ResourceType, schemaNamed } from './attributes.ts'
import { type Filter, type PatchPath, parsePatchPath } from './filter.ts'
import { isAbsent, isList, isObject, type JsonObject, ownInAnyCase, same, textOf, withMember } from './json.ts'
import { matchesValue } from './match.ts'
import { parsePath, pathText } from './path.ts'
import { bad } from './scim-error.ts'

/** One operation of a PATCH, its path parsed; an operation without path comes as one for each attribute it names. */
export interface Operation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: PatchPath
  readonly value: Json | undefined
}

const PATCH_URN = 'urn:ietf:params:scim:api:messages:2.0:patchop'

/** A PATCH body (RFC 7644 §3.5.2). Throws 400. */
export function parsePatch(body: Json, type: ResourceType): readonly Operation[] {
  if (!isObject(body)) throw bad('invalidSyntax', 'the body is no JSON object')
  const schemas = ownInAnyCase(body, 'schemas')[1]
  if (!isList(schemas) || !schemas.some(urn => typeof urn === 'string' && urn.toLowerCase() === PATCH_URN)) {
    throw bad('invalidSyntax', 'schemas of the body does not list urn:ietf:params:scim:api:messages:2.0:PatchOp')
  }
  const operations = ownInAnyCase(body, 'Operations')[1]
  if (!isList(operations) || operations.length === 0) throw bad('invalidSyntax', 'the body has no Operations')
  return operations.flatMap(operation => parseOperation(operation, type))
}

function parseOperation(operation: Json, type: ResourceType): readonly Operation[] {
  if (!isObject(operation)) throw bad('invalidSyntax', 'an operation is no JSON object')
  const word = ownInAnyCase(operation, 'op')[1]
  const op = typeof word === 'string' ? word.toLowerCase() : ''
  if (op !== 'add' && op !== 'replace' && op !== 'remove') {
    throw bad('invalidSyntax', 'op of an operation is none of add, replace and remove')
  }
  const text = ownInAnyCase(operation, 'path')[1]
  const [, value] = ownInAnyCase(operation, 'value')
  if (text === undefined || text === null) {
    if (op === 'remove') throw bad('noTarget', 'an operation remove has no path')
    return withoutPath(op, value, type)
  }
  if (typeof text !== 'string') throw bad('invalidPath', 'path of an operation is no text')
  const path = parsePatchPath(text, type)
  if (op !== 'remove' && value === undefined) throw bad('invalidValue', `operation ${op} on ${text} has no value`)
  if (path.attribute === undefined && op !== 'remove') return withoutPath(op, value, type, path.urn)
  return [{ op, path, value }]
}

function withoutPath(
  op: 'add' | 'replace',
  value: Json | undefined,
  type: ResourceType,
  urn?: string,
): readonly Operation[] {
  if (!isObject(value)) throw bad('invalidValue', `value of an operation ${op} without path is no JSON object`)
  return Object.entries(value).flatMap(([key, inner]) => {
    if (urn === undefined && key.toLowerCase() === 'schemas') return []
    if (urn === undefined && /^urn:/i.test(key) && isObject(inner)) {
      return withoutPath(op, inner, type, schemaNamed(key, type)?.id ?? key)
    }
    const path = parsePath(urn === undefined ? key : `${urn}:${key}`, type)
    if (path?.attribute === undefined || path.sub !== undefined || path.urn !== urn)
      throw bad('invalidPath', `${JSON.stringify(key.slice(0, 100))} is no attribute name`)
    return [{ op, path, value: inner }]
  })
}

/**
 * The resource after all operations, in their order (RFC 7644 §3.5.2.1 to §3.5.2.3). Throws 400, and then none of
 * them has taken place: the resource given is left as it was.
 */
export function patch(resource: ScimResource, operations: readonly Operation[], writable: Writable): ScimResource {
  return operations.reduce<JsonObject>((one, operation) => applied(one, operation, writable), resource)
}

function applied(resource: JsonObject, operation: Operation, writable: Writable): JsonObject {
  const { path } = operation
  checkMutable(operation)
  if (!mayWrite(pathText(path), writable)) throw bad('invalidPath', `attribute ${pathText(path)} is not supported`)
  if (path.urn === undefined) return changed(resource, operation, writable)
  const [name, extension] = ownInAnyCase(resource, path.urn)
  if (path.attribute === undefined) return withMember(resource, name, undefined)
  const inner = changed(isObject(extension) ? extension : {}, operation, writable)
  return withMember(resource, name, isAbsent(inner) ? undefined : inner)
}

function checkMutable({ op, path }: Operation): void {
  const { definition, subDefinition } = path
  if (definition?.mutability === 'readOnly' || subDefinition?.mutability === 'readOnly') {
    throw bad('mutability', `attribute ${pathText(path)} is read-only`)
  }
  if (op === 'remove' && definition?.required && path.sub === undefined) {
    throw bad('mutability', `attribute ${pathText(path)} is required`)
  }
}

function changed(container: JsonObject, operation: Operation, writable: Writable): JsonObject {
  const { path } = operation
  const [name, before] = ownInAnyCase(container, path.attribute ?? '')
  const isMany = path.definition?.multiValued ?? isList(before)
  const after = isMany
    ? values(isList(before) ? before : [], operation, writable)
    : path.where !== undefined
      ? notAList(path)
      : value(before, operation, writable)
  if (path.definition?.mutability === 'writeOnly') return container
  return withMember(container, name, isAbsent(after) ? undefined : after)
}

function notAList(path: PatchPath): never {
  throw bad('invalidPath', `${pathText(path)} is not a list that a filter could choose from`)
}

/** One value; what is complex is merged, sub-attribute by sub-attribute. */
function value(before: Json | undefined, { op, path, value }: Operation, writable: Writable): Json | undefined {
  if (path.sub !== undefined) return withSub(before ?? {}, { op, path, value }, writable)
  if (op === 'remove') return undefined
  const accepted = acceptValue(path.definition, value ?? null, pathText(path), writable)
  return isObject(before) && isObject(accepted) ? { ...before, ...accepted } : accepted
}

function withSub(before: Json, { op, path, value }: Operation, writable: Writable): Json {
  const { sub = '', subDefinition, definition } = path
  if (!isObject(before) || (definition !== undefined && definition.type !== 'complex')) {
    throw bad('invalidPath', `${pathText(path)}: ${path.attribute} has no sub-attributes`)
  }
  if (definition !== undefined && subDefinition === undefined && writable !== '*') {
    throw bad('invalidPath', `attribute ${pathText(path)} is not supported`)
  }
  const [name, stored] = ownInAnyCase(before, sub)
  const accepted = op === 'remove' ? undefined : acceptValue(subDefinition, value ?? null, pathText(path), writable)
  if (subDefinition?.mutability === 'immutable' && stored !== undefined && !same(stored, accepted)) {
    throw bad('mutability', `attribute ${pathText(path)} cannot be changed`)
  }
  return withMember(before, name, accepted)
}

function values(before: readonly Json[], operation: Operation, writable: Writable): readonly Json[] {
  const { where } = operation.path
  return onePrimary(
    before,
    where === undefined && operation.path.sub === undefined
      ? wholeList(before, operation, writable)
      : chosenValues(before, operation, writable, where),
  )
}

function wholeList(before: readonly Json[], { op, path, value }: Operation, writable: Writable): readonly Json[] {
  if (op === 'remove') return []
  const given = op === 'add' && !isList(value) ? [value ?? null] : (value ?? null)
  const accepted = acceptValue(path.definition, given, pathText(path), writable)
  const list = isList(accepted) ? accepted : []
  if (op === 'replace') return list
  const known = new Set(before.map(textOf))
  return [...before, ...list.filter(one => !known.has(textOf(one)))]
}

function chosenValues(
  before: readonly Json[],
  operation: Operation,
  writable: Writable,
  where: Filter | undefined,
): readonly Json[] {
  const { op, path } = operation
  const isChosen = (one: Json) => where === undefined || matchesValue(one, where)
  if (op === 'remove' && path.sub === undefined) return before.filter(one => !isChosen(one))
  if (op !== 'remove' && !before.some(isChosen)) {
    throw bad('noTarget', `no value of ${pathText(path)} is what the path of an operation ${op} asks for`)
  }
  return before.flatMap(one => {
    if (!isChosen(one)) return [one]
    const after = path.sub === undefined ? otherValue(one, operation, writable) : withSub(one, operation, writable)
    return isAbsent(after) ? [] : [after]
  })
}

function otherValue(before: Json, { op, path, value }: Operation, writable: Writable): Json | undefined {
  const accepted =
    path.definition === undefined
      ? acceptValue(undefined, value ?? null, pathText(path), writable)
      : acceptOne(path.definition, value ?? null, pathText(path), writable)
  return op === 'add' && isObject(before) && isObject(accepted) ? { ...before, ...accepted } : accepted
}

/** A value that becomes primary makes the others not so (RFC 7644 §3.5.2). */
function onePrimary(before: readonly Json[], after: readonly Json[]): readonly Json[] {
  if (after.filter(isPrimary).length < 2) return after
  const known = new Set(before.filter(isPrimary).map(textOf))
  const chosen = after.filter(one => isPrimary(one) && !known.has(textOf(one)))
  if (chosen.length !== 1) throw bad('invalidValue', 'more than one value would be primary')
  return after.map(one => (isObject(one) && isPrimary(one) && one !== chosen[0] ? { ...one, primary: false } : one))
}
