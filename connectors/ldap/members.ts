import { normalDn } from './dn.ts'

/** By what a group names a member, as a key. Never equal: a DN has a "=" before any ":". */
export function dnKey(dn: string): string {
  return normalDn(dn.endsWith("'B") ? dn.replace(/#'[01]*'B$/, '') : dn) // uniqueMember, RFC 4517 §3.3.21
}
export function uidKey(uid: string): string {
  return `uid:${uid.toLowerCase()}`
}

/**
 * Who is in which group, by numbers: names of members are kept once, and only theirs. Groups are read first, so of the
 * users (however many) none needs keeping; whoever turns out to have one of the names gets its place.
 */
export class Members {
  readonly #numbers = new Map<string, number>()
  readonly #keys: string[] = []
  readonly #ids: (string | undefined)[] = []
  readonly #clashing = new Set<number>()
  #list = new Uint32Array(1 << 12)
  #length = 0
  readonly #ends: number[] = []
  readonly #replaced = new Map<number, Uint32Array>()

  /** How many groups there are. */
  get groups(): number {
    return this.#ends.length
  }

  /** Names a member of the group that is being read. */
  add(key: string): void {
    if (this.#length === this.#list.length) {
      const larger = new Uint32Array(this.#list.length * 2)
      larger.set(this.#list)
      this.#list = larger
    }
    this.#list[this.#length++] = this.number(key)
  }

  /** The group is read; returns its number. */
  endGroup(): number {
    return this.#ends.push(this.#length) - 1
  }

  /** These are the members of that group, and not what was added. */
  replace(group: number, members: Uint32Array): void {
    this.#replaced.set(group, members)
  }

  number(key: string): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#keys.length)
    this.#ids.push(undefined)
    return this.#keys.push(key) - 1
  }

  /** A user or group of this name was met. Names that nobody was called a member by are forgotten. */
  meet(key: string, id: string): void {
    const at = this.#numbers.get(key)
    if (at === undefined) return
    if (this.#ids[at] !== undefined && this.#ids[at] !== id) this.#clashing.add(at)
    this.#ids[at] = id
  }

  /** How many names of members turned out to mean several. */
  get clashes(): number {
    return this.#clashing.size
  }

  /** The ids of a group's members, at most `size` at a time; the name itself where nobody has it. */
  *of(group: number, size: number): Generator<string[]> {
    const start = group === 0 ? 0 : this.#ends[group - 1]
    const members = this.#replaced.get(group) ?? this.#list.subarray(start, this.#ends[group])
    for (let at = 0; at < members.length; at += size) {
      yield Array.from(members.subarray(at, at + size), number => this.#ids[number] ?? this.#keys[number]!)
    }
  }
}
