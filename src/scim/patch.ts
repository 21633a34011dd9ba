import type { Dialect, Json, ScimResource } from '../model.ts'
import { memberPath } from './filter.ts'

export interface Operation {
  readonly op: 'add' | 'remove' | 'replace'
  readonly path: string
  readonly value?: Json
}

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** The body of a PATCH (RFC 7644 §3.5.2). */
export function patchBody(operations: readonly Operation[]): string {
  return JSON.stringify({ schemas: [PATCH_OP], Operations: operations })
}

/**
 * One operation for each path at which `after` differs from `before`: `displayName`, `name.givenName`,
 * `urn:…:User:department`. Lists are replaced as a whole. What is absent in `after` (null, "", []) is cleared in the
 * dialect's way.
 */
export function operationsOf(
  before: ScimResource,
  after: ScimResource,
  clear: Dialect['users']['clear'],
): readonly Operation[] {
  return pathsIn(after).flatMap(({ path, outer, inner, value }): readonly Operation[] => {
    const nested = Object.hasOwn(before, outer) ? before[outer] : undefined
    const was =
      inner === undefined ? nested : isObject(nested) && Object.hasOwn(nested, inner) ? nested[inner] : undefined
    if (JSON.stringify(present(was)) === JSON.stringify(present(value))) return []
    if (present(value) !== undefined) return [{ op: 'replace', path, value }]
    switch (clear) {
      case 'remove-op':
        return [{ op: 'remove', path }]
      case 'null':
        return [{ op: 'replace', path, value: null }]
      case 'empty-string':
        return [{ op: 'replace', path, value: Array.isArray(was) ? [] : '' }]
    }
  })
}

/** `current` with every path of `after` written over it; what is cleared is there as null, as PUT wants it (RFC 7644 §3.5.1). */
export function merged(current: ScimResource, after: ScimResource): ScimResource {
  const whole = new Map(Object.entries(current))
  for (const { outer, inner, value } of pathsIn(after)) {
    const kept = present(value) ?? null
    if (inner === undefined) whole.set(outer, kept)
    else {
      const nested = whole.get(outer)
      whole.set(outer, { ...(isObject(nested) ? nested : {}), [inner]: kept })
    }
  }
  return Object.fromEntries(whole)
}

export function additions(scimIds: readonly string[]): readonly Operation[] {
  return [{ op: 'add', path: 'members', value: scimIds.map(value => ({ value })) }]
}

export function removals(scimIds: readonly string[], form: Dialect['members']['remove']): readonly Operation[] {
  if (form === 'value-array') return [{ op: 'remove', path: 'members', value: scimIds.map(value => ({ value })) }]
  return scimIds.map(id => ({ op: 'remove', path: memberPath(id) }))
}

/**
 * Cuts ids into as few requests as the dialect allows, in their order. The bytes are those of the larger body, be
 * it that of an addition or a removal; an id that is too long by itself has a request of its own.
 */
export function memberBatches(scimIds: readonly string[], members: Dialect['members']): readonly (readonly string[])[] {
  const frame = Math.max(bytesOf(patchBody(additions([]))), bytesOf(patchBody(removals([], members.remove))))
  const around = bytesAround('', members)
  const batches: string[][] = []
  let last: string[] | undefined
  let bytes = 0
  for (const id of scimIds) {
    const own = isPlain(id) ? around + id.length : bytesAround(id, members)
    if (last && last.length < members.maxPerRequest && bytes + own <= members.maxBytes) {
      last.push(id)
      bytes += own
    } else {
      batches.push((last = [id]))
      bytes = frame + own
    }
  }
  return batches
}

function bytesAround(id: string, { remove }: Dialect['members']): number {
  return Math.max(bytesOf(JSON.stringify({ value: id })), bytesOf(JSON.stringify(removals([id], remove)))) + 1
}

/** As long in a body as it is: nothing of it is escaped, in JSON or in a filter. */
function isPlain(id: string): boolean {
  return /^[\w.@-]+$/.test(id)
}

interface PathValue {
  readonly path: string
  readonly outer: string
  readonly inner?: string
  readonly value: Json
}

/** Every path at which a nested resource says something, one level deep. */
function pathsIn(resource: ScimResource): readonly PathValue[] {
  return Object.entries(resource).flatMap(([outer, value]): readonly PathValue[] => {
    if (!isObject(value)) return [{ path: outer, outer, value }]
    const separator = outer.startsWith('urn:') ? ':' : '.'
    return Object.entries(value).map(([inner, one]) => ({
      path: `${outer}${separator}${inner}`,
      outer,
      inner,
      value: one,
    }))
  })
}

/** Absent, null, empty text and empty list are one and the same (RFC 7643 §2.5). */
export function present(value: Json | undefined): Json | undefined {
  if (value === null || value === '') return undefined
  return Array.isArray(value) && value.length === 0 ? undefined : value
}

export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text)
}
