import type { CheckLine } from './connector.ts'
import type { Certificate, Dialect, ScimResource, TargetResource } from './model.ts'

/**
 * What a target promises to `plan` and `apply`. One method is one SCIM request where that is possible;
 * retries for 429 and 503 happen inside, and pause the whole target. Errors:
 * `target_denied` stops the run; `target_rejected` and `target_gone` fail one change;
 * `unknown_outcome` means that a write was sent and its fate is not known.
 */
export interface Target {
  readonly name: string
  readonly url: string
  readonly dialect: Dialect
  /** Users, groups and members as they are now, `end` last. A listing that repeats or falls short ends uncertified. */
  read(options: ReadTargetOptions): AsyncIterable<TargetPart>
  readUser(scimId: string, signal: AbortSignal): Promise<TargetResource | undefined>
  readGroup(
    scimId: string,
    signal: AbortSignal,
  ): Promise<(TargetResource & { readonly members: readonly string[] | undefined }) | undefined>
  /** Every user that verifiably has this value under this attribute (filter where the dialect allows it, else listing). */
  findUsers(attribute: string, value: string, signal: AbortSignal): Promise<readonly TargetResource[]>
  findGroups(attribute: string, value: string, signal: AbortSignal): Promise<readonly TargetResource[]>
  createUser(user: ScimResource, signal: AbortSignal): Promise<Created>
  createGroup(group: ScimResource, signal: AbortSignal): Promise<Created>
  /** Changes the paths that differ between `before` and `after`; null in `after` clears. */
  updateUser(scimId: string, before: ScimResource, after: ScimResource, signal: AbortSignal): Promise<Written>
  updateGroup(scimId: string, before: ScimResource, after: ScimResource, signal: AbortSignal): Promise<Written>
  deleteUser(scimId: string, signal: AbortSignal): Promise<void>
  deleteGroup(scimId: string, signal: AbortSignal): Promise<void>
  /** One request: at most `dialect.members.maxPerRequest` ids, within `maxBytes`; `memberBatches` cuts a list so. */
  addMembers(groupId: string, scimIds: readonly string[], signal: AbortSignal): Promise<void>
  removeMembers(groupId: string, scimIds: readonly string[], signal: AbortSignal): Promise<void>
  /** Cuts ids into requests that the dialect allows, as few as possible. */
  memberBatches(scimIds: readonly string[]): readonly (readonly string[])[]
  check(signal: AbortSignal): AsyncIterable<CheckLine>
  close(): Promise<void>
}

export interface ReadTargetOptions {
  readonly signal: AbortSignal
  readonly progress?: (done: { readonly users: number; readonly groups: number }) => void
}

export type TargetPart =
  | { readonly part: 'users'; readonly users: readonly TargetResource[] }
  | { readonly part: 'groups'; readonly groups: readonly TargetResource[] }
  /** scimIds; may come in several pieces for one group. Not sent where the dialect's members are not readable. */
  | { readonly part: 'members'; readonly group: string; readonly members: readonly string[] }
  | { readonly part: 'end'; readonly certificate: Certificate }

/** What came of a POST. `conflict`: a 409 or what the dialect counts as one. `unlinked`: a 2xx without a usable id. */
export type Created =
  | { readonly outcome: 'created'; readonly scimId: string; readonly stored: ScimResource | undefined }
  | { readonly outcome: 'conflict'; readonly detail: string }
  | { readonly outcome: 'unlinked' }

/** `stored` is what the target says it holds now, where it says so. */
export interface Written {
  readonly stored: ScimResource | undefined
}
