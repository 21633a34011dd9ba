/** How much a service lets us ask: so much at once, and so much a second from then on, in whatever unit it counts. */
export interface Budget {
  /** Resolves once `cost` may be spent; whoever asks first is served first. Throws the signal's reason. */
  take(cost: number, signal: AbortSignal): Promise<void>
  /** From now on for so many milliseconds nobody spends anything. */
  pause(milliseconds: number): void
  /** From now on it grows by this a second; a larger `burst` may be spent at once, what is more of it now. */
  grow(perSecond: number, burst?: number): void
}

/** A token bucket, full at first. A cost beyond `burst` waits until the bucket is full, and leaves a debt. */
export function budgetOf(given: { readonly burst: number; readonly perSecond: number }): Budget {
  let { burst, perSecond: rate } = given
  let left = burst
  let counted = performance.now()
  let quietUntil = 0
  let timer: NodeJS.Timeout | undefined
  const waiting = new Set<{ readonly cost: number; readonly go: () => void }>()

  const count = () => {
    const now = performance.now()
    left = Math.min(burst, left + ((now - counted) * rate) / 1_000)
    counted = now
    return now
  }
  /** Milliseconds until this much may be spent; 0 for now. */
  const delay = (cost: number) => {
    const now = count()
    const missing = Math.min(cost, burst) - left
    return Math.max(quietUntil - now, missing > 0 ? (missing / rate) * 1_000 : 0, 0)
  }
  const serve = () => {
    clearTimeout(timer)
    timer = undefined
    for (const one of waiting) {
      const wait = delay(one.cost)
      if (wait > 0) {
        timer = setTimeout(serve, Math.ceil(wait))
        return
      }
      left -= one.cost
      waiting.delete(one)
      one.go()
    }
  }

  return {
    async take(cost, signal) {
      signal.throwIfAborted()
      await new Promise<void>(go => {
        const leave = () => {
          waiting.delete(one)
          serve()
          go()
        }
        const one = {
          cost,
          go() {
            signal.removeEventListener('abort', leave)
            go()
          },
        }
        signal.addEventListener('abort', leave)
        waiting.add(one)
        if (waiting.size === 1) serve()
      })
      signal.throwIfAborted()
    },
    pause(milliseconds) {
      quietUntil = Math.max(quietUntil, performance.now() + milliseconds)
      serve()
    },
    grow(perSecond, most = burst) {
      count()
      rate = perSecond
      left += most - burst
      burst = most
      serve()
    },
  }
}
