import type { Change } from '../model.ts'
import type { Intent, Ledger, OutcomeRow, Unlink } from '../state.ts'
import type { Settled } from './context.ts'
import type { Unit } from './units.ts'

export interface RunOf {
  readonly runId: string
  readonly planId: string
  readonly target: string
}

/**
 * The journal of one run. Intents go to disk before their requests are sent, many in one synced transaction;
 * what became of earlier requests goes along with the next. Lost with a crash are at most the outcomes since
 * then, and these changes have their intents, so they are looked up.
 */
export function recorder(ledger: Ledger, run: RunOf, onOutcome: (row: OutcomeRow, change: Change) => void) {
  let settled: { readonly row: OutcomeRow; readonly what: Settled }[] = []

  const flush = (intents: readonly Intent[], withdrawn: readonly Unit[], about: readonly Unlink[] = []) => {
    if (intents.length + settled.length + withdrawn.length === 0) return
    const batch = settled
    ledger.journal({
      intents,
      outcomes: batch.map(({ row }) => row),
      links: batch.flatMap(({ what }) => (what.link ? [{ target: run.target, link: what.link }] : [])),
      unlinks: batch.flatMap(({ what }) => what.unlink ?? []),
      members: batch.flatMap(({ what }) => what.members ?? []),
      about,
      withdrawn: withdrawn.flatMap(({ lines }) => lines.map(({ line }) => ({ planId: run.planId, line, step: 0 }))),
    })
    settled = []
  }

  return {
    /** On return every one of these is on disk. */
    intend(units: readonly Unit[]): void {
      const intents = units.flatMap(({ lines }) =>
        lines.map(({ line, change }) => ({ ...run, line, step: 0, change: JSON.stringify(change) })),
      )
      const about = units.flatMap(unit => {
        if (unit.members) return []
        const [{ change }] = unit.lines
        const kind = change.change.endsWith('-group') ? ('group' as const) : ('user' as const)
        return [{ target: run.target, kind, source: change.source, sourceId: change.sourceId }]
      })
      flush(intents, [], about)
    },
    settle(line: number, change: Change, what: Settled): void {
      const row: OutcomeRow = {
        runId: run.runId,
        planId: run.planId,
        line,
        step: 0,
        outcome: what.outcome,
        ...(what.scimId === undefined ? {} : { scimId: what.scimId }),
        ...(what.message === undefined ? {} : { message: what.message }),
      }
      settled.push({ row, what })
      onOutcome(row, change)
    },
    /** Writes what is open; these units were intended and never sent. */
    flush: (withdrawn: readonly Unit[]): void => flush([], withdrawn),
  }
}
