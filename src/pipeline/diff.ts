import type { Json, ScimResource } from '../model.ts'
import { canonical, pick, valueAt } from './canonical.ts'

/** What a target made of values it was sent: path → what was sent, what it kept. */
export type KeptOtherwise = Readonly<
  Record<string, { readonly sent: Json | undefined; readonly kept: Json | undefined }>
>

/** One side of the diff and the other, and what is known about how they may differ without meaning it. */
export interface Pair {
  readonly desired: ScimResource
  readonly current: ScimResource
  /** The paths that are managed, in the order in which they are to be shown. */
  readonly paths: readonly string[]
  /** Paths that the source could not tell: neither set nor cleared. */
  readonly unknown?: readonly string[]
  readonly echo?: KeptOtherwise | undefined
}

export interface Differing {
  /** At least one. */
  readonly paths: readonly string[]
  /** Both hold exactly `paths`; null stands for an absent value. */
  readonly before: ScimResource
  readonly after: ScimResource
}

/**
 * What of `desired` is not so in `current`, managed attributes alone. Values are compared as sets, absent and empty
 * ones are the same (RFC 7643 §2.5), a target that keeps a value in its own way is taken at its word (I8), and
 * what it adds to a value of several parts (a `display` beside an e-mail address) is no difference.
 */
export function diff(pair: Pair): Differing | undefined {
  const { desired, current, paths, unknown = [] } = pair
  const differing = paths.filter(path => !unknown.includes(path) && !isSame(pair, path))
  if (differing.length === 0) return undefined
  return {
    paths: differing,
    before: pick(differing, path => valueAt(current, path)),
    after: pick(differing, path => valueAt(desired, path)),
  }
}

/** The same difference with some of its paths alone; undefined where none is left. */
export function narrow(found: Differing, keep: (path: string) => boolean): Differing | undefined {
  const paths = found.paths.filter(keep)
  if (paths.length === 0) return undefined
  if (paths.length === found.paths.length) return found
  return {
    paths,
    before: pick(paths, path => valueAt(found.before, path)),
    after: pick(paths, path => valueAt(found.after, path)),
  }
}

function isSame({ desired, current, echo }: Pair, path: string): boolean {
  const wanted = path === 'active' ? (valueAt(desired, path) ?? true) : valueAt(desired, path)
  const held = path === 'active' ? (valueAt(current, path) ?? true) : valueAt(current, path)
  if (canonical(wanted) === canonical(held) || covers(held, wanted)) return true
  const kept = echo?.[path]
  return kept !== undefined && canonical(kept.sent) === canonical(wanted) && canonical(kept.kept) === canonical(held)
}

/** Whether `held` is `wanted` but for parts that nobody asked for. */
function covers(held: Json | undefined, wanted: Json | undefined): boolean {
  if (!isList(held) || !isList(wanted) || held.length !== wanted.length) return false
  const left = [...held]
  return wanted.every(want => {
    const at = left.findIndex(have => isPart(have, want))
    if (at < 0) return false
    left.splice(at, 1)
    return true
  })
}

function isPart(have: Json, want: Json): boolean {
  if (!isObject(want) || !isObject(have)) return canonical(have) === canonical(want)
  const isPrimary = (one: { readonly [name: string]: Json }) => one['primary'] === true
  return (
    isPrimary(have) === isPrimary(want) &&
    Object.keys(want).every(name => name === 'primary' || canonical(have[name]) === canonical(want[name]))
  )
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
