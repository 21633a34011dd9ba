import { resolve } from 'node:path'
import { RollcallError } from '../errors.ts'
import type { Invocation } from './invocation.ts'
import { present } from './present.ts'
import { goRound, hasChanges, type RoundArguments, waits } from './round.ts'
import { loadWorkspace } from './workspace.ts'

export interface PlanArguments extends RoundArguments {
  readonly output?: string
  readonly format: 'text' | 'markdown'
  readonly detailedExitcode?: true
}

/** Reads, plans and shows; changes nothing but the state folder. */
export async function plan(invocation: Invocation, given: PlanArguments): Promise<number> {
  const workspace = await loadWorkspace(invocation)
  const targets = workspace.wanted(given)
  if (given.output !== undefined && targets.length > 1) {
    throw new RollcallError(
      'usage',
      `-o saves one plan, and there are ${targets.length} targets. Add --target ${targets.join(' or --target ')}.`,
    )
  }
  const { ends, exitCode } = await goRound(invocation, {
    command: 'plan',
    workspace,
    targets,
    given,
    ...(given.output !== undefined && { output: resolve(invocation.cwd, given.output) }),
    async turn(turn) {
      if (waits(turn)) return { exitCode: 3 }
      return { exitCode: given.detailedExitcode === true && hasChanges(turn) ? 2 : 0 }
    },
  })
  await present(invocation, workspace.stateFolder, ends, { format: given.format, exitCode, offer: true })
  return exitCode
}
