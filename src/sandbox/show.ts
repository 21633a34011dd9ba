import { ACCOUNT_URN, GROUP_URN, USER_URN } from './attributes.ts'
import type { JsonObject } from './json.ts'
import type { GroupRecord, UserRecord } from './records.ts'
import type { Piece } from './reply.ts'
import { isSelected, type Selection, select } from './selection.ts'
import type { Site } from './site.ts'
import { shownName } from './store.ts'
import type { Sequence, Stretch } from './table.ts'
import type { SeenGroup } from './view.ts'

/** A user as it is answered. */
export function showUser(record: UserRecord, site: Site): JsonObject {
  const { id, resource, account } = record
  const extensions = Object.keys(resource).filter(name => name.startsWith('urn:'))
  const groups = Array.from(site.store.groupsOf(id), groupId => membershipOf(groupId, site))
  const { showsEmpty } = site.behaviour
  return {
    schemas: account === undefined ? [USER_URN, ...extensions] : [ACCOUNT_URN, USER_URN, ...extensions],
    id,
    ...(showsEmpty && { externalId: '' }),
    ...resource,
    ...((showsEmpty || groups.length > 0) && { groups }),
    ...(account !== undefined && { [ACCOUNT_URN]: { atlassianAccountId: account } }),
    meta: metaOf('User', record, site),
  }
}

function membershipOf(groupId: string, site: Site): JsonObject {
  return { type: 'direct', value: groupId, display: nameOf(groupId, site), $ref: `${site.url}/Groups/${groupId}` }
}

/** A group as it is answered, in pieces: with tens of thousands of members it is long. */
export function* showGroup(group: SeenGroup, site: Site, selection?: Selection): Generator<Piece> {
  if (selection !== undefined) {
    const members = isSelected('members', selection) ? { members: showMembers(group, site) } : {}
    yield JSON.stringify(select({ ...headOf(group.record, site), ...members }, selection))
    return
  }
  yield `${JSON.stringify(headOf(group.record, site)).slice(0, -1)},"members":[`
  const most = mostShown(site)
  if (most < group.members.size) yield textOf(group.members.slice(0, most), site)
  else yield* allMembers(group.members, site)
  yield ']}'
}

/** Not in the order of arrival: nobody may rely on one. */
function* allMembers(members: Sequence, site: Site): Generator<Piece> {
  const stretches = members.stretches()
  const middle = stretches.length >> 1
  const rotated = [...stretches.slice(middle), ...stretches.slice(0, middle)]
  for (const [at, stretch] of rotated.entries()) {
    if (at > 0) yield ','
    yield members.size < LARGE ? textOf(stretch.ids.toReversed(), site) : keptText(stretch, site)
  }
}

/** Groups of so many members are shown after every change of some of them; what stays the same is told once. */
const LARGE = 2_000
const KEPT_BYTES = 256 << 20
let kept = new WeakMap<Stretch, Uint8Array>()
let keptBytes = 0

function keptText(stretch: Stretch, site: Site): Uint8Array {
  const known = kept.get(stretch)
  if (known !== undefined) return known
  const told = Buffer.from(textOf(stretch.ids, site))
  if (keptBytes > KEPT_BYTES) {
    kept = new WeakMap()
    keptBytes = 0
  }
  kept.set(stretch, told)
  keptBytes += told.length
  return told
}

function textOf(ids: readonly string[], site: Site): string {
  return ids.map(id => JSON.stringify(showMember(id, site))).join(',')
}

/** The group as one object: for filters. */
export function groupDocument(group: SeenGroup, site: Site, withMembers: boolean): JsonObject {
  const head = headOf(group.record, site)
  return withMembers ? { ...head, members: showMembers(group, site) } : head
}

export function showMember(id: string, site: Site): JsonObject {
  const type = site.store.groups.get(id) === undefined ? 'User' : 'Group'
  return { type, value: id, display: nameOf(id, site), $ref: `${site.url}/${type}s/${id}` }
}

function showMembers({ members }: SeenGroup, site: Site): JsonObject[] {
  return members.slice(0, mostShown(site)).map(id => showMember(id, site))
}

function mostShown({ dialect, faults }: Site): number {
  const { readable } = dialect.members
  if (readable === 'never' || faults.text('hidden-members') !== undefined) return 0
  const most = typeof readable === 'object' ? readable.truncated : Number.POSITIVE_INFINITY
  return Math.min(most, faults.number('truncated-members') ?? most)
}

function headOf(record: GroupRecord, site: Site): JsonObject {
  const extensions = Object.keys(record.resource).filter(name => name.startsWith('urn:'))
  return { schemas: [GROUP_URN, ...extensions], id: record.id, ...record.resource, meta: metaOf('Group', record, site) }
}

function metaOf(
  resourceType: 'User' | 'Group',
  { id, created, modified }: UserRecord | GroupRecord,
  { url }: Site,
): JsonObject {
  return { resourceType, location: `${url}/${resourceType}s/${id}`, lastModified: modified, created }
}

function nameOf(id: string, { store }: Site): string {
  const record = store.users.get(id) ?? store.groups.get(id)
  return record === undefined ? '' : shownName(record.resource)
}
