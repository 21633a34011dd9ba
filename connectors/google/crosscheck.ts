import type { Check } from '../../src/model.ts'
import type { Roster } from './roster.ts'

/** Differences that are looked up one by one; more of them, and both listings are read once more. */
const LOOK_UP = 100

/**
 * Two listings of the same, in different shapes, held against each other by id: whoever is in one of them only is asked
 * for by id, which tells who came, who went, and who was left out.
 */
export async function crossCheck({
  what,
  roster,
  met,
  second,
  hollow,
  again,
  lookUp,
}: {
  readonly what: 'users' | 'groups'
  readonly roster: Roster
  readonly met: number
  readonly second: number
  /** Listings whose last page was full, or was announced and had nobody: by their page sizes, one of the two at most. */
  readonly hollow: ReadonlySet<string>
  /** Reads both listings once more. */
  readonly again: () => Promise<void>
  /** Asks for this one by id; whoever was not met is then taken in. */
  readonly lookUp: (id: string) => Promise<void>
}): Promise<Check> {
  const differing = () => {
    const found: number[] = []
    for (let number = 0; number < roster.size; number++)
      if (roster.is(number, met) !== roster.is(number, second)) found.push(number)
    return found
  }
  const count = (mark: number) => roster.marked(mark).reduce(sum => sum + 1, 0)
  let who = differing()
  if (who.length > LOOK_UP || hollow.size > 1 || (who.length > 0 && count(second) === 0)) {
    await again()
    who = differing()
  }
  const numbers = `${count(met)} ${what} read, ${count(second)} in another order`
  const check = `${what}-counted-twice`
  if (who.length > LOOK_UP) {
    return {
      check,
      passed: false,
      detail: `${numbers}, ${who.length} of them in one listing only, even when read again: run again; if it stays so, Google gives short answers`,
    }
  }
  if (hollow.size > 1)
    return {
      check,
      passed: false,
      detail: `${numbers}, and both listings end where a page does, which only one can: run again`,
    }
  await Promise.all(who.map(number => lookUp(roster.id(number))))
  return { check, passed: true, detail: who.length > 0 ? `${numbers}, ${who.length} looked up one by one` : numbers }
}
