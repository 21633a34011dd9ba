import type { ReadingPart, Since } from './connector.ts'
import type { Certificate, Finding, ScimResource, SourceGroup, SourceUser } from './model.ts'
import type { TargetPart } from './target.ts'

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
export type Echo = Readonly<
  Record<string, { readonly sent: ScimResource[string] | undefined; readonly kept: ScimResource[string] | undefined }>
>

/** A link as it is now, or the news that it is no more. `version` grows with every change to any link of the target. */
export interface LinkChange extends Link {
  readonly version: number
  readonly removed: boolean
}

export interface Ledger {
  /** Whether a plan was ever applied to this target, or something is linked in it. */
  knows(target: string): boolean
  /** Whether a plan was carried out to its end at this target: from then on creates are limited. */
  hasApplied(target: string): boolean
  /** Grows with every change to a link of this target; 0 when there is none. */
  linkVersion(target: string): number
  /** Links changed after `version`, removed ones too, oldest change first; each link once, as it is now. */
  linksSince(target: string, version: number): Iterable<LinkChange>
  link(target: string, kind: ResourceKind, source: string, sourceId: string): Link | undefined
  /** Who holds this user or group of the target: almost always one link, or none. */
  linksTo(target: string, kind: ResourceKind, scimId: string): readonly Link[]
  putLinks(target: string, links: readonly Link[]): void
  removeLink(target: string, kind: ResourceKind, source: string, sourceId: string): void
  /**
   * Members written to groups whose members the target does not show: scimIds, sorted. The `unsure` were sent, added
   * or removed, and nobody knows what became of it: whoever is wanted is to be added, whoever is not to be removed.
   */
  writtenMembers(target: string): Iterable<{
    readonly group: string
    readonly members: readonly string[]
    readonly unsure: readonly string[]
  }>
  /** Without the unsure. */
  writtenMembersOf(target: string, group: string): ReadonlySet<string>
  changeWrittenMembers(target: string, group: string, change: Pick<WrittenMembers, 'add' | 'remove' | 'unsure'>): void

  /** A run begins; its id is a sortable unique text. */
  beginRun(run: {
    readonly command: string
    readonly target: string
    readonly planId: string
    readonly digest: string
    readonly startedAt: string
    readonly approved: boolean
  }): string
  endRun(id: string, end: { readonly endedAt: string; readonly exitCode: number; readonly message: string }): void
  runs(): readonly Run[]
  run(id: string): { readonly run: Run; readonly outcomes: Iterable<OutcomeRow> } | undefined
  /** Whether an earlier run of this plan was approved: its continuation is, too. */
  approved(planId: string, digest: string): boolean

  /**
   * Intents and outcomes, in one synced transaction however many are given: every intent is on disk before
   * its request is sent, and outcomes of requests that came back meanwhile go along with them (I5), and so do
   * the links and the shadow of members that follow from them. Withdrawn intents are no longer
   * open: they were never sent, or a look at the target showed that they came to nothing.
   */
  journal(entries: {
    readonly intents: readonly Intent[]
    readonly outcomes: readonly OutcomeRow[]
    readonly links?: readonly { readonly target: string; readonly link: Link }[]
    readonly unlinks?: readonly Unlink[]
    readonly members?: readonly WrittenMembers[]
    readonly withdrawn?: readonly { readonly planId: string; readonly line: number; readonly step: number }[]
  }): void
  /** From now on what is written is gathered: look-ups see it, and it is on disk, all of it or nothing, once `commit` returns. */
  gather(): void
  commit(): void
  /** Lines of this plan that have an outcome already, by 1-based line number of the plan file. */
  outcomesOf(planId: string): ReadonlyMap<number, Outcome>
  /** Intents without an outcome (sent or about to be, when the process died), or whose outcome is unknown. */
  unsettled(target: string): readonly Intent[]
  /** Whether every change of this plan has a final outcome. */
  appliedInFull(planId: string): boolean
  markApplied(planId: string, target: string): void
  close(): void
}

export interface Unlink {
  readonly target: string
  readonly kind: ResourceKind
  readonly source: string
  readonly sourceId: string
}

/** scimIds written to, or removed from, a group whose members the target does not show. */
export interface WrittenMembers {
  readonly target: string
  readonly group: string
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  readonly unsure?: readonly string[]
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

// ── the cache ──────────────────────────────────────────────────────────────────────────────────────

export interface ReadingCounts {
  readonly users: number
  readonly groups: number
  readonly members: number
}

/** The last certified reading of a source. Its number grows when something in it changed. */
export interface StoredReading {
  readonly reading: number
  readonly readAt: string
  readonly certificate: Certificate
  /** What shrinkage is counted from: the last reading that was not over a shrinkage limit, or was approved. */
  readonly accepted: ReadingCounts | undefined
  readonly findings: readonly Finding[]
}

/** What became of one read: kept where the certificate is complete, thrown away otherwise. */
export interface KeptReading {
  readonly source: string
  readonly reading: number
  readonly certificate: Certificate
  /** Users, groups and member lists that differ from the reading before. */
  readonly changed: number
  readonly findings: readonly Finding[]
}

/** Columns by number (`node`: a user or group of a source; `at…`: one at the target). Zero stands for none. */
export interface Population {
  readonly target: number
  /** One more than the highest number. */
  readonly nodes: number
  readonly atTarget: number
  /** Source name → number, as in `source`. */
  readonly sources: ReadonlyMap<string, number>
  readonly source: Uint16Array
  /** 1: a user of the last certified reading, 2: a group of it, 0: gone. */
  readonly live: Uint8Array
  /** 1 where what follows was mapped from the user as it is. */
  readonly fresh: Uint8Array
  /** Which profiles it was mapped for, as bits. */
  readonly scope: Uint32Array
  readonly state: Uint16Array
  readonly hash: Float64Array
  /** A current hash known to mean the same as `hash`: the target keeps some values in its own way. */
  readonly settled: Float64Array
  readonly keyName: Float64Array
  readonly keyMail: Float64Array
  readonly keyExternal: Float64Array
  /** The number at the target. */
  readonly link: Uint32Array
  readonly linkProfile: Uint16Array
  readonly profileNames: string[]
  /** By number at the target: the linked node. */
  readonly linkOf: Uint32Array
  readonly kindAt: Uint8Array
  readonly liveAt: Uint8Array
  readonly activeAt: Uint8Array
  readonly hashAt: Float64Array
  /** Of groups: how many members they have, and the hash of these, -1 where the target does not show them. */
  readonly memberCountAt: Uint32Array
  readonly membersHashAt: Float64Array
}

/** Bits of `Population.state`; the number of the owning profile, from 1, stands above them. */
export const MAPPED = 1
export const HELD = 2
export const ACTIVE = 4
export const INACTIVE = 8
export const NOTED = 16
export const OWNER_SHIFT = 5

export interface GroupRow {
  readonly num: number
  readonly source: number
  readonly id: string
  readonly doc: string
  readonly members: Uint32Array
}

export interface TargetKeys {
  readonly num: number
  readonly name: number
  readonly mail: number
  readonly external: number
}

/** What is kept of a user mapped: what it is compared and found by. The rest is mapped anew where it is needed. */
export interface MappedRow {
  readonly node: number
  readonly scope: number
  readonly state: number
  readonly hash: number
  readonly keyName: number
  readonly keyMail: number
  readonly keyExternal: number
}

export interface Cache {
  keepReading(source: string, parts: AsyncIterable<ReadingPart>, now: Date): Promise<KeptReading>
  reading(source: string): StoredReading | undefined
  /** The last certified reading, for a source that left a checkpoint in it. Good until the next reading is kept. */
  since(source: string): Since | undefined
  /** Shrinkage is counted from this source's reading as it stands, from now on. */
  acceptReading(source: string): void
  keepCurrent(target: string, paths: ManagedPaths, parts: AsyncIterable<TargetPart>, now: Date): Promise<Certificate>
  /** Takes over what changed in the ledger's links. */
  followLinks(target: string, ledger: Ledger): void
  /** `profiles` names everything that mapping depends on; when it changes, everyone is mapped anew. */
  population(target: string, profiles: string): Population
  groups(): Iterable<GroupRow>
  sourceGroup(row: GroupRow): SourceGroup
  /** The users with these numbers, in ascending order. */
  users(nodes: Uint32Array): Iterable<{ readonly node: number; readonly user: SourceUser }>
  keepMapped(target: number, rows: Iterable<MappedRow>): void
  /** From now on these two hashes mean the same for this user. */
  settle(target: number, pairs: Iterable<{ readonly node: number; readonly hash: number }>): void
  /** Which users or groups at the target hold one of these keys. */
  holders(target: string, kind: ResourceKind, keys: { has(key: number): boolean }): Iterable<TargetKeys>
  idOf(kind: ResourceKind, node: number): string
  /** Ids of all users and groups, by number. */
  ids(): readonly string[]
  current(kind: ResourceKind, at: number): { readonly id: string; readonly resource: ScimResource }
  echo(target: number, node: number): Echo | undefined
  /** Numbers at the target; undefined where the target does not show members. */
  currentMembers(at: number): Uint32Array | undefined
  numbersAtTarget(target: string, kind: ResourceKind, ids: ReadonlySet<string>): ReadonlyMap<string, number>
  observed(target: string): Observed
  /** Runs `work`, which only looks things up, on one view of the cache: a million look-ups cost a third of what they do alone. */
  looking<T>(work: () => Promise<T>): Promise<T>
  /** A name for people, by source id. */
  nameOf(source: string, sourceId: string): string | undefined
}

/** The attributes that some profile of a target manages, in a fixed order, and whether the target shows members. */
export interface ManagedPaths {
  readonly user: readonly string[]
  readonly group: readonly string[]
  readonly members: boolean
}
