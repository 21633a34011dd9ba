import { RollcallError } from '../../src/errors.ts'
import type { Graph } from './client.ts'
import { COST } from './throttle.ts'
import { countOf } from './wire.ts'

export interface Totals {
  readonly users: number
  readonly groups: number
}

/** How many there are, by themselves: the second shape of the question. `filter` is that of the users. */
export async function countBoth(graph: Graph, filter: string | undefined, signal: AbortSignal): Promise<Totals> {
  const [users, groups] = await Promise.all([
    count(graph, 'users', filter, signal),
    count(graph, 'groups', undefined, signal),
  ])
  return { users, groups }
}

async function count(
  graph: Graph,
  what: 'users' | 'groups',
  filter: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const query = filter === undefined ? '' : `?$filter=${encodeURIComponent(filter)}`
  const where = `GET /${what}/$count`
  const reply = await graph.ask(
    {
      path: `${graph.base}/${what}/$count${query}`,
      cost: COST.count,
      eventual: true,
      what: where,
      permission: what === 'users' ? 'User.Read.All' : 'GroupMember.Read.All',
      parse: countOf,
    },
    signal,
  )
  if (reply.came === 'answer') return reply.answer
  const { status, code, message } = reply
  const now = filter === undefined ? 'Run again later' : 'Correct users: { filter } of the source'
  throw new RollcallError('source_incomplete', `${where}: refused (${[status, code, message].join(' ')}). ${now}.`)
}
