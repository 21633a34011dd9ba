import { json, noSuch, plain, raw, type Answer, bad } from './answer.ts'
import { DEFAULTS, propertyType } from './contract.ts'
import type { Directory, Kept, Kind } from './directory.ts'
import { GUARDED, HIDDEN, mayRead } from './permissions.ts'
import type { Query } from './query.ts'
import type { PageSizes } from './model.ts'

/** Lists of directory objects, a page at a time. */

export interface Asking {
  readonly directory: Directory
  readonly roles: ReadonlySet<string>
  readonly root: string
  readonly query: Query
  readonly pageSizes: Partial<PageSizes>
  readonly listDeleted: boolean
}

/** Where the page before began, and after which object this one does. */
export interface PageToken {
  readonly after: number
  readonly before: number
}

const PAGE = 100

/** A page of users or of groups. */
export function list(asking: Asking, collection: 'users' | 'groups'): Answer {
  const { directory, query, pageSizes } = asking
  const entity = collection === 'users' ? 'user' : 'group'
  const size = Math.min(query.top ?? PAGE, pageSizes[collection] ?? Number.POSITIVE_INFINITY)
  const all = directory[collection]
  const { filter } = query
  const takes = (kept: Kept) => kept.state === 'there' && (filter === undefined || filter.test(kept.properties))
  if (query.orderby !== undefined) return ordered(asking, all.filter(takes), entity, collection)
  const token = pageToken(query)
  const chosen: Kept[] = []
  let at = token.after + 1
  for (; at < all.length && chosen.length < size; at++) if (takes(all[at]!)) chosen.push(all[at]!)
  while (at < all.length && !takes(all[at]!)) at++
  return page(asking, {
    context: collection,
    items: chosen.map(kept => JSON.stringify(shown(asking, kept, entity))),
    next: at < all.length ? { after: at - 1, before: token.after } : undefined,
    count: token.after < 0 ? () => all.filter(takes).length : undefined,
  })
}

function ordered(asking: Asking, all: readonly Kept[], entity: Kind, context: string): Answer {
  const { query } = asking
  const by = query.orderby!
  const value = ({ properties }: Kept) => JSON.stringify(properties[by.property] ?? '')
  const sorted = all.toSorted((one, other) => value(one).localeCompare(value(other)) * (by.descending ? -1 : 1))
  const { after } = pageToken(query)
  const size = query.top ?? PAGE
  return page(asking, {
    context,
    items: sorted.slice(after + 1, after + 1 + size).map(kept => JSON.stringify(shown(asking, kept, entity))),
    next: after + 1 + size < sorted.length ? { after: after + size, before: Math.max(-1, after - size) } : undefined,
    count: after < 0 ? () => sorted.length : undefined,
  })
}

export function count(asking: Asking, collection: 'users' | 'groups'): Answer {
  const { directory, query } = asking
  const { filter } = query
  let number = 0
  for (const { state, properties } of directory[collection]) {
    if (state === 'there' && (filter === undefined || filter.test(properties))) number++
  }
  return plain(String(number))
}

/** Direct members of a group, or all below it, a page at a time; `only` of one kind. */
export function members(asking: Asking, group: Kept, transitive: boolean, only: Kind | undefined): Answer {
  const { directory, query, pageSizes } = asking
  const size = Math.min(query.top ?? PAGE, pageSizes.members ?? Number.POSITIVE_INFINITY)
  const token = pageToken(query)
  const items: string[] = []
  let last = token.after
  let more = false
  for (const [id, ordinal] of visible(asking, group, transitive)) {
    if (ordinal <= token.after) continue
    const member = directory.get(id)
    if (!member || !isListed(asking, member, only)) continue
    if (items.length === size) {
      more = true
      break
    }
    items.push(memberText(asking, member))
    last = ordinal
  }
  return page(asking, {
    context: 'directoryObjects',
    items,
    next: more ? { after: last, before: token.after } : undefined,
    count: token.after < 0 ? () => countMembers(asking, group, transitive, only) : undefined,
  })
}

export function countMembers(asking: Asking, group: Kept, transitive: boolean, only: Kind | undefined): number {
  let number = 0
  for (const [id] of visible(asking, group, transitive)) {
    const member = asking.directory.get(id)
    if (member && isListed(asking, member, only)) number++
  }
  return number
}

/** Hidden membership shows nobody to who may not see it. */
function visible(asking: Asking, group: Kept, transitive: boolean): Iterable<readonly [string, number]> {
  if (group.properties['visibility'] === 'HiddenMembership' && !asking.roles.has(HIDDEN)) return []
  if (!transitive) return group.members
  const reached = new Map<string, number>()
  const walk = [group]
  for (const one of walk) {
    for (const id of one.members.keys()) {
      if (reached.has(id)) continue
      reached.set(id, reached.size)
      const member = asking.directory.get(id)
      if (member?.kind === 'group') walk.push(member)
    }
  }
  return reached
}

function isListed({ listDeleted }: Asking, member: Kept, only: Kind | undefined): boolean {
  return (member.state === 'there' || (listDeleted && member.state !== 'gone')) && (only ?? member.kind) === member.kind
}

function memberText(asking: Asking, member: Kept): string {
  const { select } = asking.query
  if (select?.length === 1 && select[0] === 'id')
    return `{"@odata.type":"#microsoft.graph.${member.kind}","id":"${member.id}"}`
  return JSON.stringify({ '@odata.type': `#microsoft.graph.${member.kind}`, ...shown(asking, member, member.kind) })
}

/** The groups that hold this one directly, or at any height. */
export function memberOf(asking: Asking, of: Kept, transitive: boolean, only: Kind | undefined): Answer {
  const { directory } = asking
  const reached = new Set(directory.holders(of.id))
  if (transitive) for (const holder of reached) for (const above of directory.holders(holder.id)) reached.add(above)
  const holders = [...reached].filter(holder => isListed(asking, holder, only))
  const size = asking.query.top ?? PAGE
  const { after } = pageToken(asking.query)
  const items = holders.slice(after + 1, after + 1 + size)
  return page(asking, {
    context: 'directoryObjects',
    items: items.map(holder => memberText(asking, holder)),
    next: after + 1 + size < holders.length ? { after: after + size, before: Math.max(-1, after - size) } : undefined,
    count: after < 0 ? () => holders.length : undefined,
  })
}

/** Users and groups that can still be restored. */
export function deleted(asking: Asking, kind: 'user' | 'group'): Answer {
  const all = asking.directory[kind === 'user' ? 'users' : 'groups'].filter(({ state }) => state === 'soft-deleted')
  const { after } = pageToken(asking.query)
  const size = asking.query.top ?? PAGE
  return page(asking, {
    context: 'directoryObjects',
    items: all.slice(after + 1, after + 1 + size).map(kept => JSON.stringify(shown(asking, kept, kind))),
    next: after + 1 + size < all.length ? { after: after + size, before: Math.max(-1, after - size) } : undefined,
    count: after < 0 ? () => all.length : undefined,
  })
}

const NO_ROLE = '00000000-0000-0000-0000-000000000000'

export function assigned(asking: Asking, application: string, ids: readonly string[]): Answer {
  const { after } = pageToken(asking.query)
  const size = asking.query.top ?? PAGE
  const all = ids.flatMap(id => asking.directory.get(id) ?? []).filter(({ state }) => state === 'there')
  const items = all.slice(after + 1, after + 1 + size).map(({ id, kind, properties }, nth) =>
    JSON.stringify({
      id: `assignment-${after + nth}`,
      deletedDateTime: null,
      appRoleId: NO_ROLE,
      createdDateTime: '2025-02-02T18:24:43Z',
      principalDisplayName: properties['displayName'] ?? null,
      principalId: id,
      principalType: kind[0]!.toUpperCase() + kind.slice(1),
      resourceDisplayName: 'Example',
      resourceId: application,
    }),
  )
  return page(asking, {
    context: 'appRoleAssignments',
    items,
    next: after + 1 + size < all.length ? { after: after + size, before: Math.max(-1, after - size) } : undefined,
    count: undefined,
  })
}

export function single(asking: Asking, kept: Kept | undefined, id: string, context: string): Answer {
  if (kept?.state !== 'there') throw noSuch(id)
  return json(200, {
    '@odata.context': `${asking.root}/v1.0/$metadata#${context}/$entity`,
    ...shown(asking, kept, kept.kind),
  })
}

/** What is selected of an object: null where it has none, and where the token may not see this kind. */
export function shown(asking: Asking, kept: Kept, entity: Kind): Record<string, unknown> {
  const { query, roles, directory } = asking
  const readable = mayRead(roles, entity)
  const names = query.select ?? DEFAULTS[entity] ?? []
  const object: Record<string, unknown> = {}
  for (const name of names) object[name] = name === 'id' ? kept.id : readable ? valueOf(kept, name, roles) : null
  if (query.expand === 'manager') {
    const manager = directory.get(String(kept.properties['manager']))
    if (manager && manager.state !== 'gone')
      object['manager'] = { '@odata.type': '#microsoft.graph.user', id: manager.id }
  }
  return object
}

export function valueOf({ properties, kind }: Kept, name: string, roles: ReadonlySet<string>): unknown {
  const guard = GUARDED[name]
  if (guard !== undefined && !roles.has(guard)) return null
  return properties[name] ?? (propertyType(kind, name)?.startsWith('Collection(') ? [] : null)
}

interface Page {
  readonly context: string
  readonly items: readonly string[]
  readonly next: PageToken | undefined
  /** Told on the first page of an advanced query that asks for it. */
  readonly count: (() => number) | undefined
}

function page({ root, query }: Asking, { context, items, next, count }: Page): Answer {
  const head = [`"@odata.context":"${root}/v1.0/$metadata#${context}"`]
  if (query.count && query.eventual && count) head.push(`"@odata.count":${count()}`)
  if (next) head.push(`"@odata.nextLink":${JSON.stringify(query.linkTo(root, `$skiptoken=${tokenOf(next)}`))}`)
  return raw(`{${head.join(',')},"value":[${items.join(',')}]}`)
}

/** Opaque, and of characters that have to be percent-encoded. */
export function tokenOf(content: unknown): string {
  return encodeURIComponent(`oEB+/${Buffer.from(JSON.stringify(content)).toString('base64')}`)
}

export function contentOf(token: string): unknown {
  try {
    if (!token.startsWith('oEB+/')) throw new Error('not ours')
    return JSON.parse(Buffer.from(token.slice(5), 'base64').toString())
  } catch {
    throw bad("The 'skiptoken' or 'deltatoken' is not valid: badly formed token.")
  }
}

function pageToken(query: Query): PageToken {
  return query.skiptoken === undefined ? { after: -1, before: -1 } : (contentOf(query.skiptoken) as PageToken)
}
