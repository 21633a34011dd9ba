import type { Finding, Profile, ScimResource } from '../model.ts'
import { canonicalAt, fold, hash52, keyOf } from '../pipeline/canonical.ts'
import { diff, type Differing, narrow } from '../pipeline/diff.ts'
import { mapGroup } from '../pipeline/map.ts'
import type { Population } from '../state.ts'
import { holdersOf, keyText } from './holders.ts'
import { KeySet } from './keys.ts'
import { allowed } from './pair.ts'
import type { Planning } from './planning.ts'
import type { Protected } from './protected.ts'
import { type DesiredGroup, holderName, nameAt } from './group-names.ts'
import { renamesOf } from './renames.ts'
import { GROUP, type Roles } from './roles.ts'
import type { Scope } from './scope.ts'

/** What is to become of every group, apart from its members. */
export interface GroupsPlan {
  readonly desired: readonly DesiredGroup[]
  readonly creates: readonly DesiredGroup[]
  /** With what is to be changed, null where nothing is. */
  readonly adoptions: ReadonlyMap<DesiredGroup, Differing | undefined>
  readonly updates: ReadonlyMap<DesiredGroup, Differing>
  /** Updates that have to wait until another group gave up its name. */
  readonly waitsFor: ReadonlyMap<DesiredGroup, DesiredGroup>
  /** Renamed where the target cannot, by the profile's choice: made anew, and the old one deleted. */
  readonly recreates: readonly DesiredGroup[]
  /** Managed, and no longer wanted by their source or scope: to be emptied or deleted. */
  readonly gone: readonly GoneGroup[]
}

export interface GoneGroup {
  readonly node: number
  readonly at: number
  readonly profile: Profile
  readonly name: string
  readonly why: string
}

export function planGroups(
  planning: Planning,
  people: Population,
  scope: Scope,
  roles: Roles,
  guarded: Protected,
): GroupsPlan {
  const { cache, dialect, target, paths, note } = planning
  const mapped = mapGroups(planning, scope)
  const sets = byName(planning, people, scope, roles, mapped)

  const creates: DesiredGroup[] = []
  const adoptions = new Map<DesiredGroup, Differing | undefined>()
  const updates = new Map<DesiredGroup, Differing>()
  const recreates: DesiredGroup[] = []
  const desired: DesiredGroup[] = []
  let protectedOnes = 0

  const wanted = new KeySet()
  for (const { node, resource } of sets) {
    wanted.add(keyOf(resource['displayName']))
    if (!roles.isHere(node)) wanted.add(keyOf(resource['externalId']))
  }
  const holders = holdersOf(cache, target, 'group', wanted)
  const renames = renamesOf(planning, people, roles, sets, holders)
  const differingOf = (set: DesiredGroup, at: number): Differing | undefined => {
    if (roles.isHere(set.node) && people.hashAt[at] === hash52(canonicalAt(set.resource, paths.group))) return undefined
    const found = diff({
      desired: set.resource,
      current: cache.current('group', at).resource,
      paths: groupPaths(set.profile),
      echo: roles.isHere(set.node) ? cache.echo(people.target, set.node) : undefined,
    })
    return found && allowed(found, roles.isCertain(set.node))
  }
  for (const set of sets) {
    const hold = (finding: string, message: string): void => {
      note(findingOf(roles, cache.idOf('group', set.node), set, finding, message))
    }
    if (roles.isHere(set.node)) {
      const at = people.link[set.node]!
      if (guarded.groups.has(at)) {
        protectedOnes++
        continue
      }
      const blocked = renames.blocked.get(set)
      if (blocked !== undefined) {
        hold('taken', blocked)
        continue
      }
      const found = differingOf(set, at)
      const isRenamed = found?.paths.includes('displayName') === true
      desired.push(set)
      if (!found) continue
      if (isRenamed && dialect.groups.rename === 'never') {
        if (set.profile.rename === 'recreate' && roles.isCertain(set.node)) recreates.push(set)
        else
          note(
            findingOf(
              roles,
              cache.idOf('group', set.node),
              set,
              'rename-unsupported',
              `is called ${JSON.stringify(set.name)} at the source by now; this target cannot rename groups, so it stays ${JSON.stringify(nameAt(planning, at))} there, with its members kept up to date`,
            ),
          )
        const rest = narrow(found, path => path !== 'displayName')
        if (rest && !recreates.includes(set)) updates.set(set, rest)
      } else updates.set(set, found)
      continue
    }
    const hit = (attribute: string) => {
      const value = keyText(set.resource, attribute)
      return value === undefined ? [] : holders.of(attribute, value).filter(at => !renames.givesUp(at))
    }
    const matching = set.profile.matchGroups.find(attribute => hit(attribute).length > 0)
    const [at, ...others] = hit(matching ?? 'displayName')
    if (at === undefined) {
      creates.push(set)
      desired.push(set)
      continue
    }
    const who = holderName(planning, people, at)
    if (others.length > 0) hold('ambiguous', `${others.length + 1} groups at the target match: held`)
    else if (guarded.groups.has(at)) hold('taken', `its name is that of ${who}, which is protected: held`)
    else if (people.linkOf[at] !== 0) hold('taken', `its name is held at the target by ${who}: held`)
    else if (matching === undefined)
      hold(
        'taken',
        `its name is held at the target by ${who}: held. To adopt it, set \`matchGroups: [displayName]\` in ${set.profile.file}`,
      )
    else {
      const theirs = keyText(cache.current('group', at).resource, 'externalId')
      if (theirs !== undefined && theirs !== keyText(set.resource, 'externalId') && !set.profile.takeOver)
        hold('taken', `${who} has another externalId: held. \`takeOver: true\` in ${set.profile.file} takes it over`)
      else {
        const adopted = { ...set, at }
        const found = differingOf(set, at)
        adoptions.set(
          adopted,
          dialect.groups.rename === 'never' ? found && narrow(found, path => path !== 'displayName') : found,
        )
        desired.push(adopted)
      }
    }
  }
  for (const [set, times] of countBy([...adoptions.keys()], ({ at }) => at)) {
    if (times === 1) continue
    adoptions.delete(set)
    desired.splice(desired.indexOf(set), 1)
    note(
      findingOf(
        roles,
        cache.idOf('group', set.node),
        set,
        'ambiguous',
        'is one of several that match one group at the target: held',
      ),
    )
  }
  if (protectedOnes > 0)
    note({
      finding: 'protected',
      message: `${protectedOnes} ${protectedOnes === 1 ? 'group is' : 'groups are'} protected: left alone`,
    })

  const gone = goneGroups(
    planning,
    people,
    scope,
    roles,
    guarded,
    desired,
    new Set([...adoptions.keys()].map(({ at }) => at)),
  )
  return { desired, creates, adoptions, updates, waitsFor: renames.waitsFor, recreates, gone }
}

export function groupPaths(profile: Profile): readonly string[] {
  return profile.group.map(({ path }) => path)
}

interface MappedGroup {
  readonly index: number
  readonly profile: Profile
  readonly resource: ScimResource
}

/** Groups that cannot be mapped are held: they are left out here, and what is at the target stays. */
function mapGroups({ dialect, note }: Planning, scope: Scope): MappedGroup[] {
  return scope.groups.flatMap((node, index) => {
    if (!node.owner) return []
    const mapped = mapGroup(node.group, node.owner, dialect)
    for (const finding of mapped.findings) note(finding)
    return mapped.outcome === 'mapped' ? [{ index, profile: node.owner, resource: mapped.resource }] : []
  })
}

/**
 * Groups by the name they are to have. Two of one name are a collision, unless their profiles say `mergeGroups`:
 * then they are one, under the link of the one that is at the target, even if that is gone from its source.
 */
function byName(planning: Planning, people: Population, scope: Scope, roles: Roles, mapped: readonly MappedGroup[]) {
  const { cache, profiles, note } = planning
  const sets: DesiredGroup[] = []
  const names = new Map<string, MappedGroup[]>()
  for (const one of mapped) {
    const name = keyText(one.resource, 'displayName')
    if (name === undefined) continue
    const same = names.get(fold(name))
    if (same) same.push(one)
    else names.set(fold(name), [one])
  }
  const nodeOf = ({ index }: MappedGroup) => scope.groups[index]!.num
  const add = (one: MappedGroup, from: readonly MappedGroup[], node = nodeOf(one)) => {
    const { resource } = one
    sets.push({
      node,
      profile: one.profile,
      name: keyText(resource, 'displayName') ?? '',
      resource,
      from: from.map(({ index }) => index),
      at: roles.isHere(node) ? people.link[node]! : 0,
    })
  }
  const anchors = goneAnchors(planning, people, roles)
  for (const [name, some] of names) {
    const [only] = some
    const anchor = anchors.get(name)
    const merging = some.every(({ profile }) => profile.mergeGroups)
    if (only && some.length === 1 && !(anchor !== undefined && merging && !roles.isHere(nodeOf(only)))) {
      add(only, some)
      continue
    }
    const ranked = some.toSorted(
      (one, other) =>
        Number(roles.isHere(nodeOf(other))) - Number(roles.isHere(nodeOf(one))) ||
        profiles.indexOf(one.profile) - profiles.indexOf(other.profile) ||
        (scope.groups[one.index]!.group.id < scope.groups[other.index]!.group.id ? -1 : 1),
    )
    const first = ranked[0]!
    if (merging) {
      const node = roles.isHere(nodeOf(first)) || anchor === undefined ? nodeOf(first) : anchor
      add(first, ranked, node)
      continue
    }
    const winner = winnerOf(planning, people, scope, roles, name, ranked)
    for (const one of ranked) {
      if (one === winner) {
        add(one, [one])
        continue
      }
      const other = scope.groups[(winner ?? ranked.find(rival => rival !== one) ?? one).index]!
      note(
        findingOf(
          roles,
          cache.idOf('group', nodeOf(one)),
          { node: nodeOf(one), profile: one.profile, name: keyText(one.resource, 'displayName') ?? '' },
          'collision',
          `has the same displayName as the group ${JSON.stringify(other.group.name)} (${other.source} ${other.group.id}): held. Rename one of them, or set \`mergeGroups: true\` in their profiles`,
        ),
      )
    }
  }
  return sets
}

function winnerOf(
  planning: Planning,
  people: Population,
  scope: Scope,
  roles: Roles,
  name: string,
  ranked: readonly MappedGroup[],
): MappedGroup | undefined {
  const here = ranked.filter(({ index }) => {
    const { num } = scope.groups[index]!
    return roles.isHere(num) && fold(nameAt(planning, people.link[num]!)) === name
  })
  if (here.length === 1) return here[0]
  const linked = ranked.filter(({ index }) => roles.isHere(scope.groups[index]!.num))
  if (linked.length === 1 && here.length === 0) return linked[0]
  const [first, ...others] = linked.length > 1 ? linked : ranked
  if (!first) return undefined
  const source = scope.groups[first.index]!.source
  const isSole = others.every(
    ({ index, profile }) => scope.groups[index]!.source !== source && profile !== first.profile,
  )
  return isSole ? first : undefined
}

/** Linked groups whose source object is gone, by the name they have at the target: a merged group goes on under their link. */
function goneAnchors(planning: Planning, people: Population, roles: Roles): ReadonlyMap<string, number> {
  const anchors = new Map<string, number>()
  if (!planning.profiles.some(({ mergeGroups }) => mergeGroups)) return anchors
  for (let at = 0; at < people.atTarget; at++) {
    const node = people.linkOf[at]!
    if (people.kindAt[at] !== GROUP || people.liveAt[at] !== 1 || node === 0 || !roles.isGone(node)) continue
    if (roles.linkProfileOf(node)?.mergeGroups) anchors.set(fold(nameAt(planning, at)), node)
  }
  return anchors
}

function goneGroups(
  planning: Planning,
  people: Population,
  scope: Scope,
  roles: Roles,
  guarded: Protected,
  desired: readonly DesiredGroup[],
  adopted: ReadonlySet<number>,
): GoneGroup[] {
  const gone: GoneGroup[] = []
  const counted = { strangers: 0, unconfigured: 0 }
  const wanted = new Set(desired.map(({ node }) => node))
  for (const { num, owner } of scope.groups) if (owner) wanted.add(num)
  for (let at = 0; at < people.atTarget; at++) {
    if (people.kindAt[at] !== GROUP || people.liveAt[at] !== 1) continue
    const node = people.linkOf[at]!
    if (node === 0) {
      if (!adopted.has(at)) counted.strangers++
      continue
    }
    if (wanted.has(node)) continue
    const profile = roles.linkProfileOf(node)
    if (!roles.isConfigured(node) || !profile) {
      counted.unconfigured++
      continue
    }
    if (!roles.isCertain(node) || guarded.groups.has(at) || profile.goneGroups === 'keep') continue
    const why =
      people.live[node] === 0 ? `gone from source ${roles.sourceOf(node)}` : 'no longer in scope of any profile'
    gone.push({ node, at, profile, name: nameAt(planning, at), why })
  }
  const groups = (count: number) => (count === 1 ? '1 group' : `${count} groups`)
  if (counted.strangers > 0)
    planning.note({
      finding: 'strangers',
      message: `${groups(counted.strangers)} at the target that rollcall neither created nor adopted: left alone`,
    })
  if (counted.unconfigured > 0)
    planning.note({
      finding: 'not-configured',
      message: `${groups(counted.unconfigured)} came from a source or profile that is no longer configured for this target: left alone`,
    })
  return gone
}

function findingOf(
  roles: Roles,
  sourceId: string,
  { node, profile, name }: Pick<DesiredGroup, 'node' | 'profile' | 'name'>,
  finding: string,
  message: string,
): Finding {
  return { finding, profile: profile.name, source: roles.sourceOf(node), sourceId, name, message }
}

function countBy<Item>(items: readonly Item[], of: (item: Item) => number): (readonly [Item, number])[] {
  const times = new Map<number, number>()
  for (const item of items) times.set(of(item), (times.get(of(item)) ?? 0) + 1)
  return items.map(item => [item, times.get(of(item)) ?? 0] as const)
}
