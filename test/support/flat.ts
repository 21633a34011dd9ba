/**
 * Everyone in each group at any depth, found the slow way: by walking down from each group anew. To compare with.
 * `direct` are the members of each group; whoever is no group is a user.
 */
export function flat(direct: ReadonlyMap<string, readonly string[]>): Map<string, Set<string>> {
  return new Map([...direct.keys()].map(group => [group, within(group, direct)]))
}

function within(group: string, direct: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set([group])
  const users = new Set<string>()
  for (const name of reached) {
    for (const member of direct.get(name) ?? []) (direct.has(member) ? reached : users).add(member)
  }
  return users
}
