import type { Phase, Unit } from './units.ts'

/**
 * Hands out units phase by phase, each intended before it is handed out. Intents are written in windows ahead
 * of the requests, so that waiting for the disk costs little however slow it is.
 */
export function feed(source: AsyncGenerator<Unit>, window: number, intend: (units: readonly Unit[]) => void) {
  const ready: Unit[] = []
  let peeked: Unit | undefined
  let isDone = false
  let filling: Promise<void> | undefined

  const peek = async (): Promise<Unit | undefined> => {
    if (!peeked && !isDone) {
      const next = await source.next()
      if (next.done) isDone = true
      else peeked = next.value
    }
    return peeked
  }
  const fill = async (phase: Phase): Promise<void> => {
    const units: Unit[] = []
    for (let lines = 0; lines < window; ) {
      const unit = await peek()
      if (unit?.phase !== phase) break
      peeked = undefined
      units.push(unit)
      lines += unit.lines.length
    }
    if (units.length === 0) return
    intend(units)
    ready.push(...units)
  }

  return {
    /** The phase of the next unit; undefined at the end of the plan. To be asked between phases. */
    phase: async (): Promise<Phase | undefined> => (await peek())?.phase,
    /** The next unit of this phase. */
    async next(phase: Phase): Promise<Unit | undefined> {
      if (ready.length === 0) {
        filling ??= fill(phase).finally(() => {
          filling = undefined
        })
        await filling
      }
      return ready.shift()
    },
    /** Ends the reading of the plan; returns the units intended and not handed out. */
    async close(): Promise<readonly Unit[]> {
      await source.return(undefined)
      return ready
    },
  }
}
