import type { Walked } from './groups.ts'
import { GROUP, READ, type Roster } from './roster.ts'

/** Members who are left out, by why. */
export interface LeftOut {
  /** Of other organisations, or of nobody who has an account. */
  external: number
  /** Groups of other organisations. */
  foreign: number
  /** Under an address that means several. */
  ambiguous: number
  /** Of organisational units that are not read. */
  outside: number
}

/** Who the members of a group are in this reading, each once; and whether each of them was listed under its own id. */
export function membersOf(
  { members, customers }: Walked,
  {
    roster,
    customer,
    foreign,
    everyone,
  }: {
    readonly roster: Roster
    readonly customer: string | undefined
    readonly foreign: ReadonlySet<number>
    /** All users of the reading. */
    readonly everyone: () => Iterable<number>
  },
  leftOut: LeftOut,
): { readonly members: ReadonlySet<number>; readonly plain: boolean } {
  const found = new Set<number>()
  let plain = customers.length === 0
  for (const number of members) {
    const who = roster.resolve(number)
    if (typeof who === 'number' && roster.is(who, READ)) {
      found.add(who)
      if (who !== number) plain = false
      continue
    }
    plain = false
    if (who === 'ambiguous') leftOut.ambiguous++
    else if (typeof who === 'number') leftOut.outside += roster.is(who, GROUP) ? 0 : 1
    else if (foreign.has(number)) leftOut.foreign++
    else leftOut.external++
  }
  for (const one of customers) {
    if (customer !== undefined && one !== customer) leftOut.external++
    else for (const number of everyone()) found.add(number)
  }
  return { members: found, plain }
}
