/** What a server sent is not BER as LDAP uses it (RFC 4511 §5.1). The connection it came on is of no more use. */
export class Malformed extends Error {}

/** Lengths of 4 GiB take four bytes; LDAP has no use for longer ones. */
const LENGTH_BYTES = 4

/**
 * Walks through BER elements in place. Every element must end within the one around it, which is what the `limit`
 * of each call is for; so whatever the bytes are, a walk moves forward and ends.
 */
export class Walk {
  readonly bytes: Buffer
  at: number

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
  }

  /** Enters an element with this tag, and returns where it ends. */
  enter(tag: number, limit: number): number {
    if (this.at >= limit || this.bytes[this.at] !== tag) {
      throw new Malformed(`tag 0x${tag.toString(16)} expected at byte ${this.at}`)
    }
    return this.enterAny(limit)
  }

  /** Enters an element with whatever tag. */
  enterAny(limit: number): number {
    const { bytes } = this
    let at = this.at + 2
    if (at > limit) throw new Malformed(`an element is cut off at byte ${this.at}`)
    let length = bytes[at - 1]!
    if (length > 0x7f) {
      const count = length & 0x7f
      if (count === 0 || count > LENGTH_BYTES || at + count > limit) {
        throw new Malformed(`length form 0x${length.toString(16)} at byte ${at - 1}`)
      }
      length = 0
      for (let left = count; left > 0; left--) length = length * 256 + bytes[at++]!
    }
    if (length > limit - at) throw new Malformed(`${length} bytes at byte ${at}, where ${limit - at} are left`)
    this.at = at
    return at + length
  }

  /** INTEGER or ENUMERATED of up to four bytes. */
  integer(tag: number, limit: number): number {
    const end = this.enter(tag, limit)
    const length = end - this.at
    if (length < 1 || length > 4) throw new Malformed(`a number of ${length} bytes at byte ${this.at}`)
    const value = this.bytes.readIntBE(this.at, length)
    this.at = end
    return value
  }

  text(tag: number, limit: number): string {
    const end = this.enter(tag, limit)
    const value = this.bytes.toString('utf8', this.at, end)
    this.at = end
    return value
  }
}

/**
 * The size of the message that starts at `at`, its header included; undefined while too little of it is there to
 * tell. Throws where it cannot be a message or is longer than `max`.
 */
export function sizeOf(bytes: Buffer, at: number, max: number): number | undefined {
  if (bytes[at] !== 0x30) throw new Malformed('not an LDAP message')
  const form = bytes[at + 1]
  if (form === undefined) return undefined
  if (form < 0x80) return 2 + form
  const count = form & 0x7f
  if (count === 0 || count > LENGTH_BYTES) throw new Malformed(`length form 0x${form.toString(16)}`)
  if (at + 2 + count > bytes.length) return undefined
  const size = 2 + count + bytes.readUIntBE(at + 2, count)
  if (size > max) throw new Malformed(`a message of ${size} bytes, where at most ${max} are taken`)
  return size
}
