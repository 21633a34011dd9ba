import type { ScimResource } from '../model.ts'
import { diff, type Differing, narrow } from '../pipeline/diff.ts'
import { valueAt } from '../pipeline/canonical.ts'
import type { Population } from '../state.ts'
import type { Comparing } from './planning.ts'
import type { Roles } from './roles.ts'

/** One user on both sides, and what differs in what the owner's profile manages. */
export interface UserPair {
  readonly desired: ScimResource
  readonly current: ScimResource
  readonly scimId: string
  /** Whether nothing managed differs at all. */
  readonly equal: boolean
  /** What may be changed of what differs. */
  readonly differing: Differing | undefined
}

/** `at`: the number at the target, for someone who is not linked yet. */
export function pairOf(
  { cache, desired: desiredOf }: Comparing,
  people: Population,
  roles: Roles,
  node: number,
  at: number = people.link[node]!,
): UserPair {
  const doc = desiredOf(node)
  const { id, resource: current } = cache.current('user', at)
  const desired = doc.resource ?? {}
  const echo = at === people.link[node] ? cache.echo(people.target, node) : undefined
  const found = diff({
    desired,
    current,
    paths: roles.ownerOf(node)?.user.map(({ path }) => path) ?? [],
    ...(doc.unknown && { unknown: doc.unknown }),
    echo,
  })
  return { desired, current, scimId: id, equal: !found, differing: found && allowed(found, roles.isCertain(node)) }
}

/** From a reading that is not certified, no value is cleared and nobody loses or regains access (I1). */
export function allowed(found: Differing, certain: boolean): Differing | undefined {
  if (certain) return found
  return narrow(found, path => path !== 'active' && (valueAt(found.after, path) ?? null) !== null)
}
