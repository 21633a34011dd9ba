import type { ZodType } from 'zod'
import type { Certificate, Finding, Position, SourceGroup, SourceUser } from './model.ts'

/**
 * What a connector promises, and what it is given. A connector is one object; a source is one configured
 * directory opened by it. Pages, tokens and wire shapes stay inside its `client.ts`.
 */
export interface Connector<Options = unknown> {
  readonly kind: string
  /** Says what is wrong with options at their own path; also where the JSON Schema for editors comes from. */
  readonly options: ZodType<Options>
  /**
   * The attributes expressions may name, told without asking the directory: published schemas, declared
   * attributes, a file's header. Throws `config_invalid` when a file that should tell them is not there.
   */
  attributes(options: Options, place: Place): Promise<DeclaredAttributes>
  open(options: Options, place: Place): Source
}

/** Where a source is configured: its name, and the folder that relative paths start from. */
export interface Place {
  readonly name: string
  readonly folder: string
}

export type AttributeType =
  | 'text'
  | 'boolean'
  | 'number'
  /** A list of text. */
  | 'list'
  /** Nested or loosely typed: expressions on it are checked when they run. */
  | 'any'
  | { readonly object: Readonly<Record<string, AttributeType>> }
  | { readonly listOf: AttributeType }

export interface DeclaredAttributes {
  readonly user: Readonly<Record<string, AttributeType>>
  readonly group: Readonly<Record<string, AttributeType>>
  /** LDAP: `user.givenname` is `user.givenName`. The connector is asked in the declared spelling. */
  readonly caseInsensitive: boolean
  /** True where a name that is not declared is a fault (almost always); false lets any name pass as `any`. */
  readonly closed: boolean
}

/** What the profiles need of a source; a connector reads this and what it needs itself, nothing more. */
export interface ReadRequest {
  readonly userAttributes: readonly string[]
  readonly groupAttributes: readonly string[]
  /** Whether some profile takes this group in, or takes its users from it. Groups nested below such a group matter too. */
  readonly inScope: (group: SourceGroup) => boolean
  /** Whether some profile takes in all users, members of a group or not. */
  readonly allUsers: boolean
  /** The last certified reading's certificate, to notice a server that has gone back in time. */
  readonly previous?: Certificate
  /** Another text whenever `inScope` might answer otherwise, or other attributes are asked for. */
  readonly scope: string
  /** The last certified reading, where it left a checkpoint: a source that can may send only what changed since. */
  readonly since?: Since
  readonly signal: AbortSignal
  /** Called now and then, for the progress line. */
  readonly progress?: (done: { readonly users: number; readonly groups: number; readonly members: number }) => void
}

/** An opaque mark inside a reading, from which its source can ask for later changes. */
export type Checkpoint = string

/** The last certified reading of a source. To be asked before the first part is sent: what is sent replaces it. */
export interface Since {
  readonly checkpoint: Checkpoint
  /** What this id is in that reading. */
  kindOf(id: string): 'user' | 'group' | undefined
  /** Ids of all of these, in no order. */
  ids(kind: 'user' | 'group'): Iterable<string>
  user(id: string): SourceUser | undefined
  group(id: string): SourceGroup | undefined
  /** Direct members, users and groups of that reading alone; none of a group that it has not. */
  members(group: string): readonly string[]
  /** Every group that has groups for direct members, with these. */
  nested(): Iterable<{ readonly group: string; readonly members: readonly string[] }>
}

/**
 * A piece of a reading. Users and groups may come in any order and in batches of any size; each id once.
 * Members of one group may come in several pieces; ids are those of users and groups, repeats allowed;
 * an id that no user or group of the reading has is counted in a finding. `end` comes last, once.
 *
 * Where only changes follow, `since` comes first. Then users, groups, and the members of a group, which are all of
 * them, take the place of what the last reading had under that id; who is `gone` leaves it, and every group with it;
 * all else stands. The certificate counts the users and groups of the whole reading, and the members that came.
 */
export type ReadingPart =
  | { readonly part: 'since' }
  | { readonly part: 'gone'; readonly ids: readonly string[] }
  | { readonly part: 'users'; readonly users: readonly SourceUser[] }
  | { readonly part: 'groups'; readonly groups: readonly SourceGroup[] }
  | { readonly part: 'members'; readonly group: string; readonly members: readonly string[] }
  | { readonly part: 'finding'; readonly finding: Finding }
  | { readonly part: 'end'; readonly certificate: Certificate; readonly checkpoint?: Checkpoint }

/** One line of `rollcall check`: the admin's *Test connection*. */
export interface CheckLine {
  readonly ok: boolean
  readonly what: string
  /** Where it failed: what to do now. */
  readonly now?: string
}

/** What profiles name of a source, and where, for the messages of a check. */
export interface Asked {
  readonly userAttributes: ReadonlyMap<string, readonly Position[]>
  readonly groupAttributes: ReadonlyMap<string, readonly Position[]>
}

export interface Source {
  readonly name: string
  readonly kind: string
  /**
   * Everything in scope, ending with the certificate; throws `source_incomplete` or `source_denied` rather
   * than end early, since a directory half read looks like half its people leaving. Writes nothing anywhere.
   */
  read(request: ReadRequest): AsyncIterable<ReadingPart>
  /** Signs in and asks for one of each, and for what was `asked` by profiles; never throws for what the remote says. */
  check(signal: AbortSignal, asked: Asked): AsyncIterable<CheckLine>
}
