/** What the Graph double is given and tells of itself. Property names are those on the wire. */

export interface GraphUser {
  readonly id: string
  /** `accountEnabled`, `displayName`, `userPrincipalName` …; `manager` is the id of another user. */
  readonly [property: string]: unknown
}

export interface GraphGroup {
  readonly id: string
  readonly displayName: string
  /** Ids of users, groups and others, direct ones. */
  readonly members: readonly string[]
  readonly [property: string]: unknown
}

export interface MemberlessGroup {
  readonly id: string
  readonly displayName: string
  readonly members?: never
  readonly [property: string]: unknown
}

/** Someone in a group who is neither user nor group. */
export interface GraphOther {
  readonly id: string
  readonly type: 'device' | 'orgContact' | 'servicePrincipal'
  readonly displayName: string
}

export interface GraphOptions {
  readonly users?: Iterable<GraphUser>
  readonly groups?: Iterable<GraphGroup>
  readonly others?: Iterable<GraphOther>
  /** An enterprise application by its `appId`, and who is assigned to it: ids of users, groups and others. */
  readonly applications?: Readonly<Record<string, readonly string[]>>
  /** Directory extensions of users that are registered: `extension_<32 hex digits>_<name>`. */
  readonly extensions?: readonly string[]
  /** Of the access tokens. Default: User.Read.All, GroupMember.Read.All, Organization.Read.All. */
  readonly roles?: readonly string[]
  readonly tenantName?: string
  /** Milliseconds before an answer; a batch waits once. Default: none. */
  readonly latencyMs?: number
  /** Resource units; beyond them requests are answered 429. Default: no end of them. */
  readonly budget?: { readonly unitsPer10s: number }
  /** What a page holds at most, where it is less than asked for, or than the service's own 200 objects and 500 links. */
  readonly pageSizes?: Partial<PageSizes>
  readonly delta?: DeltaManners
  /** Whether lists of members show users and groups that are soft-deleted; they stay members either way. Default: no. */
  readonly listDeletedMembers?: boolean
  /** Seconds that an access token is good for. Default: 3600. */
  readonly tokenLifetime?: number
  /** Milliseconds since 1970, for the age of tokens. Default: Date.now. */
  readonly now?: () => number
}

export interface PageSizes {
  readonly users: number
  readonly groups: number
  readonly members: number
  readonly deltaObjects: number
  readonly deltaLinks: number
}

/** Liberties that delta takes, all documented. */
export interface DeltaManners {
  /** Puts the entries of a round in an order of its own; the order of one object's entries stays. */
  readonly shuffle?: number
  /** So many changes from before the link come once more, as they are now. */
  readonly replay?: number
  /** Every entry comes again somewhere later in the round, and what was undone meanwhile is told as it happened. */
  readonly duplicates?: boolean
  /** A page without entries between any two. */
  readonly emptyPages?: boolean
  /** Whether a restored group tells its members again. Default: no. */
  readonly restoredTellMembers?: boolean
  /** Refused as the service might: `$deltatoken=latest`. */
  readonly latestRefused?: boolean
}

export interface GraphRequest {
  readonly method: string
  /** With the query, as it came: `/v1.0/users?$top=999`; of an item of a batch likewise, with the version. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Whether it came inside a batch. The batch itself is a request as well. */
  readonly inBatch: boolean
  /** How many requests came before it since the last reset. */
  readonly nth: number
}

/** What happens in place of an answer, or to it. */
export type Fault =
  | FaultName
  /** 429; Retry-After in seconds, decimals allowed; without it where there is none. */
  | { readonly fault: 'throttled'; readonly retryAfter?: number }
  /** Anything else. */
  | {
      readonly fault: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: unknown
    }

export type FaultName =
  /** No answer: the connection is cut. An item of a batch is missing among the responses. */
  | 'dropped'
  /** No answer and no end. */
  | 'silent'
  | 'server-error' // 500
  | 'bad-gateway' // 502, as a page of HTML
  | 'unavailable' // 503
  | 'gateway-timeout' // 504
  | 'throttled' // 429 without Retry-After
  /** The connection is cut in the middle of the body. */
  | 'cut'
  /** A body that ends early with nothing wrong about the connection. */
  | 'truncated'
  /** 200 and no body. */
  | 'empty'
  /** 200 with limited information: every property null but the id. */
  | 'nulls'
  /** 200, JSON, and no `value`. */
  | 'no-value'
  /** 200, an error where the items should be. */
  | 'error-in-value'
  /** 200, `value` empty, and no link onwards. */
  | 'no-items'
  /** The link onwards is missing, the items are there. */
  | 'no-link'
  /** What the page before held, once more in place of what this one should; the first page leads to itself. */
  | 'repeated-page'
  /** The link onwards leads to this page. */
  | 'endless'
  /** The link onwards leads to another origin. */
  | 'foreign-link'
  /** The link onwards leads to another collection. */
  | 'other-collection'
  | 'expired-token' // 401
  | 'forbidden' // 403
  | 'not-found' // 404
  | 'gone' // 410, with Location
  | 'sync-state-not-found' // 400
  | 'resync-required' // 400
  | 'expired-page-token' // 400
  | 'wrong-count' // @odata.count or $count, less by a half
  | 'garbage-count' // @odata.count or $count, not a number
  /** The batch itself: 424. */
  | 'failed-dependency'

/** Why signing in fails. */
export type SignInFault =
  | 'expired-secret'
  | 'unavailable' // 503
  | 'dropped'
  | 'no-consent' // the application is not in the tenant

/** The directory changes under the reader. Each is an entry of the log that delta serves. */
export interface Changing {
  putUser(user: GraphUser): void
  /** Its members stay; a new group has none. */
  putGroup(group: MemberlessGroup): void
  putOther(other: GraphOther): void
  addMember(group: string, member: string): void
  removeMember(group: string, member: string): void
  softDelete(id: string): void
  hardDelete(id: string): void
  restore(id: string): void
  assign(application: string, ids: readonly string[]): void
}

export interface GraphDouble extends Changing {
  /** http://127.0.0.1:PORT, where /v1.0 begins. */
  readonly url: string
  /** https://127.0.0.1:PORT, the authority: openid-configuration and POST /TENANT/oauth2/v2.0/token. */
  readonly login: string
  /** Whom to trust there, PEM. */
  readonly ca: string
  readonly tenant: string
  readonly client: string
  readonly secret: string
  /** A certificate that the application is registered with, and its key, in one PEM. */
  readonly certificate: string
  /** What a workload's identity provider says of it; the application trusts it. */
  readonly federated: string
  /** How often a token was asked for. */
  readonly tokenRequests: number
  /** A token, as signing in would give it; for credentials that ask elsewhere. */
  token(): string
  /** From now on tokens have these. */
  grant(roles: readonly string[]): void
  refuseSignIn(fault: SignInFault | undefined): void
  /** All tokens given so far are refused with 401. */
  revokeTokens(): void

  /** Asked for every request before it is answered, items of a batch too; undefined lets it be. */
  misbehave(fault: ((request: GraphRequest) => Fault | undefined) | undefined): void
  /** How delta behaves from now on. */
  manners(delta: DeltaManners): void
  /** Everything that came, in order; items of a batch after their batch. */
  readonly requests: readonly GraphRequest[]
  /** Of these, what was not a read. Refused, all of it. */
  readonly writes: number
  /** Resource units charged so far. */
  readonly units: number
  /** How many answers were 429 by the budget. */
  readonly throttled: number
  /** Forgets requests, units and misbehaviour; the directory stays. */
  reset(): void
  close(): Promise<void>
}
