import { RollcallError } from '../../src/errors.ts'
import { BATCH, type Graph, type Reply } from './client.ts'
import { isLost, type Listing, Place, readOn } from './pages.ts'
import { COST } from './throttle.ts'
import { countOf, isRecord, kindOf, type Page } from './wire.ts'

/** Direct members of one group, as Graph lists them. */
export interface GroupMembers {
  readonly group: string
  readonly users: readonly string[]
  readonly groups: readonly string[]
  /** Those of each other kind: device, orgContact, servicePrincipal … */
  readonly others: Others[string]
  /** Whether the list ended in a page without anything in it, as a list that was cut short does. */
  readonly endsEmpty: boolean
}

/** Members that are neither users nor groups, by group and kind. */
export type Others = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

export interface MemberTaker {
  readonly take: (members: GroupMembers) => void
  /** A group that is not there any more. */
  readonly gone: (group: string) => void
  /** Whether somebody is missing who should surely be there: the list is read again, and has to say so twice. */
  readonly doubts?: (members: GroupMembers) => boolean
}

/** Batches under way at once. */
const BATCHES = 6
const TOP = 999
const PERMISSION = 'GroupMember.Read.All'

/**
 * Reads members of groups, twenty in a batch and several batches at once; whoever asks may add groups while others are
 * read, the nested ones that come to light among them.
 */
export class MemberReader {
  readonly #graph: Graph
  readonly #signal: AbortSignal
  readonly #taker: MemberTaker
  readonly #queue: string[] = []
  readonly #asked = new Set<string>()
  readonly #end = Promise.withResolvers<void>()
  #under = 0
  #closed = false
  #pages = 0
  readonly #short: string[] = []

  constructor(graph: Graph, signal: AbortSignal, taker: MemberTaker) {
    this.#graph = graph
    this.#signal = signal
    this.#taker = taker
    this.#end.promise.catch(() => {})
  }

  /** Each group is read once, however often it is added. */
  add(group: string): void {
    if (this.#asked.has(group)) return
    this.#asked.add(group)
    this.#queue.push(group)
    this.#pump()
  }

  /** No more groups but those that come to light; resolves when all are read. */
  async finish(): Promise<{ readonly pages: number; readonly short: readonly string[] }> {
    this.#closed = true
    this.#pump()
    await this.#end.promise
    return { pages: this.#pages, short: this.#short }
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#under < BATCHES) {
      this.#under++
      this.#read(this.#queue.splice(0, BATCH)).then(
        () => {
          this.#under--
          this.#pump()
        },
        (error: unknown) => this.#end.reject(error),
      )
    }
    if (this.#closed && this.#under === 0 && this.#queue.length === 0) this.#end.resolve()
  }

  async #read(groups: readonly string[]): Promise<void> {
    const asked = groups.map(group => ({ group, listing: listingOf(group, this.#graph.base), place: new Place() }))
    const questions = asked.map(({ listing, place }) => place.question(listing, listing.path, this.#graph))
    const replies = await this.#graph.askAll(questions, this.#signal)
    const lists = await Promise.all(
      asked.map(async ({ group, listing, place }, nth) => {
        const first = replies[nth]!
        if (first.came === 'refusal' && first.status === 404) {
          await this.#missing(group)
          return undefined
        }
        return { listing, members: await this.#gather(group, { listing, place, first }) }
      }),
    )
    const there = lists.filter(list => list !== undefined)
    const counts = await this.#count(
      there.filter(({ members }) => members.endsEmpty).map(({ members }) => members.group),
    )
    await Promise.all(
      there.map(async ({ listing, members }) => {
        const count = counts.get(members.group) ?? 0
        const whole = count > sizeOf(members) ? await this.#again(members.group, listing) : members
        if (count > sizeOf(whole) && whole.endsEmpty) this.#short.push(whole.group)
        this.#taker.take(this.#taker.doubts?.(whole) ? await this.#confirm(whole, listing) : whole)
      }),
    )
  }

  /** A list that is not there is no group that is not there: it is asked for by itself. */
  async #missing(group: string): Promise<void> {
    const path = `/groups/${encodeURIComponent(group)}`
    const reply = await this.#graph.ask(
      {
        path: `${this.#graph.base}${path}?$select=id`,
        cost: COST.other,
        what: `GET ${path}`,
        permission: PERMISSION,
        parse: body => (isRecord(body) && body['id'] === group ? { answer: true } : { fault: 'another group' }),
      },
      this.#signal,
    )
    if (reply.came === 'refusal' && reply.status === 404) return this.#taker.gone(group)
    throw new RollcallError(
      'source_incomplete',
      `GET ${path}/members: not there (404), and the group is. The last reading stands, nothing of it will be removed; run again later.`,
    )
  }

  /** How many members there are, by themselves. */
  async #count(groups: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (groups.length === 0) return new Map()
    const replies = await this.#graph.askAll(
      groups.map(group => {
        const path = `/groups/${encodeURIComponent(group)}/members/$count`
        return {
          path: `${this.#graph.base}${path}`,
          cost: COST.membersCount,
          eventual: true,
          what: `GET ${path}`,
          permission: PERMISSION,
          parse: countOf,
        }
      }),
      this.#signal,
    )
    return new Map(
      groups.map((group, nth) => {
        const reply = replies[nth]!
        return [group, reply.came === 'answer' ? reply.answer : 0]
      }),
    )
  }

  async #gather(group: string, at: { listing: Listing; place: Place; first: Reply<Page> }): Promise<GroupMembers> {
    try {
      return await this.#gatherFrom(group, at)
    } catch (error) {
      // From the start once more: a link onwards may have expired.
      if (isLost(error)) return this.#again(group, at.listing)
      throw error
    }
  }

  async #again(group: string, listing: Listing): Promise<GroupMembers> {
    const place = new Place()
    const first = await this.#graph.ask(place.question(listing, listing.path, this.#graph), this.#signal)
    return this.#gatherFrom(group, { listing, place, first })
  }

  /** What two lists out of three agree upon. */
  async #confirm(first: GroupMembers, listing: Listing): Promise<GroupMembers> {
    const second = await this.#again(first.group, listing)
    if (same(first, second)) return second
    const third = await this.#again(first.group, listing)
    if (same(first, third) || same(second, third)) return third
    throw new RollcallError(
      'source_incomplete',
      `${listing.what} lists other members each time. The last reading stands, nothing of it will be removed; run again later.`,
    )
  }

  async #gatherFrom(group: string, at: { listing: Listing; place: Place; first: Reply<Page> }): Promise<GroupMembers> {
    const users: string[] = []
    const groups: string[] = []
    const others: Record<string, string[]> = {}
    let endsEmpty = false
    await readOn(this.#graph, at, this.#signal, items => {
      this.#pages++
      endsEmpty = items.length === 0
      for (const item of items) {
        const kind = kindOf(item) ?? ''
        if (kind === 'user') users.push(item.id)
        else if (kind === 'group') groups.push(item.id)
        else (others[kind] ??= []).push(item.id)
      }
    })
    return { group, users, groups, others, endsEmpty }
  }
}

function sizeOf({ users, groups, others }: GroupMembers): number {
  return users.length + groups.length + Object.values(others).reduce((sum, ids) => sum + ids.length, 0)
}

function same(one: GroupMembers, other: GroupMembers): boolean {
  const ids = new Set([...one.users, ...one.groups])
  const others = [...other.users, ...other.groups]
  return ids.size === others.length && others.every(id => ids.has(id))
}

function listingOf(group: string, base: string): Listing {
  const path = `/groups/${encodeURIComponent(group)}/members`
  return {
    path: `${base}${path}?$select=id&$top=${TOP}`,
    what: `GET ${path}`,
    cost: COST.members,
    permission: PERMISSION,
    top: TOP,
    countsEmpties: true,
    tells: item => kindOf(item) !== undefined,
  }
}
