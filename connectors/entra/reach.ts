/** Groups that are reached from `roots` through groups inside groups, the roots among them; circles end. */
export function reach(
  roots: Iterable<string>,
  nested: (group: string) => readonly string[],
  isThere: (group: string) => boolean,
): Set<string> {
  const reached = new Set<string>()
  for (const root of roots) if (isThere(root)) reached.add(root)
  // Those added below are visited, too.
  for (const group of reached) {
    for (const inner of nested(group)) if (isThere(inner)) reached.add(inner)
  }
  return reached
}
