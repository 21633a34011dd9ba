import { hash } from 'node:crypto'
import type { Json, ScimResource } from '../model.ts'

/**
 * The value under a SCIM path: `userName`, `name.givenName`, or `urn:…:User:department`. Absent, null, empty
 * text and empty list are one and the same (RFC 7643 §2.5) and come back as undefined.
 */
export function valueAt(resource: ScimResource, path: string): Json | undefined {
  const [outer, inner] = splitPath(path)
  const value = own(resource, outer)
  if (inner === undefined) return present(value)
  return isObject(value) ? present(own(value, inner)) : undefined
}

/** A resource with exactly these paths set, null where the value is undefined. */
export function pick(paths: readonly string[], valueOf: (path: string) => Json | undefined): ScimResource {
  const resource: Record<string, Json> = {}
  for (const path of paths) {
    const [outer, inner] = splitPath(path)
    const value = valueOf(path) ?? null
    if (inner === undefined) resource[outer] = value
    else {
      const nested = resource[outer]
      resource[outer] = { ...(isObject(nested) ? nested : {}), [inner]: value }
    }
  }
  return resource
}

/** Every path at which a nested resource holds a value, one level deep, as mappings write them. */
export function pathsOf(resource: ScimResource): string[] {
  return Object.entries(resource).flatMap(([outer, value]) => {
    if (!isObject(value)) return [outer]
    const separator = outer.startsWith('urn:') ? ':' : '.'
    return Object.keys(value).map(inner => `${outer}${separator}${inner}`)
  })
}

/** One text for all values that mean the same: keys sorted, absent values left out, lists in byte order. */
export function canonical(value: Json | undefined): string {
  const known = present(value)
  if (known === undefined) return ''
  if (typeof known !== 'object' || known === null) return JSON.stringify(known)
  if (isList(known)) {
    const items: string[] = []
    for (const item of known) items.push(canonical(item))
    return `[${items.filter(Boolean).sort().join(',')}]`
  }
  const parts: string[] = []
  for (const name of Object.keys(known).sort()) {
    const text = canonical(known[name])
    if (text) parts.push(`${JSON.stringify(name)}:${text}`)
  }
  return `{${parts.join(',')}}`
}

/** The canonical text of a resource's values at these paths, which are given in a fixed order. */
export function canonicalAt(resource: ScimResource, paths: readonly string[]): string {
  let text = ''
  for (const path of paths) {
    const value = canonical(valueAt(resource, path))
    if (value) text += `${path}=${value}\n`
  }
  return text
}

/** 52 bits of sha256: compares quickly, fits a number; equal hashes of *keys* are always checked against the text. */
export function hash52(text: string): number {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, 13), 16)
}

/** How keys are compared across people and systems: NFKC, case-folded. Not for sending. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

/** What users and groups are found by: zero for no value. Equal keys are compared as text before anything follows. */
export function keyOf(value: unknown): number {
  return typeof value === 'string' && value !== '' ? hash52(fold(value)) : 0
}

/** The primary e-mail address, else the only one, else undefined. */
export function primaryEmail(resource: ScimResource): string | undefined {
  const emails = resource['emails']
  if (!Array.isArray(emails)) return undefined
  const objects = (emails as readonly Json[]).filter(isObject)
  const chosen = objects.find(email => email['primary'] === true) ?? (objects.length === 1 ? objects[0] : undefined)
  const value = chosen?.['value']
  return typeof value === 'string' && value !== '' ? value : undefined
}

function splitPath(path: string): readonly [string, string | undefined] {
  if (path.startsWith('urn:')) {
    const colon = path.lastIndexOf(':')
    return [path.slice(0, colon), path.slice(colon + 1)]
  }
  const dot = path.indexOf('.')
  return dot < 0 ? [path, undefined] : [path.slice(0, dot), path.slice(dot + 1)]
}

function own(object: { readonly [name: string]: Json }, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function present(value: Json | undefined): Json | undefined {
  if (value === null || value === '') return undefined
  if (Array.isArray(value) && value.length === 0) return undefined
  return value
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
