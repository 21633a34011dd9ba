/**
 * The nouns of the program, types only. What each word means stands once, here; every other file takes
 * these as given. Three ids meet in this program and are never mixed: `sourceId` (issued by the source,
 * immutable), `externalId` (what the target was told) and `scimId` (issued by the target).
 */

/** What a source can hold under one attribute name. Absent is the missing key; there is no null. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value }
export type Attributes = Readonly<Record<string, Value>>

/** JSON as SCIM carries it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }
/** A SCIM user or group as nested JSON, without `id`, `meta` and `schemas`. Extension attributes under their URN. */
export type ScimResource = Readonly<Record<string, Json>>

// ── what a source says ─────────────────────────────────────────────────────────────────────────────

export interface SourceUser {
  /** The source's immutable id. Unique across the users *and* groups of one source. */
  readonly id: string
  /** Undefined where the source did not say; such a user is held. */
  readonly enabled: boolean | undefined
  /** What people call this user at the source, for messages; never a key. */
  readonly name: string
  /** Under exactly the names the connector was asked for. */
  readonly attributes: Attributes
  /** Attributes that the source could not tell (missing permission), as opposed to absent ones. */
  readonly unknown?: readonly string[]
}

export interface SourceGroup {
  readonly id: string
  readonly name: string
  readonly attributes: Attributes
  readonly unknown?: readonly string[]
  /** The source would not show this group's members: its membership stays as it was. */
  readonly membersUnknown?: true
}

/** One question put to a source, and whether its answer held. */
export interface Check {
  readonly check: string
  readonly passed: boolean
  /** For people: the numbers compared, and what to do when it failed. */
  readonly detail: string
}

/** Why a reading may be believed (I1). Complete means that every check passed. */
export interface Certificate {
  readonly complete: boolean
  readonly checks: readonly Check[]
  readonly users: number
  readonly groups: number
  /** Direct memberships as read, nested groups counted as one. */
  readonly members: number
  /** Which server or tenant answered, and its own mark of how new its data is, where it has one. */
  readonly server?: string
  readonly asOf?: string
}

/** Something about the data a person should know. It travels with the value and stops nothing. */
export interface Finding {
  /** A stable kebab-case word: held, collision, ambiguous, stranger, out-of-scope-members, rename-unsupported … */
  readonly finding: string
  readonly profile?: string
  readonly source?: string
  readonly sourceId?: string
  readonly name?: string
  /** file:line:column of the profile line concerned. */
  readonly at?: string
  readonly message: string
}

// ── profiles, compiled ─────────────────────────────────────────────────────────────────────────────

/** Where something stands in a file, 1-based. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** What expressions may look at: a user, or a group. */
export interface Subject {
  readonly id: string
  readonly name: string
  readonly enabled?: boolean | undefined
  readonly attributes: Attributes
  readonly unknown?: readonly string[]
}

/**
 * A compiled expression or text with `${…}`. Evaluating never throws for what the data is: a fault (absent
 * boolean, regular expression too long, list too long) comes back as `fault`, and holds the user.
 */
export interface Expression {
  readonly text: string
  readonly at: Position
  /** Attribute names read, in the connector's spelling; `id`, `name`, `enabled` are not among them. */
  readonly reads: readonly string[]
  evaluate(subject: Subject): Evaluated
}
export type Evaluated =
  /** `several`: an attribute, or "" for the result itself, had several values, of which this is the first in byte order. */
  | { readonly value: Value | undefined; readonly several?: string }
  | { readonly unknown: string }
  | { readonly fault: string }

/** One line of a profile: a SCIM path and where its value comes from. */
export interface Mapping {
  /** `userName`, `name.givenName`, `emails`, or `urn:…:User:department`. */
  readonly path: string
  readonly at: Position
  readonly expression: Expression
}

/** Which groups: one entry of a profile's `scope.groups` or `scope.users.members`. */
export interface GroupSelector {
  /** As written, for messages. */
  readonly text: string
  readonly at: Position
  /** Group attributes read by `when`. */
  readonly reads: readonly string[]
  matches(group: SourceGroup): boolean
}

export interface Profile {
  readonly name: string
  readonly file: string
  /** sha256 over everything that decides what this profile yields. */
  readonly hash: string
  readonly source: string
  readonly target: string
  /** Domains, lower case; empty when the profile does not restrict them. */
  readonly addresses: readonly string[]
  readonly scope: {
    readonly groups: readonly GroupSelector[]
    readonly users: 'members' | 'all' | { readonly members: readonly GroupSelector[] }
    readonly when?: Expression
    readonly members: 'nested' | 'direct'
  }
  readonly match: readonly string[]
  readonly matchGroups: readonly string[]
  readonly takeOver: boolean
  readonly strangers: 'remove' | 'keep'
  readonly leavers: 'deactivate' | 'delete' | 'keep'
  readonly goneGroups: 'empty' | 'keep' | 'delete'
  readonly rename: 'if-supported' | 'recreate'
  readonly mergeGroups: boolean
  readonly user: readonly Mapping[]
  readonly group: readonly Mapping[]
  readonly limits: Limits
}

/** What mapping one user or group came to. Paths in `unknown` are neither set nor cleared. */
export type Mapped =
  | {
      readonly outcome: 'mapped'
      readonly resource: ScimResource
      readonly unknown: readonly string[]
      readonly findings: readonly Finding[]
    }
  /** `active` is what its own mapping said, where that could be told (I3). */
  | { readonly outcome: 'held'; readonly active: boolean | undefined; readonly findings: readonly Finding[] }

// ── limits ─────────────────────────────────────────────────────────────────────────────────────────

export type ChangeKind =
  | 'create-user'
  | 'adopt-user'
  | 'relink-user'
  | 'update-user'
  | 'deactivate-user'
  | 'reactivate-user'
  | 'delete-user'
  | 'create-group'
  | 'adopt-group'
  | 'update-group'
  | 'delete-group'
  | 'add-members'
  | 'remove-members'

/** Beside the kinds of change: the last member leaving a group of five or more, a userName or e-mail change, and shrinkage of a source. */
export type LimitName =
  | ChangeKind
  | 'empty-group'
  | 'change-address'
  | 'shrink-users'
  | 'shrink-groups'
  | 'shrink-members'
export type Limit = { readonly percent: number } | { readonly count: number }
export type Limits = Readonly<Partial<Record<LimitName, Limit>>> & { readonly floor?: number }

export interface Breach {
  readonly limit: LimitName
  /** `target atlassian`, `profile emea` or `source hq`. */
  readonly scope: string
  readonly changes: number
  readonly managed: number
  /** As configured: `10%` or `0`. */
  readonly allowed: string
  readonly message: string
}

// ── the plan ───────────────────────────────────────────────────────────────────────────────────────

export type Reversible = 'reversible' | 'costly' | 'irreversible'

interface ChangeOf<Kind extends ChangeKind> {
  readonly change: Kind
  readonly profile: string
  readonly source: string
  readonly sourceId: string
  /** userName or displayName: for people. */
  readonly name: string
  readonly reason: string
  readonly reversible: Reversible
}
interface WithBefore {
  readonly before: ScimResource
}
interface WithAfter {
  readonly after: ScimResource
}
interface WithTarget {
  readonly scimId: string
}

/**
 * One step of a plan. In updates `before` and `after` hold the managed attributes that differ and nothing
 * else, under the same keys on both sides; null stands for an absent attribute.
 */
export type Change =
  | (ChangeOf<'create-user'> & WithAfter & { readonly before: null })
  /** `replaces`: the group at the target that is deleted for it later on, where a target cannot rename. */
  | (ChangeOf<'create-group'> & WithAfter & { readonly before: null; readonly replaces?: string })
  | (ChangeOf<'adopt-user' | 'adopt-group'> & WithBefore & WithAfter & WithTarget)
  | (ChangeOf<'relink-user'> & WithBefore & WithAfter & WithTarget & { readonly formerSourceId: string })
  | (ChangeOf<'update-user' | 'update-group'> & WithBefore & WithAfter)
  | (ChangeOf<'deactivate-user' | 'reactivate-user'> & WithBefore & WithAfter)
  | (ChangeOf<'delete-user'> & WithBefore & { readonly after: null })
  /** `scimId`: not the linked group but the one that was replaced. */
  | (ChangeOf<'delete-group'> & WithBefore & { readonly after: null; readonly scimId?: string })
  | MembersChange

/**
 * At most 1 000 ids a line, sorted, of users of `source`. `sourceId` is the group's; `groupSource` its source, where
 * that is another one (`mergeGroups`). `strangers` are scimIds of users at the target that no link knows.
 */
export type MembersChange = ChangeOf<'add-members' | 'remove-members'> & {
  readonly groupSource?: string
  readonly members: readonly string[]
  readonly strangers?: readonly string[]
}

export interface PlanHeader {
  readonly rollcall: 'plan/1'
  readonly id: string
  readonly target: string
  readonly url: string
  readonly createdAt: string
  readonly digest: string
  readonly inputs: {
    readonly profiles: Readonly<Record<string, string>>
    readonly limits: Readonly<Record<string, string>>
    /** sha256 over every line below the header. */
    readonly lines: string
  }
  /** True until a plan was applied to this target: `sync` saves it and holds. */
  readonly first: boolean
  readonly readings: readonly {
    readonly source: string
    readonly reading: number
    readonly certificate: Certificate
    readonly standIn?: true
  }[]
  readonly counts: Readonly<Partial<Record<ChangeKind, number>>>
  readonly findings: Readonly<Record<string, number>>
  readonly breaches: readonly Breach[]
}
export type PlanLine = Change | Finding

// ── what a target can and cannot do, as data ───────────────────────────────────────────────────────

/** The knobs of a dialect file; `scim/dialect.ts` parses them, `docs/dialects.md` explains them. */
export interface Dialect {
  readonly name: string
  readonly base: { readonly discovery: 'optional' | 'none'; readonly contentType: string }
  readonly users: {
    readonly filter: readonly string[]
    readonly unique: { readonly attrs: readonly string[]; readonly case: 'insensitive' | 'exact' }
    readonly required: readonly string[]
    /** Paths that may be written; `*` for all. Others named by a profile are a fault at load. */
    readonly writable: readonly string[] | '*'
    readonly update: 'patch' | 'put' | 'none'
    readonly clear: 'remove-op' | 'null' | 'empty-string'
    readonly emails: 'many' | 'one-primary' | 'one'
    readonly deactivate: { readonly how: 'active-false' | 'delete' | 'none'; readonly reversible: Reversible }
    readonly delete: { readonly means: 'deactivate' | 'permanent' | 'irreversible' }
  }
  readonly groups: {
    readonly filter: readonly string[]
    readonly create: { readonly withMembers: boolean; readonly maxMembers: number }
    readonly rename: 'patch' | 'put' | 'never'
    readonly delete: { readonly means: 'permanent' | 'irreversible' }
    readonly writable: readonly string[] | '*'
  }
  readonly members: {
    readonly readable: 'full' | 'never' | { readonly truncated: number }
    readonly remove: 'path-filter' | 'value-array'
    readonly replace: 'forbidden' | 'allowed'
    readonly maxPerRequest: number
    readonly maxBytes: number
  }
  readonly paging: { readonly style: 'index' | 'cursor'; readonly max: number }
  readonly concurrency: number
  readonly visibilityDelaySeconds: number
  /** Whether the answer to a write shows what was stored. Where it does not, a GET follows. */
  readonly echo: 'trusted' | 'distrusted'
  /** Answers to a POST that mean *exists already*, beside 409 and `scimType: uniqueness`; `detail` is a part of its text. */
  readonly conflicts: readonly { readonly status: number; readonly detail: string }[]
}

/** A user or group at the target, as last seen. */
export interface TargetResource {
  readonly id: string
  readonly resource: ScimResource
}
