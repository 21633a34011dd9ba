import { Malformed, sizeOf, Walk } from './ber.ts'

/** One LDAP message (RFC 4511 §4.1.1), where it stands in what was received. */
export interface Message {
  readonly id: number
  /** The tag of the operation. */
  readonly op: number
  readonly bytes: Buffer
  /** Where the content of the operation begins and ends, and the message ends; controls are between the latter two. */
  readonly start: number
  readonly end: number
  readonly limit: number
}

/** A group of a million members comes as one message, of about a hundred bytes each. */
const MAX_MESSAGE = 256 << 20

/**
 * Cuts what arrives into messages. Bytes are copied only where a message spans several chunks, and then once;
 * at most one message is kept. Throws `Malformed`.
 */
export class Frames {
  readonly #max: number
  /** The beginning of a message too short to tell its size. */
  #head: Buffer | undefined
  /** A message of known size, `#filled` of it there. */
  #partial: Buffer | undefined
  #filled = 0

  constructor(max = MAX_MESSAGE) {
    this.#max = max
  }

  /** Whether nothing of another message is there yet. */
  get empty(): boolean {
    return this.#head === undefined && this.#partial === undefined
  }

  push(received: Buffer): Message[] {
    const messages: Message[] = []
    const chunk = this.#head ? Buffer.concat([this.#head, received]) : received
    this.#head = undefined
    let at = 0
    if (this.#partial) {
      at = chunk.copy(this.#partial, this.#filled)
      this.#filled += at
      if (this.#filled < this.#partial.length) return messages
      messages.push(message(this.#partial, 0, this.#partial.length))
      this.#partial = undefined
    }
    while (at < chunk.length) {
      const size = sizeOf(chunk, at, this.#max)
      if (size === undefined) {
        this.#head = Buffer.from(chunk.subarray(at))
        break
      }
      if (size > chunk.length - at) {
        this.#partial = Buffer.allocUnsafe(size)
        this.#filled = chunk.copy(this.#partial, 0, at)
        break
      }
      messages.push(message(chunk, at, at + size))
      at += size
    }
    return messages
  }
}

function message(bytes: Buffer, from: number, limit: number): Message {
  const walk = new Walk(bytes, from)
  walk.enter(0x30, limit)
  const id = walk.integer(0x02, limit)
  if (id < 0) throw new Malformed('a negative message id')
  const op = bytes[walk.at] ?? 0
  const end = walk.enterAny(limit)
  return { id, op, bytes, start: walk.at, end, limit }
}
