import { Malformed, Walk } from './ber.ts'
import type { Message } from './frames.ts'

/** How an operation ended (RFC 4511 §4.1.9). */
export interface Result {
  readonly code: number
  /** What the server said about it, for people: in one line, without control characters, and cut. */
  readonly said: string
  /** Where it sends us instead. */
  readonly referrals: readonly string[]
  /** Of the paged results control (RFC 2696): empty after the last page, undefined without the control. */
  readonly cookie: Buffer | undefined
}

/** Of an ExtendedResponse: which one. */
export interface Named {
  readonly oid: string | undefined
}

const PAGED = '1.2.840.113556.1.4.319'

/** Throws `Malformed`. */
export function resultOf({ bytes, start, end, limit }: Message): Result & Named {
  const walk = new Walk(bytes, start)
  const code = walk.integer(0x0a, end)
  walk.text(0x04, end) // the part of the name that exists
  const said = walk.text(0x04, end)
  const referrals: string[] = []
  let oid: string | undefined
  while (walk.at < end) {
    const tag = bytes[walk.at]
    const inner = walk.enterAny(end)
    if (tag === 0xa3) while (walk.at < inner) referrals.push(walk.text(0x04, inner))
    else if (tag === 0x8a) oid = bytes.toString('latin1', walk.at, inner)
    walk.at = inner
  }
  return { code, said: line(said), referrals, oid, cookie: cookieOf(bytes, end, limit) }
}

/** URLs of the servers that hold another part of what was searched (RFC 4511 §4.5.3). */
export function referencesOf({ bytes, start, end }: Message): string[] {
  const walk = new Walk(bytes, start)
  const urls: string[] = []
  while (walk.at < end) urls.push(walk.text(0x04, end))
  return urls
}

function cookieOf(bytes: Buffer, from: number, limit: number): Buffer | undefined {
  if (from === limit) return undefined
  const walk = new Walk(bytes, from)
  const controls = walk.enter(0xa0, limit)
  while (walk.at < controls) {
    const control = walk.enter(0x30, controls)
    const type = walk.text(0x04, control)
    if (bytes[walk.at] === 0x01 && walk.at < control) walk.at = walk.enterAny(control) // criticality
    if (type === PAGED) {
      const value = walk.enter(0x04, control)
      const pair = walk.enter(0x30, value)
      walk.integer(0x02, pair) // an estimate of how many there are; servers say 0
      const cookie = walk.enter(0x04, pair)
      return Buffer.from(bytes.subarray(walk.at, cookie))
    }
    walk.at = control
  }
  if (controls !== limit) throw new Malformed(`a message goes on after its controls at byte ${controls}`)
  return undefined
}

function line(said: string): string {
  const clean = said.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean
}
