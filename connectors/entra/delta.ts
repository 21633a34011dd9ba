import { hash } from 'node:crypto'
import { userSelect, groupSelect } from './convert.ts'
import { linkOf } from './pages.ts'
import type { Run } from './session.ts'
import { COST } from './throttle.ts'
import { type Page, pageOf, type Parsed, type Thing } from './wire.ts'

/** Changes of users, and of groups with their members (https://learn.microsoft.com/graph/delta-query-overview). */
export type Collection = 'users' | 'groups'

const PERMISSION = { users: 'User.Read.All', groups: 'GroupMember.Read.All' } as const

/** Pages of one round. At 200 objects a page, more is no fewer requests than reading everything. */
const MOST_PAGES = 2_000

/** The link to everything that changes from now on; undefined where Graph does not give one. */
export async function anchor(run: Run, collection: Collection): Promise<string | undefined> {
  const { graph, signal, wanted } = run
  const select =
    collection === 'users' ? [...userSelect(wanted.user), ...managerOf(run)] : [...groupSelect(wanted.group), 'members']
  const start = `${graph.base}/${collection}/delta`
  const reply = await graph.ask(
    {
      path: `${start}?$deltatoken=latest&$select=${select.join(',')}`,
      cost: COST.delta,
      what: `GET /${collection}/delta`,
      permission: PERMISSION[collection],
      parse: body => deltaPageOf(body, start, graph),
    },
    signal,
  )
  return reply.came === 'answer' ? reply.answer.delta : undefined
}

function managerOf({ wanted }: Run): string[] {
  return wanted.user.some(({ name }) => name === 'manager') ? ['manager'] : []
}

/** Every page came, and there is a link to what follows; or the round is not to be trusted. */
export type Round = { readonly next: string } | { readonly doubt: string }

/**
 * Every page from a link to the changes until the next such link. Where a page's link expires the round is begun anew,
 * and pages come to `take` again.
 */
export async function readRound(
  run: Run,
  collection: Collection,
  link: string,
  take: (items: readonly Thing[]) => void,
): Promise<Round> {
  const { graph, signal } = run
  const start = `${graph.base}/${collection}/delta`
  if (linkDoubt(link, start)) return { doubt: 'the link of the checkpoint is not one of changes' }
  let restarts = 0
  const seen = new Set([link])
  const pages = new Set<string>()
  const told = (items: readonly Thing[]) => hash('sha256', JSON.stringify(items))
  let path = link
  for (let page = 1; page <= MOST_PAGES; page++) {
    const isFirst = page === 1
    const reply = await graph.ask(
      {
        path,
        cost: COST.delta,
        what: `GET /${collection}/delta${isFirst ? '' : `, page ${page}`}`,
        permission: PERMISSION[collection],
        parse(body) {
          const parsed = deltaPageOf(body, start, graph)
          if ('fault' in parsed || parsed.answer.items.length === 0) return parsed
          return pages.has(told(parsed.answer.items)) ? { fault: 'a page that came before' } : parsed
        },
        doubts: ({ items, next }) => (isFirst && items.length === 0 && next === undefined ? 1 : 0),
      },
      signal,
    )
    if (reply.came === 'refusal') {
      // A page's link may expire while the link that the round began with still stands.
      if (!isFirst && restarts++ === 0 && /ExpiredPageToken/i.test(reply.code)) {
        seen.clear()
        pages.clear()
        path = link
        page = 0
        continue
      }
      return { doubt: `changes of ${collection} are not told any more (${reply.status} ${reply.code})` }
    }
    const { items } = reply.answer
    pages.add(told(items))
    take(items)
    const { next, delta } = reply.answer
    if (delta !== undefined) return { next: delta }
    if (next === undefined || seen.has(next)) return { doubt: `changes of ${collection} come round in a circle` }
    seen.add(next)
    path = next
  }
  return { doubt: `changes of ${collection} have more than ${MOST_PAGES} pages` }
}

function linkDoubt(link: string, start: string): boolean {
  return !link.startsWith('/') || 'fault' in linkOf(new URL(link, ORIGIN).href, start, { origin: ORIGIN })
}

const ORIGIN = 'https://graph.invalid'

function deltaPageOf(body: unknown, start: string, graph: { readonly origin: string }): Parsed<Page> {
  const parsed = pageOf(body)
  if ('fault' in parsed) return parsed
  const { items, next, delta } = parsed.answer
  const given = next ?? delta
  if (given === undefined) return { fault: 'a page of changes without a link' }
  if (next !== undefined && delta !== undefined) return { fault: 'a page of changes with two links' }
  const link = linkOf(given, start, graph)
  if ('fault' in link) return link
  return { answer: { items, next: next && link.answer, delta: delta && link.answer } }
}
