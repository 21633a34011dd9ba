import type { Json } from '../model.ts'

export type JsonObject = { readonly [name: string]: Json }

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** What a JSON text says; throws SyntaxError. */
export function parseJson(text: string): Json {
  const value: unknown = JSON.parse(text)
  if (!isParsed(value)) throw new SyntaxError('not JSON')
  return value
}

/** JSON.parse yields nothing but JSON. */
function isParsed(value: unknown): value is Json {
  return value !== undefined
}

/** The member itself, never what an object inherits. */
export function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** The member whose name is this one in whatever case (RFC 7643 §2.1), and its own spelling. */
export function ownInAnyCase(object: JsonObject, name: string): readonly [string, Json | undefined] {
  if (Object.hasOwn(object, name)) return [name, object[name]]
  const wanted = name.toLowerCase()
  const found = Object.keys(object).find(key => key.toLowerCase() === wanted)
  return found === undefined ? [name, undefined] : [found, object[found]]
}

/** A copy with this member; without it where the value is undefined. A name such as `__proto__` is a name like any other. */
export function withMember(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  if (value !== undefined) return { ...object, [name]: value }
  if (!Object.hasOwn(object, name)) return object
  const { [name]: _, ...rest } = object
  return rest
}

/** Null, an empty list and an empty object are no value (RFC 7643 §2.5). */
export function isAbsent(value: Json | undefined): value is null | undefined {
  if (value === undefined || value === null) return true
  if (isList(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

/** One text for values that are equal, in whatever order their members stand. */
export function textOf(value: Json): string {
  if (isList(value)) return `[${value.map(textOf).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .toSorted()
    .map(name => `${JSON.stringify(name)}:${textOf(value[name] ?? null)}`)
  return `{${members.join(',')}}`
}

export function same(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true
  return one !== undefined && other !== undefined && textOf(one) === textOf(other)
}

/** Text as SCIM compares it where case does not count. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}
