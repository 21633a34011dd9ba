import type { Asked, CheckLine, Checkpoint, ReadRequest, Since, Source } from '../../src/connector.ts'
import type { Certificate, Finding, SourceGroup, SourceUser } from '../../src/model.ts'

/** All that a source says in one reading, by id, in the order of arrival. Ids given more than once are in `repeated`. */
export interface Reading {
  readonly users: ReadonlyMap<string, SourceUser>
  readonly groups: ReadonlyMap<string, SourceGroup>
  /** Direct members by group; a group without members is not there. */
  readonly members: ReadonlyMap<string, readonly string[]>
  readonly repeated: readonly string[]
  readonly findings: readonly Finding[]
  readonly certificate: Certificate
  readonly checkpoint: Checkpoint | undefined
  /** Which kinds of part came, one after another. */
  readonly parts: readonly string[]
}

/** Everything in scope and no attribute asked for, unless said otherwise. */
export function request(given: Partial<ReadRequest> = {}): ReadRequest {
  return {
    userAttributes: [],
    groupAttributes: [],
    inScope: () => true,
    allUsers: true,
    scope: 'everything',
    signal: new AbortController().signal,
    ...given,
  }
}

/** What a source says when it is tested for profiles that ask for nothing of their own, unless said otherwise. */
export async function checking(source: Source, asked: Partial<Asked> = {}): Promise<CheckLine[]> {
  const lines: CheckLine[] = []
  const all = { userAttributes: new Map(), groupAttributes: new Map(), ...asked }
  for await (const line of source.check(new AbortController().signal, all)) lines.push(line)
  return lines
}

/** Reads a source to its end. Throws what it throws, and where it ends without a certificate. */
export function reading(source: Source, given: Partial<ReadRequest> = {}): Promise<Reading> {
  return taken(source, request(given))
}

/** Reads a source that is given what it said before, and may say what changed since; either way it is all that there is now. */
export function readAgain(source: Source, before: Reading, given: Partial<ReadRequest> = {}): Promise<Reading> {
  const since = sinceOf(before)
  const asked = request({ previous: before.certificate, ...(since && { since }), ...given })
  return taken(source, asked, before)
}

async function taken(source: Source, asked: ReadRequest, before?: Reading): Promise<Reading> {
  let users = new Map<string, SourceUser>()
  let groups = new Map<string, SourceGroup>()
  let members = new Map<string, readonly string[]>()
  const seen = new Set<string>()
  const named = new Set<string>()
  const gone = new Set<string>()
  const repeated: string[] = []
  const findings: Finding[] = []
  const parts: string[] = []
  let end: { readonly certificate: Certificate; readonly checkpoint?: Checkpoint } | undefined
  const enter = <Item extends { readonly id: string }>(items: readonly Item[], into: Map<string, Item>) => {
    for (const item of items) {
      if (seen.has(item.id)) repeated.push(item.id)
      seen.add(item.id)
      into.set(item.id, item)
    }
  }
  for await (const part of source.read(asked)) {
    parts.push(part.part)
    switch (part.part) {
      case 'since':
        if (before === undefined || parts.length > 1) throw new Error('nothing to build upon, or not said first')
        users = new Map(before.users)
        groups = new Map(before.groups)
        members = new Map(before.members)
        break
      case 'gone':
        for (const id of part.ids) {
          if (!users.delete(id)) groups.delete(id)
          members.delete(id)
          gone.add(id)
        }
        break
      case 'users':
        enter(part.users, users)
        break
      case 'groups':
        enter(part.groups, groups)
        break
      case 'members': {
        const already = named.has(part.group) ? (members.get(part.group) ?? []) : []
        named.add(part.group)
        members.set(part.group, [...already, ...part.members])
        break
      }
      case 'finding':
        findings.push(part.finding)
        break
      case 'end':
        end = part
    }
  }
  if (end === undefined) throw new Error('the reading ended without a certificate')
  if (gone.size > 0) members = new Map([...members].map(([group, ids]) => [group, ids.filter(id => !gone.has(id))]))
  const { certificate, checkpoint } = end
  return { users, groups, members, repeated, findings, certificate, checkpoint, parts }
}

/** What a source is given of its last reading; undefined where that left no checkpoint. */
export function sinceOf({ users, groups, members, checkpoint }: Reading): Since | undefined {
  if (checkpoint === undefined) return undefined
  const kindOf = (id: string) => (users.has(id) ? 'user' : groups.has(id) ? 'group' : undefined)
  const membersOf = (group: string) => [...new Set(members.get(group))].filter(id => kindOf(id) !== undefined)
  return {
    checkpoint,
    kindOf,
    ids: kind => (kind === 'user' ? users : groups).keys(),
    user: id => users.get(id),
    group: id => groups.get(id),
    members: membersOf,
    *nested() {
      for (const group of groups.keys()) {
        const nested = membersOf(group).filter(id => groups.has(id))
        if (nested.length > 0) yield { group, members: nested }
      }
    },
  }
}
