/** A set of 52-bit hashes, packed: a JavaScript Set of a million numbers takes ten times as much. Zero is never in it. */
export class KeySet {
  #keys: Float64Array = new Float64Array(1024)
  #size = 0
  #sorted = true

  add(key: number): void {
    if (key === 0) return
    if (this.#size === this.#keys.length) {
      const grown = new Float64Array(this.#keys.length * 2)
      grown.set(this.#keys)
      this.#keys = grown
    }
    this.#keys[this.#size++] = key
    this.#sorted = false
  }

  get size(): number {
    return this.#size
  }

  has(key: number): boolean {
    const at = this.#find(key)
    return at < this.#size && this.#keys[at] === key
  }

  /** Where the key is, or would be. */
  #find(key: number): number {
    this.#sort()
    let [low, high] = [0, this.#size]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }

  #sort(): void {
    if (this.#sorted) return
    this.#keys.subarray(0, this.#size).sort()
    this.#sorted = true
  }
}

/** The values that stand more than once in a column, among the rows that count; zero is no value. */
export function repeatedIn(column: Float64Array, counts: (row: number) => boolean): ReadonlySet<number> {
  const repeated = new Set<number>()
  const slots = new Float64Array(2 ** Math.ceil(Math.log2(Math.max(2, column.length * 2))))
  const mask = slots.length - 1
  for (let row = 0; row < column.length; row++) {
    const key = column[row]!
    if (key === 0 || !counts(row)) continue
    let slot = (key >>> 0) & mask
    while (slots[slot] !== 0 && slots[slot] !== key) slot = (slot + 1) & mask
    if (slots[slot] === key) repeated.add(key)
    else slots[slot] = key
  }
  return repeated
}
