import type { Filter } from './filter.ts'
import { fold } from './json.ts'
import type { Store } from './store.ts'

/** Ids among which all hits of a filter are, where a key or membership narrows it down; undefined where all must be looked at. */
export function userCandidates(filter: Filter, store: Store): Iterable<string> | undefined {
  return narrowed(filter, (path, value) => {
    switch (path) {
      case 'id':
        return [value]
      case 'userName':
        return store.usersBy.userName.get(fold(value))
      case 'externalId':
        return store.usersBy.externalId.get(value)
      case 'emails':
      case 'emails.value':
        return store.usersBy.emails.get(fold(value))
      case 'groups':
      case 'groups.value':
        return store.members(value)
      default:
        return undefined
    }
  })
}

export function groupCandidates(filter: Filter, store: Store): Iterable<string> | undefined {
  return narrowed(filter, (path, value) => {
    switch (path) {
      case 'id':
        return [value]
      case 'displayName':
        return store.groupsBy.displayName.get(fold(value))
      case 'externalId':
        return store.groupsBy.externalId.get(value)
      case 'members':
      case 'members.value':
        return store.groupsOf(value)
      default:
        return undefined
    }
  })
}

type Lookup = (path: string, value: string) => Iterable<string> | undefined

function narrowed(filter: Filter, lookup: Lookup): Iterable<string> | undefined {
  if (filter.filter === 'and') {
    for (const one of filter.all) {
      const found = narrowed(one, lookup)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (filter.filter !== 'compare' || filter.operator !== 'eq' || typeof filter.value !== 'string') return undefined
  const { urn, attribute = '', sub } = filter.path
  return urn === undefined ? lookup(sub === undefined ? attribute : `${attribute}.${sub}`, filter.value) : undefined
}
