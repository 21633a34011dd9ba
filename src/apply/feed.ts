import { afterRequests } from './event-loop.ts'
import type { Phase, Unit } from './units.ts'

/** Where units are noted before they are carried out; on disk once `commit` has returned. */
interface Journal {
  intend(unit: Unit): void
  commit(): void
}

/** How many units are intended for each that is handed out, until the window is full. */
const AHEAD = 2

/**
 * Hands out units phase by phase, each on disk before it is handed out. While the units of one window are carried out
 * those of the next are noted a few at a time, when the requests of whoever came for a unit have left: the target
 * works while rollcall does, and only the commit between two windows keeps requests waiting.
 */
export function feed(source: AsyncGenerator<Unit>, window: number, journal: Journal) {
  let ready: Unit[] = []
  let noted: Unit[] = []
  let weight = 0
  let owed = 0
  let peeked: Unit | undefined
  let isDone = false
  let noting: Promise<boolean> | undefined
  /** For good: what was gathered with what failed is lost, so nothing of it may be handed out. */
  let failure: { readonly error: unknown } | undefined

  const peek = async (): Promise<Unit | undefined> => {
    if (!peeked && !isDone) {
      const next = await source.next()
      if (next.done) isDone = true
      else peeked = next.value
    }
    return peeked
  }
  /** Whether there is no more of this phase. Throws nothing. */
  const note = async (phase: Phase): Promise<boolean> => {
    try {
      await afterRequests()
      for (; owed > 0 && weight < window; owed--) {
        const unit = await peek()
        if (unit?.phase !== phase) return true
        peeked = undefined
        journal.intend(unit)
        noted.push(unit)
        weight += weightOf(unit)
      }
      owed = 0
      return false
    } catch (error) {
      failure = { error }
      return true
    } finally {
      noting = undefined
    }
  }

  return {
    /** The phase of the next unit; undefined at the end of the plan. To be asked between phases. */
    phase: async (): Promise<Phase | undefined> => (await peek())?.phase,
    /** The next unit of this phase. */
    async next(phase: Phase): Promise<Unit | undefined> {
      for (;;) {
        if (failure) throw failure.error
        owed += AHEAD
        noting ??= note(phase)
        const unit = ready.shift()
        if (unit !== undefined) return unit
        const isOver = await noting
        if (failure || ready.length > 0) continue
        if (noted.length > 0) {
          journal.commit()
          ;[ready, noted, weight] = [noted, [], 0]
        } else if (isOver) return undefined
      }
    },
    /** Ends the reading of the plan; returns the units intended and not handed out. */
    async close(): Promise<readonly Unit[]> {
      await noting
      await source.return(undefined)
      return [...ready, ...noted]
    },
  }
}

/** Roughly what it takes in memory and in the journal, a change of one user being 1. */
function weightOf(unit: Unit): number {
  if (!unit.members) return 1
  return unit.lines.reduce((sum, { change }) => sum + 1 + change.members.length / 32, 0)
}
