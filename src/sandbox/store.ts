import type { Json, ScimResource } from '../model.ts'
import { fold, isList, isObject, own } from './json.ts'
import type { GroupRecord, MemberChange, UserRecord, Write } from './records.ts'
import { type Index, index, type Sequence, sequence, type Table, table } from './table.ts'

/** All users, groups and memberships, in memory. A write costs what it changes, whatever there is beside. */
export interface Store {
  readonly users: Table<UserRecord>
  readonly groups: Table<GroupRecord>
  /** Users by these keys: `userName` and `emails` folded, `externalId` as it is. */
  readonly usersBy: Readonly<Record<UserKey, Index>>
  readonly groupsBy: Readonly<Record<GroupKey, Index>>
  members(groupId: string): Sequence
  /** The groups that a user or group is itself a member of. */
  groupsOf(memberId: string): Iterable<string>
  apply(write: Write): void
  /** The writes from which the directory as it is would come again. */
  writes(): Iterable<Write>
}

export type UserKey = 'userName' | 'externalId' | 'emails'
export type GroupKey = 'displayName' | 'externalId'

const NOBODY = sequence()
const NOWHERE: ReadonlySet<string> = new Set()

export function store(): Store {
  const users = table<UserRecord>()
  const groups = table<GroupRecord>()
  const usersBy = { userName: index(), externalId: index(), emails: index() }
  const groupsBy = { displayName: index(), externalId: index() }
  const members = new Map<string, Sequence>()
  const memberships = new Map<string, Set<string>>()

  const join = (group: string, member: string) => {
    madeAt(members, group, sequence).add(member)
    madeAt(memberships, member, () => new Set<string>()).add(group)
  }
  const leave = (group: string, member: string) => {
    members.get(group)?.delete(member)
    const left = memberships.get(member)
    left?.delete(group)
    if (left?.size === 0) memberships.delete(member)
  }
  const change = (group: string, { clear, add, remove }: MemberChange) => {
    if (clear) for (const member of members.get(group) ?? NOBODY) leave(group, member)
    for (const member of remove) leave(group, member)
    for (const member of add) join(group, member)
  }
  /** Groups show their members by name. */
  const retell = (before: UserRecord | GroupRecord | undefined, after: UserRecord | GroupRecord) => {
    if (before === undefined || shownName(before.resource) === shownName(after.resource)) return
    for (const group of memberships.get(after.id) ?? NOWHERE) members.get(group)?.touch(after.id)
  }
  const forget = (id: string) => {
    for (const group of memberships.get(id) ?? NOWHERE) members.get(group)?.delete(id)
    memberships.delete(id)
  }

  return {
    users,
    groups,
    usersBy,
    groupsBy,
    members: groupId => members.get(groupId) ?? NOBODY,
    groupsOf: memberId => memberships.get(memberId) ?? NOWHERE,
    apply(write) {
      switch (write.write) {
        case 'user':
          reindex(usersBy, userKeys, users.get(write.record.id), write.record)
          retell(users.get(write.record.id), write.record)
          users.set(write.record)
          if (write.leaves) forget(write.record.id)
          break
        case 'group':
          reindex(groupsBy, groupKeys, groups.get(write.record.id), write.record)
          retell(groups.get(write.record.id), write.record)
          groups.set(write.record)
          if (write.members) change(write.record.id, write.members)
          break
        case 'delete-user':
          reindex(usersBy, userKeys, users.get(write.id), undefined)
          users.delete(write.id)
          forget(write.id)
          break
        case 'delete-group':
          reindex(groupsBy, groupKeys, groups.get(write.id), undefined)
          change(write.id, { clear: true, add: [], remove: [] })
          groups.delete(write.id)
          members.delete(write.id)
          forget(write.id)
          break
      }
    },
    *writes() {
      for (const record of users.all()) yield { write: 'user', record }
      for (const record of groups.all()) yield { write: 'group', record }
      for (const record of groups.all()) {
        const all = members.get(record.id) ?? NOBODY
        if (all.size > 0) yield { write: 'group', record, members: { add: [...all], remove: [] } }
      }
    },
  }
}

/** The keys under which a user is found, and which no other may hold where the dialect says so. */
export function userKeys(resource: ScimResource): Readonly<Record<UserKey, readonly string[]>> {
  const emails = own(resource, 'emails')
  return {
    userName: text(own(resource, 'userName')).map(fold),
    externalId: text(own(resource, 'externalId')),
    emails: [
      ...new Set(
        (isList(emails) ? emails : []).flatMap(one => text(isObject(one) ? own(one, 'value') : one)).map(fold),
      ),
    ],
  }
}

export function groupKeys(resource: ScimResource): Readonly<Record<GroupKey, readonly string[]>> {
  return {
    displayName: text(own(resource, 'displayName')).map(fold),
    externalId: text(own(resource, 'externalId')),
  }
}

/** What a group calls a member. */
export function shownName(resource: ScimResource): string {
  const name = own(resource, 'displayName') ?? own(resource, 'userName')
  return typeof name === 'string' ? name : ''
}

function text(value: Json | undefined): string[] {
  return typeof value === 'string' && value !== '' ? [value] : []
}

function reindex<Key extends string>(
  indexes: Readonly<Record<Key, Index>>,
  keysOf: (resource: ScimResource) => Readonly<Record<Key, readonly string[]>>,
  before: UserRecord | GroupRecord | undefined,
  after: UserRecord | GroupRecord | undefined,
): void {
  const [old, young] = [before && keysOf(before.resource), after && keysOf(after.resource)]
  for (const name in indexes) {
    const [gone, come] = [old?.[name] ?? [], young?.[name] ?? []]
    for (const key of gone) if (before && !come.includes(key)) indexes[name].remove(key, before.id)
    for (const key of come) if (after && !gone.includes(key)) indexes[name].add(key, after.id)
  }
}

function madeAt<T>(all: Map<string, T>, key: string, make: () => T): T {
  const known = all.get(key)
  if (known !== undefined) return known
  const made = make()
  all.set(key, made)
  return made
}
