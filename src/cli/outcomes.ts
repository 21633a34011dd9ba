import type { Change } from '../model.ts'
import type { PlanFile } from '../planfile.ts'
import { escapeTerminal } from '../report/escape.ts'
import { number, type Paint, type Style, time } from '../report/paint.ts'
import type { Outcome, OutcomeRow, Run } from '../state.ts'

/** A run, what became of its changes, and the plan that says whose they were, where it is still kept. */
export interface RunView {
  readonly run: Run
  readonly outcomes: Iterable<OutcomeRow>
  readonly plan: PlanFile | undefined
}

/** A run's head line and counts, then each change that was not simply applied; with `all` every change. */
export async function* renderRun(view: RunView, all: boolean, paint: Paint): AsyncGenerator<string> {
  const { run } = view
  yield `${paint('bold', escapeTerminal(run.id))}  ${headOf(run)}\n`
  yield `  ${countsOf(run.counts, paint)}\n`
  if (run.message !== undefined && run.message !== '') yield `  ${escapeTerminal(run.message)}\n`
  yield* renderOutcomes(view, all, paint)
}

/** Each change that was not simply applied, at most 50 of them; with `all` every change. */
export async function* renderOutcomes(view: RunView, all: boolean, paint: Paint): AsyncGenerator<string> {
  const shown = rowsOf(view.outcomes, all)
  let left = all ? Number.POSITIVE_INFINITY : SHOWN
  let more = 0
  for await (const { row, change } of named(shown, view.plan)) {
    if (left-- <= 0) {
      more++
      continue
    }
    const who = change === undefined ? `line ${row.line}` : `${change.change} ${change.name}`
    const why = row.message === undefined ? '' : `: ${row.message}`
    yield `  ${paint(STYLES[row.outcome], row.outcome.padEnd(7))}  ${escapeTerminal(`${who}${why}`)}\n`
  }
  if (more > 0) yield paint('dim', `  … and ${number(more)} more (rollcall runs ${view.run.id} -v shows all)\n`)
}

/** `applied 12, failed 1`. */
export function countsOf(counts: Run['counts'], paint: Paint): string {
  const said = ORDER.flatMap(outcome => {
    const count = counts[outcome] ?? 0
    return count > 0 ? [paint(STYLES[outcome], `${outcome} ${number(count)}`)] : []
  })
  return said.length > 0 ? said.join(', ') : 'nothing was written'
}

/** Outcomes with the change they belong to; both come in the order of the plan's lines. */
export async function* named(
  outcomes: Iterable<OutcomeRow>,
  plan: PlanFile | undefined,
): AsyncGenerator<{ readonly row: OutcomeRow; readonly change: Change | undefined }> {
  const lines = plan?.lines()[Symbol.asyncIterator]()
  let current = await lines?.next()
  for (const row of outcomes) {
    while (current !== undefined && current.done !== true && current.value.line < row.line)
      current = await lines?.next()
    const line = current?.done === true ? undefined : current?.value
    yield {
      row,
      change: line !== undefined && line.line === row.line && 'change' in line.value ? line.value : undefined,
    }
  }
  await lines?.return?.(undefined)
}

const SHOWN = 50
const ORDER: readonly Outcome[] = ['applied', 'failed', 'stale', 'skipped', 'unknown']
const STYLES: Readonly<Record<Outcome, Style>> = {
  applied: 'green',
  failed: 'red',
  stale: 'yellow',
  skipped: 'yellow',
  unknown: 'red',
}

function* rowsOf(outcomes: Iterable<OutcomeRow>, all: boolean): Generator<OutcomeRow> {
  for (const row of outcomes) if (all || row.outcome !== 'applied') yield row
}

function headOf(run: Run): string {
  const ended =
    run.endedAt === undefined ? 'not ended: interrupted, or still at work' : `ended ${run.exitCode ?? ''}`.trim()
  return escapeTerminal(
    `${run.command} to ${run.target}, ${time(run.startedAt)}, ${ended}${run.approved ? ', approved' : ''}`,
  )
}
