import type { Finding } from '../model.ts'
import { fold } from '../pipeline/canonical.ts'
import type { Population } from '../state.ts'
import { keyText } from './holders.ts'
import { repeatedIn } from './keys.ts'
import type { Comparing } from './planning.ts'
import type { Roles } from './roles.ts'

const COLUMNS = [
  ['userName', 'keyName'],
  ['emails', 'keyMail'],
  ['externalId', 'keyExternal'],
] as const

/**
 * People who claim what another claims: userName, primary e-mail address or externalId, across all profiles.
 * Whoever holds it at the target keeps it; otherwise within one source all are held, and between profiles the
 * first one's people win. Returns who is held, and why; the finding names both.
 */
export function collisions(
  { cache, desired }: Comparing,
  people: Population,
  roles: Roles,
  claims: (node: number) => boolean,
): ReadonlyMap<number, Finding> {
  const held = new Map<number, Finding>()
  for (const [attribute, column] of COLUMNS) {
    const repeated = repeatedIn(people[column], claims)
    if (repeated.size === 0) continue
    const claimants = new Map<string, Claimant[]>()
    for (let node = 0; node < people.nodes; node++) {
      if (!repeated.has(people[column][node]!) || !claims(node)) continue
      const resource = desired(node).resource ?? {}
      const value = keyText(resource, attribute)
      if (value === undefined) continue
      const claimant = { node, value, holds: holds(cache, people, roles, node, attribute, value) }
      const others = claimants.get(fold(value))
      if (others) others.push(claimant)
      else claimants.set(fold(value), [claimant])
    }
    for (const some of claimants.values()) {
      if (some.length < 2) continue
      const winner = winnerOf(some, roles)
      for (const { node, value } of some) {
        if (node === winner || held.has(node)) continue
        const other = some.find(one => one.node === winner) ?? some.find(one => one.node !== node)
        if (other) held.set(node, findingOf({ cache, desired }, roles, node, attribute, value, other.node))
      }
    }
  }
  return held
}

interface Claimant {
  readonly node: number
  readonly value: string
  readonly holds: boolean
}

function holds(
  cache: Comparing['cache'],
  people: Population,
  roles: Roles,
  node: number,
  attribute: string,
  value: string,
): boolean {
  if (!roles.isHere(node)) return false
  const current = keyText(cache.current('user', people.link[node]!).resource, attribute)
  return current !== undefined && fold(current) === fold(value)
}

function winnerOf(some: readonly Claimant[], roles: Roles): number | undefined {
  const holder = some.filter(claimant => claimant.holds)
  if (holder.length === 1) return holder[0]!.node
  const linked = some.filter(({ node }) => roles.isHere(node))
  if (linked.length === 1 && holder.length === 0) return linked[0]!.node
  const [first, ...others] = (linked.length > 1 ? linked : some).toSorted((one, other) => rank(one) - rank(other))
  if (!first || others.some(other => roles.sourceOf(other.node) === roles.sourceOf(first.node))) return undefined
  return others.some(other => rank(other) === rank(first)) ? undefined : first.node

  function rank({ node }: Claimant): number {
    return roles.rankOf(node)
  }
}

const WORDS = { userName: 'userName', emails: 'e-mail address', externalId: 'externalId' } as const

function findingOf(
  { cache, desired }: Pick<Comparing, 'cache' | 'desired'>,
  roles: Roles,
  node: number,
  attribute: keyof typeof WORDS,
  value: string,
  other: number,
): Finding {
  const profile = roles.ownerOf(node)
  const at = profile?.user.find(({ path }) => path === attribute)?.at
  const rival = desired(other).resource ?? {}
  const [sourceId, otherId] = [cache.idOf('user', node), cache.idOf('user', other)]
  const name = keyText(desired(node).resource ?? {}, 'userName') ?? sourceId
  return {
    finding: 'collision',
    ...(profile && { profile: profile.name }),
    source: roles.sourceOf(node),
    sourceId,
    name,
    ...(at && { at: `${at.file}:${at.line}:${at.column}` }),
    message: `has the same ${WORDS[attribute]} ${JSON.stringify(value)} as ${keyText(rival, 'displayName') ?? keyText(rival, 'userName') ?? otherId} (${roles.sourceOf(other)} ${otherId}), and is held; correct one of them at the source`,
  }
}
