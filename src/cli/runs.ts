import { RollcallError } from '../errors.ts'
import { type PlanFile, readPlan } from '../planfile.ts'
import { escapeJson, escapeTerminal } from '../report/escape.ts'
import { type Paint, painter, time } from '../report/paint.ts'
import { displayWidth, padEnd } from '../report/width.ts'
import type { Run } from '../state.ts'
import { keptPlans } from '../state/plans.ts'
import { stateFolderOf } from './workspace.ts'
import type { Invocation } from './invocation.ts'
import { countsOf, named, renderRun, type RunView } from './outcomes.ts'

/** The last runs, newest first; or one run and what became of its changes. */
export async function runs(invocation: Invocation, id: string | undefined): Promise<number> {
  const { openState } = await import('../state/open.ts')
  const state = openState(await stateFolderOf(invocation))
  try {
    if (id === undefined) await list(invocation, state.ledger.runs().toReversed())
    else {
      const found = state.ledger.run(theOne(state.ledger.runs(), id).id)
      if (found !== undefined) await one(invocation, { ...found, plan: await planOf(state.folder, found.run.planId) })
    }
  } finally {
    state.close()
  }
  return 0
}

const LISTED = 30

async function list(invocation: Invocation, all: readonly Run[]): Promise<void> {
  const { json, verbose, print } = invocation
  const shown = verbose || json ? all : all.slice(0, LISTED)
  if (json) return print(`${escapeJson({ runs: shown })}\n`)
  if (shown.length === 0) return print('No run yet: `rollcall sync` or `rollcall apply` makes one.\n')
  const paint = painter(invocation.colour)
  const rows = [
    ['run', 'started', 'command', 'target', 'exit', 'outcomes'].map(word => paint('dim', word)),
    ...shown.map(run => cells(run, paint)),
  ]
  const widths = [0, 1, 2, 3, 4].map(at => Math.max(...rows.map(row => displayWidth(bare(row[at] ?? '')))))
  const lines = rows.map(row => row.map((cell, at) => cell + padEnd('', (widths[at] ?? 0) - displayWidth(bare(cell)))))
  await print(lines.map(line => `${line.join('  ').trimEnd()}\n`).join(''))
  if (shown.length < all.length) await print(paint('dim', `… and ${all.length - shown.length} older (-v shows all)\n`))
}

function cells(run: Run, paint: Paint): string[] {
  const exit = run.exitCode === undefined ? paint('yellow', 'open') : String(run.exitCode)
  return [run.id, time(run.startedAt), run.command, run.target]
    .map(escapeTerminal)
    .concat(exit, countsOf(run.counts, paint))
}

function bare(cell: string): string {
  return cell.replace(/\x1b\[\d+m/g, '')
}

async function one(invocation: Invocation, view: RunView): Promise<void> {
  if (!invocation.json) return invocation.print(renderRun(view, invocation.verbose, painter(invocation.colour)))
  return invocation.print(runJson(view))
}

async function* runJson(view: RunView): AsyncGenerator<string> {
  yield `{"run":${escapeJson(view.run)},"outcomes":[`
  let first = true
  for await (const { row, change } of named(view.outcomes, view.plan)) {
    const { runId: _, planId: __, ...told } = row
    yield `${first ? '' : ','}\n${escapeJson({ ...told, ...(change && { change: change.change, name: change.name }) })}`
    first = false
  }
  yield ']}\n'
}

/** The plan of a run where it is still kept: without it outcomes are told by line number. */
export async function planOf(folder: string, planId: string): Promise<PlanFile | undefined> {
  const kept = keptPlans(folder).find(plan => plan.planId === planId)
  try {
    return kept && (await readPlan(kept.file))
  } catch {
    return undefined
  }
}

function theOne(all: readonly Run[], id: string): Run {
  const exact = all.find(run => run.id === id)
  const found = exact === undefined ? all.filter(run => run.id.startsWith(id)) : [exact]
  const [run] = found
  if (run === undefined) throw new RollcallError('usage', `no run has the id ${id}. \`rollcall runs\` lists them.`)
  if (found.length > 1)
    throw new RollcallError('usage', `${found.length} runs have an id that begins with ${id}: give more of it.`)
  return run
}
