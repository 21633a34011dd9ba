import type { Member } from './directory.ts'

/** How many there are in a group, by what they are. */
export interface Tally {
  /** Who surely counts: users with a status. */
  readonly certain: number
  /** Rows of users: those of other organisations, and of people invited before they had an account, have no status. */
  readonly users: number
  readonly groups: number
  /** Everyone of the customer is one row, whatever it counts as. */
  readonly everyone: boolean
}

export function tallyOf(rows: readonly Member[]): Tally {
  let [certain, groups, users, everyone] = [0, 0, 0, false]
  for (const { type, status } of rows) {
    if (type === 'GROUP') groups++
    else if (type === 'CUSTOMER') everyone = true
    else {
      users++
      if (status !== undefined) certain++
    }
  }
  return { certain, users, groups, everyone }
}

/**
 * Holds `directMembersCount` of groups against the members that were read. By its description it counts users and no
 * groups; whether that is so everywhere is not known. Where it is not, a group that was read twice, the same both times,
 * and whose count is that of users and groups together, is one that says so, unless as many groups say otherwise. Where
 * somebody left it, the count may as well be of those who were there before: then another group must say it, too.
 */
export class Counting {
  readonly #withGroups: string[] = []
  readonly #withLeavers: string[] = []
  #withoutGroups = 0

  /** Groups whose count was taken to include groups, though it does not in as many others, or no other bears it out. */
  get contradicted(): readonly string[] {
    const all = [...this.#withGroups, ...this.#withLeavers]
    if (this.#withoutGroups >= all.length) return all
    return this.#withGroups.length > 0 ? [] : this.#withLeavers
  }

  agrees(count: number | undefined, tally: Tally): boolean {
    if (tally.everyone || count === undefined) return true
    const plainly = within(count, tally, 0)
    const together = within(count, tally, tally.groups)
    if (plainly && !together) this.#withoutGroups++
    return plainly || (together && this.#withGroups.length >= SURE && this.#withGroups.length > this.#withoutGroups)
  }

  /** Asked of a group that did not agree, twice; `left`: whether somebody is missing who was there at the last reading. */
  explains(group: string, count: number | undefined, tally: Tally, left = false): boolean {
    const said = this.#withGroups.length + this.#withLeavers.length
    if (count === undefined || !within(count, tally, tally.groups) || this.#withoutGroups > said) return false
    const groups = left ? this.#withLeavers : this.#withGroups
    groups.push(group)
    return true
  }
}

/** So many groups are read twice before it is believed that groups count. */
const SURE = 3

function within(count: number, { certain, users }: Tally, groups: number): boolean {
  return certain + groups <= count && count <= users + groups
}
