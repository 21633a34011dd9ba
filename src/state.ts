import type { ScimResource } from './model.ts'

/**
 * What `plan` and `apply` are given of the state folder. One SQLite file, two halves kept apart: the cache
 * (`state/cache.ts`: readings, mapped users, the target as last seen; losing it costs one full read) and the
 * ledger (`state/ledger.ts`: what must not be lost). The ledger stays behind this interface alone, since it
 * may move to another database; it never joins with the cache in SQL.
 */
export type ResourceKind = 'user' | 'group'

/** Source id ↔ SCIM id of one user or group that rollcall manages. */
export interface Link {
  readonly kind: ResourceKind
  readonly source: string
  readonly sourceId: string
  readonly scimId: string
  readonly profile: string
  /** Attributes the target stored otherwise than sent: path → what was sent, what it kept (I8). */
  readonly echo: Echo | undefined
}
export type Echo = Readonly<Record<string, { readonly sent: ScimResource[string] | undefined; readonly kept: ScimResource[string] | undefined }>>

/** A link as it is now, or the news that it is no more. `version` grows with every change to any link of the target. */
export interface LinkChange extends Link {
  readonly version: number
  readonly removed: boolean
}

export interface Ledger {
  /** Whether a plan was ever applied to this target, or something is linked in it. */
  knows(target: string): boolean
  /** Grows with every change to a link of this target; 0 when there is none. */
  linkVersion(target: string): number
  /** Links changed after `version`, removed ones too, oldest change first; each link once, as it is now. */
  linksSince(target: string, version: number): Iterable<LinkChange>
  putLinks(target: string, links: readonly Link[]): void
  removeLink(target: string, kind: ResourceKind, source: string, sourceId: string): void
  /** Members written to groups whose members the target does not show: scimIds, sorted. */
  writtenMembers(target: string): Iterable<{ readonly group: string; readonly members: readonly string[] }>
  changeWrittenMembers(target: string, group: string, change: { readonly add?: readonly string[]; readonly remove?: readonly string[] }): void

  /** A run begins; its id is a sortable unique text. */
  beginRun(run: { readonly command: string; readonly target: string; readonly planId: string; readonly digest: string; readonly startedAt: string; readonly approved: boolean }): string
  endRun(id: string, end: { readonly endedAt: string; readonly exitCode: number; readonly message: string }): void
  runs(): readonly Run[]
  run(id: string): { readonly run: Run; readonly outcomes: Iterable<OutcomeRow> } | undefined

  /**
   * Intents and outcomes, in one synced transaction however many are given: every intent is on disk before
   * its request is sent, and outcomes of requests that came back meanwhile go along with them (I5).
   */
  journal(entries: { readonly intents: readonly Intent[]; readonly outcomes: readonly OutcomeRow[]; readonly links?: readonly { readonly target: string; readonly link: Link }[] }): void
  /** Lines of this plan that have an outcome already, by 1-based line number of the plan file. */
  outcomesOf(planId: string): ReadonlyMap<number, Outcome>
  /** Intents without an outcome: sent or about to be, when the process died. */
  unsettled(target: string): readonly Intent[]
  /** Whether every change of this plan has a final outcome. */
  appliedInFull(planId: string): boolean
  markApplied(planId: string, target: string): void
  close(): void
}

export type Outcome = 'applied' | 'failed' | 'stale' | 'skipped' | 'unknown'

export interface Intent {
  readonly runId: string
  readonly planId: string
  readonly target: string
  /** 1-based line of the plan file; a change that takes several requests has several `step`s, from 0. */
  readonly line: number
  readonly step: number
  /** The whole change as it stands in the plan, so that `sync` can settle it without the file. */
  readonly change: string
}

export interface OutcomeRow {
  readonly runId: string
  readonly planId: string
  readonly line: number
  readonly step: number
  readonly outcome: Outcome
  readonly scimId?: string
  /** Why it failed or was skipped; holds no secret. */
  readonly message?: string
}

export interface Run {
  readonly id: string
  readonly command: string
  readonly target: string
  readonly planId: string
  readonly digest: string
  readonly startedAt: string
  readonly endedAt: string | undefined
  readonly exitCode: number | undefined
  readonly message: string | undefined
  readonly approved: boolean
  readonly counts: Readonly<Partial<Record<Outcome, number>>>
}

/** The target as this run saw it, for preconditions (I7). */
export interface Observed {
  user(scimId: string): Promise<ScimResource | undefined>
  group(scimId: string): Promise<ScimResource | undefined>
  /** scimIds; undefined where the target does not show members. */
  members(groupScimId: string): Promise<ReadonlySet<string> | undefined>
  /** The users and groups at the target that hold this key, compared case-folded. */
  usersWith(attribute: 'userName' | 'externalId', value: string): Promise<readonly string[]>
  groupsNamed(displayName: string): Promise<readonly string[]>
}
