/**
 * Who is known by id while a listing is taken in: id → number, and per number what the table holds and whether
 * this listing has shown it. Ids met only as members get a number too, and are dropped if they stay unseen.
 */
export interface Roster {
  /** The entry of an id, made when it is met for the first time. */
  enter(id: string): number
  readonly size: number
  readonly ids: readonly string[]
  readonly nums: number[]
  readonly hashes: number[]
  readonly membersHashes: number[]
  /** What the table has: nothing, or a user or a group (gone ones included). */
  readonly stored: Kind[]
  readonly gone: boolean[]
  /** What this listing has shown it to be. */
  readonly seen: Kind[]
  /** As stored; of two entries with one id, which differ in kind, the one remembered last counts. */
  remember(
    id: string,
    entry: {
      readonly num: number
      readonly hash: number
      readonly membersHash: number
      readonly kind: Kind
      readonly gone: boolean
    },
  ): void
  /** Gives an entry a new number, as if nothing were stored; returns the number it had. */
  renumber(entry: number): number
}
export type Kind = 0 | 1 | 2
export const NOTHING: Kind = 0
export const USER: Kind = 1
export const GROUP: Kind = 2

export function roster(counter: { next: number }): Roster {
  const entries = new Map<string, number>()
  const ids: string[] = []
  const nums: number[] = []
  const hashes: number[] = []
  const membersHashes: number[] = []
  const stored: Kind[] = []
  const gone: boolean[] = []
  const seen: Kind[] = []
  const add = (id: string, num: number, hash: number, membersHash: number, kind: Kind, isGone: boolean) => {
    const entry = ids.length
    entries.set(id, entry)
    ids.push(id)
    nums.push(num)
    hashes.push(hash)
    membersHashes.push(membersHash)
    stored.push(kind)
    gone.push(isGone)
    seen.push(NOTHING)
    return entry
  }
  return {
    ids,
    nums,
    hashes,
    membersHashes,
    stored,
    gone,
    seen,
    get size() {
      return ids.length
    },
    enter: id => entries.get(id) ?? add(id, counter.next++, 0, 0, NOTHING, false),
    remember(id, { num, hash, membersHash, kind, gone: isGone }) {
      const entry = entries.get(id) ?? add(id, num, hash, membersHash, kind, isGone)
      nums[entry] = num
      hashes[entry] = hash
      membersHashes[entry] = membersHash
      stored[entry] = kind
      gone[entry] = isGone
    },
    renumber(entry) {
      const had = nums[entry]!
      nums[entry] = counter.next++
      membersHashes[entry] = 0
      return had
    },
  }
}

/** Members of many groups as they arrive in pieces, as roster entries. */
export interface Gatherer {
  add(group: number, member: number): void
  /** A group of which nothing came has no members. */
  of(group: number): Uint32Array
}
export function gatherer(): Gatherer {
  const pieces = new Map<number, { at: Uint32Array; used: number }>()
  return {
    add(group, member) {
      let piece = pieces.get(group)
      if (!piece) pieces.set(group, (piece = { at: new Uint32Array(8), used: 0 }))
      if (piece.used === piece.at.length) {
        const grown = new Uint32Array(piece.at.length * 2)
        grown.set(piece.at)
        piece.at = grown
      }
      piece.at[piece.used++] = member
    },
    of(group) {
      const piece = pieces.get(group)
      return piece ? piece.at.subarray(0, piece.used) : new Uint32Array()
    },
  }
}

/** Sorted, each number once. */
export function sortedSet(numbers: Uint32Array): Uint32Array {
  const sorted = numbers.slice().sort()
  let kept = 0
  for (let at = 0; at < sorted.length; at++) {
    if (at === 0 || sorted[at] !== sorted[at - 1]) sorted[kept++] = sorted[at]!
  }
  return sorted.subarray(0, kept)
}
