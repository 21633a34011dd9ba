import type { Asked, CheckLine, Place } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import type { Position } from '../../src/model.ts'
import { assignedTo } from './assignments.ts'
import { countBoth, type Totals } from './counts.ts'
import { endpointsOf, type EntraOptions } from './options.ts'
import { HIDDEN_MEMBERS, isGranted, needsOf } from './permissions.ts'
import { openSession, type Session, type Tuning } from './session.ts'
import { COST, unitsPerSecond } from './throttle.ts'
import { pageOf } from './wire.ts'

/** *Test connection*: signs in, compares permissions with what profiles ask for, counts, and says how long a reading takes. */
export async function* check(
  options: EntraOptions,
  place: Place,
  { signal, asked }: { readonly signal: AbortSignal; readonly asked: Asked },
  tuning: Tuning,
): AsyncGenerator<CheckLine> {
  const { tenant, client } = options
  const who = client === undefined ? '' : ` as application ${client}`
  const signsIn = `signs in to tenant ${tenant} at ${new URL(endpointsOf(options).login).host}${who}`
  let session: Session
  try {
    session = await openSession(options, place, signal, tuning)
  } catch (error) {
    yield failed(signsIn, error, signal)
    return
  }
  try {
    yield { ok: true, what: signsIn }
    yield* permissions(session, asked)
    yield await tenantName(session, signal)
    yield* counts(session, signal)
    if (options.application !== undefined) yield await assignments(session, options.application, signal)
  } finally {
    await session.graph.close()
  }
}

function* permissions({ options, claims }: Session, asked: Asked): Generator<CheckLine> {
  for (const { permission, why, attribute } of needsOf(options, asked.userAttributes.keys())) {
    const at = attribute === undefined ? '' : placesOf(asked.userAttributes.get(attribute))
    const granted = isGranted(permission, claims)
    if (granted === undefined)
      yield { ok: true, what: `the token does not tell whether ${permission} is granted (${why})` }
    else if (granted) yield { ok: true, what: `${permission} is granted (${why})` }
    else
      yield {
        ok: false,
        what: `${permission} is not granted (${why}${at})`,
        now: `grant the application permission ${permission} of Microsoft Graph, with admin consent`,
      }
  }
  if (isGranted(HIDDEN_MEMBERS, claims) === false)
    yield {
      ok: true,
      what: `${HIDDEN_MEMBERS} is not granted: groups with hidden membership keep the members they have at the target`,
    }
}

function placesOf(positions: readonly Position[] | undefined): string {
  if (positions === undefined || positions.length === 0) return ''
  return `, named at ${positions.map(({ file, line }) => `${file}:${line}`).join(', ')}`
}

async function tenantName({ graph, claims }: Session, signal: AbortSignal): Promise<CheckLine> {
  const id = claims?.tid === undefined ? '' : ` (${claims.tid})`
  try {
    const reply = await graph.ask(
      {
        path: `${graph.base}/organization?$select=id,displayName`,
        cost: COST.other,
        what: 'GET /organization',
        permission: 'Organization.Read.All',
        parse: pageOf,
      },
      signal,
    )
    const name = reply.came === 'answer' ? reply.answer.items[0]?.['displayName'] : undefined
    if (typeof name === 'string') return { ok: true, what: `the tenant is ${name}${id}` }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof RollcallError)) throw error
  }
  return {
    ok: true,
    what: `the tenant's name may not be read${id}: that takes Organization.Read.All, and nothing else needs it`,
  }
}

async function* counts({ graph, options }: Session, signal: AbortSignal): AsyncGenerator<CheckLine> {
  let totals: Totals
  try {
    totals = await countBoth(graph, options.users.filter, signal)
  } catch (error) {
    yield failed('counts users and groups', error, signal)
    return
  }
  const { users, groups } = totals
  yield { ok: true, what: `there are ${users} users and ${groups} groups` }
  yield {
    ok: true,
    what: `a full reading takes ${durationOf(secondsFor(totals))} if every group is in scope`,
  }
}

/** What the budget lets through: pages of users and groups, and a page of members for each group. */
function secondsFor({ users, groups }: Totals): number {
  const units = Math.ceil(users / 999) * COST.users + Math.ceil(groups / 999) * COST.groups + groups * COST.members
  return units / unitsPerSecond(users)
}

function durationOf(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.ceil(seconds))} s`
  return `about ${Math.ceil(seconds / 60)} minutes`
}

async function assignments({ graph }: Session, application: string, signal: AbortSignal): Promise<CheckLine> {
  const what = `application ${application}`
  try {
    const { users, groups } = await assignedTo({ graph, signal }, application)
    if (users.size + groups.size > 0)
      return { ok: true, what: `${what} has ${users.size} users and ${groups.size} groups assigned` }
    return {
      ok: false,
      what: `${what} has nobody assigned`,
      now: 'assign users or groups under Enterprise applications, or take application out',
    }
  } catch (error) {
    return failed(`reads who is assigned to ${what}`, error, signal)
  }
}

function failed(what: string, error: unknown, signal: AbortSignal): CheckLine {
  signal.throwIfAborted()
  if (!(error instanceof RollcallError)) throw error
  return { ok: false, what, now: error.message }
}
