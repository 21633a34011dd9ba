import { resolve } from 'node:path'
import { apply as applyPlan } from '../apply.ts'
import { RollcallError } from '../errors.ts'
import type { PlanHeader } from '../model.ts'
import { readTarget, recount, type State } from '../plan.ts'
import { total } from '../report/words.ts'
import type { Observed } from '../state.ts'
import { keepPlan } from '../state/plans.ts'
import type { Target } from '../target.ts'
import type { Invocation } from './invocation.ts'
import { fewerByOne, observeDirectly } from './observe.ts'
import { present } from './present.ts'
import type { TurnEnd } from './round.ts'
import { savedPlan } from './saved.ts'
import { loadWorkspace, type Workspace } from './workspace.ts'

export interface ApplyArguments {
  readonly file: string
  readonly approve?: string
}

/** Applies a saved plan: exactly its changes, held against the target as it is now. */
export async function apply(invocation: Invocation, given: ApplyArguments): Promise<number> {
  const { interruption, console } = invocation
  const file = resolve(invocation.cwd, given.file)
  const { header } = await savedPlan(file)
  const workspace = await loadWorkspace(invocation)
  if (!workspace.targets.includes(header.target)) {
    throw new RollcallError(
      'plan_invalid',
      `${given.file} is a plan for target ${header.target}, which ${workspace.file} does not name.`,
    )
  }
  const { openState } = await import('../state/open.ts')
  const now = new Date()
  const state = openState(workspace.stateFolder, { command: 'rollcall apply', now })
  const target = await workspace.openTarget(header.target)
  let end: TurnEnd
  try {
    const observed = await observe(invocation, workspace, target, header, state, now)
    interruption.signal.throwIfAborted()
    interruption.writing = true
    const applied = await applyPlan({
      file,
      target,
      observed,
      ledger: state.ledger,
      command: 'apply',
      ...(given.approve !== undefined && { approve: given.approve }),
      planAge: workspace.planAge,
      now,
      signal: interruption.signal,
      breachesOf: plan =>
        recount(plan, {
          read: [],
          target,
          profiles: workspace.profilesOf(target.name),
          limits: workspace.limits,
          protect: workspace.protectOf(target.name),
          state,
          signal: interruption.signal,
        }),
      newerReading: (source, reading) => (state.cache.reading(source)?.reading ?? 0) > reading,
      progress: progress => console.progress(progress),
    })
    acceptShrinkage(header, state)
    keepPlan(state.folder, header.id, file)
    end = { target: target.name, exitCode: applied.exitCode, file, runId: applied.runId }
  } finally {
    await target.close()
    state.close()
  }
  if (!invocation.quiet || invocation.json || end.exitCode !== 0) {
    await present(invocation, workspace.stateFolder, [end], { format: 'text', exitCode: end.exitCode, offer: false })
  }
  return end.exitCode
}

/** The target as it is now: asked one by one or listed, whichever takes fewer requests. */
async function observe(
  { interruption: { signal }, console }: Invocation,
  workspace: Workspace,
  target: Target,
  header: PlanHeader,
  state: State,
  now: Date,
): Promise<Observed> {
  if (fewerByOne(total(header), target, state.ledger)) return observeDirectly(target, signal)
  const profiles = workspace.profilesOf(target.name)
  await readTarget(target, { profiles, state, now, signal, progress: console.progress.bind(console) })
  return state.cache.observed(target.name)
}

/** An approved plan that was over a shrinkage limit settles it: from now on that source's reading is the measure. */
function acceptShrinkage({ breaches, readings }: PlanHeader, { cache }: State): void {
  for (const { source, reading } of readings) {
    const shrunk = breaches.some(({ limit, scope }) => limit.startsWith('shrink-') && scope === `source ${source}`)
    if (shrunk && cache.reading(source)?.reading === reading) cache.acceptReading(source)
  }
}
