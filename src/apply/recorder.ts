import type { Change } from '../model.ts'
import type { Intent, Ledger, OutcomeRow } from '../state.ts'
import type { Settled } from './context.ts'
import type { Unit } from './units.ts'

export interface RunOf {
  readonly runId: string
  readonly planId: string
  readonly target: string
}

/** Intents written at one go: a moment's work, so that it goes unnoticed between requests. */
const SLICE = 32

/**
 * The journal of one run. Intents are gathered, a few at a time, and are on disk before their requests are sent; what
 * became of earlier requests goes along. Lost with a crash are at most the outcomes since the last commit, and these
 * changes have their intents, so they are looked up.
 */
export function recorder(ledger: Ledger, run: RunOf, onOutcome: (row: OutcomeRow, change: Change) => void) {
  let intents: Intent[] = []
  let settled: { readonly row: OutcomeRow; readonly what: Settled }[] = []

  const gather = () => {
    if (intents.length + settled.length === 0) return
    ledger.gather()
    ledger.journal({
      intents,
      outcomes: settled.map(({ row }) => row),
      links: settled.flatMap(({ what }) => (what.link ? [{ target: run.target, link: what.link }] : [])),
      unlinks: settled.flatMap(({ what }) => what.unlink ?? []),
      members: settled.flatMap(({ what }) => what.members ?? []),
    })
    intents = []
    settled = []
  }

  return {
    /** To be sent only once `commit` has returned. */
    intend({ lines }: Unit): void {
      for (const { line, text } of lines) intents.push({ ...run, line, step: 0, change: text })
      if (intents.length >= SLICE) gather()
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
    /** On return everything is on disk; the `withdrawn` lines were intended and never sent, by no run. */
    commit(withdrawn: readonly number[] = []): void {
      gather()
      const steps = withdrawn.map(line => ({ planId: run.planId, line, step: 0 }))
      if (steps.length > 0) ledger.journal({ intents: [], outcomes: [], withdrawn: steps })
      ledger.commit()
    },
  }
}
