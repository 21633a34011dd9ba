import { isUtf8 } from 'node:buffer'
import { Malformed, Walk } from './ber.ts'
import type { Message } from './frames.ts'

/** How the bytes of a value become text. */
export type Decoding = 'text' | 'base64' | 'guid' | 'sid'

/** One attribute asked for. */
export interface Slot {
  readonly name: string
  readonly as: Decoding
  /** Its values go to `each` of the decoder one by one, and are not kept: a group may have a million members. */
  readonly each?: true
}

/** Is told where a value stands. */
export type Each = (slot: number, bytes: Buffer, start: number, end: number) => void

/** A found entry: its values by slot, in the order in which the server sent them. */
export interface Entry {
  /** What it was decoded from, and where its DN stands in there. */
  readonly bytes: Buffer
  readonly dn: number
  readonly dnEnd: number
  /** Undefined where the server showed no such attribute. */
  readonly values: readonly (readonly string[] | undefined)[]
  /** Slots with a value that should be text and is not UTF-8. */
  readonly garbled: readonly number[]
  /** Slots of which the server gave a part (Active Directory's ranged values), and how far it went; `to` undefined at the end. */
  readonly ranges: readonly { readonly slot: number; readonly from: number; readonly to: number | undefined }[]
}

const NONE: readonly never[] = []

/**
 * A decoder of SearchResultEntry messages (RFC 4511 §4.5.2). Attribute names are compared without case, `;binary`
 * and `;range=` are understood; what was not asked for is passed over. Throws `Malformed`.
 */
export function decoder(slots: readonly Slot[], each: Each = () => {}): (message: Message) => Entry {
  const known = new Map<string, Known>()
  const recent: (Recent | undefined)[] = new Array<Recent | undefined>(256).fill(undefined)
  for (const [slot, { name }] of slots.entries()) known.set(name.toLowerCase(), { slot })
  // The same few names come with every entry: the bytes are compared with those that last came in their place.
  const find = (bytes: Buffer, start: number, end: number): Known => {
    const place = (bytes[start]! + 31 * bytes[end - 1]! + 7 * (end - start)) & 0xff
    const last = recent[place]
    if (last && same(last.name, bytes, start, end)) return last.known
    const found = understood(bytes.toString('latin1', start, end).toLowerCase(), known)
    recent[place] = { name: Buffer.from(bytes.subarray(start, end)), known: found }
    return found
  }
  return ({ bytes, start, end }) => {
    const walk = new Walk(bytes, start)
    const dnEnd = walk.enter(0x04, end)
    const dn = walk.at
    walk.at = dnEnd
    const values = new Array<readonly string[] | undefined>(slots.length).fill(undefined)
    let garbled: number[] | undefined
    let ranges: { readonly slot: number; readonly from: number; readonly to: number | undefined }[] | undefined
    const list = walk.enter(0x30, end)
    while (walk.at < list) {
      const attribute = walk.enter(0x30, list)
      const nameEnd = walk.enter(0x04, attribute)
      const at = walk.at
      walk.at = nameEnd
      const set = walk.enter(0x31, attribute)
      if (set !== attribute) throw new Malformed(`an attribute goes on after its values at byte ${set}`)
      const { slot, from, to } = find(bytes, at, nameEnd)
      const wanted = slots[slot]
      if (!wanted) {
        walk.at = set
        continue
      }
      if (from !== undefined) (ranges ??= []).push({ slot, from, to })
      const { as, each: single } = wanted
      const found: string[] = []
      while (walk.at < set) {
        const valueEnd = walk.enter(0x04, set)
        const start = walk.at
        walk.at = valueEnd
        if (single) {
          each(slot, bytes, start, valueEnd)
          continue
        }
        const value = valueOf(bytes, start, valueEnd, as)
        if (value === undefined) (garbled ??= []).push(slot)
        else found.push(value)
      }
      // A ranged attribute comes along with an empty one of the plain name.
      if (found.length > 0 || single) values[slot] = values[slot] ? [...values[slot], ...found] : found
    }
    return { bytes, dn, dnEnd, values, garbled: garbled ?? NONE, ranges: ranges ?? NONE }
  }
}

interface Known {
  /** -1 for what was not asked for. */
  readonly slot: number
  readonly from?: number
  readonly to?: number | undefined
}

interface Recent {
  readonly name: Buffer
  readonly known: Known
}

function same(name: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false
  for (let at = 0; at < name.length; at++) if (name[at] !== bytes[start + at]) return false
  return true
}

function understood(name: string, known: ReadonlyMap<string, Known>): Known {
  const plain = known.get(name)
  if (plain) return plain
  const [, base, low, high] = /^([^;]+);(?:range=(\d{1,9})-(\d{1,9}|\*)|binary)$/.exec(name) ?? []
  const slot = base === undefined ? -1 : (known.get(base)?.slot ?? -1)
  if (slot < 0 || low === undefined) return { slot }
  return { slot, from: Number(low), to: high === '*' ? undefined : Number(high) }
}

/** For messages: what is not UTF-8 in it is replaced. */
export function dnOf({ bytes, dn, dnEnd }: Entry): string {
  return bytes.toString('utf8', dn, dnEnd)
}

function valueOf(bytes: Buffer, start: number, end: number, as: Decoding): string | undefined {
  switch (as) {
    case 'text':
      return textOf(bytes, start, end)
    case 'base64':
      return bytes.toString('base64', start, end)
    case 'guid':
      return guidOf(bytes, start, end)
    case 'sid':
      return sidOf(bytes, start, end)
  }
}

function textOf(bytes: Buffer, start: number, end: number): string | undefined {
  for (let at = start; at < end; at++) {
    if (bytes[at]! < 0x80) continue
    const text = bytes.toString('utf8', start, end)
    return text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? undefined : text
  }
  return bytes.toString('latin1', start, end)
}

/** As Active Directory's tools show it: the first three groups are little-endian (MS-DTYP §2.3.4.2). */
function guidOf(bytes: Buffer, start: number, end: number): string | undefined {
  if (end - start !== 16) return undefined
  const hex = [3, 2, 1, 0, 5, 4, 7, 6].map(at => bytes.toString('hex', start + at, start + at + 1)).join('')
  const rest = bytes.toString('hex', start + 8, end)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12)}-${rest.slice(0, 4)}-${rest.slice(4)}`
}

/** S-1-5-21-… (MS-DTYP §2.4.2). */
function sidOf(bytes: Buffer, start: number, end: number): string | undefined {
  const count = (end - start - 8) / 4
  if (count < 0 || bytes[start + 1] !== count) return undefined
  const parts = Array.from({ length: count }, (_, nth) => bytes.readUInt32LE(start + 8 + 4 * nth))
  return ['S', bytes[start], bytes.readUIntBE(start + 2, 6), ...parts].join('-')
}
