import type { CheckLine } from '../connector.ts'
import { RollcallError } from '../errors.ts'
import { escapeJson, escapeTerminal } from '../report/escape.ts'
import { painter, plural } from '../report/paint.ts'
import type { Invocation } from './invocation.ts'
import { loadWorkspace, type Workspace } from './workspace.ts'

export interface CheckArguments {
  readonly offline?: true
  readonly target?: readonly string[]
}

/** One thing checked: the config, a source or a target, and what it said. */
interface Checked {
  readonly of: 'config' | 'source' | 'target'
  readonly name: string
  readonly kind?: string
  readonly lines: readonly CheckLine[]
}

/** The config, then every source and target: ends 0 when all of it answers as it must. */
export async function check(invocation: Invocation, given: CheckArguments): Promise<number> {
  const { json, print } = invocation
  const workspace = await loadWorkspace(invocation)
  const checked: Checked[] = []
  for await (const one of checks(workspace, given, invocation.interruption.signal)) {
    checked.push(one)
    if (!json) await print(render(one, invocation))
  }
  const exitCode = checked.every(({ lines }) => lines.every(({ ok }) => ok)) ? 0 : 1
  if (json) await print(`${escapeJson({ checks: checked, exitCode })}\n`)
  return exitCode
}

async function* checks(workspace: Workspace, given: CheckArguments, signal: AbortSignal): AsyncGenerator<Checked> {
  const targets = workspace.wanted(given)
  yield { of: 'config', name: workspace.file, lines: [summary(workspace), ...unused(workspace)] }
  if (given.offline) return
  const read = new Set(targets.flatMap(name => workspace.profilesOf(name)).map(({ source }) => source))
  for (const { name, kind } of workspace.sources) {
    if (given.target !== undefined && !read.has(name)) continue
    yield { of: 'source', name, kind, lines: await said(ofSource(workspace, name, signal), signal) }
  }
  for (const name of targets) yield { of: 'target', name, lines: await said(ofTarget(workspace, name, signal), signal) }
}

async function* ofSource(workspace: Workspace, name: string, signal: AbortSignal): AsyncGenerator<CheckLine> {
  const source = workspace.openSources(new Set([name])).get(name)
  if (source !== undefined) yield* source.check(signal)
}

async function* ofTarget(workspace: Workspace, name: string, signal: AbortSignal): AsyncGenerator<CheckLine> {
  const target = await workspace.openTarget(name)
  try {
    yield* target.check(signal)
  } finally {
    await target.close()
  }
}

/** Everything that was said; what stops one source or target, like a secret that is not there, is its last line. */
async function said(lines: AsyncIterable<CheckLine>, signal: AbortSignal): Promise<readonly CheckLine[]> {
  const all: CheckLine[] = []
  try {
    for await (const line of lines) all.push(line)
  } catch (thrown) {
    signal.throwIfAborted()
    if (!(thrown instanceof RollcallError)) throw thrown
    all.push({ ok: false, what: thrown.message })
  }
  signal.throwIfAborted()
  return all
}

function summary(workspace: Workspace): CheckLine {
  const { sources, targets } = workspace
  const profiles = targets.flatMap(name => workspace.profilesOf(name))
  const counts = [
    plural(sources.length, 'source'),
    plural(targets.length, 'target'),
    plural(profiles.length, 'profile'),
  ]
  return { ok: true, what: `valid: ${counts.join(', ')}` }
}

/** What the config names and no profile uses: allowed, and perhaps forgotten. */
function unused(workspace: Workspace): CheckLine[] {
  const profiles = workspace.targets.flatMap(name => workspace.profilesOf(name))
  const unread = workspace.sources.filter(({ name }) => !profiles.some(({ source }) => source === name))
  const unwritten = workspace.targets.filter(name => workspace.profilesOf(name).length === 0)
  return [
    ...unread.map(({ name }) => ({ ok: true, what: `source ${name} has no profile: nobody is read from it` })),
    ...unwritten.map(name => ({ ok: true, what: `target ${name} has no profile: nothing is written to it` })),
  ]
}

function render({ of, name, kind, lines }: Checked, { colour }: Invocation): string {
  const paint = painter(colour)
  const title = `${of} ${name}${kind === undefined ? '' : ` (${kind})`}`
  const told = lines.map(({ ok, what, now }) => {
    const mark = ok ? paint('green', '✓') : paint('red', '✗')
    return `  ${mark} ${escapeTerminal(what)}\n${now === undefined ? '' : `    ${escapeTerminal(now)}\n`}`
  })
  return `${paint('bold', escapeTerminal(title))}\n${told.join('')}`
}
