import type { Ledger, Observed } from '../state.ts'
import type { Target } from '../target.ts'

/** The target asked one by one, at the moment of the question: for few changes, and to settle open ones. */
export function observeDirectly(target: Target, signal: AbortSignal): Observed {
  return {
    user: async scimId => (await target.readUser(scimId, signal))?.resource,
    group: async scimId => (await target.readGroup(scimId, signal))?.resource,
    async members(groupScimId) {
      const members = (await target.readGroup(groupScimId, signal))?.members
      return members && new Set(members)
    },
    usersWith: async (attribute, value) => (await target.findUsers(attribute, value, signal)).map(({ id }) => id),
    groupsNamed: async name => (await target.findGroups('displayName', name, signal)).map(({ id }) => id),
  }
}

/**
 * Whether so many changes take fewer requests when each is looked up than when everything is listed, judged by
 * how much rollcall manages there. A change takes up to two look-ups: the resource, and a name that must be free.
 */
export function fewerByOne(changes: number, target: Target, ledger: Ledger): boolean {
  let managed = 0
  for (const link of ledger.linksSince(target.name, 0)) {
    if (!link.removed) managed++
    if (managed > 2 * changes * target.dialect.paging.max) return true
  }
  return false
}
