import type { Asked, CheckLine } from '../connector.ts'
import { RollcallError } from '../errors.ts'
import type { Patience } from '../http/retry.ts'
import type { Position } from '../model.ts'
import { escapeJson, escapeTerminal } from '../report/escape.ts'
import { type Paint, painter, plural } from '../report/paint.ts'
import type { Invocation } from './invocation.ts'
import { loadWorkspace, type Workspace } from './workspace.ts'

export interface CheckArguments {
  readonly offline?: true
  readonly target?: readonly string[]
}

/** One thing to check: the config, a source or a target, and what it says. */
interface Checked {
  readonly of: 'config' | 'source' | 'target'
  readonly name: string
  readonly kind?: string
  readonly lines: AsyncIterable<CheckLine>
}

/** The config, then every source and target: ends 0 when all of it answers as it must. Each line is shown as it comes. */
export async function check(invocation: Invocation, given: CheckArguments): Promise<number> {
  const { json, print, interruption } = invocation
  const paint = painter(invocation.colour)
  const workspace = await loadWorkspace(invocation, { strict: true })
  const told: (Omit<Checked, 'lines'> & { readonly lines: readonly CheckLine[] })[] = []
  for (const { lines, ...head } of everything(workspace, given, interruption.signal)) {
    if (!json) await print(`${paint('bold', escapeTerminal(titleOf(head)))}\n`)
    const said: CheckLine[] = []
    for await (const line of untilItStops(lines, interruption.signal)) {
      said.push(line)
      if (!json) await print(render(line, paint))
    }
    told.push({ ...head, lines: said })
  }
  const exitCode = told.every(({ lines }) => lines.every(({ ok }) => ok)) ? 0 : 1
  if (json) await print(`${escapeJson({ checks: told, exitCode })}\n`)
  return exitCode
}

function everything(workspace: Workspace, given: CheckArguments, signal: AbortSignal): readonly Checked[] {
  const targets = workspace.wanted(given)
  const config: Checked = { of: 'config', name: workspace.file, lines: ofConfig(workspace) }
  if (given.offline) return [config]
  const read = new Set(targets.flatMap(name => workspace.profilesOf(name)).map(({ source }) => source))
  const sources = workspace.sources.filter(({ name }) => given.target === undefined || read.has(name))
  return [
    config,
    ...sources.map((source): Checked => ({ of: 'source', ...source, lines: ofSource(workspace, source.name, signal) })),
    ...targets.map((name): Checked => ({ of: 'target', name, lines: ofTarget(workspace, name, signal) })),
  ]
}

/** Valid, since it was loaded; and what it names and no profile uses, which is allowed, and perhaps forgotten. */
async function* ofConfig(workspace: Workspace): AsyncGenerator<CheckLine> {
  const { sources, targets } = workspace
  const profiles = targets.flatMap(name => workspace.profilesOf(name))
  const counts = [
    plural(sources.length, 'source'),
    plural(targets.length, 'target'),
    plural(profiles.length, 'profile'),
  ]
  yield { ok: true, what: `valid: ${counts.join(', ')}` }
  for (const { name } of sources) {
    if (profiles.some(({ source }) => source === name)) continue
    yield { ok: true, what: `source ${name} has no profile: nobody is read from it` }
  }
  for (const name of targets) {
    if (workspace.profilesOf(name).length > 0) continue
    yield { ok: true, what: `target ${name} has no profile: nothing is written to it` }
  }
}

async function* ofSource(workspace: Workspace, name: string, signal: AbortSignal): AsyncGenerator<CheckLine> {
  const source = workspace.openSources(new Set([name])).get(name)
  if (source !== undefined) yield* source.check(signal, askedOf(workspace, name))
}

/** Which attributes profiles name of a source, and at which of their lines. */
function askedOf(workspace: Workspace, source: string): Asked {
  const user = new Map<string, Position[]>()
  const group = new Map<string, Position[]>()
  const note = (
    into: Map<string, Position[]>,
    { reads, at }: { readonly reads: readonly string[]; readonly at: Position },
  ) => {
    for (const name of reads) into.set(name, [...(into.get(name) ?? []), at])
  }
  for (const profile of workspace.targets.flatMap(name => workspace.profilesOf(name))) {
    if (profile.source !== source) continue
    const { groups, users, when } = profile.scope
    for (const { expression } of profile.user) note(user, expression)
    for (const { expression } of profile.group) note(group, expression)
    if (when) note(user, when)
    for (const selector of [...groups, ...(typeof users === 'object' ? users.members : [])]) note(group, selector)
  }
  return { userAttributes: user, groupAttributes: group }
}

/** Somebody is waiting: a target that is down is told after seconds. */
const PATIENCE: Patience = { attempts: 3, first: 500, longest: 5_000, giveUp: 15_000 }

async function* ofTarget(workspace: Workspace, name: string, signal: AbortSignal): AsyncGenerator<CheckLine> {
  const target = await workspace.openTarget(name, PATIENCE)
  try {
    yield* target.check(signal)
  } finally {
    await target.close()
  }
}

/** What stops one source or target, like a secret that is not there, is its last line; the others go on. */
async function* untilItStops(lines: AsyncIterable<CheckLine>, signal: AbortSignal): AsyncGenerator<CheckLine> {
  try {
    yield* lines
  } catch (thrown) {
    signal.throwIfAborted()
    if (!(thrown instanceof RollcallError)) throw thrown
    yield { ok: false, what: thrown.message }
  }
  signal.throwIfAborted()
}

function titleOf({ of, name, kind }: Omit<Checked, 'lines'>): string {
  return `${of} ${name}${kind === undefined ? '' : ` (${kind})`}`
}

function render({ ok, what, now }: CheckLine, paint: Paint): string {
  const mark = ok ? paint('green', '✓') : paint('red', '✗')
  return `  ${mark} ${escapeTerminal(what)}\n${now === undefined ? '' : `    ${escapeTerminal(now)}\n`}`
}
