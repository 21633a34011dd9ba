import { RollcallError } from '../../src/errors.ts'
import { BrokenAnswer, type Graph, type Question, type Reply } from './client.ts'
import { type Page, type Parsed, pageOf, type Thing } from './wire.ts'

/** A collection that is read page by page. */
export interface Listing {
  /** From the root of the origin, percent-encoded. */
  readonly path: string
  /** For people: `GET /users`. */
  readonly what: string
  readonly cost: number
  readonly eventual?: boolean
  readonly permission: string
  /** `$top`: a page as full as this is not likely to be the last one. */
  readonly top: number
  /** Whether this is less than Graph tells of one in a collection that it lets us read. */
  readonly limited?: (item: Thing) => boolean
  /** Whether an item says what it must; without it the page is none. */
  readonly tells?: (item: Thing) => boolean
  /** Whether a list that ends in an empty page is counted afterwards, and need not be asked again. */
  readonly countsEmpties?: boolean
  /** What to do where Graph will not have the question. Default: run again later. */
  readonly now?: string
}

/** Pages in a row without anything in them before that is taken for a loop. */
const EMPTY_PAGES = 50

/** What one listing has come to so far, where its pages are told apart from ones that came before. */
export class Place {
  readonly seen = new Set<string>()
  readonly #links = new Set<string>()
  #empty = 0
  page = 0

  /** The question for the page behind this path, the first one or one behind a link onwards. */
  question(listing: Listing, path: string, graph: Pick<Graph, 'origin'>): Question<Page> {
    const { what, cost, eventual, permission, top, limited, tells, path: start } = listing
    this.page++
    const isFirst = this.page === 1
    return {
      path,
      cost,
      ...(eventual && { eventual }),
      what: isFirst ? what : `${what}, page ${this.page}`,
      permission,
      parse: body => {
        const parsed = pageOf(body)
        if ('fault' in parsed) return parsed
        const { items, next } = parsed.answer
        if (tells && !items.every(tells)) return { fault: 'a list with something in it that does not say what it is' }
        if (items.length > 0 && items.every(({ id }) => this.seen.has(id))) return { fault: 'a page that came before' }
        if (next === undefined) return parsed
        const onwards = linkOf(next, start, graph)
        if ('fault' in onwards) return onwards
        if (this.#links.has(onwards.answer) || onwards.answer === path)
          return { fault: 'a link onwards that came before' }
        return { answer: { ...parsed.answer, next: onwards.answer } }
      },
      doubts: ({ items, next }) => {
        if (limited && items.some(limited)) return 2
        return next === undefined && ((items.length === 0 && !listing.countsEmpties) || items.length >= top) ? 1 : 0
      },
    }
  }

  /** Those of a page that did not come before. */
  take({ items, next }: Page, what: string): Thing[] {
    if (next !== undefined) this.#links.add(next)
    this.#empty = items.length === 0 ? this.#empty + 1 : 0
    if (this.#empty > EMPTY_PAGES)
      throw incomplete(`${what}: ${this.#empty} pages in a row with nothing in them`, { Kind: Wandering })
    return items.filter(({ id }) => {
      if (this.seen.has(id)) return false
      this.seen.add(id)
      return true
    })
  }
}

/** A listing that leads nowhere; begun anew, it may get there. */
class Wandering extends RollcallError {}

/** Whether beginning anew may help. */
export function isLost(error: unknown): boolean {
  return error instanceof Wandering || error instanceof BrokenAnswer
}

/**
 * Every item of a collection, once. The next page is on its way while one is looked at, since links onwards do not last.
 * A listing that loses its way is begun anew once, and goes on with those that were not told yet; then it throws.
 */
export async function* readListing(
  graph: Graph,
  listing: Listing,
  signal: AbortSignal,
): AsyncGenerator<readonly Thing[]> {
  const first = new Place()
  for (let pass = 1; ; pass++) {
    try {
      if (pass === 1) yield* readOnce(graph, listing, first, signal)
      else {
        for await (const items of readOnce(graph, listing, new Place(), signal)) {
          const fresh = items.filter(({ id }) => !first.seen.has(id))
          if (fresh.length > 0) yield fresh
        }
      }
      return
    } catch (error) {
      if (!isLost(error) || pass === 2) throw error
    }
  }
}

async function* readOnce(
  graph: Graph,
  listing: Listing,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<readonly Thing[]> {
  const ask = (path: string) => kept(graph.ask(place.question(listing, path, graph), signal))
  let asked = ask(listing.path)
  for (;;) {
    const page = pageFrom(await asked.promise, listing, place.page)
    const fresh = place.take(page, listing.what)
    if (page.next !== undefined) asked = ask(page.next)
    if (fresh.length > 0) yield fresh
    if (page.next === undefined) return
  }
}

/** A promise that nobody may come to wait for. */
function kept<T>(promise: Promise<T>): { readonly promise: Promise<T> } {
  promise.catch(() => {})
  return { promise }
}

/** A listing whose first page came in a batch; `take` is given its items, page by page. */
export async function readOn(
  graph: Graph,
  { listing, place, first }: { readonly listing: Listing; readonly place: Place; readonly first: Reply<Page> },
  signal: AbortSignal,
  take: (items: readonly Thing[]) => void,
): Promise<void> {
  for (let reply = first; ; ) {
    const page = pageFrom(reply, listing, place.page)
    take(place.take(page, listing.what))
    if (page.next === undefined) return
    reply = await graph.ask(place.question(listing, page.next, graph), signal)
  }
}

function pageFrom(reply: Reply<Page>, { what, now }: Listing, page: number): Page {
  if (reply.came === 'answer') return reply.answer
  const { status, code, message } = reply
  const said = [status, code, message].filter(part => part !== '').join(' ')
  const where = page === 1 ? what : `${what}, page ${page}`
  // A link onwards that has expired: from the start it may go through.
  throw incomplete(`${where}: refused (${said})`, { now, Kind: page > 1 ? Wandering : RollcallError })
}

function incomplete(
  message: string,
  { now = 'run again later', Kind }: { readonly now?: string | undefined; readonly Kind: typeof RollcallError },
): RollcallError {
  return new Kind('source_incomplete', `${message}. The last reading stands, nothing of it will be removed; ${now}.`)
}

/**
 * A link of an answer as a path, if it leads on within the same collection of the same origin: the token goes nowhere
 * else, and what else there is there is nobody's answer.
 */
export function linkOf(link: string, start: string, { origin }: Pick<Graph, 'origin'>): Parsed<string> {
  const url = URL.parse(link)
  if (url === null) return { fault: 'a link onwards that is none' }
  if (url.origin !== origin) return { fault: `a link onwards to another place (${url.host})` }
  if (collectionOf(url.pathname) !== collectionOf(start)) return { fault: 'a link onwards to something else' }
  return { answer: `${url.pathname}${url.search}` }
}

/** The several spellings of one collection: `groups('x')`, `groups/x`; `delta`, `microsoft.graph.delta()`. */
function collectionOf(path: string): string {
  return decoded(path.split('?')[0] ?? '')
    .toLowerCase()
    .replace(/microsoft\.graph\./g, '')
    .replace(/\(\)/g, '')
    .replace(/\('([^']*)'\)/g, '/$1')
    .replace(/\/+$/, '')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
