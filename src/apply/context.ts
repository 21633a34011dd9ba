import { setTimeout as sleep } from 'node:timers/promises'
import { RollcallError } from '../errors.ts'
import type { ScimResource } from '../model.ts'
import type { Ledger, Link, Observed, Outcome, ResourceKind, Unlink, WrittenMembers } from '../state.ts'
import type { Target } from '../target.ts'
import type { Resources } from './resources.ts'

/** What carrying out a change needs. */
export interface Context {
  readonly target: Target
  readonly observed: Observed
  readonly ledger: Ledger
  readonly users: Resources
  readonly groups: Resources
  /** Ends requests and waits the hard way; an interrupted run lets them finish first. */
  readonly signal: AbortSignal
  /** True once no further request is to be sent. */
  stopping(): boolean
  /** Groups made in this run, which the reading of the target does not know. */
  readonly groupsMade: Set<string>
  /** scimIds of users and groups that this run changed or deleted: they are no longer as the reading saw them. */
  readonly written: Set<string>
  /** For members: no link changes while members do. */
  readonly linkedUser: UserLookup
}

/** The scimId of whom a source's user is linked to. */
export type UserLookup = (source: string, sourceId: string) => string | undefined

const REMEMBERED = 200_000

/** Asks the ledger once for those met again and again: one user is a member of many groups. */
export function userLookup(ledger: Pick<Ledger, 'link'>, target: string): UserLookup {
  const bySource = new Map<string, Map<string, string | undefined>>()
  return (source, sourceId) => {
    let known = bySource.get(source)
    if (!known) bySource.set(source, (known = new Map<string, string | undefined>()))
    const before = known.get(sourceId)
    if (before !== undefined || known.has(sourceId)) return before
    if (known.size === REMEMBERED) known.clear()
    const scimId = ledger.link(target, 'user', source, sourceId)?.scimId
    known.set(sourceId, scimId)
    return scimId
  }
}

/** What became of one line, and what the ledger is to remember of it. */
export interface Settled {
  readonly outcome: Outcome
  readonly message?: string
  readonly scimId?: string
  readonly link?: Link
  readonly unlink?: Unlink
  readonly members?: WrittenMembers
}

export function resourcesOf(context: Context, kind: ResourceKind): Resources {
  return kind === 'user' ? context.users : context.groups
}

export function codeOf(error: unknown): RollcallError['code'] | undefined {
  return error instanceof RollcallError ? error.code : undefined
}

/** After a write whose fate is to be looked up: as long as the target may take to show it. */
export async function waitUntilVisible({ target, signal }: Context): Promise<void> {
  if (target.dialect.visibilityDelaySeconds > 0)
    await sleep(target.dialect.visibilityDelaySeconds * 1_000, undefined, { signal })
}

/**
 * What the target holds now, after a write that it confirmed: the answer's body where there is one and it can be
 * trusted, else what a GET says. Undefined where neither tells; the write stands all the same.
 */
export async function storedAfter(
  context: Context,
  resources: Resources,
  scimId: string,
  stored: ScimResource | undefined,
): Promise<ScimResource | undefined> {
  if (stored && context.target.dialect.echo === 'trusted') return stored
  try {
    await waitUntilVisible(context)
    return (await resources.read(scimId))?.resource
  } catch {
    return undefined
  }
}
