/** What the Google Directory double is given and tells of itself. Property names are those on the wire. */

export interface GoogleUser {
  readonly id: string
  readonly primaryEmail: string
  /** `fullName` is made from the other two where it is left out. */
  readonly name?: {
    readonly givenName?: string
    readonly familyName?: string
    readonly fullName?: string
    readonly displayName?: string
  }
  /** Default: false. Undefined, but named: a new user who lacks it, until put again. */
  readonly suspended?: boolean | undefined
  readonly archived?: boolean | undefined
  /** Default: `/`. */
  readonly orgUnitPath?: string
  readonly aliases?: readonly string[]
  readonly nonEditableAliases?: readonly string[]
  readonly customSchemas?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Any other of the discovery document: `emails`, `organizations`, `relations`, `isGuestUser` … */
  readonly [property: string]: unknown
}

export interface GoogleMember {
  readonly id: string
  /** Left out for CUSTOMER. Default: the address that the user or group of this id has. */
  readonly email?: string
  readonly type: 'USER' | 'GROUP' | 'CUSTOMER' | 'EXTERNAL'
  /** Default: MEMBER. */
  readonly role?: 'OWNER' | 'MANAGER' | 'MEMBER'
  /** Default: ACTIVE or SUSPENDED, as the user of this id is; absent where there is none, and for CUSTOMER. */
  readonly status?: string
}

export interface GoogleGroup {
  readonly id: string
  readonly email: string
  /** Default: what stands before the @ of `email`. */
  readonly name?: string
  readonly description?: string
  readonly aliases?: readonly string[]
  readonly nonEditableAliases?: readonly string[]
  /** Direct ones; an id alone is the user or group, in the double or not, that has it, or CUSTOMER for the customer's own. */
  readonly members: readonly (string | GoogleMember)[]
  readonly [property: string]: unknown
}

export interface GoogleOrgUnit {
  /** `/Sales/Tokyo`. */
  readonly orgUnitPath: string
  readonly orgUnitId?: string
  readonly description?: string
}

export interface GoogleDomain {
  readonly domainName: string
  readonly isPrimary?: boolean
  readonly verified?: boolean
  readonly aliases?: readonly string[]
}

export interface GoogleSchema {
  readonly schemaName: string
  readonly fields: readonly {
    readonly fieldName: string
    /** STRING, INT64, BOOL, DOUBLE, EMAIL, PHONE, DATE. */
    readonly fieldType: string
    readonly multiValued?: boolean
  }[]
}

export interface GoogleOptions {
  readonly users?: Iterable<GoogleUser>
  readonly groups?: Iterable<GoogleGroup>
  /** Default: C0example1. */
  readonly customer?: string
  /** Default: example.com, primary; the domains of all users beside it. */
  readonly domains?: readonly GoogleDomain[]
  readonly orgUnits?: readonly GoogleOrgUnit[]
  readonly schemas?: readonly GoogleSchema[]
  /** Whom delegation may act for; an administrator, whether a user or not. Default: admin@example.com. */
  readonly admin?: string
  /** Scopes that are delegated. Default: `…/auth/admin.directory.*.readonly`, all of them. */
  readonly delegated?: readonly string[]
  /** Whether the service account has an admin role of its own, and may ask without `sub`. Default: no. */
  readonly adminRole?: boolean
  /** Groups of others, by id or address, and how they are refused. A member of type GROUP that nobody knows is 404. */
  readonly outside?: Readonly<Record<string, 403 | 404>>
  /** Milliseconds before an answer. Default: none. */
  readonly latencyMs?: number
  /**
   * Requests a minute, of Directory alone: a bucket that holds a second's worth (but 10 at least) and fills as fast as the minute
   * allows. Beyond it requests are answered 403 rateLimitExceeded. Infinity for no quota. Default: 2400.
   */
  readonly perMinute?: number
  /** What a page holds at most, where it is less than asked for. */
  readonly pageSizes?: { readonly users?: number; readonly groups?: number; readonly members?: number }
  /** Whether If-None-Match of the etag that a list or resource has is answered 304. Default: no. */
  readonly etags?: boolean
  /** What directMembersCount counts: direct members of type USER, or all rows. Default: users. */
  readonly counts?: 'users' | 'all'
  /** Whether `query` searches the directory as it was at the last `reindex()`. Default: no. */
  readonly lagging?: boolean
  /** Whether includeDerivedMembership keeps the rows of groups. Default: no. */
  readonly derivedGroups?: boolean
  /** Seconds that an access token is good for. Default: 3600. */
  readonly tokenLifetime?: number
  /** Milliseconds since 1970, for the age of tokens, page tokens and deleted users. Default: Date.now. */
  readonly now?: () => number
}

export interface GoogleRequest {
  /** `sts` and `metadata` are stand-ins for where an identity outside Google, and one inside it, come from. */
  readonly service: 'directory' | 'token' | 'iam' | 'sts' | 'metadata'
  readonly method: string
  /** With the query, as it came: `/admin/directory/v1/users?customer=my_customer`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** How many requests came before it since the last reset. */
  readonly nth: number
}

/** What happens in place of an answer, or to it. What an answer has no place for leaves it as it is. */
export type Fault =
  | FaultName
  | { readonly fault: 'slow'; readonly milliseconds: number }
  /** Retry-After in seconds. */
  | { readonly fault: 'throttled'; readonly retryAfter: number }
  /** Anything else. */
  | {
      readonly fault: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: unknown
    }

export type FaultName =
  /** No answer: the connection is cut. */
  | 'dropped'
  /** No answer and no end. */
  | 'silent'
  | 'server-error' // 500 backendError
  | 'bad-gateway' // 502, as a page of HTML
  | 'backend-error' // 503 backendError
  | 'gateway-timeout' // 504
  | 'too-many' // 429 rateLimitExceeded
  | 'user-rate-limit' // 403 userRateLimitExceeded
  | 'rate-limit' // 403 rateLimitExceeded
  | 'quota-exceeded' // 403 quotaExceeded
  | 'daily-limit' // 403 dailyLimitExceeded
  | 'not-configured' // 403 accessNotConfigured, of domain usageLimits as well
  | 'forbidden' // 403
  | 'domain-cannot-use-apis' // 403 domainCannotUseApis
  | 'insufficient-scope' // 403 insufficientPermissions
  | 'unauthorized' // 401 authError
  | 'invalid' // 400 invalid
  | 'not-found' // 404 notFound
  | 'deleted' // 412 conditionNotMet
  | 'expired-page-token' // 400 invalid, of the page token
  /** The connection is cut in the middle of the body. */
  | 'cut'
  /** A body that ends early with nothing wrong about the connection. */
  | 'truncated'
  /** 200 and no body. */
  | 'empty'
  /** 200 and `{}`. */
  | 'nothing'
  /** 200 `null`. */
  | 'null'
  /** 200, the key of the list missing; whether there are more pages is told as it is. */
  | 'no-key'
  /** 200, the list empty, and no page after it. */
  | 'no-items'
  /** 200, the list empty; the pages after it are there. */
  | 'empty-page'
  /** 200, every second item missing. */
  | 'short-page'
  /** 200, the last item missing. */
  | 'short-by-one'
  /** 200, an object where the list should be. */
  | 'not-a-list'
  /** 200, every property of the items null but the id. */
  | 'nulls'
  /** 200, the items have their id and nothing else. */
  | 'ids-only'
  /** 200, users without `suspended` and `archived`. */
  | 'no-suspended'
  /** 200, directMembersCount less by a half, rounded down. */
  | 'wrong-count'
  /** nextPageToken is missing; the items are there. */
  | 'no-page-token'
  /** What the page before held, once more in place of what this one should; the first page leads to itself. */
  | 'repeated-page'
  /** nextPageToken leads to this page. */
  | 'endless'
  /** nextPageToken is of another listing. */
  | 'foreign-page-token'
  /** nextPageToken is no token. */
  | 'garbage-page-token'

export interface ServiceAccountKey {
  readonly type: 'service_account'
  readonly project_id: string
  readonly private_key_id: string
  readonly private_key: string
  readonly client_email: string
  readonly client_id: string
  readonly auth_uri: string
  readonly token_uri: string
  readonly universe_domain: string
}

export interface GoogleDouble {
  /** http://127.0.0.1:PORT, where /admin/directory/v1 begins. */
  readonly url: string
  /** POST here for a token, for an assertion signed by the key or by signJwt. */
  readonly tokenUrl: string
  /** Where /v1/projects/-/serviceAccounts/EMAIL:signJwt begins. */
  readonly iamUrl: string
  /** 127.0.0.1:PORT, for GCE_METADATA_HOST: an identity that may sign as the service account. */
  readonly metadataHost: string
  /** An `external_account` configuration for GOOGLE_APPLICATION_CREDENTIALS: another one that may. Goes with GOOGLE_CLOUD_PROJECT. */
  readonly workload: Readonly<Record<string, unknown>>
  readonly key: ServiceAccountKey
  readonly customer: string
  readonly admin: string
  /** How often a token was asked for at tokenUrl. */
  readonly tokenRequests: number
  /** A token, as signing in would give it, for all scopes that are delegated. */
  token(): string
  /** All tokens given so far are refused with 401. */
  revokeTokens(): void
  /** From now on delegation has these scopes. */
  delegate(scopes: readonly string[]): void
  /** Whether the sources of identity may sign as the service account. Default: yes. */
  letSign(allowed: boolean): void

  /** The directory changes under the reader. */
  putUser(user: GoogleUser): void
  /** For 20 days they are shown by showDeleted, and answered 412; they are in no group any more. */
  removeUser(id: string): void
  /** With its members. */
  putGroup(group: GoogleGroup): void
  removeGroup(id: string): void
  addMember(group: string, member: string | GoogleMember): void
  removeMember(group: string, member: string): void
  reindex(): void

  /** Asked for every request before it is answered; undefined lets it be. */
  misbehave(fault: ((request: GoogleRequest) => Fault | undefined) | undefined): void
  /** Everything that came, in order. */
  readonly requests: readonly GoogleRequest[]
  /** How many were refused for the quota; faults are not counted. */
  readonly refusedForQuota: number
  /** The most that one path with its query was refused for quota. */
  readonly refusedOften: number
  /** How many requests of Directory were not reads. Refused, all of them. */
  readonly writes: number
  /** How many were answered 304. */
  readonly notModified: number
  /** Forgets requests, counts and misbehaviour; the directory stays. */
  reset(): void
  close(): Promise<void>
}
