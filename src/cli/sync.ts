import { apply, settle } from '../apply.ts'
import type { Invocation } from './invocation.ts'
import { observeDirectly } from './observe.ts'
import { present } from './present.ts'
import { goRound, hasChanges, type RoundArguments, type Turn } from './round.ts'
import { loadWorkspace } from './workspace.ts'

export interface SyncArguments extends RoundArguments {
  readonly first?: true
}

/** Settles what is open, plans, checks the limits and applies, target by target. */
export async function sync(invocation: Invocation, given: SyncArguments): Promise<number> {
  const { interruption } = invocation
  const workspace = await loadWorkspace(invocation)
  const { ends, exitCode } = await goRound(invocation, {
    command: 'sync',
    workspace,
    targets: workspace.wanted(given),
    given,
    async prepare(target, { ledger }) {
      const observed = observeDirectly(target, interruption.signal)
      await settle({ target, observed, ledger, signal: interruption.signal })
    },
    async turn(turn) {
      const { header } = turn.planned
      const uncertain = turn.certain ? 0 : 3
      if (!hasChanges(turn)) return { exitCode: uncertain }
      if (header.breaches.length > 0 || (header.first && given.first !== true)) return { exitCode: 3 }
      const applied = await applyTurn(invocation, turn)
      return { exitCode: applied.exitCode === 0 ? uncertain : applied.exitCode, runId: applied.runId }
    },
  })
  if (!invocation.quiet || invocation.json || exitCode !== 0) {
    await present(invocation, workspace.stateFolder, ends, { format: 'text', exitCode, offer: true })
  }
  return exitCode
}

async function applyTurn({ interruption, console }: Invocation, { target, state, file }: Turn) {
  interruption.signal.throwIfAborted()
  interruption.writing = true
  const applied = await apply({
    file,
    target,
    observed: state.cache.observed(target.name),
    ledger: state.ledger,
    command: 'sync',
    now: new Date(),
    signal: interruption.signal,
    newerReading: (source, reading) => (state.cache.reading(source)?.reading ?? 0) > reading,
    progress: progress => console.progress(progress),
  })
  return applied
}
