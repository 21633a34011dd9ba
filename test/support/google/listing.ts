import { hash } from 'node:crypto'
import { REFUSALS } from './refusal.ts'

/** Pages and their tokens. A token leads on after what was last shown, whatever came or went meanwhile. */

export interface Position {
  /** Which listing it is of. */
  readonly of: string
  /** The key of the item before; undefined at the beginning. */
  readonly after: string | undefined
  /** How many items came before. */
  readonly at: number
  /** Where the page before this one began; undefined for the first. */
  readonly before?: Omit<Position, 'of' | 'before'>
}

const SALT = 'google-double'
/** Documented for users; elsewhere it is not known. */
const VALID = 3 * 24 * 3_600_000

export function tokenOf(position: Position, now: number): string {
  const text = JSON.stringify({ ...position, now })
  return `${Buffer.from(text).toString('base64url')}.${sealed(text)}`
}

export function positionOf(token: string | undefined, of: string, now: number): Position {
  if (token === undefined) return { of, after: undefined, at: 0 }
  const [body = '', seal] = token.split('.')
  const text = Buffer.from(body, 'base64url').toString()
  if (seal !== sealed(text)) throw REFUSALS.invalid('pageToken')
  const { now: given, ...position }: Position & { readonly now: number } = JSON.parse(text)
  if (position.of !== of || now - given > VALID) throw REFUSALS.invalid('pageToken')
  return position
}

function sealed(text: string): string {
  return hash('sha256', SALT + text).slice(0, 16)
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Where the next one begins. */
  readonly next: Position | undefined
  readonly self: Position
  /** What the page before held. */
  readonly previous: () => readonly Item[]
}

/** One page. `ordered` where items stand in the order of their keys; otherwise they stand as they came. */
export function pageOf<Item>(
  items: readonly Item[],
  self: Position,
  size: number,
  keyOf: (item: Item) => string,
  ordered: boolean,
): Page<Item> {
  const startOf = (position: Omit<Position, 'of' | 'before'>) =>
    ordered ? behind(items, position.after, keyOf) : found(items, position, keyOf)
  const start = startOf(self)
  const shown = items.slice(start, start + size)
  const last = shown.at(-1)
  const isMore = last !== undefined && start + size < items.length
  const { of, before, ...here } = self
  return {
    items: shown,
    self,
    next: isMore ? { of, after: keyOf(last), at: self.at + shown.length, before: here } : undefined,
    previous() {
      if (before === undefined) return shown
      const from = startOf(before)
      return items.slice(from, from + size)
    },
  }
}

function behind<Item>(items: readonly Item[], after: string | undefined, keyOf: (item: Item) => string): number {
  if (after === undefined) return 0
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (keyOf(items[middle]!) <= after) low = middle + 1
    else high = middle
  }
  return low
}

function found<Item>(
  items: readonly Item[],
  { after, at }: Omit<Position, 'of' | 'before'>,
  keyOf: (item: Item) => string,
): number {
  if (after === undefined) return 0
  const before = items[at - 1]
  if (before !== undefined && keyOf(before) === after) return at
  const moved = items.findIndex(item => keyOf(item) === after)
  return moved < 0 ? Math.min(at, items.length) : moved + 1
}
