import type { ReadRequest, Source } from '../../src/connector.ts'
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
    signal: new AbortController().signal,
    ...given,
  }
}

/** Reads a source to its end. Throws what it throws, and where it ends without a certificate. */
export async function reading(source: Source, given: Partial<ReadRequest> = {}): Promise<Reading> {
  const users = new Map<string, SourceUser>()
  const groups = new Map<string, SourceGroup>()
  const members = new Map<string, string[]>()
  const repeated: string[] = []
  const findings: Finding[] = []
  const parts: string[] = []
  let certificate: Certificate | undefined
  const enter = <Item extends { readonly id: string }>(items: readonly Item[], into: Map<string, Item>) => {
    for (const item of items) {
      if (users.has(item.id) || groups.has(item.id)) repeated.push(item.id)
      into.set(item.id, item)
    }
  }
  for await (const part of source.read(request(given))) {
    parts.push(part.part)
    switch (part.part) {
      case 'users':
        enter(part.users, users)
        break
      case 'groups':
        enter(part.groups, groups)
        break
      case 'members':
        members.set(part.group, [...(members.get(part.group) ?? []), ...part.members])
        break
      case 'finding':
        findings.push(part.finding)
        break
      case 'end':
        certificate = part.certificate
    }
  }
  if (certificate === undefined) throw new Error('the reading ended without a certificate')
  return { users, groups, members, repeated, findings, certificate, parts }
}
