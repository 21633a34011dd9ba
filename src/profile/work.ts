import type { Subject, Value } from '../model.ts'

/** What an expression computes with. Whole numbers are bigint, as CEL has two kinds of number. */
export type Cel =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Cel[]
  | ReadonlyMap<string, Cel>
  | { readonly [name: string]: Cel }

/** Ends an evaluation. Most are made once, where the expression is compiled, since making one is slow. */
export class Trouble extends Error {
  /** The attribute that the source could not tell; undefined where the data or the work is at fault. */
  readonly unknown: string | undefined
  /** Whether it says no more than that an attribute is absent, which `coalesce` and `has` can take. */
  readonly absent: boolean
  constructor(message: string, options: { readonly unknown?: string; readonly absent?: boolean } = {}) {
    super(message)
    this.name = 'Trouble'
    this.unknown = options.unknown
    this.absent = options.absent ?? false
  }
}

export const LONGEST_TEXT = 100_000
export const LONGEST_LIST = 10_000
/** About 10 ns each: no evaluation takes longer than some milliseconds. */
const MOST_STEPS = 500_000

const TOO_MUCH = new Trouble('the expression has too much to do with these values; make it simpler')
const TOO_LONG = new Trouble(`a text comes out longer than ${LONGEST_TEXT} characters; shorten what it is made of`)
const TOO_MANY = new Trouble(`a list comes out longer than ${LONGEST_LIST} entries; shorten it with filter`)

/** What one evaluation may still do. */
export class Work {
  #left = MOST_STEPS

  steps(count: number): void {
    this.#left -= count
    if (this.#left < 0) throw TOO_MUCH
  }

  /** Before a text of this length is made. */
  text(length: number): void {
    if (length > LONGEST_TEXT) throw TOO_LONG
    this.steps(length >> 4)
  }

  /** Before a list of this length is made. */
  list(length: number): void {
    if (length > LONGEST_LIST) throw TOO_MANY
    this.steps(length)
  }
}

/** One evaluation under way. */
export interface Frame {
  readonly subject: Subject
  readonly work: Work
  /** What the variables of macros stand for, by depth. */
  readonly slots: Cel[]
  /** The attribute whose first value of several was taken. */
  several: string | undefined
}

/** A compiled piece of an expression. */
export type Code = (frame: Frame) => Cel

export function isList(value: Cel): value is readonly Cel[] {
  return Array.isArray(value)
}

export function isMap(value: Cel): value is ReadonlyMap<string, Cel> {
  return value instanceof Map
}

export function isObject(value: Cel): value is { readonly [name: string]: Cel } {
  return typeof value === 'object' && value !== null && !isList(value) && !isMap(value)
}

/** What a map or an object holds under a key; undefined where it holds nothing of its own. */
export function entry(holder: Cel, key: Cel): Cel | undefined {
  if (typeof key !== 'string') return undefined
  if (isMap(holder)) return holder.get(key)
  return isObject(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined
}

export function entriesOf(holder: Cel): [string, Cel][] {
  if (isMap(holder)) return [...holder]
  return isObject(holder) ? Object.entries(holder) : []
}

/** CEL's equality: by value, numbers across their kinds. */
export function equal(one: Cel, other: Cel, work: Work): boolean {
  if (one === other) return true
  if (typeof one === 'string')
    work.steps(typeof other === 'string' && one.length === other.length ? 1 + (one.length >> 6) : 1)
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    const numbers =
      typeof one === 'bigint' ? typeof other === 'number' : typeof one === 'number' && typeof other === 'bigint'
    return numbers && Number(one) === Number(other)
  }
  if (isList(one)) {
    if (!isList(other) || one.length !== other.length) return false
    work.steps(one.length)
    return one.every((item, index) => equal(item, other[index] ?? null, work))
  }
  if (isList(other)) return false
  const [entries, others] = [entriesOf(one), entriesOf(other)]
  work.steps(entries.length)
  return (
    entries.length === others.length &&
    entries.every(([key, value]) => {
      const counterpart = entry(other, key)
      return counterpart !== undefined && equal(value, counterpart, work)
    })
  )
}

/** What came out, as a value for SCIM. Counted, since a small expression can name one list many times. */
export function toValue(result: Cel, work: Work, depth = 0): Value | undefined {
  if (depth > DEEPEST_VALUE) throw TOO_DEEP
  if (typeof result === 'string') return result
  if (typeof result === 'boolean' || result === null) return result ?? undefined
  if (typeof result === 'bigint') return toNumber(Number(result))
  if (typeof result === 'number') return toNumber(result)
  work.steps(1)
  if (isList(result)) {
    const list: Value[] = []
    for (const item of result) {
      if (typeof item === 'string') work.steps(1 + (item.length >> 4))
      const value = toValue(item, work, depth + 1)
      if (value !== undefined) list.push(value)
    }
    return list
  }
  const entries: [string, Value][] = []
  for (const [key, item] of entriesOf(result)) {
    if (typeof item === 'string') work.steps(1 + (item.length >> 4))
    const value = toValue(item, work, depth + 1)
    if (value !== undefined) entries.push([key, value])
  }
  return Object.fromEntries(entries)
}

/** SCIM nests lists of objects and no more (RFC 7643 §2.3.8). */
const DEEPEST_VALUE = 8
const TOO_DEEP = new Trouble('values come out nested deeper than SCIM takes; name a part of them')
const NO_NUMBER = new Trouble('a number comes out that JSON cannot carry exactly; turn it into text with string()')

function toNumber(result: number): number {
  if (!Number.isFinite(result) || Math.abs(result) > Number.MAX_SAFE_INTEGER) throw NO_NUMBER
  return result
}
