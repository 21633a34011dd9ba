import { hash } from 'node:crypto'
import type { Finding, Mapped, Profile, SourceUser } from '../model.ts'
import { canonicalAt, fold, hash52, primaryEmail } from '../pipeline/canonical.ts'
import { inScope, mapUser } from '../pipeline/map.ts'
import { ACTIVE, HELD, INACTIVE, MAPPED, type MappedRow, NOTED, OWNER_SHIFT, type Population } from '../state.ts'
import { breathe, type Planning } from './planning.ts'
import { bitsOf, type Scope } from './scope.ts'

const AT_ONCE = 20_000

/** Names everything that mapping depends on beside the users themselves. */
export function mappingKey({ profiles, dialect, paths }: Pick<Planning, 'profiles' | 'dialect' | 'paths'>): string {
  const parts = { version: 1, profiles: profiles.map(({ name, hash: is }) => [name, is]), dialect, paths }
  return hash('sha256', JSON.stringify(parts))
}

/**
 * Maps everyone whom a profile looks at and who was not mapped yet as they are now, and puts the outcome into the
 * cache and into the columns of `people`. Whoever nobody looks at ends with state 0.
 */
export async function mapPeople(
  planning: Planning,
  people: Population,
  scope: Scope,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const stale: number[] = []
  for (let node = 0; node < people.nodes; node++) {
    if (people.live[node] !== USER) continue
    if (scope.candidate[node] === 0) people.state[node] = 0
    else if (people.fresh[node] === 0 || people.scope[node] !== scope.candidate[node]) stale.push(node)
  }
  const profilesOf = new Map([...people.sources].map(([name, num]) => [num, bitsOf(planning.profiles, name)]))
  const owners = new Map(planning.profiles.map((profile, index) => [profile, index + 1]))
  for (let from = 0; from < stale.length; from += AT_ONCE) {
    const nodes = Uint32Array.from(stale.slice(from, from + AT_ONCE))
    const rows = function* (): Generator<MappedRow> {
      for (const { node, user } of planning.cache.users(nodes)) {
        const row = mapOne(planning, people, scope, node, user, profilesOf, owners)
        people.scope[node] = row.scope
        people.state[node] = row.state
        people.hash[node] = row.hash
        people.settled[node] = -1
        people.keyName[node] = row.keyName
        people.keyMail[node] = row.keyMail
        people.keyExternal[node] = row.keyExternal
        yield row
      }
    }
    planning.cache.keepMapped(people.target, rows())
    progress(Math.min(from + AT_ONCE, stale.length), stale.length)
    await breathe(planning.signal)
  }
}

const USER = 1

function mapOne(
  { dialect, paths }: Planning,
  people: Population,
  scope: Scope,
  node: number,
  user: SourceUser,
  profilesOf: ReadonlyMap<number, readonly Profile[]>,
  owners: ReadonlyMap<Profile, number>,
): MappedRow {
  const candidate = scope.candidate[node]!
  const looking = profilesOf.get(people.source[node]!) ?? []
  const findings: Finding[] = []
  let owner: Profile | undefined
  let mapped: Mapped | undefined
  for (const [bit, profile] of looking.entries()) {
    if (((candidate >>> bit) & 1) === 0) continue
    const isIn = inScope(user, profile)
    if (isIn === false) continue
    if (owner) {
      if (isIn !== true) continue
      findings.push({
        finding: 'in-two-profiles',
        profile: owner.name,
        source: owner.source,
        sourceId: user.id,
        name: user.name,
        message: `is in scope of ${profile.name}, too; ${owner.name} comes first`,
      })
      break
    }
    owner = profile
    const whole = mapUser(user, profile, dialect)
    mapped = isIn === true ? whole : { outcome: 'held', active: activeOf(whole), findings: [isIn.held] }
  }
  if (!owner || !mapped) return rowOf(node, candidate, 0, {})
  findings.push(...mapped.findings)
  const noted = findings.length > 0 ? NOTED : 0
  const base = ((owners.get(owner) ?? 0) << OWNER_SHIFT) | noted
  const doc = findings.length > 0 ? { findings } : {}
  if (mapped.outcome === 'held') {
    const active = mapped.active === undefined ? 0 : mapped.active ? ACTIVE : INACTIVE
    return rowOf(node, candidate, base | HELD | active, doc)
  }
  const { resource, unknown } = mapped
  const active = resource['active'] === false ? INACTIVE : ACTIVE
  return {
    node,
    scope: candidate,
    state: base | MAPPED | active,
    hash: hash52(canonicalAt(resource, paths.user)),
    keyName: keyOf(resource['userName']),
    keyMail: keyOf(primaryEmail(resource)),
    keyExternal: keyOf(resource['externalId']),
    doc: { ...doc, resource, ...(unknown.length > 0 && { unknown }) },
  }
}

function activeOf(mapped: Mapped): boolean | undefined {
  return mapped.outcome === 'held' ? mapped.active : mapped.resource['active'] !== false
}

/** Equal keys are compared as text before anything follows from them. */
export function keyOf(value: unknown): number {
  return typeof value === 'string' && value !== '' ? hash52(fold(value)) : 0
}

function rowOf(node: number, scope: number, state: number, doc: MappedRow['doc']): MappedRow {
  return { node, scope, state, hash: 0, keyName: 0, keyMail: 0, keyExternal: 0, doc }
}
