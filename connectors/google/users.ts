import { setTimeout as sleep } from 'node:timers/promises'
import type { Check, SourceUser } from '../../src/model.ts'
import type { Tuning } from './client.ts'
import { addressesOf, enabledOf, userOf, type WireUser } from './convert.ts'
import { crossCheck } from './crosscheck.ts'
import type { Directory, Seen } from './directory.ts'
import type { GoogleOptions } from './options.ts'
import { FIRST_USER, READ, type Roster, SECOND_USER, USER } from './roster.ts'

export interface UsersGiven {
  readonly directory: Directory
  readonly roster: Roster
  readonly options: GoogleOptions
  readonly attributes: readonly string[]
  readonly tuning: Tuning
  readonly signal: AbortSignal
}

/** Users without a mark of whether they are suspended, who are looked at again; more of them are held at once. */
const LOOK_AT = 100

/** The users of one reading. */
export class Users {
  readonly #given: UsersGiven
  readonly #units: readonly string[] | undefined
  /** Taken in beside the listing. */
  #more: SourceUser[] = []
  #lacking: WireUser[] = []
  readonly #hollow = new Set<string>()
  /** Customers that users say they belong to. */
  readonly customers = new Set<string>()
  pages = 0
  archived = 0
  /** Of other organisational units. */
  outside = 0
  /** Who do not say which organisational unit they belong to, though it matters. */
  homeless = 0
  /** Who do not say whether they are suspended, however often they are looked at. */
  unsaid = 0

  constructor(given: UsersGiven) {
    this.#given = given
    this.#units = given.options.orgUnits?.map(path => path.toLowerCase())
  }

  /** The listing, page by page: who is in the reading, without those who are to be looked at again. */
  async *list(): AsyncGenerator<readonly SourceUser[]> {
    const { directory, roster } = this.#given
    for await (const page of directory.users(seen(roster, FIRST_USER, 'first', this.#hollow))) {
      this.pages++
      const users = page.flatMap(wire => this.#take(wire) ?? [])
      if (users.length > 0) yield users
    }
  }

  async listAgain(): Promise<void> {
    const { directory, roster } = this.#given
    for await (const page of directory.userIds(seen(roster, SECOND_USER, 'second', this.#hollow))) {
      for (const { customerId } of page) if (customerId !== undefined) this.customers.add(customerId)
    }
  }

  /** Once both listings came to their end. */
  crossCheck(): Promise<Check> {
    const { directory, roster } = this.#given
    return crossCheck({
      what: 'users',
      roster,
      met: USER,
      second: SECOND_USER,
      hollow: this.#hollow,
      again: async () => {
        await this.listAgain()
        for await (const users of this.list()) this.#more.push(...users)
      },
      lookUp: async id => {
        const user = await directory.user(id)
        if (user.is !== 'there') return
        const taken = this.#take(user.item)
        if (taken) this.#more.push(taken)
      },
    })
  }

  /** Whoever was taken in since the last time this was asked. */
  more(): readonly SourceUser[] {
    const more = this.#more
    this.#more = []
    return more
  }

  /**
   * New users may lack the marks of being suspended or archived for a while: neither way of reading that is safe, so they
   * are looked at again, and held where it does not help.
   */
  async lookAgain(): Promise<void> {
    const { directory, signal, tuning } = this.#given
    const { times, wait } = tuning.look
    for (let look = 1; look <= times && this.#lacking.length > 0 && this.#lacking.length <= LOOK_AT; look++) {
      if (look > 1) await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted())
      const found = await Promise.all(this.#lacking.map(({ id }) => directory.user(id)))
      this.#lacking = this.#lacking.flatMap((before, nth) => {
        const user = found[nth]
        const wire = user?.is === 'there' ? user.item : before
        if (enabledOf(wire) === undefined) return [wire]
        this.#more.push(this.#convert(wire))
        return []
      })
    }
    this.unsaid = this.#lacking.length
    this.#more.push(...this.#lacking.map(wire => this.#convert(wire)))
    this.#lacking = []
  }

  /** Undefined where it is not in the reading, or was taken in before, or is to be looked at again. */
  #take(wire: WireUser): SourceUser | undefined {
    const { roster } = this.#given
    const before = roster.find(wire.id)
    if (before !== undefined && roster.is(before, USER)) return undefined
    const number = roster.meet(wire.id, USER, addressesOf(wire))
    if (!this.#isWithin(wire)) return undefined
    roster.mark(number, READ)
    if (enabledOf(wire) === undefined) {
      this.#lacking.push(wire)
      return undefined
    }
    return this.#convert(wire)
  }

  #convert(wire: WireUser): SourceUser {
    if (wire['archived'] === true) this.archived++
    return userOf(wire, this.#given.attributes, this.#given.options.schemas)
  }

  /** By the unit of each user, and not by a search, whose index lags. */
  #isWithin(wire: WireUser): boolean {
    if (this.#units === undefined) return true
    const path = wire['orgUnitPath']
    if (typeof path !== 'string' || path === '') {
      this.homeless++
      return false
    }
    const folded = path.toLowerCase()
    const within = this.#units.some(unit => unit === '/' || folded === unit || folded.startsWith(`${unit}/`))
    if (!within) this.outside++
    return within
  }
}

/** What came in a listing under way, by a mark on the roster. */
export function seen(roster: Roster, mark: number, listing: string, hollow: Set<string>): Seen {
  hollow.delete(listing)
  roster.unmarkAll(mark)
  return {
    hollow: () => hollow.add(listing),
    has(id) {
      const number = roster.find(id)
      return number !== undefined && roster.is(number, mark)
    },
    add: id => roster.mark(roster.number(id), mark),
  }
}
