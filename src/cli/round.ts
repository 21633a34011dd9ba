import { RollcallError } from '../errors.ts'
import type { Profile } from '../model.ts'
import { type Planned, plan, type ReadSource, readSources, readTarget, type State } from '../plan.ts'
import { reasonsToWait, total } from '../report/words.ts'
import { keepPlan, planPath } from '../state/plans.ts'
import type { Target } from '../target.ts'
import { type Failure, worst } from './failure.ts'
import type { Invocation } from './invocation.ts'
import type { Workspace } from './workspace.ts'

/** What `plan` and `sync` are asked to look at. */
export interface RoundArguments {
  readonly target?: readonly string[]
  readonly profile?: readonly string[]
  readonly user?: readonly string[]
}

/** One target, planned: its plan is in `file`. */
export interface Turn {
  readonly target: Target
  readonly profiles: readonly Profile[]
  readonly state: State
  readonly planned: Planned
  /** Where the state folder keeps the plan. */
  readonly file: string
  /** Whether every source of these profiles was read completely. */
  readonly certain: boolean
}

/** How a target's turn ended. */
export interface TurnEnd {
  readonly target: string
  readonly exitCode: number
  readonly file?: string
  readonly runId?: string
  readonly failure?: Failure
  readonly flattened?: Planned['flattened']
}

export interface Round {
  readonly command: string
  readonly workspace: Workspace
  readonly targets: readonly string[]
  readonly given: RoundArguments
  /** Where the plan goes beside the state folder, when it is asked for. */
  readonly output?: string
  /** Before the sources are read. */
  prepare?(target: Target, state: State): Promise<void>
  /** Decides what becomes of one plan, and the exit code. */
  turn(turn: Turn): Promise<{ readonly exitCode: number; readonly runId?: string }>
}

/**
 * Reads the sources once, then plans each target and gives it its turn, under the state folder's lock. One
 * target's trouble, or one source's, stays its own (I13).
 */
export async function goRound(
  invocation: Invocation,
  round: Round,
): Promise<{ readonly ends: readonly TurnEnd[]; readonly exitCode: number }> {
  const { workspace, targets } = round
  const { openState } = await import('../state/open.ts')
  const now = new Date()
  const state = openState(workspace.stateFolder, { command: `rollcall ${round.command}`, now })
  workspace.remember()
  const opened = new Map<string, Target>()
  const ends = new Map<string, TurnEnd>()
  /** Runs one step of one target; what it throws ends this target alone. */
  const attempt = async (name: string, work: () => Promise<TurnEnd | undefined>) => {
    if (ends.has(name)) return
    try {
      const end = await work()
      if (end !== undefined) ends.set(name, end)
    } catch (thrown) {
      if (thrown instanceof RollcallError && ABOVE_TARGETS.has(thrown.code)) throw thrown
      const failure = await invocation.complain(thrown)
      ends.set(name, { target: name, exitCode: failure.exitCode, failure })
    }
  }
  try {
    for (const name of targets) {
      await attempt(name, async () => {
        const target = await workspace.openTarget(name)
        opened.set(name, target)
        await round.prepare?.(target, state)
        return undefined
      })
    }
    const profiles = targets.filter(name => !ends.has(name)).flatMap(name => workspace.profilesOf(name))
    const read = await readAll(invocation, workspace, profiles, state, now)
    const failed = read.filter(source => !source.certified)
    for (const name of targets) {
      await attempt(name, async () => {
        const target = opened.get(name)
        if (target === undefined) return undefined
        const mine = workspace.profilesOf(name)
        const certain = !failed.some(({ source }) => mine.some(profile => profile.source === source))
        const planned = await planOne(invocation, round, read, target, mine, state, now)
        const end = await round.turn({ ...planned, target, profiles: mine, state, certain })
        return { target: name, file: round.output ?? planned.file, flattened: planned.planned.flattened, ...end }
      })
    }
    const codes = [...ends.values()].map(end => end.exitCode)
    const everySourceFailed =
      read.length > 0 && failed.length === read.length && failed.every(({ standIn }) => !standIn)
    return {
      ends: targets.flatMap(name => ends.get(name) ?? []),
      exitCode: worst(everySourceFailed ? [...codes, 1] : codes, invocation.interruption.writing),
    }
  } finally {
    for (const target of opened.values()) await target.close()
    state.close()
  }
}

/** Wrong usage, and what breaks every target alike. */
const ABOVE_TARGETS: ReadonlySet<string> = new Set(['usage', 'state_unusable', 'config_invalid'])

async function readAll(
  invocation: Invocation,
  workspace: Workspace,
  profiles: readonly Profile[],
  state: State,
  now: Date,
): Promise<readonly ReadSource[]> {
  const { console, interruption } = invocation
  const sources = workspace.openSources(new Set(profiles.map(profile => profile.source)))
  const progress = console.progress.bind(console)
  const read = await readSources({ sources, profiles, state, signal: interruption.signal, progress, now })
  interruption.signal.throwIfAborted()
  for (const { source, certified, standIn, error } of read) {
    if (error !== undefined) await invocation.complain(error)
    if (!certified) {
      console.say(
        standIn
          ? `source ${source}: its last complete reading stands in. Nothing destructive is planned for its people.`
          : `source ${source}: there is no complete reading to stand in. Its profiles are left out.`,
        { source },
      )
    }
  }
  return read
}

async function planOne(
  { console, interruption }: Invocation,
  { workspace, given, output }: Round,
  read: readonly ReadSource[],
  target: Target,
  profiles: readonly Profile[],
  state: State,
  now: Date,
): Promise<{ planned: Planned; file: string }> {
  const { rm } = await import('node:fs/promises')
  const draft = `${planPath(state.folder, target.name)}.draft`
  try {
    const [signal, progress] = [interruption.signal, console.progress.bind(console)]
    await readTarget(target, { profiles, state, now, signal, progress })
    const planned = await plan({
      read,
      target,
      profiles,
      limits: workspace.limits,
      protect: workspace.protectOf(target.name),
      state,
      file: output ?? draft,
      only: { ...(given.profile && { profiles: given.profile }), ...(given.user && { users: given.user }) },
      now,
      signal,
      progress,
    })
    return { planned, file: keepPlan(state.folder, planned.header.id, planned.file) }
  } finally {
    await rm(draft, { force: true })
  }
}

/** Whether this plan may not be applied without a person's word. */
export function waits({ planned: { header }, certain }: Turn): boolean {
  return !certain || reasonsToWait(header).length > 0
}

export function hasChanges({ planned: { header } }: Turn): boolean {
  return total(header) > 0
}
