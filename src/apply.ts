import { carryOut } from './apply/carry-out.ts'
import { type Context, codeOf, type Settled, userLookup } from './apply/context.ts'
import { feed } from './apply/feed.ts'
import { handovers, oneAtATime } from './apply/handover.ts'
import { changeMembers } from './apply/members.ts'
import { patient } from './apply/patience.ts'
import { recorder } from './apply/recorder.ts'
import { refuse } from './apply/refuse.ts'
import { groups, users } from './apply/resources.ts'
import { settleIntents } from './apply/settle.ts'
import { groupSource, type Unit, units } from './apply/units.ts'
import { exitCode, RollcallError } from './errors.ts'
import type { Breach, Change } from './model.ts'
import type { Progress } from './plan.ts'
import { type PlanFile, readPlan } from './planfile.ts'
import type { Ledger, Observed, Outcome, OutcomeRow } from './state.ts'
import type { Target } from './target.ts'

export interface ApplyOptions {
  readonly file: string
  readonly target: Target
  /** The target as this run read it, after whatever ran before (I7). */
  readonly observed: Observed
  readonly ledger: Ledger
  /** For the history: `apply` or `sync`. */
  readonly command: string
  /** The digest of a plan over its limits. */
  readonly approve?: string
  /** How old a plan may be, in milliseconds. Default: 24 hours. */
  readonly planAge?: number
  readonly now: Date
  /** Aborted: no further request is sent, those in flight have `graceMs` to end. */
  readonly signal: AbortSignal
  readonly graceMs?: number
  /** Whether a source has a certified reading newer than the one with this number. */
  newerReading(source: string, reading: number): boolean
  /** The breaches that the limits find in this plan now; a plan that names others is refused. */
  breachesOf?(plan: PlanFile): readonly Breach[] | Promise<readonly Breach[]>
  progress?(progress: Progress): void
  onOutcome?(row: OutcomeRow, change: Change): void
}

export interface Applied {
  readonly runId: string
  readonly planId: string
  readonly digest: string
  /** Of this run; lines that an earlier run settled are not among them. */
  readonly counts: Readonly<Partial<Record<Outcome, number>>>
  readonly interrupted: boolean
  /** 0; 4 applied in part; 130 interrupted before any write. */
  readonly exitCode: 0 | 4 | 130
}

/** Changes whose intents go to disk together. */
const WINDOW = 1_024

/**
 * Carries out a saved plan, change by change: journal, precondition, request, confirmation, link. Given again
 * after an interruption, continues it. Throws `plan_invalid` or `over_limit` before the first write, and
 * `target_denied`, `target_unavailable` or `state_unusable` where going on makes no sense; all that was done by
 * then is recorded, and the same plan can be applied again.
 */
export async function apply(options: ApplyOptions): Promise<Applied> {
  const { target, ledger, now } = options
  const plan = await readPlan(options.file)
  await refuse(plan, options)

  const { id: planId, digest } = plan.header
  const approved = plan.header.breaches.length > 0
  const runId = ledger.beginRun({
    command: options.command,
    target: target.name,
    planId,
    digest,
    startedAt: now.toISOString(),
    approved,
  })
  const end = (exitCode: number, message: string) =>
    ledger.endRun(runId, { endedAt: new Date().toISOString(), exitCode, message })
  try {
    const { counts, begun, isComplete } = await carryOutPlan(plan, runId, options)
    const interrupted = options.signal.aborted && !isComplete
    if (isComplete && !counts.unknown) ledger.markApplied(planId, target.name)
    const inPart = interrupted || Boolean(counts.failed || counts.stale || counts.unknown)
    const code = interrupted && begun === 0 ? 130 : inPart ? 4 : 0
    end(code, interrupted ? 'interrupted; the same plan can be applied again' : '')
    return { runId, planId, digest, counts, interrupted, exitCode: code }
  } catch (error) {
    const known = error instanceof RollcallError ? error : undefined
    if (known?.code !== 'state_unusable')
      end(known ? exitCode(known.code) : 1, known?.message ?? 'an error in rollcall itself')
    throw error
  }
}

/** For `sync`: settles what earlier runs left open at this target, by looking, before a new plan is made. */
export async function settle(options: {
  readonly target: Target
  readonly observed: Observed
  readonly ledger: Ledger
  readonly signal: AbortSignal
}): Promise<void> {
  const intents = options.ledger.unsettled(options.target.name)
  if (intents.length > 0)
    await settleIntents(
      contextOf(options, options.signal, () => false),
      intents,
    )
}

async function carryOutPlan(plan: PlanFile, runId: string, options: ApplyOptions) {
  const { target, ledger, signal } = options
  const { id: planId } = plan.header
  const patience = patient(signal, options.graceMs ?? 30_000)
  let failure: { readonly error: unknown } | undefined
  const stopping = () => signal.aborted || failure !== undefined
  const context = contextOf(options, patience.signal, stopping)

  const open = ledger.unsettled(target.name)
  await settleIntents(
    context,
    open.filter(intent => intent.planId !== planId),
  )
  const uncertain = new Set(open.filter(intent => intent.planId === planId).map(({ line }) => line))
  const outcomes = ledger.outcomesOf(planId)
  const isSettled = (line: number) => (outcomes.get(line) ?? 'unknown') !== 'unknown'

  const counts: Partial<Record<Outcome, number>> = {}
  const total = Object.values(plan.header.counts).reduce((sum, count) => sum + count, 0)
  let done = [...outcomes.keys()].filter(isSettled).length
  const record = recorder(ledger, { runId, planId, target: target.name }, (row, change) => {
    counts[row.outcome] = (counts[row.outcome] ?? 0) + 1
    options.onOutcome?.(row, change)
    done++
    options.progress?.({ stage: 'apply', of: target.name, done, total, unit: 'changes' })
  })

  const turns = handovers()
  const onGroup = oneAtATime()
  /** What became of the unit's lines; undefined where it was its turn too late, and nothing was sent. */
  const carryOutUnit = async (unit: Unit): Promise<ReadonlyMap<number, Settled> | undefined> => {
    if (unit.members) {
      const { change } = unit.lines[0]
      const { sourceId } = change
      const group = ledger.link(target.name, 'group', groupSource(change), sourceId)?.scimId ?? sourceId
      return onGroup(group, () => changeMembers(context, unit.lines))
    }
    const [{ line, change }] = unit.lines
    try {
      const settled = await turns.inTurn(change, async () =>
        stopping() ? undefined : carryOut(context, change, uncertain.has(line)),
      )
      return settled && new Map([[line, settled]])
    } catch (error) {
      if (!(error instanceof RollcallError) || error.code !== 'target_rejected') throw error
      return new Map([[line, { outcome: 'failed', message: error.message }]])
    }
  }

  let begun = 0
  /** Intended, and no request of it sent. */
  const untouched: Unit[] = []
  const supply = feed(units(plan, isSettled), WINDOW, record)
  const work = async (phase: Unit['phase']): Promise<void> => {
    try {
      for (;;) {
        const unit = stopping() ? undefined : await supply.next(phase)
        if (!unit) return
        begun++
        const settled = await carryOutUnit(unit)
        if (!settled) untouched.push(unit)
        for (const { line, change } of unit.lines) {
          const what = settled?.get(line)
          if (what) record.settle(line, change, what)
        }
      }
    } catch (error) {
      failure ??= { error }
    }
  }
  try {
    for (;;) {
      const phase = stopping() ? undefined : await supply.phase()
      if (!phase) break
      await Promise.all(Array.from({ length: target.dialect.concurrency }, () => work(phase)))
    }
  } finally {
    patience.done()
    begun -= untouched.length
    untouched.push(...(await supply.close()))
    record.commit(untouched.flatMap(({ lines }) => lines.map(({ line }) => line)).filter(line => !uncertain.has(line)))
  }
  if (failure && !(signal.aborted && isInterruption(failure.error, patience.signal.aborted))) throw failure.error
  return { counts, begun, isComplete: done === total }
}

/** Requests cut off at the end of their grace fail in whatever way; that the journal cannot be written is worse. */
function isInterruption(error: unknown, isCutOff: boolean): boolean {
  return codeOf(error) === 'interrupted' || (isCutOff && codeOf(error) !== 'state_unusable')
}

function contextOf(
  { target, observed, ledger }: { readonly target: Target; readonly observed: Observed; readonly ledger: Ledger },
  signal: AbortSignal,
  stopping: () => boolean,
): Context {
  return {
    target,
    observed,
    ledger,
    users: users(target, observed, signal),
    groups: groups(target, observed, signal),
    signal,
    stopping,
    groupsMade: new Set(),
    written: new Set(),
    linkedUser: userLookup(ledger, target.name),
  }
}
