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
 * Google counts the requests of a minute: what is sent at once and what follows in a minute are together this much less
 * than it allows, wherever the minute begins.
 */
const MARGIN = 0.01

/** Requests that may be sent at once after a lull, half a second's worth, and requests a second from then on. */
export function paceOf(requestsPerMinute: number): { readonly burst: number; readonly perSecond: number } {
  const perSecond = (requestsPerMinute * (1 - MARGIN)) / 60.5
  return { burst: Math.max(1, perSecond / 2), perSecond }
}

export function laneOf({
  requestsPerMinute,
  concurrency,
}: {
  readonly requestsPerMinute: number
  readonly concurrency: number
}): Lane {
  const budget = budgetOf(paceOf(requestsPerMinute))
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
