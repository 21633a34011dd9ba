import { fold, keyOf } from '../pipeline/canonical.ts'
import { holdersOf } from './holders.ts'
import { KeySet } from './keys.ts'
import type { Planning } from './planning.ts'

/** Users and groups at the target that are never adopted, changed or deactivated, by their numbers there. */
export interface Protected {
  readonly users: ReadonlySet<number>
  readonly groups: ReadonlySet<number>
  /** Whether a userName, e-mail address or displayName is that of somebody protected. */
  isName(name: string | undefined): boolean
}

/** A name under `protect` is a userName, e-mail address, displayName or id at the target. */
export function protectedAt({ cache, target, protect }: Planning): Protected {
  const names = new Set([...protect.users, ...protect.groups].map(fold))
  const find = (kind: 'user' | 'group', wanted: readonly string[], attributes: readonly string[]) => {
    const keys = new KeySet()
    for (const name of wanted) keys.add(keyOf(name))
    const holders = holdersOf(cache, target, kind, keys)
    const byId = wanted.length > 0 ? cache.numbersAtTarget(target, kind, new Set(wanted)) : new Map<string, number>()
    return new Set([
      ...byId.values(),
      ...wanted.flatMap(name => attributes.flatMap(attribute => holders.of(attribute, name))),
    ])
  }
  return {
    users: find('user', protect.users, ['userName', 'emails']),
    groups: find('group', protect.groups, ['displayName']),
    isName: name => name !== undefined && names.has(fold(name)),
  }
}
