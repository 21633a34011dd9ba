import type { ScimResource } from '../model.ts'
import { fold, keyOf, primaryEmail } from '../pipeline/canonical.ts'
import type { Cache, ResourceKind } from '../state.ts'
import type { KeySet } from './keys.ts'

export type KeyAttribute = 'userName' | 'emails' | 'externalId' | 'displayName'

/** The text under which a user or group is looked for; of the e-mail addresses, the primary one. */
export function keyText(resource: ScimResource, attribute: string): string | undefined {
  const value = attribute === 'emails' ? primaryEmail(resource) : resource[attribute]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function isKey(attribute: string): attribute is KeyAttribute {
  return KEYS.has(attribute)
}
const KEYS: ReadonlySet<string> = new Set(['userName', 'emails', 'externalId', 'displayName'])

/** `externalId` is case-exact (RFC 7643 §3.1); names and addresses are compared NFKC and case-folded. */
export function sameKey(attribute: string, one: string, other: string): boolean {
  return attribute === 'externalId' ? one === other : fold(one) === fold(other)
}

/** Who at the target holds a key. */
export interface Holders {
  /** Numbers at the target of those who verifiably have this value. */
  of(attribute: string, value: string): readonly number[]
}

/** Looks the wanted keys up in one pass over the target; hits are verified as they are asked for. */
export function holdersOf(cache: Cache, target: string, kind: ResourceKind, wanted: KeySet): Holders {
  const found: Readonly<Record<'name' | 'mail' | 'external', Map<number, number | number[]>>> = {
    name: new Map(),
    mail: new Map(),
    external: new Map(),
  }
  if (wanted.size > 0) {
    for (const keys of cache.holders(target, kind, wanted)) {
      for (const column of ['name', 'mail', 'external'] as const) {
        const key = keys[column]
        if (key === 0 || !wanted.has(key)) continue
        const known = found[column].get(key)
        if (known === undefined) found[column].set(key, keys.num)
        else if (typeof known === 'number') found[column].set(key, [known, keys.num])
        else known.push(keys.num)
      }
    }
  }
  return {
    of(attribute, value) {
      const column = attribute === 'emails' ? 'mail' : attribute === 'externalId' ? 'external' : 'name'
      const hit = found[column].get(keyOf(value))
      if (hit === undefined) return []
      return (typeof hit === 'number' ? [hit] : hit).filter(at => {
        const held = keyText(cache.current(kind, at).resource, attribute)
        return held !== undefined && sameKey(attribute, held, value)
      })
    },
  }
}
