import { RollcallError } from '../../src/errors.ts'
import { BATCH, type Question } from './client.ts'
import { groupSelect } from './convert.ts'
import { isLost, type Listing, Place, readOn } from './pages.ts'
import type { Run } from './session.ts'
import { COST } from './throttle.ts'
import { isRecord, kindOf, type Parsed, type Thing } from './wire.ts'

/** What changes alone do not tell, asked one by one, twenty in a request. */

const TOP = 999

/**
 * The groups that each of these is directly in. Undefined where Graph will not say (it tells ids of groups to
 * User.Read.All and GroupMember.Read.All, and may think otherwise), or does not know them yet.
 */
export async function memberOf(
  { graph, signal }: Run,
  asked: readonly { readonly id: string; readonly kind: 'user' | 'group' }[],
): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  const found = new Map<string, readonly string[]>()
  const listings = asked.map(({ id, kind }) => ({ id, listing: memberOfListing(id, kind, graph.base) }))
  try {
    for (let from = 0; from < listings.length; from += BATCH) {
      const some = listings.slice(from, from + BATCH).map(one => ({ ...one, place: new Place() }))
      const questions = some.map(({ listing, place }) => ({
        ...place.question(listing, listing.path, graph),
        doubts: () => 0,
      }))
      const replies = await graph.askAll(questions, signal)
      for (const [nth, { id, listing, place }] of some.entries()) {
        const first = replies[nth]!
        const groups: string[] = []
        found.set(id, groups)
        if (first.came === 'refusal') return undefined
        await readOn(graph, { listing, place, first }, signal, items => {
          groups.push(...items.filter(item => kindOf(item) === 'group').map(item => item.id))
        })
      }
    }
  } catch (error) {
    if (isLost(error) || (error instanceof RollcallError && error.code === 'source_denied')) return undefined
    throw error
  }
  return found
}

function memberOfListing(id: string, kind: 'user' | 'group', base: string): Listing {
  const path = `/${kind}s/${encodeURIComponent(id)}/memberOf`
  return {
    path: `${base}${path}?$select=id&$top=${TOP}`,
    what: `GET ${path}`,
    cost: COST.memberOf,
    permission: kind === 'user' ? 'User.Read.All' : 'GroupMember.Read.All',
    top: TOP,
    tells: item => kindOf(item) !== undefined,
  }
}

/** Groups by id; one that is not there is missing. */
export function groupsById(run: Run, ids: readonly string[]): Promise<Map<string, Thing>> {
  const select = groupSelect(run.wanted.group).join(',')
  return eachOf(run, ids, id => ({
    path: `${run.graph.base}/groups/${encodeURIComponent(id)}?$select=${select}`,
    what: `GET /groups/${encodeURIComponent(id)}`,
    cost: COST.other,
    permission: 'GroupMember.Read.All',
    parse: body => thingOf(body, id),
  }))
}

/** Users by id, with their managers' ids and nothing else. */
export function managersOf(run: Run, ids: readonly string[]): Promise<Map<string, Thing>> {
  return eachOf(run, ids, id => ({
    path: `${run.graph.base}/users/${encodeURIComponent(id)}?$select=id&$expand=manager($select=id)`,
    what: `GET /users/${encodeURIComponent(id)}`,
    cost: COST.usersWithManager,
    permission: 'User.Read.All',
    parse: body => thingOf(body, id),
  }))
}

async function eachOf(
  { graph, signal }: Run,
  ids: readonly string[],
  question: (id: string) => Question<Thing>,
): Promise<Map<string, Thing>> {
  const found = new Map<string, Thing>()
  for (let from = 0; from < ids.length; from += BATCH) {
    const some = ids.slice(from, from + BATCH)
    const replies = await graph.askAll(some.map(question), signal)
    for (const [nth, id] of some.entries()) {
      const reply = replies[nth]!
      if (reply.came === 'answer') found.set(id, reply.answer)
      else if (reply.status !== 404)
        throw new RollcallError(
          'source_incomplete',
          `${question(id).what}: refused (${reply.status} ${reply.code}). The last reading stands, nothing of it will be removed; run again later.`,
        )
    }
  }
  return found
}

function thingOf(body: unknown, id: string): Parsed<Thing> {
  if (!isRecord(body)) return { fault: 'no JSON object' }
  if (body['id'] !== id) return { fault: 'something else than was asked for' }
  return { answer: { ...body, id } }
}
