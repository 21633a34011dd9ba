import { budgetOf } from '../../src/http/budget.ts'

/** How many requests may be under way, and when the next may be sent. */
export interface Lane {
  /** Runs one attempt, when there is room for it and the budget has it; `first`: before others. Throws the signal's reason. */
  pass<T>(attempt: () => Promise<T>, signal: AbortSignal, first?: boolean): Promise<T>
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
/** Milliseconds in which a budget gives what it has. */
const AT_ONCE = 1

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
  const [ahead, waiting] = [new Set<() => void>(), new Set<() => void>()]
  let room = Math.min(FIRST, concurrency)
  let underWay = 0
  let narrowed = 0
  let strikes = 0
  /** Whether the last one had to wait for the budget: more at once would only wait there. */
  let budgeted = false

  const serve = () => {
    for (const queue of [ahead, waiting]) {
      for (const go of queue) {
        if (underWay >= Math.floor(room)) return
        queue.delete(go)
        underWay++
        go()
      }
    }
  }

  return {
    async pass(attempt, signal, first = false) {
      signal.throwIfAborted()
      const queue = first ? ahead : waiting
      await new Promise<void>(go => {
        const leave = () => {
          if (queue.delete(enter)) underWay++
          go()
        }
        const enter = () => {
          signal.removeEventListener('abort', leave)
          go()
        }
        signal.addEventListener('abort', leave)
        queue.add(enter)
        serve()
      })
      try {
        const asked = performance.now()
        await budget.take(1, signal)
        budgeted = performance.now() - asked > AT_ONCE
        return await attempt()
      } finally {
        underWay--
        serve()
      }
    },
    wentWell(began) {
      if (began < narrowed) return
      strikes = 0
      if (ahead.size + waiting.size > 0 && !budgeted) room = Math.min(concurrency, room + 1 / room)
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
