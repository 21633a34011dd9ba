import { RollcallError } from '../../src/errors.ts'
import type { SourceGroup } from '../../src/model.ts'
import { groupOf, groupSelect } from './convert.ts'
import type { Ids } from './ids.ts'
import { MemberReader, type Others } from './members.ts'
import { type Listing, readListing } from './pages.ts'
import { reach } from './reach.ts'
import type { Run } from './session.ts'
import { COST } from './throttle.ts'
import type { Thing } from './wire.ts'

const TOP = 999

/** Groups in scope and those nested below them, with their direct members. */
export interface ReadGroups {
  readonly groups: ReadonlyMap<string, SourceGroup>
  /** Users among the members of a group, as numbers; whether they are users of the reading is not known here. */
  readonly users: ReadonlyMap<string, Uint32Array>
  /** Groups among them, those of the reading alone. */
  readonly nested: ReadonlyMap<string, readonly string[]>
  readonly others: Others
  /** Of the whole tenant. */
  readonly listed: number
  /** Groups whose members are said to be none, and counted to be some. */
  readonly short: readonly string[]
  readonly pages: { readonly groups: number; readonly members: number }
}

export interface Wishes {
  /** Whether a group is read for its own sake. */
  readonly isRoot: (group: SourceGroup) => boolean
  /** Members before: a list that somebody is missing from is read twice. */
  readonly prior: ReadonlyMap<string, Uint32Array>
  readonly progress: (done: { readonly groups: number; readonly members: number }) => void
}

export async function readGroups(run: Run, ids: Ids, { isRoot, prior, progress }: Wishes): Promise<ReadGroups> {
  const { graph, signal } = run
  const listed = new Map<string, SourceGroup>()
  const roots: string[] = []
  const users = new Map<string, Uint32Array>()
  const nested = new Map<string, readonly string[]>()
  const others: Record<string, Others[string]> = {}
  const gone = new Set<string>()
  let members = 0
  /** Nested groups that the listing has not told yet. */
  const early = new Set<string>()

  const open = (id: string) => {
    if (listed.get(id)?.membersUnknown !== true) reader.add(id)
  }
  const reader = new MemberReader(graph, signal, {
    gone: group => gone.add(group),
    doubts(list) {
      const before = prior.get(list.group)
      if (before === undefined || before.length === 0) return false
      const now = new Set([...list.users, ...list.groups].map(id => ids.numberOf(id)))
      return before.some(number => !now.has(number))
    },
    take(list) {
      const { group, users: direct, groups: inside } = list
      members += direct.length + inside.length
      progress({ groups: listed.size, members })
      users.set(
        group,
        Uint32Array.from(direct, id => ids.numberOf(id)),
      )
      if (inside.length > 0) nested.set(group, inside)
      if (Object.keys(list.others).length > 0) others[group] = list.others
      for (const inner of inside) {
        if (listed.has(inner)) open(inner)
        else early.add(inner)
      }
    },
  })
  let pages = 0
  for await (const items of readListing(graph, groupListing(run), signal)) {
    pages++
    for (const item of items) {
      const group = convert(item, run)
      listed.set(group.id, group)
      const root = isRoot(group)
      if (root) roots.push(group.id)
      if (root || early.has(group.id)) open(group.id)
    }
    progress({ groups: listed.size, members })
  }
  const read = await reader.finish()

  const all = listed.size
  const reached = reach(
    roots,
    group => nested.get(group) ?? [],
    group => listed.has(group) && !gone.has(group),
  )
  for (const id of listed.keys()) if (!reached.has(id)) listed.delete(id)
  return {
    groups: listed,
    users,
    nested: new Map([...nested].map(([group, inner]) => [group, inner.filter(id => reached.has(id))])),
    others: Object.fromEntries(Object.entries(others).filter(([group]) => reached.has(group))),
    listed: all,
    short: read.short,
    pages: { groups: pages, members: read.pages },
  }
}

function groupListing({ graph, wanted }: Run): Listing {
  return {
    path: `${graph.base}/groups?$select=${groupSelect(wanted.group).join(',')}&$top=${TOP}`,
    what: 'GET /groups',
    cost: COST.groups,
    permission: 'GroupMember.Read.All',
    top: TOP,
    limited: item => typeof item['displayName'] !== 'string',
  }
}

function convert(item: Thing, { wanted, hides }: Run): SourceGroup {
  const group = groupOf(item, wanted.group, hides)
  if (group) return group
  throw new RollcallError(
    'source_denied',
    'GET /groups: a group came with limited information (no displayName), so that its scope cannot be told; grant the application permission GroupMember.Read.All, with admin consent.',
  )
}
