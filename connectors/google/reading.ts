import type { Place, ReadingPart, ReadRequest } from '../../src/connector.ts'
import type { Check } from '../../src/model.ts'
import { distance, membersCounted, pagesClosed, sameCustomer, unitsThere } from './certificate.ts'
import { parseCheckpoint, scopeOf, writeCheckpoint } from './checkpoint.ts'
import { openClient, TUNING, type Tuning } from './client.ts'
import { groupFields, userFields } from './convert.ts'
import { type Directory, directoryOf } from './directory.ts'
import { findingsOf } from './findings.ts'
import { Groups } from './groups.ts'
import { type LeftOut, membersOf } from './memberships.ts'
import type { GoogleOptions } from './options.ts'
import { GROUP, READ, Roster, USER } from './roster.ts'
import { neededScopes } from './scopes.ts'
import { Users } from './users.ts'

/** Ids in one part of a group's members. */
const PIECE = 5_000
/** Groups in one part. */
const BATCH = 500

/**
 * Everything the source is configured to read: users stream as their pages come, while groups and their members are read
 * beside them; groups and members follow at the end, when everybody is known.
 */
export async function* read(
  options: GoogleOptions,
  place: Place,
  request: ReadRequest,
  tuning: Tuning = TUNING,
): AsyncGenerator<ReadingPart> {
  request.signal.throwIfAborted()
  const stop = new AbortController()
  const signal = AbortSignal.any([request.signal, stop.signal])
  const client = await openClient(options, neededScopes(options), place, tuning)
  let run: Run | undefined
  try {
    const directory = directoryOf(client, wantedOf(options, request), signal)
    run = new Run({ options, place, request, tuning, directory, signal, fail: error => stop.abort(error) })
    yield* run.parts()
  } finally {
    stop.abort(new Error('the reading is over'))
    await run?.settled()
    await client.close()
  }
}

function wantedOf(
  options: GoogleOptions,
  { userAttributes, groupAttributes }: Pick<ReadRequest, 'userAttributes' | 'groupAttributes'>,
) {
  return {
    customer: options.customer,
    userFields: userFields(userAttributes, options),
    groupFields: groupFields(groupAttributes),
    schemas: userAttributes.includes('customSchemas') ? Object.keys(options.schemas) : [],
  }
}

interface Given {
  readonly options: GoogleOptions
  readonly place: Place
  readonly request: ReadRequest
  readonly tuning: Tuning
  readonly directory: Directory
  readonly signal: AbortSignal
  readonly fail: (error: unknown) => void
}

/** One reading under way. */
class Run {
  readonly #given: Given
  readonly #roster = new Roster()
  readonly #users: Users
  readonly #groups: Groups
  readonly #counts = { users: 0, groups: 0, members: 0 }
  readonly #scope: string
  /** Whether only what changed is told. */
  readonly #changesOnly: boolean
  readonly #beside: Promise<unknown>[] = []

  constructor(given: Given) {
    const { options, request, tuning, directory, signal, fail } = given
    this.#given = given
    const roster = this.#roster
    const { userAttributes: attributes, since } = request
    this.#users = new Users({ directory, roster, options, attributes, tuning, signal })
    this.#scope = scopeOf(request, options)
    const left = parseCheckpoint(since?.checkpoint)
    this.#changesOnly = left?.scope === this.#scope
    const etags = this.#changesOnly && left ? left.etags : new Map<string, string>()
    const { concurrency, miscounted } = options
    const walked = () => this.#progress()
    this.#groups = new Groups({ directory, roster, request, concurrency, miscounted, etags, fail, walked })
  }

  /** When nothing goes on beside it any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#beside)
  }

  async *parts(): AsyncGenerator<ReadingPart> {
    const { options, directory, request } = this.#given
    if (this.#changesOnly) yield { part: 'since' }
    const again = this.#goOn(this.#users.listAgain())
    const groupsRead = this.#goOn(this.#groups.read())
    const unitsRead = options.orgUnits ? this.#goOn(directory.orgUnits()) : undefined
    for await (const users of this.#users.list()) yield this.#told({ part: 'users', users })
    await again
    const usersCounted = await this.#users.crossCheck()
    const lookedAgain = this.#goOn(this.#users.lookAgain())
    const groupsCounted = await groupsRead
    await lookedAgain
    const more = this.#users.more()
    if (more.length > 0) yield this.#told({ part: 'users', users: more })
    const units = await unitsRead
    const leftOut: LeftOut = { external: 0, foreign: 0, ambiguous: 0, outside: 0 }
    const etags = new Map<string, string>()
    yield* this.#tellGroups(leftOut, etags)
    yield* this.#tellGone()
    for (const finding of findingsOf(this.#given.place.name, this.#users, leftOut)) yield { part: 'finding', finding }
    this.#given.signal.throwIfAborted()
    const customers = [...this.#users.customers]
    const checks: Check[] = [
      pagesClosed('users', this.#users.pages),
      pagesClosed('groups', this.#groups.pages),
      usersCounted,
      groupsCounted,
      membersCounted(this.#groups.walked.length, [...this.#groups.doubtful, ...this.#groups.counting.contradicted]),
      sameCustomer(customers, options.customer, request.previous),
      distance(this.#counts, request.previous),
      ...(options.orgUnits && units ? [unitsThere(options.orgUnits, units, this.#users.homeless)] : []),
    ]
    const [server] = customers
    const complete = checks.every(({ passed }) => passed)
    yield {
      part: 'end',
      certificate: { complete, checks, ...this.#counts, ...(server !== undefined && { server }) },
      checkpoint: writeCheckpoint({ scope: this.#scope, etags }),
    }
  }

  *#tellGroups(leftOut: LeftOut, etags: Map<string, string>): Generator<ReadingPart> {
    const { walked, foreign } = this.#groups
    const roster = this.#roster
    const [customer] = this.#users.customers
    for (let start = 0; start < walked.length; start += BATCH)
      yield this.#told({ part: 'groups', groups: walked.slice(start, start + BATCH).map(({ group }) => group) })
    const everyone = () => [...roster.marked(READ)].filter(number => roster.is(number, USER))
    const given = { roster, customer, foreign, everyone }
    for (const one of walked) {
      this.#given.signal.throwIfAborted()
      const { members, plain } = membersOf(one, given, one.unchanged ? { ...leftOut } : leftOut)
      const { id } = one.group
      if (plain && one.etag !== undefined) etags.set(id, one.etag)
      if (one.unchanged || (this.#changesOnly && this.#isAsBefore(id, members))) continue
      const ids = Array.from(members, number => roster.id(number))
      for (let start = 0; start === 0 || start < ids.length; start += PIECE)
        yield this.#told({ part: 'members', group: id, members: ids.slice(start, start + PIECE) })
    }
  }

  /** Who left takes their memberships along. */
  #isAsBefore(group: string, members: ReadonlySet<number>): boolean {
    const { since } = this.#given.request
    if (since?.kindOf(group) !== 'group') return false
    const roster = this.#roster
    const before = since.members(group).flatMap(id => {
      const number = roster.find(id)
      return number !== undefined && roster.is(number, READ) ? number : []
    })
    return before.length === members.size && before.every(number => members.has(number))
  }

  *#tellGone(): Generator<ReadingPart> {
    const { since } = this.#given.request
    if (!this.#changesOnly || !since) return
    const isHere = (id: string, kind: number) => {
      const number = this.#roster.find(id)
      return number !== undefined && this.#roster.is(number, READ) && this.#roster.is(number, kind)
    }
    const ids = [
      ...[...since.ids('user')].filter(id => !isHere(id, USER)),
      ...[...since.ids('group')].filter(id => !isHere(id, GROUP)),
    ]
    if (ids.length > 0) yield { part: 'gone', ids }
  }

  /** Work beside the listing of users; when it fails, so does everything. */
  #goOn<T>(work: Promise<T>): Promise<T> {
    this.#beside.push(work)
    work.catch(this.#given.fail)
    return work
  }

  #told(part: ReadingPart): ReadingPart {
    switch (part.part) {
      case 'users':
        this.#counts.users += part.users.length
        break
      case 'groups':
        this.#counts.groups += part.groups.length
        break
      case 'members':
        this.#counts.members += part.members.length
        break
      case 'since':
      case 'gone':
      case 'finding':
      case 'end':
        break
    }
    this.#progress()
    return part
  }

  /** Of what was read, told already or not. */
  #progress(): void {
    const { walked, members } = this.#groups
    this.#given.request.progress?.({ users: this.#counts.users, groups: walked.length, members })
  }
}
