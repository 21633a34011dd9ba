/**
 * Direct memberships as packed integers. A node is a user or a group; `groupAt[node]` is the group's index or
 * -1 for a user. Group `g`'s direct members are `members[offsets[g] … offsets[g + 1]]`, repeats allowed.
 */
export interface MemberGraph {
  readonly offsets: Uint32Array
  readonly members: Uint32Array
  readonly groupAt: Int32Array
}

/**
 * The users of every group at any depth: by group index, each user node once, in no particular order.
 *
 * Groups that contain each other (a cycle) have the same users, so the graph is cut into its strongly connected
 * components and these are taken bottom up, each building on what its children came to. Nothing recurses, and a
 * group reached by many paths is walked once; the cost is that of reading the edges and writing the answer.
 */
export function flatten(graph: MemberGraph): readonly Uint32Array[] {
  const { offsets, members, groupAt } = graph
  const groups = offsets.length - 1
  const flattened = new Array<Uint32Array>(groups)
  const seen = new Uint32Array(groupAt.length) // by user node: the component it was last added for, plus one
  const component = componentsOf(graph)
  const found = new Packer()
  let stamp = 0
  for (const inside of component.inOrder()) {
    stamp++
    const inCycle = new Set(inside.length > 1 ? inside : [])
    const used = new Set<Uint32Array>()
    for (const group of inside) {
      for (let at = offsets[group]!; at < offsets[group + 1]!; at++) {
        const node = members[at]!
        const nested = groupAt[node]!
        if (nested < 0) {
          if (seen[node] !== stamp) {
            seen[node] = stamp
            found.push(node)
          }
          continue
        }
        if (nested === group || inCycle.has(nested)) continue
        const users = flattened[nested]!
        if (users.length === 0 || used.has(users)) continue
        used.add(users)
        for (let user = 0; user < users.length; user++) {
          const node = users[user]!
          if (seen[node] !== stamp) {
            seen[node] = stamp
            found.push(node)
          }
        }
      }
    }
    const users = found.take()
    for (const group of inside) flattened[group] = users
  }
  return flattened
}

/** The users named in each group itself: by group index, each once. */
export function direct(graph: MemberGraph, group: number): Uint32Array {
  const { offsets, members, groupAt } = graph
  const users = members.subarray(offsets[group], offsets[group + 1]).filter(node => groupAt[node]! < 0)
  return users.length < 2 ? users : Uint32Array.from(new Set(users))
}

/** Collects integers into a few large blocks and hands out views of them: a hundred thousand small arrays would not pack. */
class Packer {
  private block = new Uint32Array(1 << 20)
  private start = 0
  private end = 0

  push(value: number): void {
    if (this.end === this.block.length) {
      const pending = this.block.subarray(this.start, this.end)
      const next = new Uint32Array(Math.max(1 << 20, pending.length * 2))
      next.set(pending)
      this.block = next
      this.start = 0
      this.end = pending.length
    }
    this.block[this.end++] = value
  }

  take(): Uint32Array {
    const taken = this.block.subarray(this.start, this.end)
    this.start = this.end
    return taken
  }
}

/** Tarjan's strongly connected components, without recursion; a component comes after every component below it. */
function componentsOf({ offsets, members, groupAt }: MemberGraph): { inOrder(): Iterable<readonly number[]> } {
  const groups = offsets.length - 1
  const index = new Int32Array(groups) // order of discovery, from 1; 0 is not met yet
  const low = new Int32Array(groups)
  const onStack = new Uint8Array(groups)
  const next = offsets.slice(0, groups) // where each group's walk goes on
  const open = new Int32Array(groups) // Tarjan's stack
  const path = new Int32Array(groups) // the call stack that a recursive walk would have
  return {
    *inOrder() {
      let met = 0
      let opened = 0
      for (let root = 0; root < groups; root++) {
        if (index[root] !== 0) continue
        let depth = 0
        path[0] = root
        while (depth >= 0) {
          const group = path[depth]!
          if (index[group] === 0) {
            index[group] = low[group] = ++met
            open[opened++] = group
            onStack[group] = 1
          }
          let deeper = -1
          while (next[group]! < offsets[group + 1]!) {
            const nested = groupAt[members[next[group]!++]!]!
            if (nested < 0) continue
            if (index[nested] === 0) {
              deeper = nested
              break
            }
            if (onStack[nested]) low[group] = Math.min(low[group]!, index[nested]!)
          }
          if (deeper >= 0) {
            path[++depth] = deeper
            continue
          }
          depth--
          if (depth >= 0) low[path[depth]!] = Math.min(low[path[depth]!]!, low[group]!)
          if (low[group] !== index[group]) continue
          const inside: number[] = []
          let last: number
          do {
            last = open[--opened]!
            onStack[last] = 0
            inside.push(last)
          } while (last !== group)
          yield inside
        }
      }
    },
  }
}
