import { setHash } from '../pipeline/sets.ts'
import type { Population } from '../state.ts'
import type { GoneGroup, GroupsPlan } from './groups.ts'
import type { DesiredGroup } from './group-names.ts'
import type { PeoplePlan } from './people.ts'
import { breathe, type Planning } from './planning.ts'
import type { Scope } from './scope.ts'

/** Who comes to, and who goes from, one group. */
export interface MembersPlan {
  readonly group: DesiredGroup | GoneGroup
  /** Nodes, linked or coming. */
  readonly add: Uint32Array
  /** Numbers at the target. */
  readonly remove: Uint32Array
  /** Whether nobody is left of five or more. */
  readonly empties: boolean
}

const FEW = 5

/**
 * The members of managed groups are authoritative: the source decides (design §3, Groups). Nobody is removed whose
 * own source was not read completely, who is held or protected, or from a group with hidden members.
 */
export async function planMembers(
  planning: Planning,
  people: Population,
  scope: Scope,
  who: PeoplePlan,
  groups: GroupsPlan,
  progress: (done: number, total: number) => void,
): Promise<{
  readonly members: readonly MembersPlan[] /** By node, of groups that change: how many users they come to. */
  readonly sizes: ReadonlyMap<DesiredGroup, number>
}> {
  const members: MembersPlan[] = []
  const sizes = new Map<DesiredGroup, number>()
  const current = currentMembers(planning, people)
  const taker = new Map([...who.adoptions].map(([node, { at }]) => [at, node]))
  const isNew = new Set([...groups.creates, ...groups.recreates])
  const wantedAt = new Uint32Array(people.atTarget)
  const seen = new Uint32Array(people.nodes)
  let stamp = 0
  const leftOut = new Map<string, { memberships: number; groups: number; example: number }>()

  /** Whether this member may be removed on the word of this group's source and the member's own. */
  const removable = (at: number, group: DesiredGroup | GoneGroup): boolean => {
    if (who.untouched[at] === 1 || !who.roles.isCertain(group.node)) return false
    const node = taker.get(at) ?? people.linkOf[at]!
    if (node === 0) return group.profile.strangers === 'remove'
    return who.roles.isCertain(node)
  }

  for (const [index, group] of groups.desired.entries()) {
    stamp++
    const coming: number[] = []
    const here: number[] = []
    let out = 0
    let example = 0
    for (const from of group.from) {
      const nodes = scope.usersOf(from)
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[i]!
        if (seen[node] === stamp) continue
        seen[node] = stamp
        if (who.isMember(node)) {
          const at = who.atOf(node)
          if (at === 0) coming.push(node)
          else {
            here.push(at)
            wantedAt[at] = stamp
          }
        } else if (people.live[node] === 1 && people.state[node] === 0) {
          out++
          example ||= node
        }
      }
    }
    if (out > 0) {
      const known = leftOut.get(group.profile.name) ?? { memberships: 0, groups: 0, example }
      known.memberships += out
      known.groups++
      leftOut.set(group.profile.name, known)
    }
    const found = isNew.has(group)
      ? { add: Uint32Array.from([...here.map(at => nodeAt(at)), ...coming]), remove: EMPTY, empties: false }
      : compare(group, here, coming)
    if (found.add.length > 0 || found.remove.length > 0) members.push({ group, ...found })
    if (isNew.has(group) || found.add.length > 0 || found.remove.length > 0)
      sizes.set(group, here.length + coming.length)
    if (index % 2_000 === 1_999) {
      progress(index + 1, groups.desired.length)
      await breathe(planning.signal)
    }
  }
  for (const group of groups.gone) {
    if (group.profile.goneGroups !== 'empty') continue
    const present = current.of(group.at)
    const remove = present.filter(at => removable(at, group))
    if (remove.length > 0)
      members.push({ group, add: EMPTY, remove, empties: present.length >= FEW && remove.length === present.length })
  }
  for (const [profile, { memberships, groups: some, example }] of leftOut) {
    const name = planning.cache.nameOf(who.roles.sourceOf(example), planning.cache.idOf('user', example))
    planning.note({
      finding: 'out-of-scope-members',
      profile,
      message: `${memberships} ${memberships === 1 ? 'membership' : 'memberships'} in ${some} ${some === 1 ? 'group' : 'groups'} are of users who are not in scope, and left out (for example ${JSON.stringify(name ?? '')})`,
    })
  }
  return { members, sizes }

  function nodeAt(at: number): number {
    return taker.get(at) ?? people.linkOf[at]!
  }

  function compare(group: DesiredGroup, here: readonly number[], coming: readonly number[]) {
    const { at: groupAt } = group
    const isEqual =
      coming.length === 0 &&
      planning.paths.members &&
      people.memberCountAt[groupAt] === here.length &&
      people.membersHashAt[groupAt] === setHash(here)
    if (isEqual) return { add: EMPTY, remove: EMPTY, empties: false }
    const present = current.of(groupAt)
    const isUncertain = group.from.some(from => scope.groups[from]!.uncertain)
    const remove = isUncertain ? EMPTY : present.filter(at => wantedAt[at] !== stamp && removable(at, group))
    for (const at of present) if (wantedAt[at] === stamp && !current.isUnsure(groupAt, at)) wantedAt[at] = 0
    const add = Uint32Array.from([...here.filter(at => wantedAt[at] === stamp).map(nodeAt), ...coming])
    const empties = present.length >= FEW && remove.length === present.length && add.length === 0
    return { add, remove, empties }
  }
}

const EMPTY = new Uint32Array()

/** The members of a group as numbers at the target, and those among them of whom a request left nobody sure. */
interface Current {
  of(at: number): Uint32Array
  isUnsure(group: number, member: number): boolean
}

/** As the target shows them; where it does not, those that rollcall wrote itself. */
function currentMembers({ cache, ledger, target, paths }: Planning, people: Population): Current {
  if (paths.members) return { of: at => cache.currentMembers(at) ?? EMPTY, isUnsure: () => false }
  const written = [...ledger.writtenMembers(target)]
  const ids = cache.numbersAtTarget(
    target,
    'user',
    new Set(written.flatMap(({ members, unsure }) => [...members, ...unsure])),
  )
  const groups = cache.numbersAtTarget(target, 'group', new Set(written.map(({ group }) => group)))
  const numbers = (some: readonly string[]) =>
    some.flatMap(id => ids.get(id) ?? []).filter(member => people.liveAt[member] === 1)
  const shadow = new Map<number, Uint32Array>()
  const doubtful = new Map<number, ReadonlySet<number>>()
  for (const { group, members, unsure } of written) {
    const at = groups.get(group)
    if (at === undefined) continue
    doubtful.set(at, new Set(numbers(unsure)))
    shadow.set(at, Uint32Array.from(new Set(numbers([...members, ...unsure]))))
  }
  return { of: at => shadow.get(at) ?? EMPTY, isUnsure: (group, member) => doubtful.get(group)?.has(member) === true }
}
