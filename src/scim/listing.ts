import { AnswerTooLarge } from '../http/request.ts'
import { codeOf } from './answer.ts'
import type { Client, Page } from './client.ts'
import { type Kind, type Parsed, parseResource } from './resource.ts'
import type { Dialect } from '../model.ts'

export interface ListingOptions {
  readonly client: Client
  readonly dialect: Dialect
  readonly kind: Kind
  /** Further query, percent-encoded, such as `filter=…`. */
  readonly query?: string
  readonly signal: AbortSignal
  /** Pages after which a listing is given up as endless. */
  readonly maxPages?: number
}

/** How a listing ended. Faults are for people; without any it is complete. */
export interface Ended {
  readonly unique: number
  /** What the target last said there is; undefined where it never said. */
  readonly total: number | undefined
  readonly faults: readonly string[]
}

const MAX_PAGES = 200_000
/** Characters of a page from which on pages are asked for one at a time. */
const LARGE = 4 << 20
/** Pages in a row without anything new that a cursor may lead through. */
const MAX_BARREN = 10

/**
 * Every user or group, each id once, in batches as they come. Pages go on by what came, not by what was asked for;
 * a `nextCursor` is followed where one is given (RFC 9865). A listing that does not add up, since something moved
 * meanwhile or the target pages badly, is read once more; what still does not add up is told in `faults`.
 */
export async function* listAll(options: ListingOptions): AsyncGenerator<readonly Parsed[], Ended> {
  const seen = new Set<string>()
  const first = yield* pass(options, seen, seen)
  if (first.faults.length === 0) return first
  const again = yield* pass(options, new Set(), seen)
  return { ...again, unique: seen.size }
}

interface Tally {
  /** Ids of this pass. */
  readonly seen: Set<string>
  total: number | undefined
  shrank: boolean
  nameless: number
  pages: number
}

/** One pass over all pages; yields what `given` does not hold yet. */
async function* pass(
  options: ListingOptions,
  seen: Set<string>,
  given: Set<string>,
): AsyncGenerator<readonly Parsed[], Ended> {
  const tally: Tally = { seen, total: undefined, shrank: false, nameless: 0, pages: 0 }
  const { dialect, kind } = options
  const byCursor = dialect.paging.style === 'cursor'
  const ask = asker(options)
  const page = await ask(byCursor ? 'cursor=' : 'startIndex=1')
  const { fresh, batch } = take(page, tally, given, kind)
  yield batch
  const fault =
    byCursor || page.nextCursor !== undefined
      ? yield* followCursors(ask, options, tally, given, page, fresh)
      : yield* followIndexes(ask, options, tally, given, page)
  return ended(tally, fault)
}

async function* followCursors(
  ask: Ask,
  options: ListingOptions,
  tally: Tally,
  given: Set<string>,
  first: Page,
  firstFresh: number,
): AsyncGenerator<readonly Parsed[], string | undefined> {
  const { kind, maxPages = MAX_PAGES } = options
  const cursors = new Set<string>()
  let barren = firstFresh === 0 ? 1 : 0
  for (let next = first.nextCursor; next !== undefined; ) {
    if (cursors.has(next)) return `the same cursor came twice, after ${tally.pages} pages`
    if (barren > MAX_BARREN) return `${barren} pages in a row brought nothing new`
    if (tally.pages >= maxPages) return `no end after ${tally.pages} pages`
    cursors.add(next)
    let page: Page
    try {
      page = await ask(`cursor=${encodeURIComponent(next)}`)
    } catch (error) {
      if (codeOf(error) !== 'target_rejected') throw error
      return `a cursor was refused after ${tally.pages} pages`
    }
    const { fresh, batch } = take(page, tally, given, kind)
    yield batch
    barren = fresh === 0 ? barren + 1 : 0
    next = page.nextCursor
  }
  return undefined
}

/**
 * Pages by startIndex, several in flight where every page so far was as long as the first. When all that was
 * promised is there, one more question, behind the end, must bring nothing new.
 */
async function* followIndexes(
  ask: Ask,
  options: ListingOptions,
  tally: Tally,
  given: Set<string>,
  first: Page,
): AsyncGenerator<readonly Parsed[], string | undefined> {
  const { dialect, kind, maxPages = MAX_PAGES } = options
  const length = first.resources.length
  let isRegular = length > 0
  let isSmall = first.length < LARGE
  let moreThanPromised = false
  let start = 1 + length
  let flight: { readonly start: number; readonly page: Promise<Page> }[] = []
  const behindEnd = () => tally.total !== undefined && start > tally.total
  try {
    for (;;) {
      if (length === 0 && tally.total === undefined) return undefined
      if (tally.pages >= maxPages) return `no end after ${tally.pages} pages`
      if (behindEnd() && (!tally.total || options.query !== undefined)) return undefined
      if (behindEnd()) {
        flight = []
        const more = await ask(`startIndex=${start}`, moreThanPromised ? undefined : 1).catch((error: unknown) => {
          if (codeOf(error) === 'target_rejected') return undefined
          throw error
        })
        if (!more || more.resources.length === 0) return undefined
        if (isKnown(more, tally, kind))
          return moreThanPromised ? `more came than the ${tally.total} promised, and then the same again` : undefined
        moreThanPromised = true
        yield take(more, tally, given, kind).batch
        start += more.resources.length
        continue
      }
      const width = isRegular && isSmall && tally.total !== undefined ? dialect.concurrency : 1
      const next = (flight.at(-1)?.start ?? start - length) + length
      for (let at = flight.length > 0 ? next : start; flight.length < width; at += length) {
        if (flight.length > 0 && tally.total !== undefined && at > tally.total) break
        const page = ask(`startIndex=${at}`)
        page.catch(() => undefined)
        flight.push({ start: at, page })
      }
      const page = await flight.shift()?.page
      if (!page) return undefined
      isSmall = page.length < LARGE
      const { fresh, batch } = take(page, tally, given, kind)
      yield batch
      if (page.nextCursor !== undefined) return yield* followCursors(ask, options, tally, given, page, fresh)
      if (page.resources.length === 0) return undefined
      if (fresh === 0) return `the page from ${start} repeated what had come before${echoed(page, start)}`
      start += page.resources.length
      if (page.resources.length !== length) {
        isRegular = false
        flight = []
      }
    }
  } finally {
    await Promise.allSettled(flight.map(({ page }) => page))
  }
}

/** Whether a page brings nothing new. */
function isKnown({ resources }: Page, { seen }: Tally, kind: Kind): boolean {
  return resources.every(raw => seen.has(parseResource(raw, kind)?.id ?? ''))
}

/** Counts one page in; what is new of it. */
function take(page: Page, tally: Tally, given: Set<string>, kind: Kind) {
  const batch: Parsed[] = []
  let fresh = 0
  tally.pages++
  if (page.total !== undefined) {
    if (tally.total !== undefined && page.total < tally.total) tally.shrank = true
    tally.total = page.total
  }
  for (const raw of page.resources) {
    const parsed = parseResource(raw, kind)
    if (!parsed) {
      tally.nameless++
      continue
    }
    const isGiven = given.has(parsed.id)
    if (!tally.seen.has(parsed.id)) {
      tally.seen.add(parsed.id)
      fresh++
    }
    if (isGiven) continue
    given.add(parsed.id)
    batch.push(parsed)
  }
  return { fresh, batch }
}

function ended(tally: Tally, fault: string | undefined): Ended {
  const { seen, total, shrank, nameless } = tally
  const faults = fault === undefined ? [] : [fault]
  if (total !== undefined && seen.size < total) faults.push(`${seen.size} came of ${total} promised`)
  if (shrank) faults.push('the total went down while it was read')
  if (nameless > 0) faults.push(`${nameless} came without an id`)
  return { unique: seen.size, total, faults }
}

type Ask = (position: string, count?: number) => Promise<Page>

/** Asks for pages of the dialect's size, and from an answer that is too large on for smaller ones. */
function asker({ client, dialect, kind, query, signal }: ListingOptions): Ask {
  let most = dialect.paging.max
  return async (position, count) => {
    for (;;) {
      const asked = count ?? most
      try {
        return await client.list(kind, `${query === undefined ? '' : `${query}&`}${position}&count=${asked}`, signal)
      } catch (error) {
        if (asked === 1 || !(error instanceof Error && error.cause instanceof AnswerTooLarge)) throw error
        most = Math.min(most, Math.ceil(asked / 2))
      }
    }
  }
}

function echoed(page: Page, asked: number): string {
  return page.startIndex === undefined || page.startIndex === asked ? '' : ` (it says startIndex ${page.startIndex})`
}
