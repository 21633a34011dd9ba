import type { DatabaseSync } from 'node:sqlite'
import { fold, keyOf } from '../pipeline/canonical.ts'
import type { Cache, Observed, ResourceKind } from '../state.ts'
import { columns } from './columns.ts'
import { type Find, finder, keyIndex } from './finder.ts'
import { keysAt } from './population.ts'
import { GROUP, USER } from './roster.ts'
import { numberOf } from './tables.ts'

/** The target as listed in this run. What finds ids and keys is made at first use. */
export function observed(db: DatabaseSync, cache: Pick<Cache, 'current' | 'currentMembers'>, name: string): Observed {
  const store = columns(db)
  const ids = store.ids('at')
  const keys = lazily(() => {
    const { kinds, live, names, externals } = keysAt(db, name)
    return { kinds, live, byName: keyIndex(names), byExternal: keyIndex(externals), isEmpty: !live.includes(1) }
  })
  const find = lazily<Find>(() => finder(store, 'at', numberOf(db, 'c_target', name)))
  const numberAt = (kind: ResourceKind, id: string) => find()(kind, id, num => keys().live[num] === 1)
  const resourceAt = (kind: ResourceKind, id: string) => {
    const num = numberAt(kind, id)
    return num === undefined ? undefined : cache.current(kind, num).resource
  }
  const holding = (kind: ResourceKind, attribute: 'userName' | 'externalId' | 'displayName', value: string) => {
    const { kinds, live, byName, byExternal, isEmpty } = keys()
    const found: string[] = []
    if (isEmpty) return found
    for (const num of (attribute === 'externalId' ? byExternal : byName)(keyOf(value))) {
      if (kinds[num] !== (kind === 'user' ? USER : GROUP) || live[num] === 0) continue
      const { id, resource } = cache.current(kind, num)
      const held = resource[attribute]
      if (typeof held === 'string' && fold(held) === fold(value)) found.push(id)
    }
    return found
  }
  return {
    user: async scimId => resourceAt('user', scimId),
    group: async scimId => resourceAt('group', scimId),
    async members(groupScimId) {
      const num = numberAt('group', groupScimId)
      const members = num === undefined ? undefined : cache.currentMembers(num)
      return members && new Set(Array.from(members, member => ids.at(member)))
    },
    usersWith: async (attribute, value) => holding('user', attribute, value),
    groupsNamed: async displayName => holding('group', 'displayName', displayName),
  }
}

function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
