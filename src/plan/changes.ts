import type { Change, Profile, Reversible, ScimResource } from '../model.ts'
import { valueAt } from '../pipeline/canonical.ts'
import { narrow } from '../pipeline/diff.ts'
import type { Population } from '../state.ts'
import { type GoneGroup, type GroupsPlan, groupPaths } from './groups.ts'
import { type DesiredGroup, nameAt } from './group-names.ts'
import { keyText } from './holders.ts'
import type { MembersPlan } from './members.ts'
import { type Order, orderOf } from './order.ts'
import { pairOf } from './pair.ts'
import type { PeoplePlan } from './people.ts'
import type { Comparing, Planning } from './planning.ts'
import type { Scope } from './scope.ts'

const MEMBERS_A_LINE = 1_000

export interface Decided {
  readonly planning: Comparing
  readonly people: Population
  readonly scope: Scope
  readonly who: PeoplePlan
  readonly groups: GroupsPlan
  readonly members: readonly MembersPlan[]
}

/** Every change of the plan, one after another, in the order in which it is applied (design §3, Order of applying). */
export function changes(decided: Decided): Generator<Change>
/** With `render` some of them are lines already. */
export function changes(decided: Decided, render: true): Generator<Change | Rendered>
export function* changes(decided: Decided, render = false): Generator<Change | Rendered> {
  const { planning, people, who, members } = decided
  const most =
    who.creates.length + who.adoptions.size + who.updates.length + members.reduce((sum, { add }) => sum + add.length, 0)
  const order = orderOf(planning.cache, people.nodes, most)
  const rank = ranker(decided)
  yield* deactivations(decided, order, rank)
  yield* updates(decided, order, rank)
  yield* adoptions(decided, order, rank)
  yield* creates(decided, order, rank, render)
  yield* groupChanges(decided)
  yield* memberChanges(decided, order, 'add-members')
  yield* memberChanges(decided, order, 'remove-members')
  yield* reactivations(decided, order, rank)
  yield* deletes(decided, order, rank)
}

/** Profiles in order of precedence: the owner's, or of someone nobody takes in, the link's. */
function ranker({ planning, who: { roles } }: Decided): (node: number) => number {
  return node => planning.profiles.indexOf(profileOf(roles, node) ?? planning.profiles[0]!)
}

function profileOf(roles: PeoplePlan['roles'], node: number): Profile | undefined {
  return roles.ownerOf(node) ?? roles.linkProfileOf(node)
}

function* deactivations({ planning, people, who }: Decided, order: Order, rank: (node: number) => number) {
  const { deactivate } = planning.dialect.users
  for (const node of order.sorted(who.deactivations.keys(), rank)) {
    const { resource } = planning.cache.current('user', people.link[node]!)
    yield {
      change: 'deactivate-user',
      ...head(who, node, order.idOf(node), keyText(resource, 'userName')),
      before: { active: valueAt(resource, 'active') ?? null },
      after: { active: false },
      reason: who.deactivations.get(node) ?? '',
      reversible: deactivate.reversible,
    } satisfies Change
  }
}

function* updates({ planning, people, who }: Decided, order: Order, rank: (node: number) => number): Generator<Change> {
  for (const node of inTurn(order.sorted(who.updates, rank), node => who.waitsFor.get(node) ?? [])) {
    const { desired, current, differing } = pairOf(planning, people, who.roles, node)
    const found = differing && narrow(differing, path => path !== 'active')
    const [from, to] = [who.roles.linkProfileOf(node)?.name, who.roles.ownerOf(node)?.name]
    const moves = from === to ? '' : `moves ${from === undefined ? '' : `from profile ${from} `}to profile ${to ?? ''}`
    const differs = found ? `differs from the source: ${found.paths.join(', ')}` : ''
    yield {
      change: 'update-user',
      ...head(who, node, order.idOf(node), keyText(desired, 'userName') ?? keyText(current, 'userName')),
      before: found?.before ?? {},
      after: found?.after ?? {},
      reason: [moves, differs].filter(Boolean).join('; '),
      reversible: 'reversible',
    }
  }
}

/** The same updates, each after those it waits for; nobody waits for themselves. */
function inTurn<One>(all: readonly One[], waitsFor: (one: One) => Iterable<One>): readonly One[] {
  const emitted = new Set<One>()
  const open = all.toReversed()
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (emitted.has(one)) continue
    const first = [...waitsFor(one)].filter(giver => !emitted.has(giver))
    if (first.length === 0) emitted.add(one)
    else open.push(one, ...first)
  }
  return [...emitted]
}

function groupsBefore({ updates, waitsFor }: GroupsPlan, group: DesiredGroup): readonly DesiredGroup[] {
  const giver = waitsFor.get(group)
  return giver && updates.has(giver) ? [giver] : []
}

function* adoptions(decided: Decided, order: Order, rank: (node: number) => number): Generator<Change> {
  const { planning, people, who } = decided
  const both = order.sorted(who.adoptions.keys(), rank)
  for (const node of both) {
    const { at, by, former } = who.adoptions.get(node)!
    const { scimId, desired, current, differing } = pairOf(planning, people, who.roles, node, at)
    const common = {
      ...head(who, node, order.idOf(node), keyText(desired, 'userName') ?? keyText(current, 'userName')),
      scimId,
      before: differing?.before ?? {},
      after: differing?.after ?? {},
      reversible: 'reversible' as const,
    }
    if (former === undefined) yield { change: 'adopt-user', ...common, reason: `is at the target already: same ${by}` }
    else {
      const formerSourceId = planning.cache.idOf('user', former)
      const reason = `same ${by} as ${formerSourceId}, who is gone from source ${who.roles.sourceOf(former)}`
      yield { change: 'relink-user', ...common, formerSourceId, reason }
    }
  }
}

function* creates(
  decided: Decided,
  order: Order,
  rank: (node: number) => number,
  render: boolean,
): Generator<Change | Rendered> {
  const nodes = order.sorted(decided.who.creates, rank)
  if (!render || nodes.length < MANY) {
    for (const node of nodes) yield creation(decided, order, node)
    return
  }
  for (let from = 0; from < nodes.length; from += MANY) {
    const some = nodes.slice(from, from + MANY)
    const texts = new Map<number, Rendered>()
    for (const node of some.toSorted((one, other) => one - other)) {
      const change = creation(decided, order, node)
      texts.set(node, { change: change.change, profile: change.profile, text: JSON.stringify(change) })
    }
    for (const node of some) yield texts.get(node)!
  }
}

/**
 * A change as its line will be. Of very many joiners the documents are fetched in the order in which they lie, some
 * at a time, which costs a third of fetching them in the order of the plan.
 */
export interface Rendered {
  readonly change: 'create-user'
  readonly profile: string
  readonly text: string
}

const MANY = 50_000

function creation({ planning, people, scope, who }: Decided, order: Order, node: number) {
  const after = planning.desired(node).resource ?? {}
  const via = scope.groups[scope.via[node]! - 1]
  const through = via
    ? `new in scope through group ${via.group.name}`
    : `new in scope of profile ${who.roles.ownerOf(node)?.name ?? ''}`
  return {
    change: 'create-user',
    ...head(who, node, order.idOf(node), keyText(after, 'userName')),
    before: null,
    after,
    reason: people.link[node] === 0 ? through : 'in scope, and no longer at the target',
    reversible: 'reversible',
  } satisfies Change
}

function* reactivations({ planning, people, who }: Decided, order: Order, rank: (node: number) => number) {
  for (const node of order.sorted(who.reactivations, rank)) {
    const { resource } = planning.cache.current('user', people.link[node]!)
    yield {
      change: 'reactivate-user',
      ...head(who, node, order.idOf(node), keyText(resource, 'userName')),
      before: { active: false },
      after: { active: true },
      reason: 'enabled at the source',
      reversible: 'reversible',
    } satisfies Change
  }
}

function* deletes(
  { planning, people, who, groups }: Decided,
  order: Order,
  rank: (node: number) => number,
): Generator<Change> {
  const { cache, dialect } = planning
  for (const node of order.sorted(who.deletes.keys(), rank)) {
    const profile = profileOf(who.roles, node)
    const { resource } = cache.current('user', people.link[node]!)
    yield {
      change: 'delete-user',
      ...head(who, node, order.idOf(node), keyText(resource, 'userName')),
      before: managed(resource, profile?.user.map(({ path }) => path) ?? []),
      after: null,
      reason: who.deletes.get(node) ?? '',
      reversible: dialect.users.delete.means === 'deactivate' ? 'reversible' : 'irreversible',
    }
  }
  for (const group of inOrder(planning, groups.recreates)) {
    const { id, resource } = cache.current('group', group.at)
    yield {
      change: 'delete-group',
      ...groupHead(planning, who, group),
      scimId: id,
      before: managed(resource, groupPaths(group.profile)),
      after: null,
      reason: 'made anew under its new name, since this target cannot rename groups',
      reversible: 'irreversible',
    }
  }
  for (const group of inOrder(planning, groups.gone)) {
    if (group.profile.goneGroups !== 'delete') continue
    yield {
      change: 'delete-group',
      ...groupHead(planning, who, group),
      before: managed(cache.current('group', group.at).resource, groupPaths(group.profile)),
      after: null,
      reason: group.why,
      reversible: 'irreversible',
    }
  }
}

function* groupChanges({ planning, who, groups, scope }: Decided): Generator<Change> {
  const { cache } = planning
  const reversible: Reversible = 'reversible'
  for (const group of inTurn(inOrder(planning, groups.updates.keys()), group => groupsBefore(groups, group))) {
    const { before, after, paths } = groups.updates.get(group)!
    const reason = `differs from the source: ${paths.join(', ')}`
    yield { change: 'update-group', ...groupHead(planning, who, group), before, after, reason, reversible }
  }
  for (const group of inOrder(planning, groups.adoptions.keys())) {
    const found = groups.adoptions.get(group)
    yield {
      change: 'adopt-group',
      ...groupHead(planning, who, group),
      scimId: cache.current('group', group.at).id,
      before: found?.before ?? {},
      after: found?.after ?? {},
      reason: `is at the target already: ${JSON.stringify(nameAt(planning, group.at))}`,
      reversible,
    }
  }
  for (const group of inOrder(planning, groups.creates)) {
    const merged = group.from.length > 1 ? `: one of ${group.from.length} groups of that name` : ''
    const nested = group.from.some(from => scope.isNested(from))
    yield {
      change: 'create-group',
      ...groupHead(planning, who, group),
      before: null,
      after: group.resource,
      reason: `in scope of profile ${group.profile.name}${merged}${nested ? '; nested groups flattened' : ''}`,
      reversible,
    }
  }
  for (const group of inOrder(planning, groups.recreates)) {
    yield {
      change: 'create-group',
      ...groupHead(planning, who, group),
      replaces: cache.current('group', group.at).id,
      before: null,
      after: group.resource,
      reason: `renamed from ${JSON.stringify(nameAt(planning, group.at))} at the source, and this target cannot rename groups`,
      reversible: 'irreversible',
    }
  }
}

function* memberChanges(decided: Decided, order: Order, kind: 'add-members' | 'remove-members'): Generator<Change> {
  const { planning, people, who, members } = decided
  const { cache } = planning
  const taker = new Map([...who.adoptions].map(([node, { at }]) => [at, node]))
  const byGroup = new Map(members.map(one => [one.group, one]))
  for (const group of inOrder(planning, byGroup.keys())) {
    const { add, remove } = byGroup.get(group)!
    const bySource = new Map<string, { readonly nodes: Uint32Array | number[]; readonly strangers: string[] }>()
    const own = who.roles.sourceOf(group.node)
    const mixed = new Map<string, { nodes: number[]; strangers: string[] }>()
    const of = (source: string) => {
      const known = mixed.get(source) ?? { nodes: [], strangers: [] }
      mixed.set(source, known)
      bySource.set(source, known)
      return known
    }
    if (kind === 'add-members') {
      if (add.length > 0 && isOfOne(people, add))
        bySource.set(who.roles.sourceOf(add[0]!), { nodes: add, strangers: [] })
      else for (const node of add) of(who.roles.sourceOf(node)).nodes.push(node)
    } else
      for (const at of remove) {
        const node = taker.get(at) ?? people.linkOf[at]!
        if (node === 0) of(own).strangers.push(cache.current('user', at).id)
        else of(who.roles.sourceOf(node)).nodes.push(node)
      }
    const { sourceId, ...common } = groupHead(planning, who, group)
    for (const [source, { nodes, strangers }] of [...bySource].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const ids = order.idsOf(nodes)
      const others = strangers.sort()
      for (let from = 0; from < ids.length + others.length; from += MEMBERS_A_LINE) {
        const some = ids.slice(from, from + MEMBERS_A_LINE)
        const [start, end] = [Math.max(0, from - ids.length), Math.max(0, from + MEMBERS_A_LINE - ids.length)]
        const strange = others.slice(start, end)
        yield {
          change: kind,
          ...common,
          source,
          sourceId,
          ...(source !== own && { groupSource: own }),
          members: some,
          ...(strange.length > 0 && { strangers: strange }),
          reason: kind === 'add-members' ? ADDED : 'why' in group ? `the group is ${group.why}` : REMOVED,
          reversible: 'reversible',
        }
      }
    }
  }
}

function isOfOne({ source }: Population, nodes: Uint32Array): boolean {
  const first = source[nodes[0]!]
  return nodes.every(node => source[node] === first)
}

const ADDED = 'in the group at the source, directly or through nested groups'
const REMOVED = 'not in the group at the source: left it, or was added at the target'

function head({ roles }: PeoplePlan, node: number, sourceId: string, name: string | undefined) {
  const profile = profileOf(roles, node)?.name ?? ''
  return { profile, source: roles.sourceOf(node), sourceId, name: name ?? sourceId }
}

function groupHead({ cache }: Planning, { roles }: PeoplePlan, group: DesiredGroup | GoneGroup) {
  const { node, profile, name } = group
  return { profile: profile.name, source: roles.sourceOf(node), sourceId: cache.idOf('group', node), name }
}

/** By profile, then id at the source. */
function inOrder<Group extends DesiredGroup | GoneGroup>(
  { cache, profiles }: Planning,
  groups: Iterable<Group>,
): Group[] {
  const ids = new Map<Group, string>()
  for (const group of groups) ids.set(group, cache.idOf('group', group.node))
  return [...ids.keys()].sort(
    (one, other) =>
      profiles.indexOf(one.profile) - profiles.indexOf(other.profile) || (ids.get(one)! < ids.get(other)! ? -1 : 1),
  )
}

function managed(resource: ScimResource, paths: readonly string[]): ScimResource {
  const held: Record<string, ScimResource[string]> = {}
  for (const path of paths) {
    const [outer = path] = path.startsWith('urn:') ? [path.slice(0, path.lastIndexOf(':'))] : path.split('.')
    const value = resource[outer]
    if (value !== undefined) held[outer] = value
  }
  return held
}
