import { budgetOf } from '../../src/http/budget.ts'

/** How many requests may be under way, and when the next may be sent. */
export interface Lane {
  /** Runs one attempt, when there is room for it and the budget has it. Throws the signal's reason. */
  pass<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T>
  /** An attempt that began at this time (performance.now) went well. */
  wentWell(began: number): void
  /** One was throttled: half as many from now on, and nobody sends for so many milliseconds. */
  throttled(began: number, wait: number): void
  /** Nobody sends for so many milliseconds. */
  pause(wait: number): void
  /** Times in a row that requests were throttled. */
  readonly strikes: number
}

/** Requests at once to begin with. */
const FIRST = 10

/**
 * Google counts the requests of a minute: at an even pace of this much less than a sixtieth a second, no minute has more
 * than allowed, wherever it begins.
 */
export const PER_MINUTE_SHARE = 0.97

export function laneOf({
  requestsPerMinute,
  concurrency,
}: {
  readonly requestsPerMinute: number
  readonly concurrency: number
}): Lane {
  const perSecond = (requestsPerMinute / 60) * PER_MINUTE_SHARE
  const budget = budgetOf({ burst: Math.max(1, Math.min(perSecond, 10)), perSecond })
  const waiting = new Set<() => void>()
  let room = Math.min(FIRST, concurrency)
  let underWay = 0
  let narrowed = 0
  let strikes = 0

  const serve = () => {
    for (const go of waiting) {
      if (underWay >= Math.floor(room)) return
      waiting.delete(go)
      underWay++
      go()
    }
  }

  return {
    async pass(attempt, signal) {
      signal.throwIfAborted()
      await new Promise<void>(go => {
        const leave = () => {
          if (waiting.delete(enter)) underWay++
          go()
        }
        const enter = () => {
          signal.removeEventListener('abort', leave)
          go()
        }
        signal.addEventListener('abort', leave)
        waiting.add(enter)
        serve()
      })
      try {
        await budget.take(1, signal)
        return await attempt()
      } finally {
        underWay--
        serve()
      }
    },
    wentWell(began) {
      if (began < narrowed) return
      strikes = 0
      if (waiting.size > 0) room = Math.min(concurrency, room + 1 / room)
    },
    throttled(began, wait) {
      budget.pause(wait)
      if (began < narrowed) return
      strikes++
      narrowed = performance.now()
      room = Math.max(1, room / 2)
    },
    pause: wait => budget.pause(wait),
    get strikes() {
      return strikes
    },
  }
}
