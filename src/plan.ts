import type { Source } from './connector.ts'
import type { Limits, PlanHeader, Profile } from './model.ts'
import type { Cache, Ledger, ManagedPaths } from './state.ts'
import type { Target } from './target.ts'

/** What a stage has done so far, for a progress line or a log line. `total` where it is known. */
export interface Progress {
  readonly stage: 'read' | 'target' | 'flatten' | 'map' | 'compare' | 'plan' | 'apply'
  /** The source or target concerned. */
  readonly of: string
  readonly done: number
  readonly total?: number
  readonly unit: string
}

/** The state folder, opened: made by `state/open.ts`, which also holds the lock. */
export interface State {
  readonly folder: string
  readonly cache: Cache
  readonly ledger: Ledger
  close(): void
}

/** What became of reading one source. */
export interface ReadSource {
  readonly source: string
  readonly certified: boolean
  /** Whether there is a last certified reading to stand in where this one is not certified. */
  readonly standIn: boolean
  /** What it threw. */
  readonly error?: unknown
}

export interface ReadOptions {
  readonly sources: ReadonlyMap<string, Source>
  /** Every profile of every target that is to be planned. */
  readonly profiles: readonly Profile[]
  readonly state: State
  readonly now: Date
  readonly signal: AbortSignal
  readonly progress?: (progress: Progress) => void
}

/** Reads every source whole or not at all (I1, I13). */
export async function readSources(_options: ReadOptions): Promise<readonly ReadSource[]> {
  return []
}

export interface PlanOptions {
  readonly sources: ReadonlyMap<string, Source>
  readonly target: Target
  /** Every profile of this target, in order of precedence. */
  readonly profiles: readonly Profile[]
  readonly limits: Limits
  readonly protect: { readonly users: readonly string[]; readonly groups: readonly string[] }
  readonly state: State
  /** Where the plan goes, 0600. */
  readonly file: string
  /** Keeps only these changes of the finished plan; a NAME that nobody has is a `usage` error. */
  readonly only?: { readonly profiles?: readonly string[]; readonly users?: readonly string[] }
  readonly now: Date
  readonly signal: AbortSignal
  readonly progress?: (progress: Progress) => void
}

export interface Planned {
  readonly header: PlanHeader
  readonly file: string
}

declare const planned: Planned
export async function plan(_options: PlanOptions): Promise<Planned> {
  return planned
}

/** The attributes that the profiles of one target manage. */
export declare function managedPaths(profiles: readonly Profile[], target: Target): ManagedPaths
