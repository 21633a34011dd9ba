import { keyOf } from '../pipeline/canonical.ts'
import type { Population } from '../state.ts'
import { holdersOf, keyText } from './holders.ts'
import { KeySet } from './keys.ts'
import { pairOf } from './pair.ts'
import type { Comparing } from './planning.ts'
import type { Roles } from './roles.ts'

/** An update: the paths that differ, without `active`; none where only the profile does. */
export interface Moving {
  readonly paths: readonly string[]
}

/**
 * Finds out which updates give up a unique value that another takes. One that wants a value which nobody gives up, or which two want of each other, is taken out of `moving` and reported to `hold`.
 * Returns whom each update has to wait for.
 */
export function settleTakers(
  planning: Comparing,
  people: Population,
  roles: Roles,
  moving: Map<number, Moving>,
  hold: (node: number, message: string) => void,
): ReadonlyMap<number, ReadonlySet<number>> {
  const { cache, dialect, target } = planning
  const unique = dialect.users.unique.attrs
  const takers = [...moving].filter(([, { paths }]) => paths.some(path => unique.includes(path))).map(([node]) => node)
  if (takers.length === 0) return new Map()

  const wanted = new KeySet()
  const values = new Map<number, readonly (readonly [string, string])[]>()
  for (const node of takers) {
    const { desired } = pairOf(planning, people, roles, node)
    const own = unique.flatMap(path => {
      const value = moving.get(node)!.paths.includes(path) ? keyText(desired, path) : undefined
      return value === undefined ? [] : [[path, value] as const]
    })
    for (const [, value] of own) wanted.add(keyOf(value))
    values.set(node, own)
  }
  const holders = holdersOf(cache, target, 'user', wanted)

  const before = new Map<number, Set<number>>()
  const fits = (node: number): string | undefined => {
    const giving = new Set<number>()
    for (const [path, value] of values.get(node) ?? []) {
      for (const at of holders.of(path, value)) {
        if (at === people.link[node]) continue
        const holder = people.linkOf[at]!
        if (holder === 0 || !moving.get(holder)?.paths.includes(path))
          return `wants the ${path} ${JSON.stringify(value)}, which ${ownerName(planning, people, at)} holds at the target`
        giving.add(holder)
      }
    }
    before.set(node, giving)
    return undefined
  }
  for (let again = true; again; ) {
    again = false
    for (const node of takers) {
      if (!moving.has(node)) continue
      const message = fits(node)
      if (message === undefined) continue
      moving.delete(node)
      hold(node, `${message}: held until that one gives it up`)
      again = true
    }
    if (again) continue
    for (const node of cyclesIn(before, moving)) {
      moving.delete(node)
      hold(
        node,
        'wants a value that another gives up only in exchange: change one of them by hand, or in two steps at the source',
      )
      again = true
    }
  }

  return before
}

export function ownerName({ cache }: Pick<Comparing, 'cache'>, people: Population, at: number): string {
  const { id, resource } = cache.current('user', at)
  const name = keyText(resource, 'displayName') ?? keyText(resource, 'userName') ?? id
  return people.linkOf[at] === 0 ? `${name} (${id}, not managed by rollcall)` : `${name} (${id})`
}

/** Everyone who waits for themselves. */
function cyclesIn(before: ReadonlyMap<number, ReadonlySet<number>>, moving: ReadonlyMap<number, Moving>): number[] {
  return [...before.keys()].filter(node => {
    if (!moving.has(node)) return false
    const reached = new Set(before.get(node))
    for (const next of reached) for (const giver of before.get(next) ?? []) reached.add(giver)
    return reached.has(node)
  })
}
