import { hash } from 'node:crypto'
import type { Finding, Mapped, Profile, SourceUser } from '../model.ts'
import { canonicalAt, hash52, keyOf, primaryEmail } from '../pipeline/canonical.ts'
import { inScope, mapUser } from '../pipeline/map.ts'
import { ACTIVE, HELD, INACTIVE, MAPPED, type MappedRow, NOTED, OWNER_SHIFT, type Population } from '../state.ts'
import { breathe, type Comparing, type MappedUser, type Planning } from './planning.ts'
import { USER } from './roles.ts'
import { bitsOf, type Scope } from './scope.ts'

const AT_ONCE = 20_000

/** Names everything that mapping depends on beside the users themselves. */
export function mappingKey({ profiles, dialect, paths }: Pick<Planning, 'profiles' | 'dialect' | 'paths'>): string {
  const parts = { version: 1, profiles: profiles.map(({ name, hash: is }) => [name, is]), dialect, paths }
  return hash('sha256', JSON.stringify(parts))
}

/**
 * Maps everyone whom a profile looks at and who was not mapped yet as they are now, and puts what they are compared
 * by into the cache and into the columns of `people`. Whoever nobody looks at ends with state 0.
 */
export async function mapPeople(
  planning: Planning,
  people: Population,
  scope: Scope,
  progress: (done: number, total: number) => void,
): Promise<Comparing> {
  const stale: number[] = []
  for (let node = 0; node < people.nodes; node++) {
    if (people.live[node] !== USER) continue
    if (scope.candidate[node] === 0) people.state[node] = 0
    else if (people.fresh[node] === 0 || people.scope[node] !== scope.candidate[node]) stale.push(node)
  }
  const map = mapperOf(planning, people, scope)
  const rowOf = rowsOf(planning, scope)
  for (let from = 0; from < stale.length; from += AT_ONCE) {
    const nodes = Uint32Array.from(stale.slice(from, from + AT_ONCE))
    const rows = function* (): Generator<MappedRow> {
      for (const { node, user } of planning.cache.users(nodes)) {
        const row = rowOf(node, map(node, user))
        people.scope[node] = row.scope
        people.state[node] = row.state
        people.hash[node] = row.hash
        people.settled[node] = 0
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
  return {
    ...planning,
    desired(node) {
      const [found] = planning.cache.users(Uint32Array.of(node))
      return found ? mappedUser(map(node, found.user)) : NOBODY
    },
  }
}

const NOBODY: MappedUser = { findings: [] }

/** Whose a user is, and what the owner's profile makes of them; nobody's where every `when` says no. */
interface Taken {
  readonly owner: Profile | undefined
  readonly mapped: Mapped | undefined
  /** Beside those of the mapping. */
  readonly findings: readonly Finding[]
}

function mapperOf({ profiles, dialect }: Planning, people: Population, scope: Scope) {
  const profilesOf = new Map([...people.sources].map(([name, num]) => [num, bitsOf(profiles, name)]))
  return (node: number, user: SourceUser): Taken => {
    const candidate = scope.candidate[node]!
    const findings: Finding[] = []
    let owner: Profile | undefined
    let mapped: Mapped | undefined
    for (const [bit, profile] of (profilesOf.get(people.source[node]!) ?? []).entries()) {
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
    return { owner, mapped, findings }
  }
}

function mappedUser({ mapped, findings }: Taken): MappedUser {
  if (!mapped) return NOBODY
  const all = [...findings, ...mapped.findings]
  return mapped.outcome === 'held'
    ? { findings: all }
    : { resource: mapped.resource, unknown: mapped.unknown, findings: all }
}

function rowsOf({ profiles, paths }: Planning, scope: Scope) {
  const owners = new Map(profiles.map((profile, index) => [profile, index + 1]))
  return (node: number, { owner, mapped, findings }: Taken): MappedRow => {
    const row = { node, scope: scope.candidate[node]!, state: 0, hash: 0, keyName: 0, keyMail: 0, keyExternal: 0 }
    if (!owner || !mapped) return row
    const noted = findings.length + mapped.findings.length > 0 ? NOTED : 0
    const base = ((owners.get(owner) ?? 0) << OWNER_SHIFT) | noted
    const active = activeOf(mapped)
    const state = base | (active === undefined ? 0 : active ? ACTIVE : INACTIVE)
    if (mapped.outcome === 'held') return { ...row, state: state | HELD }
    const { resource } = mapped
    return {
      ...row,
      state: state | MAPPED,
      hash: hash52(canonicalAt(resource, paths.user)),
      keyName: keyOf(resource['userName']),
      keyMail: keyOf(primaryEmail(resource)),
      keyExternal: keyOf(resource['externalId']),
    }
  }
}

function activeOf(mapped: Mapped): boolean | undefined {
  return mapped.outcome === 'held' ? mapped.active : mapped.resource['active'] !== false
}
