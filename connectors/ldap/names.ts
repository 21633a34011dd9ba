import { randomInt } from 'node:crypto'

/** Said of a name whose bytes do not tell by themselves which others mean the same. */
export const UNUSUAL = -2

/**
 * Names as numbers, from 0 in the order in which they were first met. DNs that differ in case only are one name. They
 * are kept as bytes, one after another: a million names take their length, and a few bytes each to find them by.
 *
 * Nearly all DNs are plain ASCII without escapes, quotes, several pairs in one part, or blanks that do not count; those
 * need nothing but folding of case, done on the fly. The others are `UNUSUAL`: whoever has one brings it into its
 * normal form, and comes with that (`findExact`, `numberExact`).
 */
export class Names {
  readonly #seed = randomInt(2 ** 32)
  #table = new Int32Array(1 << 10) // number + 1, by hash
  #hashes = new Uint32Array(1 << 9)
  #ends = new Uint32Array(1 << 9)
  #bytes = Buffer.alloc(1 << 14)
  #count = 0

  /** -1 where it was never met. */
  find(bytes: Buffer, start: number, end: number): number {
    const hash = this.#hash(bytes, start, end)
    return hash < 0 ? UNUSUAL : this.#number(hash, bytes, start, end)
  }

  /** Negative where it is unusual. */
  number(bytes: Buffer, start: number, end: number): number {
    const hash = this.#hash(bytes, start, end)
    if (hash < 0) return UNUSUAL
    const known = this.#number(hash, bytes, start, end)
    return known >= 0 ? known : this.#add(hash, bytes, start, end)
  }

  findExact(key: Buffer): number {
    return this.#number(this.#hashAny(key), key, 0, key.length)
  }

  numberExact(key: Buffer): number {
    const hash = this.#hashAny(key)
    const known = this.#number(hash, key, 0, key.length)
    return known >= 0 ? known : this.#add(hash, key, 0, key.length)
  }

  /** In the form in which it is kept. */
  text(number: number): string {
    return this.#bytes.toString('utf8', this.#start(number), this.#ends[number])
  }

  #start(number: number): number {
    return number === 0 ? 0 : this.#ends[number - 1]!
  }

  /** FNV-1a over the folded bytes, mixed; negative where they are unusual. */
  #hash(bytes: Buffer, start: number, end: number): number {
    let hash = this.#seed
    let before = COMMA // a blank at the beginning does not count, nor does one after a comma
    for (let at = start; at < end; at++) {
      const byte = FOLD[bytes[at]!]!
      if (byte === 0) return UNUSUAL
      if (
        byte === BLANK
          ? before === BLANK || before === COMMA || before === EQUALS
          : before === BLANK && (byte === COMMA || byte === EQUALS)
      )
        return UNUSUAL
      hash = Math.imul(hash ^ byte, 0x01000193)
      before = byte
    }
    return before === BLANK ? UNUSUAL : mixed(hash)
  }

  #hashAny(key: Buffer): number {
    let hash = this.#seed
    for (const byte of key) hash = Math.imul(hash ^ (FOLD[byte]! || byte), 0x01000193)
    return mixed(hash)
  }

  #number(hash: number, bytes: Buffer, start: number, end: number): number {
    const mask = this.#table.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const number = this.#table[at]! - 1
      if (number < 0) return -1
      if (this.#hashes[number] === hash && this.#same(number, bytes, start, end)) return number
    }
  }

  #same(number: number, bytes: Buffer, start: number, end: number): boolean {
    let own = this.#start(number)
    if (this.#ends[number]! - own !== end - start) return false
    for (let at = start; at < end; at++, own++) {
      if (this.#bytes[own] !== (FOLD[bytes[at]!]! || bytes[at]!)) return false
    }
    return true
  }

  #add(hash: number, bytes: Buffer, start: number, end: number): number {
    const number = this.#count++
    let own = this.#start(number)
    this.#grow(own + end - start)
    for (let at = start; at < end; at++) this.#bytes[own++] = FOLD[bytes[at]!]! || bytes[at]!
    this.#ends[number] = own
    this.#hashes[number] = hash
    this.#enter(number)
    return number
  }

  #enter(number: number): void {
    const mask = this.#table.length - 1
    let at = this.#hashes[number]! & mask
    while (this.#table[at] !== 0) at = (at + 1) & mask
    this.#table[at] = number + 1
  }

  #grow(bytes: number): void {
    if (bytes > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], Math.max(bytes, this.#bytes.length * 2))
    if (this.#count <= this.#ends.length) return
    this.#ends = doubled(this.#ends)
    this.#hashes = doubled(this.#hashes)
    this.#table = new Int32Array(this.#table.length * 2)
    for (let number = 0; number < this.#count - 1; number++) this.#enter(number)
  }
}

const BLANK = 0x20
const COMMA = 0x2c
const EQUALS = 0x3d

/** Lower case of the bytes that need no more than that; 0 for the others. */
const FOLD = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < BLANK || byte > 0x7e || '\\"+#'.includes(String.fromCharCode(byte))) return 0
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
})

/** Not negative. */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (once ^ (once >>> 13)) >>> 1
}

function doubled(list: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(list.length * 2)
  larger.set(list)
  return larger
}
