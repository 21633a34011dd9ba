import { normalDn } from '../../src/dn.ts'
import { Names, UNUSUAL } from './names.ts'

/** The normal form of a DN that is unusual (see `Names`), as a key. */
function dnKey(bytes: Buffer, start: number, end: number): Buffer {
  const dn = bytes.toString('utf8', start, end)
  const plain = dn.endsWith("'B") ? dn.replace(/#'[01]*'B$/, '') : dn // uniqueMember, RFC 4517 §3.3.21
  return Buffer.from(normalDn(plain))
}

/** Never equal to a DN, which has a "=" before any ":". */
function uidKey(uid: string): Buffer {
  return Buffer.from(`uid:${uid.toLowerCase()}`)
}

/**
 * Who is in which group, by numbers: names of members are kept once, and only theirs. Groups are read first, so of the
 * users (however many) none needs keeping; whoever turns out to have one of the names gets its place.
 */
export class Members {
  readonly #names = new Names()
  readonly #ids: (string | undefined)[] = []
  readonly #clashing = new Set<number>()
  #uids = false
  #list = new Uint32Array(1 << 12)
  #length = 0
  readonly #ends: number[] = []
  readonly #replaced = new Map<number, Uint32Array>()

  /** The number of a member that is named by its DN, as it stands in these bytes. */
  byDn(bytes: Buffer, start: number, end: number): number {
    const number = this.#names.number(bytes, start, end)
    return number >= 0 ? number : this.#numberOf(dnKey(bytes, start, end))
  }

  /** The number of a member that is named by its uid. */
  byUid(uid: string): number {
    this.#uids = true
    return this.#numberOf(uidKey(uid))
  }

  /** Names a member of the group that is being read. */
  add(member: number): void {
    if (this.#length === this.#list.length) {
      const larger = new Uint32Array(this.#list.length * 2)
      larger.set(this.#list)
      this.#list = larger
    }
    this.#list[this.#length++] = member
  }

  /** The group is read; returns its number. */
  endGroup(): number {
    return this.#ends.push(this.#length) - 1
  }

  /** These are the members of that group, and not what was added. */
  replace(group: number, members: Uint32Array): void {
    this.#replaced.set(group, members)
  }

  /** This is the DN of a group, which groups still to come may name as a member. */
  meetGroup(bytes: Buffer, start: number, end: number, id: string): void {
    this.#meet(this.byDn(bytes, start, end), id)
  }

  /** This is the DN of a user, all groups being read. One that is nobody's member is forgotten. */
  meetUser(bytes: Buffer, start: number, end: number, id: string): void {
    const at = this.#names.find(bytes, start, end)
    if (at !== UNUSUAL) this.#meet(at, id)
    else {
      const key = dnKey(bytes, start, end)
      this.#meet(this.#names.findExact(key), id)
    }
  }

  meetUid(uid: string, id: string): void {
    if (this.#uids) this.#meet(this.#names.findExact(uidKey(uid)), id)
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
      yield Array.from(members.subarray(at, at + size), number => this.#ids[number] ?? this.#names.text(number))
    }
  }

  #numberOf(key: Buffer): number {
    return this.#names.numberExact(key)
  }

  #meet(at: number, id: string): void {
    if (at < 0) return
    if (this.#ids[at] !== undefined && this.#ids[at] !== id) this.#clashing.add(at)
    this.#ids[at] = id
  }
}
