import { RollcallError } from '../errors.ts'
import type { Finding, GroupSelector, Profile, SourceGroup } from '../model.ts'
import { direct, flatten, type MemberGraph } from '../pipeline/flatten.ts'
import type { Cache, Population } from '../state.ts'
import type { Planning } from './planning.ts'
import { USER } from './roles.ts'

/** A group of a source, as last read. */
export interface GroupNode {
  readonly num: number
  readonly source: string
  readonly group: SourceGroup
  /** Whether the source would not show the members of this group, or of one below it. */
  readonly uncertain: boolean
  /** The first profile that takes this group in; undefined where none does. */
  readonly owner: Profile | undefined
}

/** Who is in which group at any depth, and which profiles look at whom. */
export interface Scope {
  readonly graph: MemberGraph
  /** By index in the graph. */
  readonly groups: readonly GroupNode[]
  /** By node: the profiles of its source that may take this user in, as bits; see `bitsOf`. */
  readonly candidate: Uint32Array
  /** By node: one more than the index of the first group, by name, through which the user is looked at. */
  readonly via: Uint32Array
  /** Profiles whose people cannot all be told, since some group's members are hidden. */
  readonly uncertain: ReadonlySet<string>
  usersOf(index: number): Uint32Array
  directUsersOf(index: number): Uint32Array
  /** Whether there are groups in this group. */
  isNested(index: number): boolean
}

/** The most profiles that one source can have at one target: they are kept as bits. */
const MOST_PROFILES = 32

/** The profiles of a source in order of precedence; bit n stands for the nth. Throws `config_invalid` for too many. */
export function bitsOf(profiles: readonly Profile[], source: string): readonly Profile[] {
  const own = profiles.filter(profile => profile.source === source)
  if (own.length <= MOST_PROFILES) return own
  throw new RollcallError(
    'config_invalid',
    `source ${source} has ${own.length} profiles for one target, and ${MOST_PROFILES} is the most. Let some of them share a profile, or name the source twice.`,
  )
}

/** Flattens the groups of all sources, and finds out whom each profile takes into account (design §3, Scope). */
export function scopeOf(planning: Planning, people: Population): Scope {
  const { cache, profiles } = planning
  const sourceNames = new Map([...people.sources].map(([name, num]) => [num, name]))
  const used = new Set(profiles.map(profile => profile.source))
  const { graph, rows } = graphOf(cache, people, num => used.has(sourceNames.get(num) ?? ''))
  const flattened = flatten(graph)
  const uncertain = uncertainIn(
    graph,
    rows.map(({ group }) => group.membersUnknown === true),
  )
  const groups = rows.map(({ num, source, group }, index): GroupNode => {
    const name = sourceNames.get(source) ?? ''
    const owner = profiles.find(profile => profile.source === name && selects(profile.scope.groups, group))
    return { num, source: name, group, uncertain: uncertain[index] === 1, owner }
  })

  const candidate = new Uint32Array(people.nodes)
  const via = new Uint32Array(people.nodes)
  const uncertainProfiles = new Set<string>()
  const byName = groups.map((_, index) => index).sort((one, other) => byNameThenId(groups[one]!, groups[other]!))
  for (const profile of profiles) {
    const own = bitsOf(profiles, profile.source)
    const bit = 2 ** own.indexOf(profile)
    const { users, members } = profile.scope
    if (users === 'all') {
      const source = people.sources.get(profile.source)
      for (let node = 0; node < people.nodes; node++)
        if (people.source[node] === source && people.live[node] === USER) candidate[node]! |= bit
      continue
    }
    const selectors = users === 'members' ? profile.scope.groups : users.members
    for (const index of byName) {
      const { source, group, uncertain: hidden } = groups[index]!
      if (source !== profile.source || !selects(selectors, group)) continue
      if (hidden) uncertainProfiles.add(profile.name)
      const nodes = members === 'nested' ? flattened[index]! : direct(graph, index)
      for (let at = 0; at < nodes.length; at++) {
        const node = nodes[at]!
        if (people.live[node] !== USER) continue
        candidate[node]! |= bit
        if (via[node] === 0) via[node] = index + 1
      }
    }
  }
  const isDirect = (index: number) => groups[index]!.owner?.scope.members === 'direct'
  return {
    graph,
    groups,
    candidate,
    via,
    uncertain: uncertainProfiles,
    usersOf: index => (isDirect(index) ? direct(graph, index) : flattened[index]!),
    directUsersOf: index => direct(graph, index),
    isNested: index =>
      graph.members.subarray(graph.offsets[index], graph.offsets[index + 1]).some(node => graph.groupAt[node]! >= 0),
  }
}

/** Hidden memberships, told once for each source. */
export function hiddenFindings({ groups }: Scope): Finding[] {
  const counts = new Map<string, { count: number; example: string }>()
  for (const { source, group } of groups) {
    if (!group.membersUnknown) continue
    const known = counts.get(source) ?? { count: 0, example: group.name }
    known.count++
    counts.set(source, known)
  }
  return [...counts].map(([source, { count, example }]) => ({
    finding: 'members-unknown',
    source,
    message: `the members of ${count} ${count === 1 ? 'group' : 'groups'} are not shown to rollcall (for example ${JSON.stringify(example)}); nobody is removed on account of them`,
  }))
}

function selects(selectors: readonly GroupSelector[], group: SourceGroup): boolean {
  return selectors.some(selector => selector.matches(group))
}

function byNameThenId(one: GroupNode, other: GroupNode): number {
  if (one.group.name !== other.group.name) return one.group.name < other.group.name ? -1 : 1
  return one.group.id < other.group.id ? -1 : 1
}

function graphOf(cache: Cache, people: Population, wanted: (source: number) => boolean) {
  const rows: { readonly num: number; readonly source: number; readonly group: SourceGroup }[] = []
  const members: Uint32Array[] = []
  let edges = 0
  for (const row of cache.groups()) {
    if (!wanted(row.source)) continue
    rows.push({ num: row.num, source: row.source, group: cache.sourceGroup(row) })
    members.push(row.members)
    edges += row.members.length
  }
  const offsets = new Uint32Array(rows.length + 1)
  const all = new Uint32Array(edges)
  const groupAt = new Int32Array(people.nodes).fill(-1)
  for (const [index, { num }] of rows.entries()) {
    groupAt[num] = index
    all.set(members[index]!, offsets[index])
    offsets[index + 1] = offsets[index]! + members[index]!.length
  }
  const graph: MemberGraph = { offsets, members: all, groupAt }
  return { graph, rows }
}

/** By index: 1 where a hidden group is this one or below it. */
function uncertainIn({ offsets, members, groupAt }: MemberGraph, hidden: readonly boolean[]): Uint8Array {
  const uncertain = Uint8Array.from(hidden, Number)
  if (!hidden.includes(true)) return uncertain
  const above = new Map<number, number[]>()
  for (let index = 0; index < hidden.length; index++) {
    for (let at = offsets[index]!; at < offsets[index + 1]!; at++) {
      const nested = groupAt[members[at]!]!
      if (nested < 0) continue
      const parents = above.get(nested)
      if (parents) parents.push(index)
      else above.set(nested, [index])
    }
  }
  const reached = hidden.flatMap((is, index) => (is ? [index] : []))
  for (let next = reached.pop(); next !== undefined; next = reached.pop()) {
    for (const parent of above.get(next) ?? []) {
      if (uncertain[parent]) continue
      uncertain[parent] = 1
      reached.push(parent)
    }
  }
  return uncertain
}
