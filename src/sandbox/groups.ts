import { randomUUID } from 'node:crypto'
import type { Json, ScimResource } from '../model.ts'
import { acceptResource } from './accept.ts'
import { GROUP } from './attributes.ts'
import { groupCandidates } from './candidates.ts'
import type { Filter } from './filter.ts'
import { fold, isObject, type JsonObject, own, ownInAnyCase, same, withMember } from './json.ts'
import { filterOf, listAnswer, windowOf } from './listing.ts'
import { matches, mentions } from './match.ts'
import { type Current, type MemberDraft, memberDraft } from './members.ts'
import { parsePatch, patch } from './patch.ts'
import type { GroupRecord } from './records.ts'
import { type Asked, NO_CONTENT, type Reply } from './reply.ts'
import { bad, ScimError } from './scim-error.ts'
import { parseSelection, type Selection } from './selection.ts'
import { groupDocument, showGroup, showMember } from './show.ts'
import type { Site } from './site.ts'
import type { SeenGroup } from './view.ts'

export function listGroups(asked: Asked, site: Site): Reply {
  const filter = filterOf(asked.question, GROUP, site)
  const window = windowOf(asked.question, site)
  const selection = selectionOf(asked)
  const { store, view } = site
  const show = (group: SeenGroup) => showGroup(group, site, selection)
  if (filter === undefined && !view.isStale()) {
    const page = store.groups.slice(window.from, window.count).map(record => seen(record, site))
    return { status: 200, body: listAnswer(store.groups.size, window, page.map(show), site) }
  }
  const withMembers = filter !== undefined && mentions(filter, 'members')
  const found = [...groupsFor(filter, site)].filter(
    group => !filter || matches(groupDocument(group, site, withMembers), filter),
  )
  const page = found.slice(window.from, window.from + window.count)
  return { status: 200, body: listAnswer(found.length, window, page.map(show), site) }
}

function groupsFor(filter: Filter | undefined, site: Site): Iterable<SeenGroup> {
  const { store, view } = site
  if (view.isStale()) return view.groups()
  const ids = filter && groupCandidates(filter, store)
  const records =
    ids === undefined ? [...store.groups.all()] : Array.from(ids).flatMap(id => store.groups.get(id) ?? [])
  return records.map(record => seen(record, site))
}

export function readGroup(id: string, asked: Asked, site: Site): Reply {
  const group = site.view.group(id)
  if (group === undefined) throw unknownGroup(id)
  return { status: 200, body: showGroup(group, site, selectionOf(asked)) }
}

export function createGroup(asked: Asked, site: Site): Reply {
  const { body, members } = parted(asked.body)
  const resource = acceptResource(body, GROUP, site.dialect.groups.writable)
  checkGroup(resource, undefined, site)
  const { taken, most } = site.behaviour.membersOnCreate
  const draft = draftFor(new Set(), most, site)
  if (taken) draft.replace(members)
  const now = new Date().toISOString()
  const record = { id: randomUUID(), resource, created: now, modified: now }
  commit(record, draft, site)
  const body201 = showGroup(seen(record, site), site, selectionOf(asked))
  return { status: 201, body: body201, location: `${site.url}/Groups/${record.id}` }
}

export function replaceGroup(id: string, asked: Asked, site: Site): Reply {
  const before = theGroup(id, site)
  const { body, members } = parted(asked.body)
  const resource = acceptResource(body, GROUP, site.dialect.groups.writable)
  const draft = draftFor(site.store.members(id), Number.POSITIVE_INFINITY, {
    ...site,
    behaviour: { ...site.behaviour, unknownMember: 400 },
  })
  draft.replace(members)
  const after = written(before, resource, draft, 'put', site)
  return { status: 200, body: showGroup(seen(after, site), site, selectionOf(asked)) }
}

export function patchGroup(id: string, asked: Asked, site: Site): Reply {
  const { behaviour } = site
  if (asked.bytes > behaviour.maxMemberBytes) throw tooLarge(`${behaviour.maxMemberBytes} bytes`)
  const before = theGroup(id, site)
  const operations = parsePatch(asked.body, GROUP)
  const selection = selectionOf(asked)
  const draft = draftFor(site.store.members(id), behaviour.maxMembers, site)
  const isOfMembers = ({ path }: (typeof operations)[number]) => path.urn === undefined && path.attribute === 'members'
  for (const operation of operations.filter(isOfMembers)) draft.apply(operation)
  const others = operations.filter(operation => !isOfMembers(operation))
  const resource = patch(before.resource, others, site.dialect.groups.writable)
  const after = written(before, resource, draft, 'patch', site)
  const [unknown] = draft.unknown
  if (unknown !== undefined)
    throw new ScimError(404, `member ${JSON.stringify(unknown)} is no user that could be found`)
  const isAnswered = behaviour.patchAnswer === 'resource' || asked.question.attributes.length > 0
  return isAnswered ? { status: 200, body: showGroup(seen(after, site), site, selection) } : NO_CONTENT
}

export function deleteGroup(id: string, site: Site): Reply {
  theGroup(id, site)
  site.commit({ write: 'delete-group', id })
  return NO_CONTENT
}

/** Checks what a group is to be, and makes it so; what is the same already is left alone. */
function written(
  before: GroupRecord,
  wanted: ScimResource,
  draft: MemberDraft,
  by: 'put' | 'patch',
  site: Site,
): GroupRecord {
  const resource = renamed(before.resource, wanted, by, site)
  checkGroup(resource, before.id, site)
  const isSame = same(resource, before.resource)
  if (isSame && draft.change() === undefined) return before
  return commit(
    { ...before, resource: isSame ? before.resource : resource, modified: new Date().toISOString() },
    draft,
    site,
  )
}

/** What becomes of another `displayName`, where the dialect says that it stays. */
function renamed(
  before: ScimResource,
  wanted: ScimResource,
  by: 'put' | 'patch',
  { dialect, faults }: Site,
): ScimResource {
  const [old, name] = [own(before, 'displayName'), own(wanted, 'displayName')]
  if (old === name) return wanted
  if (faults.text('ignore-rename') !== undefined) return { ...wanted, displayName: old ?? null }
  const { rename } = dialect.groups
  if (rename === 'never') throw bad('mutability', 'displayName of a group is immutable')
  if (rename === 'put' && by === 'patch') throw bad('mutability', 'displayName of a group is changed by PUT')
  return wanted
}

function commit(record: GroupRecord, draft: MemberDraft, site: Site): GroupRecord {
  const members = draft.change()
  site.commit({ write: 'group', record, ...(members && { members }) })
  return record
}

function draftFor(current: Current, most: number, site: Site): MemberDraft {
  const { behaviour, faults, store } = site
  const [refusedWho, refusal] = failing(faults.text('fail-member'))
  let count = 0
  return memberDraft(current, {
    ...behaviour,
    removal: {
      pathFilter: behaviour.removal.pathFilter && faults.text('reject-path-filter') === undefined,
      valueArray: faults.text('reject-value-array') === undefined ? behaviour.removal.valueArray : 'refused',
    },
    partial: faults.text('partial-members') !== undefined,
    named(id) {
      count += 1
      if (count > most) throw tooLarge(`${most} members`)
      if (refusedWho === undefined) return
      if (id === refusedWho || store.users.get(id)?.resource['userName'] === refusedWho) throw refusal
    },
    isKnown: id =>
      store.users.get(id) !== undefined || (behaviour.groupsAsMembers && store.groups.get(id) !== undefined),
    show: id => showMember(id, site),
  })
}

/** Of the fault `fail-member`: who, and what is answered. */
function failing(text: string | undefined): readonly [string | undefined, ScimError] {
  const [, who, status] = /^(.*?)(?::([45]\d\d))?$/.exec(text ?? '') ?? []
  return [who === '' ? undefined : who, new ScimError(Number(status ?? 500), 'this member cannot be processed')]
}

function tooLarge(limit: string): ScimError {
  return new ScimError(413, `one PATCH of a group takes no more than ${limit}`)
}

/** Throws 400 and 409. */
function checkGroup(resource: ScimResource, id: string | undefined, { store, faults }: Site): void {
  const name = own(resource, 'displayName')
  if (typeof name !== 'string' || name === '') throw bad('invalidValue', 'attribute displayName is required')
  const elsewhere = faults.text('taken-group')
  const isTaken =
    store.groupsBy.displayName.get(fold(name)).some(one => one !== id) ||
    (elsewhere !== undefined && fold(elsewhere) === fold(name))
  if (isTaken) throw new ScimError(409, 'Resource [GROUP]: with displayName already exists.', 'uniqueness')
}

/** A body and the members in it, which are not checked as attributes are: they may be many. */
function parted(body: Json): { readonly body: Json; readonly members: Json | undefined } {
  if (!isObject(body)) return { body, members: undefined }
  const [name, members] = ownInAnyCase(body, 'members')
  return { body: withMember(body, name, undefined) satisfies JsonObject, members }
}

function theGroup(id: string, { store }: Site): GroupRecord {
  const group = store.groups.get(id)
  if (group === undefined) throw unknownGroup(id)
  return group
}

function unknownGroup(id: string): ScimError {
  return new ScimError(404, `Resource [GROUP]: with id[${id}] not found.`)
}

function seen(record: GroupRecord, { store }: Site): SeenGroup {
  return { record, members: store.members(record.id) }
}

function selectionOf({ question }: Asked): Selection | undefined {
  return parseSelection(question.attributes, question.excludedAttributes, GROUP)
}
