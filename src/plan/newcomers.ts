import type { Population } from '../state.ts'
import { type Holders, holdersOf, isKey, keyText } from './holders.ts'
import { KeySet } from './keys.ts'
import type { Comparing } from './planning.ts'
import type { Protected } from './protected.ts'
import type { Roles } from './roles.ts'
import { type Moving, ownerName } from './takers.ts'

/** Someone in scope who is at the target already under a declared key. */
export interface Newcomer {
  /** The number at the target. */
  readonly at: number
  /** The attribute by which they were recognised. */
  readonly by: string
  /** Whose link is taken over, where the resource was somebody's who is gone from the source. */
  readonly former: number | undefined
}

/**
 * Everyone in scope who has no link: created, adopted by the profile's `match`, relinked where their key is held by
 * the link of someone proven gone, or held where it is somebody else's. Whoever is disabled is not created.
 */
export function newcomers(
  planning: Comparing,
  people: Population,
  roles: Roles,
  guarded: Protected,
  joining: readonly number[],
  moving: ReadonlyMap<number, Moving>,
  hold: (node: number, finding: string, message: string) => void,
): { readonly creates: readonly number[]; readonly adoptions: ReadonlyMap<number, Newcomer> } {
  const adoptions = new Map<number, Newcomer>()
  const creates: number[] = []
  const holders = holdersFor(planning, people, joining)
  for (const node of joining) {
    const found = holders && recognise(planning, people, roles, guarded, holders, node, moving)
    if (found?.outcome === 'held') hold(node, found.finding, found.message)
    else if (found?.outcome === 'found') adoptions.set(node, found.newcomer)
    else if (!roles.isInactive(node)) creates.push(node)
  }
  const claimed = new Map<number, number>()
  for (const { at } of adoptions.values()) claimed.set(at, (claimed.get(at) ?? 0) + 1)
  for (const [node, { at }] of adoptions) {
    if (claimed.get(at) === 1) continue
    adoptions.delete(node)
    hold(node, 'ambiguous', `is one of several who match ${ownerName(planning, people, at)} at the target: held`)
  }
  return { creates, adoptions }
}

/** Undefined where nobody is at the target: then there is nothing to look up. */
function holdersFor({ cache, target }: Comparing, people: Population, joining: readonly number[]) {
  if (joining.length === 0 || !people.liveAt.includes(1)) return undefined
  const wanted = new KeySet()
  for (const node of joining) {
    wanted.add(people.keyName[node]!)
    wanted.add(people.keyMail[node]!)
    wanted.add(people.keyExternal[node]!)
  }
  return holdersOf(cache, target, 'user', wanted)
}

type Recognised =
  | { readonly outcome: 'found'; readonly newcomer: Newcomer }
  | { readonly outcome: 'held'; readonly finding: string; readonly message: string }
  | undefined

function recognise(
  planning: Comparing,
  people: Population,
  roles: Roles,
  guarded: Protected,
  holders: Holders,
  node: number,
  moving: ReadonlyMap<number, Moving>,
): Recognised {
  const { cache, dialect } = planning
  const resource = planning.desired(node).resource ?? {}
  const profile = roles.ownerOf(node)
  const hits = (attribute: string) => {
    const value = keyText(resource, attribute)
    const isGivenUp = (at: number) => moving.get(people.linkOf[at]!)?.paths.includes(attribute) === true
    return value === undefined ? [] : holders.of(attribute, value).filter(at => !isGivenUp(at))
  }
  const matching = profile?.match.filter(isKey) ?? []
  for (const attribute of [
    ...matching,
    ...dialect.users.unique.attrs.filter(attr => !matching.some(key => key === attr)),
  ]) {
    const [at, ...others] = hits(attribute)
    if (at === undefined) continue
    if (others.length > 0)
      return {
        outcome: 'held',
        finding: 'ambiguous',
        message: `${others.length + 1} users at the target have this ${attribute}: held until all but one are gone`,
      }
    const who = ownerName(planning, people, at)
    const taken = (why: string): Recognised => ({
      outcome: 'held',
      finding: 'taken',
      message: `the ${attribute} is held at the target by ${who}${why}`,
    })
    if (guarded.users.has(at)) return taken(', which is protected: held')
    const former = people.linkOf[at]!
    if (former !== 0) {
      if (!roles.isGone(former))
        return taken(`, linked to ${roles.sourceOf(former)} ${cache.idOf('user', former)}: held`)
      if (!roles.isCertain(former) || !roles.isCertain(node))
        return taken(', and a source was not read completely: held until it is')
      return { outcome: 'found', newcomer: { at, by: attribute, former } }
    }
    if (!matching.some(key => key === attribute))
      return taken(`: held. To adopt, add ${attribute} to \`match\` in ${profile?.file ?? 'the profile'}`)
    const theirs = keyText(cache.current('user', at).resource, 'externalId')
    const ours = keyText(resource, 'externalId')
    if (theirs !== undefined && theirs !== ours && profile?.takeOver !== true)
      return taken(
        ` with another externalId: held. \`takeOver: true\` in ${profile?.file ?? 'the profile'} takes it over`,
      )
    return { outcome: 'found', newcomer: { at, by: attribute, former: undefined } }
  }
  return undefined
}
