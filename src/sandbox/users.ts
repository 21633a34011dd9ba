import { randomUUID } from 'node:crypto'
import type { Json, ScimResource } from '../model.ts'
import { acceptResource, checkUser } from './accept.ts'
import { USER } from './attributes.ts'
import { userCandidates } from './candidates.ts'
import type { Filter } from './filter.ts'
import { fold, isAbsent, isList, isObject, own, same } from './json.ts'
import { filterOf, listAnswer, windowOf } from './listing.ts'
import { matches } from './match.ts'
import { type Operation, parsePatch, patch } from './patch.ts'
import type { UserRecord } from './records.ts'
import { type Asked, NO_CONTENT, type Reply } from './reply.ts'
import { bad, ScimError } from './scim-error.ts'
import { parseSelection, select } from './selection.ts'
import { showUser } from './show.ts'
import type { Site } from './site.ts'
import { type UserKey, userKeys } from './store.ts'
import { forgetting, keepingCleared, rewritten, withoutClearing } from './twist.ts'

export function listUsers(asked: Asked, site: Site): Reply {
  const filter = filterOf(asked.question, USER, site)
  const window = windowOf(asked.question, site)
  const show = shower(asked, site)
  const { store, view } = site
  if (filter === undefined && !view.isStale()) {
    const page = store.users.slice(window.from, window.count)
    return { status: 200, body: listAnswer(store.users.size, window, page.map(show), site) }
  }
  const found = [...usersFor(filter, site)].filter(user => !filter || matches(showUser(user, site), filter))
  const page = found.slice(window.from, window.from + window.count)
  return { status: 200, body: listAnswer(found.length, window, page.map(show), site) }
}

function usersFor(filter: Filter | undefined, { store, view }: Site): Iterable<UserRecord> {
  if (view.isStale()) return view.users()
  const ids = filter && userCandidates(filter, store)
  return ids === undefined ? store.users.all() : Array.from(ids).flatMap(id => store.users.get(id) ?? [])
}

export function readUser(id: string, asked: Asked, site: Site): Reply {
  const user = site.view.user(id)
  if (user === undefined) throw unknownUser(id)
  return { status: 200, body: shower(asked, site)(user) }
}

export function createUser(asked: Asked, site: Site): Reply {
  const given = acceptResource(asked.body, USER, site.dialect.users.writable)
  const active = site.behaviour.showsEmpty && !Object.hasOwn(given, 'active') ? { active: true } : {}
  const resource = finished({ ...given, ...active }, site)
  checkUser(resource, site.dialect.users)
  checkUnique(resource, undefined, site)
  const id = randomUUID()
  const now = new Date().toISOString()
  const account = site.behaviour.accounts ? { account: id.replaceAll('-', '').slice(0, 24) } : {}
  const record = { id, resource, created: now, modified: now, ...account }
  const show = shower(asked, site)
  site.commit({ write: 'user', record })
  return { status: 201, body: show(record), location: `${site.url}/Users/${id}` }
}

export function replaceUser(id: string, asked: Asked, site: Site): Reply {
  if (site.dialect.users.update === 'none') throw new ScimError(501, 'users cannot be changed')
  const before = theUser(id, site)
  const given = acceptResource(asked.body, USER, site.dialect.users.writable)
  const body = site.faults.text('ignore-clear') === undefined ? given : keepingCleared(before.resource, given)
  const after = written(before, body, Object.hasOwn(given, 'emails'), site)
  return { status: 200, body: shower(asked, site)(after) }
}

export function patchUser(id: string, asked: Asked, site: Site): Reply {
  if (site.dialect.users.update !== 'patch') throw new ScimError(501, 'PATCH of users is not supported')
  const before = theUser(id, site)
  const parsed = parsePatch(asked.body, USER)
  const operations = site.faults.text('ignore-clear') === undefined ? parsed : withoutClearing(parsed)
  checkEmailsDiffer(operations, before.resource, site)
  const resource = patch(before.resource, operations, site.dialect.users.writable)
  const after = written(
    before,
    resource,
    operations.some(({ path }) => path.attribute === 'emails'),
    site,
  )
  const isAnswered = site.behaviour.patchAnswer === 'resource' || asked.question.attributes.length > 0
  return isAnswered ? { status: 200, body: shower(asked, site)(after) } : NO_CONTENT
}

export function deleteUser(id: string, site: Site): Reply {
  const before = theUser(id, site)
  if (site.dialect.users.delete.means === 'deactivate')
    written(before, { ...before.resource, active: false }, false, site)
  else site.commit({ write: 'delete-user', id })
  return NO_CONTENT
}

/** Checks what a user is to be, and makes it so; what is the same already is left alone. */
function written(before: UserRecord, wanted: ScimResource, touchesEmails: boolean, site: Site): UserRecord {
  const resource = finished(wanted, site)
  checkUser(resource, site.dialect.users)
  checkUnique(resource, before.id, site)
  const unlinks = touchesEmails && isUnmanaged(before.resource, site)
  if (same(resource, before.resource) && !unlinks) return before
  const { account, ...rest } = before
  const link = account === undefined || unlinks ? {} : { account }
  const record = { ...rest, ...link, resource, modified: new Date().toISOString() }
  if (own(resource, 'active') === false && own(before.resource, 'active') !== false) {
    const { how } = site.dialect.users.deactivate
    if (how === 'none') throw bad('mutability', 'a user cannot be deactivated')
    if (how === 'delete') {
      site.commit({ write: 'delete-user', id: before.id })
      return record
    }
  }
  site.commit({ write: 'user', record, ...(unlinks && { leaves: true }) })
  return record
}

function finished(resource: ScimResource, { faults }: Site): ScimResource {
  const forgotten = faults.text('forget-attribute')
  const kept = forgotten === undefined ? resource : forgetting(resource, forgotten)
  return faults.text('rewrite') === undefined ? kept : rewritten(kept)
}

function theUser(id: string, { store }: Site): UserRecord {
  const user = store.users.get(id)
  if (user === undefined) throw unknownUser(id)
  return user
}

function unknownUser(id: string): ScimError {
  return new ScimError(404, `Resource [USER]: with id[${id}] not found.`)
}

function shower({ question }: Asked, site: Site): (user: UserRecord) => string {
  const selection = parseSelection(question.attributes, question.excludedAttributes, USER)
  return user => {
    const shown = showUser(user, site)
    return JSON.stringify(selection === undefined ? shown : select(shown, selection))
  }
}

/** Throws 409 where another user holds what only one may hold. */
function checkUnique(resource: ScimResource, id: string | undefined, site: Site): void {
  const { attrs, case: sensitivity } = site.dialect.users.unique
  const keys = userKeys(resource)
  for (const [attribute, key, label] of UNIQUE) {
    if (!attrs.some(name => name === attribute || name.startsWith(`${attribute}.`))) continue
    for (const value of keys[key]) {
      const holders = site.store.usersBy[key].get(value).filter(one => one !== id)
      const isTaken =
        key === 'userName' && sensitivity === 'exact'
          ? holders.some(one => site.store.users.get(one)?.resource['userName'] === resource['userName'])
          : holders.length > 0
      if (isTaken) throw new ScimError(409, `Resource [USER]: with ${label}[${value}] already exists.`, 'uniqueness')
    }
  }
}

const UNIQUE: readonly (readonly [attribute: string, key: UserKey, label: string])[] = [
  ['userName', 'userName', 'userName'],
  ['externalId', 'externalId', 'externalId'],
  ['emails', 'emails', 'email'],
]

function checkEmailsDiffer(operations: readonly Operation[], before: ScimResource, { behaviour }: Site): void {
  if (behaviour.sameEmails === 'taken') return
  const isSame = operations.some(({ op, path, value }) => {
    const isWhole =
      op === 'replace' && path.attribute === 'emails' && path.where === undefined && path.sub === undefined
    return isWhole && value !== undefined && !isAbsent(value) && same(value, own(before, 'emails'))
  })
  if (isSame) throw bad('invalidValue', 'Resource [USER] One email address need to be marked as primary.')
}

function isUnmanaged(resource: ScimResource, { faults }: Site): boolean {
  const domain = faults.text('unmanaged')
  const emails = own(resource, 'emails')
  if (domain === undefined || !isList(emails)) return false
  const primary = emails.find((one: Json) => isObject(one) && own(one, 'primary') === true)
  const address = isObject(primary) ? own(primary, 'value') : undefined
  return typeof address === 'string' && fold(address).endsWith(`@${fold(domain)}`)
}
