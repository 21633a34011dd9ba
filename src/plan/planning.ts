import { setImmediate } from 'node:timers/promises'
import type { Dialect, Finding, Limits, Profile, ScimResource } from '../model.ts'
import type { Cache, Ledger, ManagedPaths } from '../state.ts'

/** What every stage of planning one target is given. */
export interface Planning {
  readonly target: string
  readonly dialect: Dialect
  readonly cache: Cache
  readonly ledger: Ledger
  /** Those whose source has a reading, in order of precedence. */
  readonly profiles: readonly Profile[]
  /** Sources of these profiles that this run read completely: only for their people anything destructive is planned (I1). */
  readonly certified: ReadonlySet<string>
  readonly paths: ManagedPaths
  readonly limits: Limits
  readonly protect: { readonly users: readonly string[]; readonly groups: readonly string[] }
  readonly signal: AbortSignal
  readonly note: (finding: Finding) => void
}

/** What mapping one user came to, beside the columns of the population. */
export interface MappedUser {
  readonly resource?: ScimResource
  /** Paths the source could not tell. */
  readonly unknown?: readonly string[]
  readonly findings: readonly Finding[]
}

/** Planning, once everyone is mapped. */
export interface Comparing extends Planning {
  /** By node, of somebody in scope: mapped from the reading whenever it is asked for, so that it need not be kept. */
  desired(node: number): MappedUser
}

/** Lets the process hear Ctrl-C between two pieces of long work. */
export async function breathe(signal: AbortSignal): Promise<void> {
  await setImmediate()
  signal.throwIfAborted()
}
