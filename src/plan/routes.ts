import type { Scope } from './scope.ts'

/** One way from a group down to a user or group nested in it: indices of groups, the outermost first. */
export type Route = readonly number[]

/**
 * The ways by which a user is in a group, the shortest first and at most so many. No group is entered twice on one
 * way, so that groups which contain each other come to an end.
 */
export function routes({ graph }: Scope, from: number, user: number, most: number): readonly Route[] {
  const { offsets, members, groupAt } = graph
  const leads = leadingTo({ graph }, user)
  const found: Route[] = []
  const open: Route[] = [[from]]
  for (const route of open) {
    if (found.length === most || open.length > 100 * most) break
    const last = route.at(-1)!
    for (let at = offsets[last]!; at < offsets[last + 1]!; at++) {
      const member = members[at]!
      const nested = groupAt[member]!
      if (member === user) found.push(route)
      else if (nested >= 0 && leads.has(nested) && !route.includes(nested)) open.push([...route, nested])
    }
  }
  return found.slice(0, most)
}

/** Every group that this user is in, directly or at any depth. */
export function leadingTo({ graph }: Pick<Scope, 'graph'>, user: number): ReadonlySet<number> {
  const { offsets, members, groupAt } = graph
  const above = new Map<number, number[]>()
  const reached = new Set<number>()
  for (let group = 0; group < offsets.length - 1; group++) {
    for (let at = offsets[group]!; at < offsets[group + 1]!; at++) {
      const member = members[at]!
      if (member === user) reached.add(group)
      const nested = groupAt[member]!
      if (nested < 0) continue
      const parents = above.get(nested)
      if (parents) parents.push(group)
      else above.set(nested, [group])
    }
  }
  for (const group of reached) for (const parent of above.get(group) ?? []) reached.add(parent)
  return reached
}
