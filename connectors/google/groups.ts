import PQueue from 'p-queue'
import type { ReadRequest } from '../../src/connector.ts'
import type { Check, SourceGroup } from '../../src/model.ts'
import { addressesOf, countOf, groupOf, type WireGroup } from './convert.ts'
import { Counting } from './counting.ts'
import { crossCheck } from './crosscheck.ts'
import type { Directory } from './directory.ts'
import { type MembersRead, readMembers } from './members.ts'
import { FIRST_GROUP, GROUP, READ, type Roster, SECOND_GROUP } from './roster.ts'
import { seen } from './users.ts'

export interface GroupsGiven {
  readonly directory: Directory
  readonly roster: Roster
  readonly request: ReadRequest
  /** Groups whose members are read at once. */
  readonly concurrency: number
  /** Addresses of groups whose own count of their members is wrong for good. */
  readonly miscounted: readonly string[]
  /** Of groups' members, as they were in the last reading. */
  readonly etags: ReadonlyMap<string, string>
  /** Called when nothing will come of it all. */
  readonly fail: (error: unknown) => void
  /** Called when another group was read. */
  readonly walked: () => void
}

/** A group in the reading, and its members by number. */
export interface Walked {
  readonly group: SourceGroup
  /** Members as in the last reading. */
  readonly unchanged: boolean
  /** In the order of the answer; undefined where unchanged. */
  readonly members: Uint32Array
  /** Customers all of whose users are members. */
  readonly customers: readonly string[]
  /** By which the members may be known to be unchanged next time. */
  readonly etag: string | undefined
}

interface Known {
  readonly group: SourceGroup
  readonly email: string
  readonly count: number | undefined
  reached: boolean
}

/** The groups in scope of one reading, and those nested below them, each read once. */
export class Groups {
  readonly #given: GroupsGiven
  readonly #queue: PQueue
  readonly #known = new Map<string, Known>()
  /** Groups whose turn has not come. */
  readonly #reached = new Set<Known>()
  /** Members that are groups, and are not known (yet). */
  readonly #nested = new Set<string>()
  readonly #hollow = new Set<string>()
  readonly counting = new Counting()
  readonly walked: Walked[] = []
  /** Groups whose members do not agree with their count. */
  readonly doubtful: string[] = []
  /** Groups of others. */
  readonly foreign = new Set<number>()
  pages = 0
  /** Direct members, as they were listed. */
  members = 0

  constructor(given: GroupsGiven) {
    this.#given = given
    this.#queue = new PQueue({ concurrency: given.concurrency })
  }

  /** Everything; the members of groups are read while the listing goes on. */
  async read(): Promise<Check> {
    const { directory, roster } = this.#given
    await Promise.all([this.#list(), this.#listAgain()])
    const check = await crossCheck({
      what: 'groups',
      roster,
      met: GROUP,
      second: SECOND_GROUP,
      hollow: this.#hollow,
      again: async () => {
        await Promise.all([this.#list(), this.#listAgain()])
      },
      lookUp: async id => {
        const group = await directory.group(id)
        if (group.is === 'there') this.#take(group.item)
      },
    })
    await this.#queue.onIdle()
    while (this.#nested.size > 0) {
      const strangers = [...this.#nested]
      this.#nested.clear()
      await Promise.all(strangers.map(id => this.#meet(id)))
      await this.#queue.onIdle()
    }
    return check
  }

  async #list(): Promise<void> {
    const { directory, roster } = this.#given
    for await (const page of directory.groups(seen(roster, FIRST_GROUP, 'first', this.#hollow))) {
      this.pages++
      for (const wire of page) this.#take(wire)
    }
  }

  async #listAgain(): Promise<void> {
    const { directory, roster } = this.#given
    const pages = directory.groupIds(seen(roster, SECOND_GROUP, 'second', this.#hollow))
    while (!(await pages.next()).done);
  }

  #take(wire: WireGroup): void {
    const { roster, request, miscounted } = this.#given
    if (this.#known.has(wire.id)) return
    roster.meet(wire.id, GROUP, addressesOf(wire))
    const group = groupOf(wire, request.groupAttributes)
    const [address] = addressesOf(wire)
    const count = miscounted.some(one => one.toLowerCase() === address) ? undefined : countOf(wire)
    const known = { group, email: wire.email, count, reached: false }
    this.#known.set(wire.id, known)
    if (this.#nested.delete(wire.id) || request.inScope(group)) this.#reach(known)
  }

  /** A nested group that is in no listing: one under another id, one made just now, or one of others. */
  async #meet(id: string): Promise<void> {
    const { roster, directory } = this.#given
    const number = roster.number(id)
    const resolved = roster.resolve(number)
    const known = typeof resolved === 'number' ? this.#known.get(roster.id(resolved)) : undefined
    if (known) {
      this.#reach(known)
      return
    }
    const group = await directory.group(id)
    if (group.is !== 'there') {
      this.foreign.add(number)
      return
    }
    this.#nested.add(id)
    this.#take(group.item)
  }

  #reach(known: Known): void {
    if (known.reached) return
    known.reached = true
    this.#reached.add(known)
    this.#feed()
  }

  /** The queue is given what it has work for, and no more: a task takes more room than a group. */
  #feed(): void {
    const { concurrency, fail } = this.#given
    for (const known of this.#reached) {
      if (this.#queue.size >= concurrency) return
      this.#reached.delete(known)
      const walk = async () => {
        await this.#walk(known)
        this.#feed()
      }
      this.#queue.add(walk).catch(fail)
    }
  }

  async #walk({ group, email, count }: Known): Promise<void> {
    const { directory, request, etags, roster } = this.#given
    const asked = { id: group.id, email, count, etag: etags.get(group.id) }
    const read = await readMembers(asked, directory, this.counting, request.since)
    if (read.is === 'gone') return
    roster.mark(roster.number(group.id), READ)
    if (read.is === 'doubtful') this.doubtful.push(email)
    const walked = { group, ...this.#numbered(read) }
    this.walked.push(walked)
    this.members += walked.members.length
    this.#given.walked()
  }

  #numbered(read: Exclude<MembersRead, { readonly is: 'gone' }>): Omit<Walked, 'group'> {
    const { roster, request } = this.#given
    if (read.is === 'unchanged') {
      for (const id of read.members) if (request.since?.kindOf(id) === 'group') this.#descend(id)
      const members = Uint32Array.from(read.members, id => roster.number(id))
      return { unchanged: true, members, customers: [], etag: read.etag }
    }
    const rows = read.rows.filter(({ type }) => type !== 'CUSTOMER')
    for (const { id, type } of rows) if (type === 'GROUP') this.#descend(id)
    return {
      unchanged: false,
      members: Uint32Array.from(rows, ({ id, email }) => roster.listed(id, email)),
      customers: read.rows.filter(({ type }) => type === 'CUSTOMER').map(({ id }) => id),
      etag: read.is === 'there' ? read.etag : undefined,
    }
  }

  #descend(id: string): void {
    const known = this.#known.get(id)
    if (known) this.#reach(known)
    else this.#nested.add(id)
  }
}
