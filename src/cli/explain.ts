import { RollcallError } from '../errors.ts'
import type { Change, Finding } from '../model.ts'
import { decide, type ReadSource, type State } from '../plan.ts'
import { changes, type Decided } from '../plan/changes.ts'
import { escapeJson } from '../report/escape.ts'
import { painter } from '../report/paint.ts'
import { explainGroup, findGroups, groupJson } from './explain-group.ts'
import { explainUser, findUsers, userJson } from './explain-user.ts'
import type { Invocation } from './invocation.ts'
import { loadWorkspace, type Workspace } from './workspace.ts'

export interface ExplainArguments {
  readonly what: 'user' | 'group'
  readonly name: string
  readonly target?: readonly string[]
}

/** One target as it was last read and would be planned now, and everything said about it. */
export interface Explained {
  readonly decided: Decided
  readonly findings: readonly Finding[]
  /** The changes that a plan would have for one user or group of a source. */
  changesOf(source: string, sourceId: string): readonly Change[]
  readonly readAt: ReadonlyMap<string, string>
}

/** Why a user has these values and is in these groups, or who is in a group and why; from what was read last. */
export async function explain(invocation: Invocation, given: ExplainArguments): Promise<number> {
  const workspace = await loadWorkspace(invocation)
  const { openState } = await import('../state/open.ts')
  const state = openState(workspace.stateFolder, { command: 'rollcall explain', now: new Date() })
  try {
    const documents: unknown[] = []
    const paint = painter(invocation.colour)
    let found = 0
    for (const name of workspace.wanted({ ...(given.target && { target: given.target }) })) {
      const explained = await explainTarget(invocation, workspace, state, name)
      if (!explained) continue
      const nodes = given.what === 'user' ? findUsers(explained, given.name) : findGroups(explained, given.name)
      found += nodes.length
      for (const node of nodes) {
        if (invocation.json)
          documents.push(given.what === 'user' ? userJson(explained, node) : groupJson(explained, node))
        else
          await invocation.print(
            given.what === 'user'
              ? explainUser(explained, node, paint)
              : explainGroup(explained, node, paint, invocation.verbose),
          )
      }
    }
    if (found === 0)
      throw new RollcallError(
        'usage',
        `nothing that was read has a ${given.what} ${JSON.stringify(given.name)}: no ${given.what === 'user' ? 'userName, e-mail address' : 'name'} or source id is so. Was it read yet? \`rollcall plan\` reads.`,
      )
    if (invocation.json) await invocation.print(`${escapeJson({ [`${given.what}s`]: documents })}\n`)
    return 0
  } finally {
    state.close()
  }
}

async function explainTarget(
  { interruption: { signal } }: Invocation,
  workspace: Workspace,
  state: State,
  name: string,
): Promise<Explained | undefined> {
  const profiles = workspace.profilesOf(name)
  const sources = [...new Set(profiles.map(({ source }) => source))]
  const known = sources.flatMap(source => {
    const reading = state.cache.reading(source)
    return reading ? [{ source, reading }] : []
  })
  if (known.length === 0) return undefined
  const read = known.map(({ source, reading }): ReadSource => {
    return { source, certified: true, standIn: true, certificate: reading.certificate }
  })
  const { decided, findings } = await decide({
    read,
    target: workspace.targetOf(name),
    profiles,
    limits: workspace.limits,
    protect: workspace.protectOf(name),
    state,
    signal,
  })
  return {
    decided,
    findings,
    changesOf: (source, sourceId) => changesOf(decided, source, sourceId),
    readAt: new Map(known.map(({ source, reading }) => [source, reading.readAt])),
  }
}

/** Members lines are cut down to the one user, or kept whole for a group. */
function changesOf(decided: Decided, source: string, sourceId: string): Change[] {
  const found: Change[] = []
  for (const change of changes(decided)) {
    if (change.source === source && change.sourceId === sourceId) found.push(change)
    else if ('members' in change && change.source === source && change.members.includes(sourceId))
      found.push({ ...change, members: [sourceId] })
  }
  return found
}
