import { escapeJson } from '../report/escape.ts'
import { painter } from '../report/paint.ts'
import { renderJson } from '../report/json.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { renderText } from '../report/text.ts'
import type { State } from '../plan.ts'
import { readPlan } from '../planfile.ts'
import type { Invocation } from './invocation.ts'
import { countsOf, named, renderOutcomes, type RunView } from './outcomes.ts'
import { shownPath } from '../config/load.ts'
import type { TurnEnd } from './round.ts'
import { savedPlan } from './saved.ts'

/** How the targets' ends are shown. */
export interface Presentation {
  readonly format: 'text' | 'markdown'
  readonly exitCode: number
  /** Whether what is held is followed by the command that applies it. */
  readonly offer: boolean
}

/**
 * Prints what became of every target: the plan, then the outcomes where it was applied. The state is opened to
 * look names up only, so that a reader who takes his time (`rollcall plan | less`) keeps no other run waiting.
 */
export async function present(
  invocation: Invocation,
  stateFolder: string,
  ends: readonly TurnEnd[],
  presentation: Presentation,
): Promise<void> {
  const { openState } = await import('../state/open.ts')
  const state = openState(stateFolder)
  try {
    await invocation.print(
      invocation.json ? asJson(ends, presentation.exitCode, state) : asText(invocation, ends, presentation, state),
    )
  } finally {
    state.close()
  }
}

async function* asText(
  { colour, columns, cwd, verbose }: Invocation,
  ends: readonly TurnEnd[],
  { format, offer }: Presentation,
  state: State,
): AsyncGenerator<string> {
  const nameOf = (source: string, sourceId: string) => state.cache.nameOf(source, sourceId)
  const paint = painter(colour)
  let first = true
  for (const end of ends) {
    if (end.file === undefined) continue
    if (!first) yield '\n'
    first = false
    const view = await savedPlan(end.file)
    const shared = {
      nameOf,
      ...(end.flattened && { flattened: end.flattened }),
      ...(offer && end.runId === undefined && { file: shownPath(end.file, cwd) }),
    }
    if (format === 'markdown') yield* renderMarkdown(view, shared)
    else yield* renderText(view, { columns, colour, all: verbose, ...shared })
    const run = await runView(end, state)
    if (run === undefined) continue
    yield `\n${paint('bold', 'Applied')}  ${paint('dim', `run ${run.run.id}`)}\n  ${countsOf(run.run.counts, paint)}\n`
    yield* renderOutcomes(run, false, paint)
  }
}

async function* asJson(ends: readonly TurnEnd[], exitCode: number, state: State): AsyncGenerator<string> {
  yield '{"targets":['
  let first = true
  for (const end of ends) {
    yield first ? '' : ','
    first = false
    const { target, file, failure, exitCode: own } = end
    const error = failure === undefined ? {} : { error: { code: failure.code, message: failure.message } }
    const head = { target, exitCode: own, ...error }
    if (file === undefined) yield escapeJson(head)
    else {
      const run = await runView(end, state)
      yield* renderJson(await savedPlan(file), { ...head, file, ...(run && { run: await runSummary(run) }) })
    }
  }
  yield `],"exitCode":${exitCode}}\n`
}

/** Counts, and every change that was not applied. */
async function runSummary(view: RunView): Promise<Readonly<Record<string, unknown>>> {
  const notApplied = []
  for await (const { row, change } of named(view.outcomes, view.plan)) {
    if (row.outcome === 'applied' || notApplied.length >= LISTED) continue
    const { line, outcome, message } = row
    notApplied.push({ line, outcome, change: change?.change, name: change?.name, message })
  }
  return { id: view.run.id, counts: view.run.counts, notApplied }
}

const LISTED = 1000

async function runView({ runId, file }: TurnEnd, state: State): Promise<RunView | undefined> {
  const found = runId === undefined ? undefined : state.ledger.run(runId)
  return found && { ...found, plan: file === undefined ? undefined : await readPlan(file) }
}
