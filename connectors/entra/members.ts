import { BATCH, type Graph, type Reply } from './client.ts'
import { isLost, type Listing, Place, readOn } from './pages.ts'
import { COST } from './throttle.ts'
import { kindOf, type Page } from './wire.ts'

/** Direct members of one group, as Graph lists them. */
export interface GroupMembers {
  readonly group: string
  readonly users: readonly string[]
  readonly groups: readonly string[]
  /** How many there are of each other kind: device, orgContact, servicePrincipal … */
  readonly others: Readonly<Record<string, number>>
}

/** Batches under way at once. */
const BATCHES = 6
const TOP = 999
const PERMISSION = 'GroupMember.Read.All'

/**
 * Reads members of groups, twenty in a batch and several batches at once; whoever asks may add groups while others are
 * read, the nested ones that come to light among them. A group that is not there any more is `gone`.
 */
export class MemberReader {
  readonly #graph: Graph
  readonly #signal: AbortSignal
  readonly #take: (members: GroupMembers) => void
  readonly #gone: (group: string) => void
  readonly #queue: string[] = []
  readonly #asked = new Set<string>()
  readonly #end = Promise.withResolvers<void>()
  #under = 0
  #closed = false
  #pages = 0

  constructor(
    graph: Graph,
    signal: AbortSignal,
    { take, gone }: { take: (members: GroupMembers) => void; gone: (group: string) => void },
  ) {
    this.#graph = graph
    this.#signal = signal
    this.#take = take
    this.#gone = gone
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
  async finish(): Promise<{ readonly pages: number }> {
    this.#closed = true
    this.#pump()
    await this.#end.promise
    return { pages: this.#pages }
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
    await Promise.all(
      asked.map(async ({ group, listing, place }, nth) => {
        const first = replies[nth]!
        if (first.came === 'refusal' && first.status === 404) return this.#gone(group)
        this.#take(await this.#gather(group, { listing, place, first }))
      }),
    )
  }

  async #gather(group: string, at: { listing: Listing; place: Place; first: Reply<Page> }): Promise<GroupMembers> {
    try {
      return await this.#gatherFrom(group, at)
    } catch (error) {
      if (!isLost(error)) throw error
      // From the start once more: a link onwards may have expired.
      const place = new Place()
      const first = await this.#graph.ask(place.question(at.listing, at.listing.path, this.#graph), this.#signal)
      return this.#gatherFrom(group, { ...at, place, first })
    }
  }

  async #gatherFrom(group: string, at: { listing: Listing; place: Place; first: Reply<Page> }): Promise<GroupMembers> {
    const users: string[] = []
    const groups: string[] = []
    const others: Record<string, number> = {}
    await readOn(this.#graph, at, this.#signal, items => {
      this.#pages++
      for (const item of items) {
        const kind = kindOf(item) ?? ''
        if (kind === 'user') users.push(item.id)
        else if (kind === 'group') groups.push(item.id)
        else others[kind] = (others[kind] ?? 0) + 1
      }
    })
    return { group, users, groups, others }
  }
}

function listingOf(group: string, base: string): Listing {
  const path = `/groups/${encodeURIComponent(group)}/members`
  return {
    path: `${base}${path}?$select=id&$top=${TOP}`,
    what: `GET ${path}`,
    cost: COST.members,
    permission: PERMISSION,
    top: TOP,
    tells: item => kindOf(item) !== undefined,
  }
}
