import { type Budget, budgetOf } from '../../src/http/budget.ts'
import type { Headers } from '../../src/http/request.ts'

/**
 * How many resource units an application may spend in a tenant in ten seconds, by the size of the tenant
 * (https://learn.microsoft.com/graph/throttling-limits, identity and access), and what our requests cost.
 */
const UNITS = { small: 3_500, middling: 5_000, large: 8_000 } as const

/** With `$select`, which takes one off, and at least 20 a page. */
export const COST = {
  users: 1,
  usersWithManager: 2,
  groups: 1,
  members: 2,
  membersCount: 3,
  memberOf: 1,
  delta: 1,
  count: 2,
  other: 1,
}

export function unitsPerSecond(users: number): number {
  return (users < 50 ? UNITS.small : users <= 500 ? UNITS.middling : UNITS.large) / 10
}

export interface Throttle {
  take(cost: number, signal: AbortSignal): Promise<void>
  /** Nobody asks anything for so many milliseconds, and slower from then on. */
  pause(milliseconds: number): void
  /** What an answer says about how near the limit we are. */
  heed(headers: Headers): void
  /** The tenant turns out to have so many users. */
  sized(users: number): void
}

/** Part of the budget that is left to others' haste and to clocks that differ. */
const MARGIN = 0.99
/** What may be spent at once: the bucket holds ten seconds, and is likely full when we come. */
const BURST_SECONDS = 8

/** Slows down where Graph says so, and is back at its full pace some seconds later. `haste` multiplies the budget. */
export function throttleOf({ haste = 1, clock = () => performance.now() } = {}): Throttle {
  let full = unitsPerSecond(0) * MARGIN * haste
  let pace = full
  let changed = clock()
  const budget: Budget = budgetOf({ burst: full * BURST_SECONDS, perSecond: pace })
  const set = (next: number) => {
    pace = Math.min(full, Math.max(full / 20, next))
    changed = clock()
    budget.grow(pace, full * BURST_SECONDS)
  }
  return {
    take: (cost, signal) => budget.take(cost, signal),
    pause(milliseconds) {
      budget.pause(milliseconds)
      if (clock() - changed > 1_000) set(pace * 0.7)
    },
    heed(headers) {
      if (clock() - changed < 1_000) return
      const used = Number(headers['x-ms-throttle-limit-percentage'] ?? 0)
      if (used >= 1) set(pace / Math.min(used, 2))
      else if (pace < full) set(pace * 1.1)
    },
    sized(users) {
      const before = full
      full = unitsPerSecond(users) * MARGIN * haste
      if (full !== before) set((pace / before) * full)
    },
  }
}
