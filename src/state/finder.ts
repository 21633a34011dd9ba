import { hash52 } from '../pipeline/canonical.ts'
import type { ResourceKind } from '../state.ts'
import { AT, type Columns, NODE } from './columns.ts'
import { GROUP, USER } from './roster.ts'

/** The numbers that hold a key, by a table in memory: a million keys are found in a moment. Zero is no key. */
export function keyIndex(keys: Float64Array): (key: number) => readonly number[] {
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, keys.length * 2)))
  const mask = size - 1
  const slots = new Uint32Array(size)
  for (let num = 1; num < keys.length; num++) {
    const key = keys[num]!
    if (key === 0) continue
    let slot = (key >>> 0) & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = num
  }
  return key => {
    const found: number[] = []
    if (key === 0) return found
    for (let slot = (key >>> 0) & mask; slots[slot] !== 0; slot = (slot + 1) & mask)
      if (keys[slots[slot]!] === key) found.push(slots[slot]!)
    return found
  }
}

/** Finds the number of an id; of several the newest. `accepts` may turn some down. */
export type Find = (kind: ResourceKind, id: string, accepts?: (num: number) => boolean) => number | undefined

/**
 * Finds numbers by id: among all sources' (`node`), or among one target's (`at`, whose number is `owner`). Found by
 * hash, then compared as text; `many` holds all texts ready.
 */
export function finder(store: Columns, side: 'node' | 'at', owner: number, many = false): Find {
  const ids = store.ids(side)
  const length = ids.next()
  const keys = keyIndex(store.load(side === 'node' ? NODE.idKey : AT.idKey, owner, length))
  const kinds = store.load(side === 'node' ? NODE.kind : AT.kind, owner, length)
  const texts = many ? ids.all() : undefined
  return (kind, id, accepts = () => true) => {
    const wanted = kind === 'user' ? USER : GROUP
    let newest: number | undefined
    for (const num of keys(hash52(id))) {
      if (kinds[num] !== wanted || (texts ? texts[num] : ids.at(num)) !== id || !accepts(num)) continue
      if (newest === undefined || num > newest) newest = num
    }
    return newest
  }
}
