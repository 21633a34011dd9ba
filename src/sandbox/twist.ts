import type { Json, ScimResource } from '../model.ts'
import { USER } from './attributes.ts'
import { isAbsent, isObject, type JsonObject, own, ownInAnyCase, withMember } from './json.ts'
import type { Operation } from './patch.ts'
import { parsePath } from './path.ts'

/** What faults do to a user between what was asked for and what is stored. */

/** Fault `forget-attribute`. */
export function forgetting(resource: ScimResource, text: string): ScimResource {
  const path = parsePath(text, USER)
  if (path?.attribute === undefined) return resource
  const names = [path.urn, path.attribute, path.sub].filter(name => name !== undefined)
  return forgottenAt(resource, names)
}

function forgottenAt(container: JsonObject, [name = '', ...deeper]: readonly string[]): JsonObject {
  const [spelt, value] = ownInAnyCase(container, name)
  if (deeper.length === 0) return withMember(container, spelt, undefined)
  if (!isObject(value)) return container
  const left = forgottenAt(value, deeper)
  return withMember(container, spelt, isAbsent(left) ? undefined : left)
}

/** Fault `rewrite`. */
export function rewritten(resource: ScimResource): ScimResource {
  const userName = own(resource, 'userName')
  const name = own(resource, 'name')
  const parts = isObject(name) ? [own(name, 'givenName'), own(name, 'familyName')] : []
  const displayName = own(resource, 'displayName') ?? parts.filter(part => typeof part === 'string').join(' ')
  return {
    ...resource,
    ...(typeof userName === 'string' && { userName: userName.toLowerCase() }),
    ...(displayName !== '' && { displayName }),
  }
}

/** Fault `ignore-clear`, for PATCH. */
export function withoutClearing(operations: readonly Operation[]): readonly Operation[] {
  return operations.filter(({ op, value }) => op !== 'remove' && !isAbsent(value) && value !== '')
}

/** Fault `ignore-clear`, for PUT: what the body leaves out stays. */
export function keepingCleared(before: ScimResource, body: ScimResource): ScimResource {
  const merged = Object.entries(body).map(([name, value]): [string, Json] => {
    const old = own(before, name)
    return [name, isObject(old) && isObject(value) ? { ...old, ...value } : value]
  })
  return { ...before, ...Object.fromEntries(merged) }
}
