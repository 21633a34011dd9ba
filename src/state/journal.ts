import type { DatabaseSync } from 'node:sqlite'
import type { Intent, Outcome, OutcomeRow } from '../state.ts'
import { OUTCOMES } from './ledger-runs.ts'
import { rows } from './tables.ts'

/**
 * What is about to be written, noted before it is sent, and what became of it. The text of a change is kept only
 * while its outcome is open or unknown. The writers belong inside a transaction of the caller's.
 */
export function journal(
  db: DatabaseSync,
  runs: { planNumber(planId: string): number | undefined; runNumber(id: string): number },
) {
  const intend = db.prepare(
    `INSERT INTO l_intent (plan, line, step, run, change) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (plan, line, step) DO UPDATE SET run = excluded.run, change = excluded.change`,
  )
  const settle = db.prepare(
    `INSERT INTO l_step (plan, line, step, run, outcome, scim_id, message) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (plan, line, step) DO UPDATE SET run = excluded.run, outcome = excluded.outcome,
     scim_id = excluded.scim_id, message = excluded.message`,
  )
  const close = db.prepare('DELETE FROM l_intent WHERE plan = ? AND line = ? AND step = ?')
  const forget = db.prepare("DELETE FROM l_step WHERE plan = ? AND line = ? AND step = ? AND outcome = 'unknown'")
  /** A transaction's entries are almost always of one run and one plan. */
  const numbers = () => {
    const plans = new Map<string, number>()
    const known = new Map<string, number>()
    return {
      plan(id: string): number {
        const plan = plans.get(id) ?? runs.planNumber(id)
        if (plan === undefined) throw new Error(`journal: no run was begun for plan ${id}`)
        plans.set(id, plan)
        return plan
      },
      run(id: string): number {
        const run = known.get(id) ?? runs.runNumber(id)
        known.set(id, run)
        return run
      },
    }
  }

  return {
    intend(intents: readonly Intent[]): void {
      const of = numbers()
      for (const { runId, planId, line, step, change } of intents)
        intend.run(of.plan(planId), line, step, of.run(runId), change)
    },
    settle(outcomes: readonly OutcomeRow[]): void {
      const of = numbers()
      for (const { runId, planId, line, step, outcome, scimId, message } of outcomes) {
        const plan = of.plan(planId)
        settle.run(plan, line, step, of.run(runId), outcome, scimId ?? null, message ?? null)
        if (outcome !== 'unknown') close.run(plan, line, step)
      }
    },
    withdraw(steps: readonly { readonly planId: string; readonly line: number; readonly step: number }[]): void {
      const of = numbers()
      for (const { planId, line, step } of steps)
        for (const statement of [close, forget]) statement.run(of.plan(planId), line, step)
    },
    outcomesOf(planId: string): ReadonlyMap<number, Outcome> {
      const found = new Map<number, Outcome>()
      const plan = runs.planNumber(planId)
      if (plan === undefined) return found
      const statement = db.prepare('SELECT line, outcome FROM l_step WHERE plan = ? ORDER BY line, step')
      for (const [line, outcome] of rows(statement, plan)) {
        const known = OUTCOMES.find(one => one === outcome)
        const before = found.get(Number(line))
        if (known && (before === undefined || before === 'applied')) found.set(Number(line), known)
      }
      return found
    },
    unsettled(target: string): readonly Intent[] {
      const statement = db.prepare(
        `SELECT r.id, p.id, i.line, i.step, i.change FROM l_intent i JOIN l_plan p ON p.num = i.plan
         JOIN l_target t ON t.num = p.target JOIN l_run r ON r.num = i.run WHERE t.name = ? ORDER BY i.plan, i.line, i.step`,
      )
      const found: Intent[] = []
      for (const [runId, planId, line, step, change] of rows(statement, target)) {
        found.push({
          runId: String(runId),
          planId: String(planId),
          target,
          line: Number(line),
          step: Number(step),
          change: String(change),
        })
      }
      return found
    },
  }
}
