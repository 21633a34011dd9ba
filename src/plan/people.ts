import type { Finding, Profile } from '../model.ts'
import { narrow } from '../pipeline/diff.ts'
import { NOTED, type Population } from '../state.ts'
import { collisions } from './collisions.ts'
import { type Newcomer, newcomers } from './newcomers.ts'
import { pairOf } from './pair.ts'
import { breathe, type Comparing } from './planning.ts'
import { type Protected, protectedAt } from './protected.ts'
import { GROUP, type Roles, rolesOf, USER } from './roles.ts'
import type { Scope } from './scope.ts'
import { type Moving, settleTakers } from './takers.ts'

/** What is to become of every user, before it is written down as changes. Numbers are nodes but where said otherwise. */
export interface PeoplePlan {
  readonly roles: Roles
  readonly protected: Protected
  readonly creates: readonly number[]
  /** Adopted and relinked; by node, with the number at the target. */
  readonly adoptions: ReadonlyMap<number, Newcomer>
  readonly updates: readonly number[]
  /** Updates that have to wait until others gave up a unique value. */
  readonly waitsFor: ReadonlyMap<number, ReadonlySet<number>>
  readonly deactivations: ReadonlyMap<number, string>
  readonly reactivations: readonly number[]
  readonly deletes: ReadonlyMap<number, string>
  /** By node: whether the user is, or comes to be, at the target and in scope: a member of the groups it is in. */
  readonly isMember: (node: number) => boolean
  /** By number at the target: held, protected, or not ours to judge; memberships stay as they are. */
  readonly untouched: Uint8Array
  /** By node: the number at the target, of those linked and of those adopted. */
  readonly atOf: (node: number) => number
}

/** Decides about everyone: joiners, movers, leavers, and who is held (design §3). */
export async function planPeople(
  planning: Comparing,
  people: Population,
  scope: Scope,
  progress: (done: number, total: number) => void,
): Promise<PeoplePlan> {
  const { cache, dialect, note } = planning
  const roles = rolesOf(planning, people)
  const guarded = protectedAt(planning)
  const untouched = new Uint8Array(people.atTarget)
  for (const at of guarded.users) untouched[at] = 1
  const held = new Uint8Array(people.nodes)
  const deactivations = new Map<number, string>()
  const reactivations: number[] = []
  const deletes = new Map<number, string>()

  const findingOf = (node: number, finding: string, message: string, profile?: Profile): Finding => ({
    finding,
    ...(profile && { profile: profile.name }),
    source: roles.sourceOf(node),
    sourceId: cache.idOf('user', node),
    ...nameOf(planning, people, node),
    message,
  })
  const deactivate = (node: number, why: string): void => {
    const at = people.link[node]!
    if (people.activeAt[at] === 0 || !roles.isCertain(node) || guarded.users.has(at)) return
    if (dialect.users.deactivate.how === 'none')
      note(findingOf(node, 'cannot-deactivate', `${why}; this target cannot deactivate users: do it there by hand`))
    else deactivations.set(node, why)
  }
  /** Neither created nor changed nor taken for a leaver; disabled at the source, deactivated all the same (I3). */
  const hold = (node: number, finding?: Finding): void => {
    held[node] = 1
    if (finding) note(finding)
    if (!roles.isHere(node)) return
    untouched[people.link[node]!] = 1
    if (roles.isInactive(node)) deactivate(node, 'disabled at the source')
  }

  const counted = { protected: 0, unconfigured: 0, uncertain: 0, strangers: 0 }
  const joining: number[] = []
  const changed: number[] = []
  const moved: number[] = []
  for (let node = 0; node < people.nodes; node++) {
    if (people.live[node] !== USER || people.state[node] === 0) continue
    if ((people.state[node]! & NOTED) !== 0) for (const finding of planning.desired(node).findings) note(finding)
    if (roles.isHeld(node)) hold(node)
  }
  const claims = (node: number) => roles.isMapped(node) && (roles.isHere(node) || !roles.isInactive(node))
  for (const [node, finding] of collisions(planning, people, roles, claims)) hold(node, finding)
  await breathe(planning.signal)

  for (let node = 0; node < people.nodes; node++) {
    if (!roles.isMapped(node) || held[node] === 1) continue
    if (!roles.isHere(node)) {
      joining.push(node)
      continue
    }
    const at = people.link[node]!
    if (guarded.users.has(at)) {
      if (people.hashAt[at] !== people.hash[node]) counted.protected++
      continue
    }
    const isEqual = people.hashAt[at] === people.hash[node] || people.hashAt[at] === people.settled[node]
    if (!isEqual) changed.push(node)
    else if (roles.linkProfileOf(node) !== roles.ownerOf(node)) moved.push(node)
  }

  const settled: { node: number; hash: number }[] = []
  const moving = new Map<number, Moving>()
  for (const [index, node] of changed.entries()) {
    const pair = pairOf(planning, people, roles, node)
    const differing = pair.differing
    if (pair.equal) settled.push({ node, hash: people.hashAt[people.link[node]!]! })
    const rest = differing && narrow(differing, path => path !== 'active')
    if (rest || roles.linkProfileOf(node) !== roles.ownerOf(node)) moving.set(node, { paths: rest?.paths ?? [] })
    if (differing?.paths.includes('active')) {
      if (roles.isInactive(node)) deactivate(node, 'disabled at the source')
      else if (roles.isCertain(node)) reactivations.push(node)
    }
    if (index % 10_000 === 9_999) {
      progress(index + 1, changed.length)
      await breathe(planning.signal)
    }
  }
  for (const node of moved) moving.set(node, { paths: [] })
  cache.settle(people.target, settled)
  for (const { node, hash } of settled) people.settled[node] = hash

  const waitsFor = settleTakers(planning, people, roles, moving, (node, message) => {
    hold(node, findingOf(node, 'taken', message, roles.ownerOf(node)))
    const at = reactivations.indexOf(node)
    if (at >= 0) reactivations.splice(at, 1)
  })
  await breathe(planning.signal)

  const { creates, adoptions } = newcomers(
    planning,
    people,
    roles,
    guarded,
    joining,
    moving,
    (node, finding, message) => hold(node, findingOf(node, finding, message, roles.ownerOf(node))),
  )
  const takenOver = new Set([...adoptions.values()].map(({ at }) => at))

  const leave = (node: number): void => {
    const at = people.link[node]!
    if (!roles.isConfigured(node) || !roles.linkProfileOf(node)) {
      untouched[at] = 1
      counted.unconfigured++
      return
    }
    const isGone = people.live[node] === 0
    const profile = roles.linkProfileOf(node)!
    if (!roles.isCertain(node) || (!isGone && scope.uncertain.has(profile.name))) {
      untouched[at] = 1
      counted.uncertain++
      return
    }
    if (guarded.users.has(at)) {
      counted.protected++
      return
    }
    const why = isGone ? `gone from source ${roles.sourceOf(node)}` : 'no longer in scope of any profile'
    if (profile.leavers === 'deactivate') deactivate(node, why)
    else if (profile.leavers === 'delete') deletes.set(node, why)
  }
  for (let at = 0; at < people.atTarget; at++) {
    if (people.kindAt[at] !== USER || people.liveAt[at] !== 1) continue
    const node = people.linkOf[at]!
    if (node === 0) {
      if (!takenOver.has(at)) counted.strangers++
      continue
    }
    if (people.live[node] === GROUP || takenOver.has(at)) continue
    if (held[node] === 0 && !roles.isMapped(node)) leave(node)
  }
  for (const finding of summaries(counted)) note(finding)

  const coming = new Uint8Array(people.nodes)
  for (const node of creates) coming[node] = 1
  for (const node of adoptions.keys()) coming[node] = 1
  return {
    roles,
    protected: guarded,
    creates,
    adoptions,
    updates: [...moving.keys()],
    waitsFor,
    deactivations,
    reactivations,
    deletes,
    untouched,
    isMember: node => coming[node] === 1 || (held[node] === 0 && roles.isMapped(node) && roles.isHere(node)),
    atOf: node => (roles.isHere(node) ? people.link[node]! : (adoptions.get(node)?.at ?? 0)),
  }
}

function nameOf(planning: Comparing, people: Population, node: number): { readonly name: string } | undefined {
  const mapped = planning.desired(node).resource?.['userName']
  if (typeof mapped === 'string') return { name: mapped }
  const current =
    people.link[node] === 0 ? undefined : planning.cache.current('user', people.link[node]!).resource['userName']
  return typeof current === 'string' ? { name: current } : undefined
}

function* summaries(counted: Readonly<Record<'protected' | 'unconfigured' | 'uncertain' | 'strangers', number>>) {
  const users = (count: number) => (count === 1 ? '1 user' : `${count} users`)
  if (counted.strangers > 0)
    yield {
      finding: 'strangers',
      message: `${users(counted.strangers)} at the target that rollcall neither created nor adopted: left alone`,
    }
  if (counted.protected > 0)
    yield { finding: 'protected', message: `${users(counted.protected)} would change and are protected: left alone` }
  if (counted.unconfigured > 0)
    yield {
      finding: 'not-configured',
      message: `${users(counted.unconfigured)} came from a source or profile that is no longer configured for this target: left alone`,
    }
  if (counted.uncertain > 0)
    yield {
      finding: 'not-proven-gone',
      message: `${users(counted.uncertain)} may have left, which an incomplete reading or a hidden group cannot prove: left alone`,
    }
}
