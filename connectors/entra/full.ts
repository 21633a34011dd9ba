import { setMaxListeners } from 'node:events'
import type { ReadingPart, Since } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import type { Check, SourceGroup, SourceUser } from '../../src/model.ts'
import { type Assigned, assignedTo } from './assignments.ts'
import {
  certificateOf,
  counted,
  membersCounted,
  pagesClosed,
  sameIdentity,
  sameTenant,
  toldInFull,
} from './certificate.ts'
import { neverChanges, writeMark } from './checkpoint.ts'
import { isLimited, userOf, userSelect } from './convert.ts'
import { countBoth, type Totals } from './counts.ts'
import { anchor } from './delta.ts'
import { othersIn } from './findings.ts'
import { type ReadGroups, readGroups } from './groups.ts'
import { Ids } from './ids.ts'
import { type Listing, readListing } from './pages.ts'
import { permitted } from './permissions.ts'
import type { Run } from './session.ts'
import { COST } from './throttle.ts'

const TOP = 999
/** Groups, and ids of members, in one part. */
const GROUPS = 1_000
const PIECE = 5_000

/**
 * Everything, the users page by page as they come while groups and members are read beside them. First of all come
 * the links to what changes from now on: what is read later may be told twice, and never not at all.
 */
export async function* readAll(run: Run, why: string): AsyncGenerator<ReadingPart> {
  const { graph, signal, request, options } = run
  const began = run.tuning.now()
  const anchors = await anchorsOf(run)
  const before = await countBoth(graph, options.users.filter, signal)
  graph.throttle.sized(before.users)

  const ids = new Ids()
  const prior = priorMembers(request.since, ids)
  const assigned = options.application === undefined ? undefined : await assignedTo(run, options.application)
  const stop = new AbortController()
  const inside = { ...run, signal: AbortSignal.any([signal, stop.signal]) }
  setMaxListeners(0, inside.signal)
  const counts = { users: 0, groups: 0, members: 0 }
  const isRoot = (group: SourceGroup) =>
    assigned === undefined
      ? request.inScope(group)
      : assigned.groups.has(group.id) && (request.allUsers || request.inScope(group))
  const reading = readGroups(inside, ids, {
    isRoot,
    prior,
    progress: done => request.progress?.({ ...done, users: counts.users }),
  })
  // Without groups the users are of no use: their trouble ends the listing of users at once.
  reading.catch((error: unknown) => stop.abort(error))
  try {
    const users = new Set<number>()
    let listed = 0
    let limited = 0
    let pages = 0
    const only = assigned && usersOf(assigned, await reading, ids)
    for await (const items of readListing(graph, userListing(run), inside.signal)) {
      pages++
      listed += items.length
      const page: SourceUser[] = []
      for (const item of items) {
        const number = ids.numberOf(item.id)
        if (only && !only.has(number)) continue
        if (isLimited(item)) limited++
        users.add(number)
        page.push(userOf(item, run.wanted.user, run.denied))
      }
      counts.users += page.length
      if (page.length > 0) yield { part: 'users', users: page }
    }
    const read = await reading
    const groups = [...read.groups.values()]
    for (let from = 0; from < groups.length; from += GROUPS) {
      const some = groups.slice(from, from + GROUPS)
      counts.groups += some.length
      yield { part: 'groups', groups: some }
    }
    let strangers = 0
    for (const { id } of groups) {
      const numbers = read.users.get(id) ?? []
      const members = [...(read.nested.get(id) ?? [])]
      for (const number of numbers) {
        if (users.has(number)) members.push(ids.idOf(number))
        else strangers++
      }
      for (let from = 0; from < members.length; from += PIECE) {
        const some = members.slice(from, from + PIECE)
        counts.members += some.length
        signal.throwIfAborted()
        yield { part: 'members', group: id, members: some }
      }
    }
    for (const finding of othersIn(read.others, run.source)) yield { part: 'finding', finding }

    const after = differs({ users: listed, groups: read.listed }, before)
      ? await countBoth(graph, options.users.filter, signal)
      : undefined
    const checks: Check[] = [
      { check: 'read-in-full', passed: true, detail: why },
      pagesClosed('users', pages),
      pagesClosed('groups', read.pages.groups),
      { ...pagesClosed('members', read.pages.members), detail: membersDetail(read.pages.members, strangers) },
      counted('users', listed, { before: before.users, after: after?.users }),
      counted('groups', read.listed, { before: before.groups, after: after?.groups }),
      membersCounted(read.short),
      toldInFull(limited, counts.users),
      permitted(run.needs, run.claims),
      sameTenant(run.claims?.tid, request.previous),
      sameIdentity(request.previous),
    ]
    const certificate = certificateOf(checks, counts, run.claims?.tid)
    const everyGroup = read.listed === groups.length
    const checkpoint =
      anchors && certificate.complete
        ? writeMark({ ...anchors, full: began, everyGroup, others: read.others }, run)
        : undefined
    yield { part: 'end', certificate, ...(checkpoint !== undefined && { checkpoint }) }
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    stop.abort(new RollcallError('interrupted', 'the reading has ended'))
  }
}

/** The users assigned by themselves or with a group, as numbers. */
function usersOf(assigned: Assigned, { users }: ReadGroups, ids: Ids): Set<number> {
  const all = new Set(Array.from(assigned.users, id => ids.numberOf(id)))
  for (const members of users.values()) for (const member of members) all.add(member)
  return all
}

/** Who was in which group, to be asked before anything is sent. */
function priorMembers(since: Since | undefined, ids: Ids): ReadonlyMap<string, Uint32Array> {
  const prior = new Map<string, Uint32Array>()
  for (const group of since?.ids('group') ?? []) {
    prior.set(
      group,
      Uint32Array.from(since?.members(group) ?? [], id => ids.numberOf(id)),
    )
  }
  return prior
}

async function anchorsOf(run: Run): Promise<{ readonly users: string; readonly groups: string } | undefined> {
  if (neverChanges(run.options, run.request.userAttributes) !== undefined) return undefined
  const [users, groups] = await Promise.all([anchor(run, 'users'), anchor(run, 'groups')])
  return users !== undefined && groups !== undefined ? { users, groups } : undefined
}

function userListing({ graph, wanted, options: { users } }: Run): Listing {
  const manager = wanted.user.some(({ name }) => name === 'manager')
  // An advanced query takes any filter, and no $expand.
  const advanced = users.filter !== undefined && !manager
  const query = [
    `$select=${userSelect(wanted.user).join(',')}`,
    `$top=${TOP}`,
    ...(manager ? ['$expand=manager($select=id)'] : []),
    ...(users.filter === undefined ? [] : [`$filter=${encodeURIComponent(users.filter)}`]),
    ...(advanced ? ['$count=true'] : []),
  ]
  return {
    path: `${graph.base}/users?${query.join('&')}`,
    what: 'GET /users',
    cost: manager ? COST.usersWithManager : COST.users,
    ...(advanced && { eventual: true }),
    permission: 'User.Read.All',
    top: TOP,
    limited: isLimited,
    ...(users.filter !== undefined && { now: NOT_THIS_FILTER }),
  }
}

const NOT_THIS_FILTER =
  'correct users: { filter } of the source, or take manager out of the profiles where the filter is an advanced query'

function differs(read: Totals, before: Totals): boolean {
  return read.users !== before.users || read.groups !== before.groups
}

function membersDetail(pages: number, strangers: number): string {
  const closed = `${pages} ${pages === 1 ? 'page' : 'pages'}, the last of each group without a link onwards`
  return strangers === 0 ? closed : `${closed}; ${strangers} memberships of users that are deleted, left out, or new`
}
