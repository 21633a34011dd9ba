import type { Cache } from '../state.ts'

/** Puts users into the order of their ids at the source, which no reading's order changes (I6). */
export interface Order {
  idOf(node: number): string
  /** By `rank`, then id. */
  sorted(nodes: Iterable<number>, rank: (node: number) => number): number[]
  /** Ids of these users, in order. */
  idsOf(nodes: ArrayLike<number>): string[]
}

const FEW = 20_000

/** `most` is how many are going to be asked for: a few ids are looked up, of many all are read once. */
export function orderOf(cache: Cache, nodeCount: number, most: number): Order {
  if (most < FEW) {
    const known = new Map<number, string>()
    const idOf = (node: number): string => {
      const id = known.get(node) ?? cache.idOf('user', node)
      known.set(node, id)
      return id
    }
    return {
      idOf,
      sorted: (nodes, rank) =>
        [...nodes].sort((one, other) => rank(one) - rank(other) || compare(idOf(one), idOf(other))),
      idsOf: nodes => Array.from(nodes, node => idOf(node)).sort(compare),
    }
  }
  const ids = cache.ids()
  const inOrder = Uint32Array.from(ids.keys()).filter(node => ids[node] !== undefined)
  const sortedIds = Array.from(inOrder).sort((one, other) => compare(ids[one]!, ids[other]!))
  const place = new Uint32Array(nodeCount)
  for (let at = 0; at < sortedIds.length; at++) place[sortedIds[at]!] = at
  return {
    idOf: node => ids[node] ?? '',
    sorted: (nodes, rank) =>
      Array.from(nodes).sort((one, other) => rank(one) - rank(other) || place[one]! - place[other]!),
    idsOf(nodes) {
      const places = new Uint32Array(nodes.length)
      for (let at = 0; at < nodes.length; at++) places[at] = place[nodes[at]!]!
      places.sort()
      const inOrder = new Array<string>(nodes.length)
      for (let at = 0; at < nodes.length; at++) inOrder[at] = ids[sortedIds[places[at]!]!]!
      return inOrder
    },
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
