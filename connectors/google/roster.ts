/** Everyone and every group met in one reading, by number; and who is meant where another id than theirs is given. */
export class Roster {
  readonly #numbers = new Map<string, number>()
  readonly #ids: string[] = []
  #marks = new Uint8Array(1 << 12)
  readonly #primary = new Map<string, number>()
  readonly #aliases = new Map<string, number>()
  /** Addresses under which members are listed whom nobody has been met for yet. */
  readonly #listedAs = new Map<number, string>()

  get size(): number {
    return this.#ids.length
  }

  number(id: string): number {
    const known = this.#numbers.get(id)
    if (known !== undefined) return known
    const number = this.#ids.push(id) - 1
    this.#numbers.set(id, number)
    if (number >= this.#marks.length) {
      const more = new Uint8Array(this.#marks.length * 2)
      more.set(this.#marks)
      this.#marks = more
    }
    return number
  }

  find(id: string): number | undefined {
    return this.#numbers.get(id)
  }

  id(number: number): string {
    return this.#ids[number] ?? ''
  }

  is(number: number, mark: number): boolean {
    return ((this.#marks[number] ?? 0) & mark) !== 0
  }

  mark(number: number, mark: number): void {
    this.#marks[number] = (this.#marks[number] ?? 0) | mark
  }

  unmarkAll(mark: number): void {
    for (let number = 0; number < this.size; number++) this.#marks[number] = (this.#marks[number] ?? 0) & ~mark
  }

  *marked(mark: number): Generator<number> {
    for (let number = 0; number < this.size; number++) if (this.is(number, mark)) yield number
  }

  /** A user or group of the customer, under these addresses, in lower case, the primary one first. */
  meet(id: string, mark: number, [primary, ...aliases]: readonly [string, ...string[]]): number {
    const number = this.number(id)
    this.mark(number, mark)
    this.#listedAs.delete(number)
    this.#primary.set(primary, number)
    for (const alias of aliases) {
      const other = this.#aliases.get(alias)
      this.#aliases.set(alias, other === undefined || other === number ? number : AMBIGUOUS)
    }
    return number
  }

  /** A member, listed under an address. */
  listed(id: string, address: string | undefined): number {
    const number = this.number(id)
    if (address !== undefined && !this.is(number, USER | GROUP)) this.#listedAs.set(number, address.toLowerCase())
    return number
  }

  /** The user or group of the customer that a member is: by its own id, else by address, else by alias. */
  resolve(number: number): number | 'unknown' | 'ambiguous' {
    if (this.is(number, USER | GROUP)) return number
    const address = this.#listedAs.get(number)
    if (address === undefined) return 'unknown'
    const found = this.#primary.get(address) ?? this.#aliases.get(address)
    if (found === undefined) return 'unknown'
    return found === AMBIGUOUS ? 'ambiguous' : found
  }
}

const AMBIGUOUS = -1

/** A user of the customer. */
export const USER = 1
/** A group of the customer. */
export const GROUP = 2
/** In the reading: in scope, as far as the source is concerned. */
export const READ = 4
/** In the listing under way. */
export const FIRST_USER = 8
export const FIRST_GROUP = 64
/** In the second listing, as a user, as a group. */
export const SECOND_USER = 16
export const SECOND_GROUP = 32
