import type { DatabaseSync } from 'node:sqlite'
import * as z from 'zod'
import type { Ledger, Outcome, OutcomeRow, Run } from '../state.ts'
import { num, rows } from './tables.ts'

export const OUTCOMES: readonly Outcome[] = ['applied', 'failed', 'stale', 'skipped', 'unknown']
const Counts = z.partialRecord(z.enum(['applied', 'failed', 'stale', 'skipped', 'unknown']), z.number())

const RUN = `SELECT r.num, r.id, r.command, r.target, p.id AS plan_id, r.plan, r.digest, r.started_at, r.ended_at, r.exit_code,
  r.message, r.approved, r.counts FROM l_run r JOIN l_plan p ON p.num = r.plan`

/** Plans met and runs made. Its writers belong inside a transaction of the caller's. */
export function ledgerRuns(db: DatabaseSync) {
  const findPlan = db.prepare('SELECT num FROM l_plan WHERE id = ?')
  const insertPlan = db.prepare('INSERT INTO l_plan (id, target) VALUES (?, ?)')
  const findRun = db.prepare('SELECT num FROM l_run WHERE id = ?')
  const next = db.prepare('SELECT IFNULL(MAX(num), 0) + 1 AS num FROM l_run')
  const insert = db.prepare(
    'INSERT INTO l_run (num, id, command, target, plan, digest, started_at, approved) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const finish = db.prepare('UPDATE l_run SET ended_at = ?, exit_code = ?, message = ?, counts = ? WHERE num = ?')
  const count = db.prepare('SELECT outcome, COUNT(*) AS count FROM l_step WHERE plan = ? AND run = ? GROUP BY outcome')

  const planNumber = (planId: string): number | undefined => {
    const row = findPlan.get(planId)
    return row && num(row, 'num')
  }
  const runNumber = (id: string): number => num(findRun.get(id), 'num')
  const countsOf = (plan: number, run: number): Run['counts'] => {
    const counts: Partial<Record<Outcome, number>> = {}
    for (const row of count.all(plan, run)) {
      const outcome = OUTCOMES.find(known => known === row['outcome'])
      if (outcome) counts[outcome] = num(row, 'count')
    }
    return counts
  }
  const runOf = (row: Readonly<Record<string, unknown>>): Run => ({
    id: String(row['id']),
    command: String(row['command']),
    target: String(row['target']),
    planId: String(row['plan_id']),
    digest: String(row['digest']),
    startedAt: String(row['started_at']),
    endedAt: optionalText(row['ended_at']),
    exitCode: typeof row['exit_code'] === 'number' ? row['exit_code'] : undefined,
    message: optionalText(row['message']),
    approved: row['approved'] === 1,
    counts:
      typeof row['counts'] === 'string'
        ? Counts.parse(JSON.parse(row['counts']))
        : countsOf(num(row, 'plan'), num(row, 'num')),
  })

  return {
    planNumber,
    runNumber,
    begin(run: Parameters<Ledger['beginRun']>[0], target: number): string {
      const plan = planNumber(run.planId) ?? Number(insertPlan.run(run.planId, target).lastInsertRowid)
      const number = num(next.get(), 'num')
      const id = runId(run.startedAt, number)
      insert.run(number, id, run.command, run.target, plan, run.digest, run.startedAt, run.approved ? 1 : 0)
      return id
    },
    end(id: string, end: Parameters<Ledger['endRun']>[1]): void {
      const row = db.prepare(`${RUN} WHERE r.id = ?`).get(id)
      if (!row) return
      const counts = JSON.stringify(countsOf(num(row, 'plan'), num(row, 'num')))
      finish.run(end.endedAt, end.exitCode, end.message, counts, num(row, 'num'))
    },
    /** Newest last. */
    all: (): readonly Run[] => db.prepare(`${RUN} ORDER BY r.num`).all().map(runOf),
    one(id: string): { readonly run: Run; readonly outcomes: Iterable<OutcomeRow> } | undefined {
      const row = db.prepare(`${RUN} WHERE r.id = ?`).get(id)
      if (!row) return undefined
      const run = runOf(row)
      const [plan, number] = [num(row, 'plan'), num(row, 'num')]
      return { run, outcomes: { [Symbol.iterator]: () => outcomes(db, run, plan, number) } }
    },
    approved(planId: string, digest: string): boolean {
      const plan = planNumber(planId)
      if (plan === undefined) return false
      return (
        db.prepare('SELECT 1 FROM l_run WHERE plan = ? AND digest = ? AND approved = 1').get(plan, digest) !== undefined
      )
    },
    appliedInFull(planId: string): boolean {
      return db.prepare('SELECT 1 FROM l_plan WHERE id = ? AND applied_at IS NOT NULL').get(planId) !== undefined
    },
    markApplied(planId: string): void {
      db.prepare("UPDATE l_plan SET applied_at = strftime('%Y-%m-%dT%H:%M:%fZ') WHERE id = ?").run(planId)
    },
  }
}

function* outcomes(db: DatabaseSync, run: Run, plan: number, number: number): Generator<OutcomeRow> {
  const statement = db.prepare(
    'SELECT line, step, outcome, scim_id, message FROM l_step WHERE plan = ? AND run = ? ORDER BY line, step',
  )
  for (const [line, step, outcome, scimId, message] of rows(statement, plan, number)) {
    const known = OUTCOMES.find(one => one === outcome)
    if (!known) continue
    yield {
      runId: run.id,
      planId: run.planId,
      line: Number(line),
      step: Number(step),
      outcome: known,
      ...(typeof scimId === 'string' ? { scimId } : {}),
      ...(typeof message === 'string' ? { message } : {}),
    }
  }
}

/** `20261124-170246-0017`: sorts by time, is unique by its number, and can be typed. */
function runId(startedAt: string, number: number): string {
  const [date = '', time = ''] = startedAt.split('T')
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${String(number).padStart(4, '0')}`
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
