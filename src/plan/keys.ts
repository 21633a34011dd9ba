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

  /** The keys that were added more than once. */
  repeated(): Set<number> {
    this.#sort()
    const found = new Set<number>()
    for (let at = 1; at < this.#size; at++) if (this.#keys[at] === this.#keys[at - 1]) found.add(this.#keys[at]!)
    return found
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
