/** A bucket that fills as fast as the minute allows, and holds a second's worth. */
export function quota(perMinute: number): { take(): boolean } {
  const perSecond = perMinute / 60
  const holds = Math.max(10, perSecond)
  let left = holds
  let counted = performance.now()
  return {
    take() {
      if (perMinute === Number.POSITIVE_INFINITY) return true
      const now = performance.now()
      left = Math.min(holds, left + ((now - counted) * perSecond) / 1_000)
      counted = now
      if (left < 1) return false
      left--
      return true
    },
  }
}
