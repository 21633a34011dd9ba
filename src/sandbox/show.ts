import type { ScimResource } from '../model.ts'
import { ACCOUNT_URN, GROUP_URN, USER_URN } from './attributes.ts'
import { type JsonObject, own } from './json.ts'
import type { GroupRecord, UserRecord } from './records.ts'
import { isSelected, type Selection, select } from './selection.ts'
import type { Site } from './site.ts'
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
export function* showGroup(group: SeenGroup, site: Site, selection?: Selection): Generator<string> {
  if (selection !== undefined) {
    const members = isSelected('members', selection) ? { members: showMembers(group, site) } : {}
    yield JSON.stringify(select({ ...headOf(group.record, site), ...members }, selection))
    return
  }
  yield `${JSON.stringify(headOf(group.record, site)).slice(0, -1)},"members":[`
  let piece = ''
  for (const id of shownMembers(group, site)) {
    piece += piece === '' ? memberText(id, site) : `,${memberText(id, site)}`
    if (piece.length < PIECE) continue
    yield piece
    piece = ','
  }
  yield piece === ',' ? ']}' : `${piece}]}`
}

const PIECE = 65_536

/** The group as one object: for filters. */
export function groupDocument(group: SeenGroup, site: Site, withMembers: boolean): JsonObject {
  const head = headOf(group.record, site)
  return withMembers ? { ...head, members: showMembers(group, site) } : head
}

export function showMember(id: string, site: Site): JsonObject {
  const type = site.store.groups.get(id) === undefined ? 'User' : 'Group'
  return { type, value: id, display: nameOf(id, site), $ref: `${site.url}/${type}s/${id}` }
}

/** Without the last piece's comma problem: see `showGroup`. */
function showMembers(group: SeenGroup, site: Site): JsonObject[] {
  return shownMembers(group, site).map(id => showMember(id, site))
}

/** Not in the order of arrival: nobody may rely on one. */
function shownMembers({ members }: SeenGroup, { dialect, faults }: Site): string[] {
  const { readable } = dialect.members
  if (readable === 'never' || faults.text('hidden-members') !== undefined) return []
  const all = [...members]
  const most = Math.min(
    typeof readable === 'object' ? readable.truncated : Number.POSITIVE_INFINITY,
    faults.number('truncated-members') ?? Number.POSITIVE_INFINITY,
  )
  const middle = all.length >> 1
  return all.length <= most ? all.slice(middle).concat(all.slice(0, middle)) : all.slice(0, most)
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
  const resource: ScimResource = (store.users.get(id) ?? store.groups.get(id))?.resource ?? {}
  const name = own(resource, 'displayName') ?? own(resource, 'userName')
  return typeof name === 'string' ? name : ''
}

/** Texts of members, for as long as what they are made from stays: large groups are shown after every change. */
const texts = new WeakMap<UserRecord | GroupRecord, string>()

function memberText(id: string, site: Site): string {
  const record = site.store.users.get(id) ?? site.store.groups.get(id)
  const known = record && texts.get(record)
  if (known !== undefined) return known
  const text = JSON.stringify(showMember(id, site))
  if (record) texts.set(record, text)
  return text
}
