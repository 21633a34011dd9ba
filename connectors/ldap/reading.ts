import type { Place, ReadingPart, ReadRequest } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import type { Check, SourceGroup, SourceUser } from '../../src/model.ts'
import { counted, noReferences, notOlder, pagesClosed, sameIdentity, unambiguous } from './certificate.ts'
import { search } from './client.ts'
import { type Converted, groupLayout, type GroupLayout, groupOf, userLayout, userOf } from './convert.ts'
import { decoder, dnOf, type Entry } from './entry.ts'
import { Members } from './members.ts'
import type { LdapOptions } from './options.ts'
import { readRanges } from './ranges.ts'
import { type Remarks, remarks } from './remarks.ts'
import { findBase, markOf, openSession, type Session } from './session.ts'
import type { DisabledRule, Vendor } from './vendors.ts'

/** Ids in one part of a group's members. */
const PIECE = 5_000

type Branch = NonNullable<LdapOptions['groups']>

export interface Thoroughness {
  /** Whether to count everything by itself before it is read. */
  readonly counted: boolean
}

/**
 * Everything the source is configured to read, over one connection: that the bases are there, how new the data is, the
 * groups, and then the users, of whom only those named as members are remembered (by number).
 */
export async function* read(
  options: LdapOptions,
  place: Place,
  request: ReadRequest,
  thorough: Thoroughness = { counted: true },
): AsyncGenerator<ReadingPart> {
  const { signal, previous } = request
  const session = await openSession(options, place, signal)
  const late = setTimeout(() => session.connection.destroy(tooLong(options)), options.timeouts.read * 1000)
  try {
    const run = new Run(options, session, request)
    for (const [what, { base }] of run.branches) await findBase(session, `the ${what}`, base)
    const mark = await markOf(session, options.users.base)
    const before = thorough.counted ? await countAll(run) : undefined
    yield* run.readGroups()
    yield* run.readUsers()
    yield* run.tellMembers()
    yield* run.remarks.findings(place.name)
    const checks = [
      ...run.branches.map(([what]) => pagesClosed(what, run.pages[what])),
      ...(before ? await compare(run, before) : []),
      unambiguous(run.members.clashes),
      noReferences(run.references, session.vendor.elsewhere, options.references),
      sameIdentity(session.vendor.id.attribute, previous),
      notOlder(mark, previous),
    ]
    const { server, asOf } = mark
    const complete = checks.every(({ passed }) => passed)
    yield {
      part: 'end',
      certificate: { complete, checks, ...run.counts, server, ...(asOf !== undefined && { asOf }) },
    }
  } finally {
    clearTimeout(late)
    session.connection.close()
  }
}

type What = 'users' | 'groups'

/** One reading under way. */
class Run {
  readonly session: Session
  readonly branches: readonly (readonly [What, Branch])[]
  readonly counts = { users: 0, groups: 0, members: 0 }
  readonly pages = { users: 0, groups: 0 }
  readonly references: string[] = []
  readonly members = new Members()
  readonly remarks: Remarks = remarks()
  readonly #options: LdapOptions
  readonly #request: ReadRequest
  readonly #groups: string[] = []
  /** Groups by the number that users name as their primary group. */
  readonly #tokens = new Map<string, string>()

  constructor(options: LdapOptions, session: Session, request: ReadRequest) {
    this.session = session
    this.#options = options
    this.#request = request
    this.branches = options.groups
      ? [
          ['groups', options.groups],
          ['users', options.users],
        ]
      : [['users', options.users]]
  }

  async *readGroups(): AsyncGenerator<ReadingPart> {
    const { groups: branch, attributes: declared } = this.#options
    if (!branch) return
    const { vendor } = this.session
    const layout = groupLayout(vendor, this.#request.groupAttributes, declared)
    const byDn = new Set(layout.members.slice(0, vendor.members.length))
    const number = (slot: number, bytes: Buffer, start: number, end: number) =>
      byDn.has(slot) ? this.members.byDn(bytes, start, end) : this.members.byUid(bytes.toString('utf8', start, end))
    const decode = decoder(layout.slots, (...value) => this.members.add(number(...value)))
    const ranged: { readonly group: number; readonly dn: string; readonly slot: number }[] = []
    const whole = (entry: Entry): Converted<SourceGroup> => {
      for (const slot of layout.members) {
        if (layout.slots[slot]?.each) continue
        for (const value of entry.values[slot] ?? []) {
          const bytes = Buffer.from(value)
          this.members.add(number(slot, bytes, 0, bytes.length))
        }
      }
      const group = this.members.endGroup()
      for (const { slot } of entry.ranges)
        if (layout.members.includes(slot)) ranged.push({ group, dn: dnOf(entry), slot })
      return this.#groupIn(entry, layout, vendor)
    }
    for await (const found of this.find(
      'groups',
      branch,
      layout.slots.map(({ name }) => name),
      message => whole(decode(message)),
    )) {
      yield this.#told({ part: 'groups', groups: found })
    }
    for (const { group, dn, slot } of ranged) {
      const name = layout.slots[slot]!.name
      let numbers: number[] = []
      await readRanges(this.session, dn, name, {
        value: (...value) => numbers.push(number(slot, ...value)),
        again: () => (numbers = []),
      })
      this.members.replace(group, Uint32Array.from(numbers))
    }
  }

  #groupIn(entry: Entry, layout: GroupLayout, vendor: Vendor): Converted<SourceGroup> {
    const converted = groupOf(entry, layout, vendor) ?? this.#nameless(entry)
    const { id, membersUnknown } = converted.item
    this.#groups.push(id)
    this.members.meetGroup(entry.bytes, entry.dn, entry.dnEnd, id)
    if (membersUnknown) this.remarks.hiddenMembers()
    const token = layout.token === undefined ? undefined : entry.values[layout.token]?.[0]
    if (token !== undefined) this.#tokens.set(token, id)
    return converted
  }

  async *readUsers(): AsyncGenerator<ReadingPart> {
    const { users: branch, attributes: declared } = this.#options
    const rule = ruleOf(this.#options, this.session.vendor)
    const layout = userLayout(this.session.vendor, rule, this.#request.userAttributes, declared)
    let primary = new Map<string, string[]>()
    const decode = decoder(layout.slots)
    const user = (entry: Entry): Converted<SourceUser> => {
      const converted = userOf(entry, layout, rule) ?? this.#nameless(entry)
      const { id } = converted.item
      this.members.meetUser(entry.bytes, entry.dn, entry.dnEnd, id)
      for (const uid of entry.values[layout.uid] ?? []) this.members.meetUid(uid, id)
      const token = layout.primary === undefined ? undefined : entry.values[layout.primary]?.[0]
      const group = token === undefined ? undefined : this.#tokens.get(token)
      if (group !== undefined) primary.set(group, [...(primary.get(group) ?? []), id])
      return converted
    }
    for await (const found of this.find(
      'users',
      branch,
      layout.slots.map(({ name }) => name),
      message => user(decode(message)),
    )) {
      yield this.#told({ part: 'users', users: found })
      for (const [group, members] of primary) yield this.#told({ part: 'members', group, members })
      primary = new Map()
    }
  }

  *tellMembers(): Generator<ReadingPart> {
    for (const [number, group] of this.#groups.entries()) {
      for (const members of this.members.of(number, PIECE)) {
        this.#request.signal.throwIfAborted()
        yield this.#told({ part: 'members', group, members })
      }
    }
  }

  async *find<Item>(
    what: What,
    { base, scope, filter = this.session.vendor[what] }: Branch,
    attributes: readonly string[],
    decode: Parameters<typeof search<Converted<Item>>>[4],
  ): AsyncGenerator<readonly Item[]> {
    const { connection, paging, asked } = this.session
    const wanted = { base, scope, filter, attributes }
    const all = search(connection, wanted, paging, asked(`the ${what} below ${base}`), decode)
    for await (const { items, references, page } of all) {
      this.references.push(...references)
      if (page) this.pages[what]++
      for (const { remarks } of items) this.remarks.take(remarks)
      if (items.length > 0) yield items.map(({ item }) => item)
    }
  }

  #told(part: ReadingPart): ReadingPart {
    switch (part.part) {
      case 'users':
        this.counts.users += part.users.length
        break
      case 'groups':
        this.counts.groups += part.groups.length
        break
      case 'members':
        this.counts.members += part.members.length
        break
      case 'since':
      case 'gone':
      case 'finding':
      case 'end':
        break
    }
    this.#request.progress?.(this.counts)
    return part
  }

  #nameless(entry: Entry): never {
    const { attribute } = this.session.vendor.id
    const { account } = this.session.asked('')
    throw new RollcallError(
      'source_incomplete',
      `${dnOf(entry)} shows no ${attribute}, without which people cannot be told apart for good: let ${account} read ${attribute} (it may be an operational attribute), or set vendor on the source to what the server is.`,
    )
  }
}

function ruleOf({ disabled }: LdapOptions, vendor: Vendor): DisabledRule {
  if (!disabled) return vendor.disabled
  const { attribute } = disabled
  if ('present' in disabled) return { attribute, present: disabled.present, absent: 'enabled' }
  const { equals } = disabled
  return {
    attribute,
    equals: (Array.isArray(equals) ? equals : [equals]).map(value => value.toLowerCase()),
    absent: 'enabled',
  }
}

type Counts = ReadonlyMap<What, number>

/** In another shape than it is read: no attributes, and pages that end elsewhere. */
async function countAll({ session, branches }: Run): Promise<Counts> {
  const { connection, vendor, paging, asked } = session
  const size = paging.size === undefined ? undefined : Math.max(1, paging.size - 1)
  const counts = new Map<What, number>()
  for (const [what, { base, scope, filter = vendor[what] }] of branches) {
    const wanted = { base, scope, filter, attributes: ['1.1'] }
    let count = 0
    for await (const { items } of search(
      connection,
      wanted,
      { ...paging, size },
      asked(`the ${what} below ${base}, counted`),
      () => 1,
    )) {
      count += items.length
    }
    counts.set(what, count)
  }
  return counts
}

async function compare(run: Run, before: Counts): Promise<Check[]> {
  const differs = run.branches.some(([what]) => run.counts[what] !== before.get(what))
  const after = differs ? await countAll(run) : undefined
  return run.branches.map(([what]) => counted(what, run.counts[what], before.get(what) ?? 0, after?.get(what)))
}

function tooLong({ timeouts }: LdapOptions): RollcallError {
  return new RollcallError(
    'source_incomplete',
    `the reading took longer than ${timeouts.read} s; nothing of it will be removed. Set timeouts: { read: SECONDS } on the source.`,
  )
}
