import type { Since } from '../../src/connector.ts'
import type { SourceGroup, SourceUser } from '../../src/model.ts'
import { type Changes, managerOf } from './changes.ts'
import { groupOf, isLimited, userOf } from './convert.ts'
import { groupsById, managersOf, memberOf } from './lookups.ts'
import { type GroupMembers, MemberReader, type Others } from './members.ts'
import { reach } from './reach.ts'
import type { Run } from './session.ts'

/** The last reading and what changed since, put together: what is to be sent. */
export interface Merged {
  readonly users: readonly SourceUser[]
  readonly groups: readonly SourceGroup[]
  /** All members of each group whose members changed. */
  readonly members: ReadonlyMap<string, readonly string[]>
  readonly gone: readonly string[]
  /** How many groups there are now. */
  readonly reached: number
  /** Whether no group that changed is out of the reading. */
  readonly everyGroup: boolean
  readonly others: Others
}

type Doubt = { readonly doubt: string }

/** More than this many questions about newcomers are no fewer than a full reading's. */
const MOST_LOOKUPS = 2_000

export async function merge(run: Run, since: Since, changes: Changes, others: Others): Promise<Merged | Doubt> {
  const users = await changedUsers(run, since, changes)
  if ('doubt' in users) return users
  const told = toldGroups(run, changes)
  if ('doubt' in told) return told

  const newcomers = [
    ...[...changes.users]
      .filter(([id, thing]) => thing && since.kindOf(id) !== 'user')
      .map(([id]) => ({ id, kind: 'user' as const })),
    ...[...changes.groups]
      .filter(([id, { present, wasGone }]) => present && (wasGone || since.kindOf(id) !== 'group'))
      .map(([id]) => ({ id, kind: 'group' as const })),
  ]
  if (newcomers.length > MOST_LOOKUPS) return { doubt: `${newcomers.length} users and groups are new` }
  const memberships = await memberOf(run, newcomers)
  if (!memberships) return { doubt: 'which groups newcomers are in is not told' }

  const nest = new Nest(since, changes, memberships)
  if (nest.doubt !== undefined) return { doubt: nest.doubt }
  const grown = await grow(run, since, { nest, changes, told })
  if ('doubt' in grown) return grown
  const { reached, current, read } = grown

  const goneUsers = [...changes.users].filter(([id, thing]) => !thing && since.kindOf(id) === 'user').map(([id]) => id)
  const gone = new Set(goneUsers)
  for (const id of since.ids('group')) if (!reached.has(id)) gone.add(id)
  const isUser = (id: string) => {
    return changes.users.has(id) ? changes.users.get(id) !== undefined : since.kindOf(id) === 'user'
  }
  const isMember = (id: string) => reached.has(id) || isUser(id)
  const members = new Map<string, readonly string[]>()
  for (const id of reached) {
    const whole = read.get(id)
    if (whole) members.set(id, [...whole.users, ...whole.groups].filter(isMember))
    else if (nest.changed.has(id) && current.get(id)?.membersUnknown !== true)
      members.set(id, nest.membersOf(id).filter(isMember))
  }
  return {
    users: users.changed,
    groups: [...reached].flatMap(id => current.get(id) ?? []),
    members,
    gone: [...gone],
    reached: reached.size,
    everyGroup: [...changes.groups].every(([id, { present }]) => !present || reached.has(id)),
    others: othersAfter(others, { changes, reached, read }),
  }
}

async function changedUsers(
  run: Run,
  since: Since,
  { users }: Changes,
): Promise<{ readonly changed: readonly SourceUser[] } | Doubt> {
  const things = [...users.values()].filter(thing => thing !== undefined)
  if (things.some(isLimited)) return { doubt: 'changed users came with limited information' }
  if (things.some(({ id }) => since.kindOf(id) === 'group')) return { doubt: 'a user has the id of a group' }
  const withManager = run.wanted.user.some(({ name }) => name === 'manager')
  const silent = things.filter(
    thing => withManager && managerOf(thing) === undefined && since.kindOf(thing.id) === undefined,
  )
  if (silent.length > MOST_LOOKUPS) return { doubt: `${silent.length} users are new` }
  const managers = await managersOf(
    run,
    silent.map(({ id }) => id),
  )
  const changed = things.map(thing => {
    const manager = managerOf(thing)
    const known =
      manager === undefined
        ? (managers.get(thing.id)?.['manager'] ?? since.user(thing.id)?.attributes['manager'])
        : manager
    return userOf({ ...thing, manager: known }, run.wanted.user, run.denied)
  })
  return { changed }
}

/** Groups that changed and are there, as they are now. */
function toldGroups(
  { wanted, hides }: Run,
  { groups }: Changes,
): { readonly groups: ReadonlyMap<string, SourceGroup> } | Doubt {
  const told = new Map<string, SourceGroup>()
  for (const [id, { thing }] of groups) {
    if (!thing) continue
    const group = groupOf(thing, wanted.group, hides)
    if (!group) return { doubt: 'a changed group came without its name' }
    told.set(id, group)
  }
  return { groups: told }
}

/** Direct members of the groups of the last reading, as they are now. */
class Nest {
  /** Groups whose members are not what they were. */
  readonly changed = new Set<string>()
  readonly doubt: string | undefined
  readonly #since: Since
  readonly #changes: Changes
  readonly #joined = new Map<string, string[]>()
  readonly #nested: ReadonlyMap<string, readonly string[]>

  constructor(since: Since, changes: Changes, memberships: ReadonlyMap<string, readonly string[]>) {
    this.#since = since
    this.#changes = changes
    this.#nested = new Map(Array.from(since.nested(), ({ group, members }) => [group, members]))
    for (const [id, { members }] of changes.groups) {
      if (since.kindOf(id) !== 'group' || members.size === 0) continue
      this.changed.add(id)
      for (const [member, { kind, present }] of members) {
        if (present && kind === '' && since.kindOf(member) === undefined && !changes.users.has(member))
          this.doubt = 'a new member came without saying what it is'
      }
    }
    for (const [member, groups] of memberships) {
      for (const group of groups) {
        if (since.kindOf(group) !== 'group') continue
        this.changed.add(group)
        const joined = this.#joined.get(group) ?? []
        joined.push(member)
        this.#joined.set(group, joined)
      }
    }
  }

  /** Those that were told: some may be neither users nor groups of the reading. */
  membersOf(group: string): string[] {
    const members = new Set(this.#since.members(group))
    for (const member of this.#joined.get(group) ?? []) members.add(member)
    // What the changes say of a membership goes before what was asked beside them.
    for (const [member, { present }] of this.#changes.groups.get(group)?.members ?? []) {
      if (present) members.add(member)
      else members.delete(member)
    }
    return [...members]
  }

  /** Groups among them, and what may be one. */
  nestedIn(group: string): readonly string[] {
    if (!this.changed.has(group)) return this.#nested.get(group) ?? []
    const told = this.#changes.groups.get(group)?.members
    return this.membersOf(group).filter(member => {
      const kind = told?.get(member)?.kind
      return (
        kind === 'group' || this.#since.kindOf(member) === 'group' || this.#changes.groups.get(member)?.present === true
      )
    })
  }
}

interface Grown {
  readonly reached: ReadonlySet<string>
  /** Groups to be sent: those that changed, and those that are new in the reading. */
  readonly current: ReadonlyMap<string, SourceGroup>
  /** Members that were read in full, of groups that are new in the reading. */
  readonly read: ReadonlyMap<string, GroupMembers>
}

/** From the groups in scope down through what is nested now; groups that the last reading had not are read. */
async function grow(
  run: Run,
  since: Since,
  {
    nest,
    changes,
    told,
  }: {
    readonly nest: Nest
    readonly changes: Changes
    readonly told: { readonly groups: ReadonlyMap<string, SourceGroup> }
  },
): Promise<Grown | Doubt> {
  const { inScope } = run.request
  const current = new Map(told.groups)
  const read = new Map<string, GroupMembers>()
  const absent = new Set<string>()
  const stands = (id: string) => since.kindOf(id) === 'group' && changes.groups.get(id)?.wasGone !== true
  const wasRead = (id: string) =>
    stands(id) &&
    !(since.group(id)?.membersUnknown === true && current.get(id)?.membersUnknown !== true && current.has(id))
  const isGone = (id: string) => changes.groups.get(id)?.present === false || absent.has(id)
  const roots = new Set<string>()
  for (const id of since.ids('group')) {
    if (isGone(id) || (!stands(id) && !current.has(id))) continue
    const group = current.get(id) ?? since.group(id)
    if (!group) return { doubt: 'a group of the last reading is missing' }
    if (inScope(group)) roots.add(id)
  }
  for (const [id, group] of current) if (inScope(group)) roots.add(id)

  for (;;) {
    const unknown = new Set<string>()
    const reached = reach(
      roots,
      id => (wasRead(id) ? nest.nestedIn(id) : (read.get(id)?.groups ?? [])),
      id => {
        if (isGone(id)) return false
        if (stands(id) || current.has(id)) return true
        unknown.add(id)
        return false
      },
    )
    const unread = [...reached].filter(id => !wasRead(id) && !read.has(id) && current.get(id)?.membersUnknown !== true)
    if (unknown.size + unread.length === 0) return { reached, current, read }
    if (unknown.size + unread.length > MOST_LOOKUPS) return { doubt: `${unknown.size + unread.length} groups are new` }
    const found = await groupsById(run, [...unknown])
    for (const id of unknown) {
      const group = found.has(id) ? groupOf(found.get(id)!, run.wanted.group, run.hides) : undefined
      if (group) current.set(id, group)
      else absent.add(id)
    }
    if (!(await readMembers(run, unread, read, absent))) return { doubt: 'members of a new group are not told' }
  }
}

async function readMembers(
  run: Run,
  groups: readonly string[],
  read: Map<string, GroupMembers>,
  absent: Set<string>,
): Promise<boolean> {
  const reader = new MemberReader(run.graph, run.signal, {
    take: members => read.set(members.group, members),
    gone: group => absent.add(group),
  })
  for (const group of groups) reader.add(group)
  const { short } = await reader.finish()
  return short.length === 0
}

function othersAfter(
  before: Others,
  {
    changes,
    reached,
    read,
  }: {
    readonly changes: Changes
    readonly reached: ReadonlySet<string>
    readonly read: ReadonlyMap<string, GroupMembers>
  },
): Others {
  const after: Record<string, Others[string]> = {}
  for (const group of reached) {
    const whole = read.get(group)?.others
    const kinds = new Map(Object.entries(whole ?? before[group] ?? {}).map(([kind, ids]) => [kind, new Set(ids)]))
    for (const [id, { kind, present }] of whole ? [] : (changes.groups.get(group)?.members ?? [])) {
      if (kind === '' || kind === 'user' || kind === 'group') continue
      const ids = kinds.get(kind) ?? new Set()
      if (present) ids.add(id)
      else ids.delete(id)
      kinds.set(kind, ids)
    }
    const some = [...kinds].filter(([, ids]) => ids.size > 0).map(([kind, ids]): [string, string[]] => [kind, [...ids]])
    if (some.length > 0) after[group] = Object.fromEntries(some)
  }
  return after
}
