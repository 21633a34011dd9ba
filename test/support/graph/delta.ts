import { bad, json, Refused, type Answer } from './answer.ts'
import { DEFAULTS, propertyType } from './contract.ts'
import type { Directory, Kept, Kind, LogEntry } from './directory.ts'
import { contentOf, tokenOf, valueOf } from './listing.ts'
import type { DeltaManners, PageSizes } from './model.ts'
import { HIDDEN } from './permissions.ts'
import type { Query } from './query.ts'

/** Change tracking: rounds of pages, from a link to the next. */
export interface Deltas {
  answer(asking: DeltaAsking): Answer
  manners(manners: DeltaManners): void
}

export interface DeltaAsking {
  readonly directory: Directory
  readonly collection: 'users' | 'groups'
  readonly roles: ReadonlySet<string>
  readonly root: string
  readonly query: Query
  readonly pageSizes: Partial<PageSizes>
}

/** What a link remembers: what is tracked, and where in the log it stands. */
interface Mark {
  readonly collection: string
  readonly select: readonly string[] | null
  readonly ids: readonly string[] | null
  /** Entries of the log that it has told. */
  readonly told: number
  /** When, in milliseconds since 1970. */
  readonly at: number
}

type Entry = Record<string, unknown> & { readonly id: string }

const LIFE = 7 * 24 * 60 * 60_000
const OBJECTS = 200
const LINKS = 500

export function deltasOf(now: () => number, given: DeltaManners): Deltas {
  let manners = given
  const rounds = new Map<number, { readonly pages: readonly (readonly Entry[])[]; readonly mark: Mark }>()
  let opened = 0

  const page = ({ root, collection }: DeltaAsking, round: number, nth: number): Answer => {
    const open = rounds.get(round)
    if (!open) throw expiredPage()
    const path = `${root}/v1.0/${collection}/delta`
    const link =
      nth + 1 < open.pages.length
        ? { '@odata.nextLink': `${path}?$skiptoken=${tokenOf({ round, page: nth + 1, before: nth })}` }
        : { '@odata.deltaLink': `${path}?$deltatoken=${tokenOf(open.mark)}` }
    return json(200, {
      '@odata.context': `${root}/v1.0/$metadata#${collection}`,
      ...link,
      value: open.pages[nth] ?? [],
    })
  }

  const begin = (asking: DeltaAsking, from: Mark | undefined): Answer => {
    const { directory, collection, query } = asking
    const mark: Mark = {
      collection,
      select: from ? from.select : (query.select ?? null),
      ids: from ? from.ids : (query.filter?.ids ?? null),
      told: directory.log.length,
      at: now(),
    }
    const entries = from
      ? changes(asking, mark, Math.max(0, from.told - (manners.replay ?? 0)), manners)
      : everything(asking, mark, manners)
    const pages = paged(arranged(entries, manners), asking.pageSizes, manners)
    rounds.set(++opened, { pages, mark })
    rounds.delete(opened - 40)
    return page(asking, opened, 0)
  }

  return {
    manners: other => void (manners = other),
    answer(asking) {
      const { query, collection, root, directory } = asking
      if (query.skiptoken !== undefined) {
        const { round, page: nth } = contentOf(query.skiptoken) as { round: number; page: number }
        return page(asking, round, nth)
      }
      if (query.deltatoken === undefined) {
        if (query.filter && (query.filter.ids === undefined || query.filter.ids.length > 50)) {
          throw bad('Delta queries take a filter of at most 50 ids.')
        }
        return begin(asking, undefined)
      }
      if (query.deltatoken === 'latest') {
        if (manners.latestRefused) throw bad('The deltatoken latest is not supported.')
        const ids = query.filter?.ids ?? null
        const mark: Mark = { collection, select: query.select ?? null, ids, told: directory.log.length, at: now() }
        return json(200, {
          '@odata.context': `${root}/v1.0/$metadata#${collection}`,
          '@odata.deltaLink': `${root}/v1.0/${collection}/delta?$deltatoken=${tokenOf(mark)}`,
          value: [],
        })
      }
      if (query.deltatoken === '') return begin(asking, undefined)
      const mark = contentOf(query.deltatoken) as Mark
      if (mark.collection !== collection || query.select || query.filter) throw bad('The deltatoken is not valid.')
      if (now() - mark.at > LIFE) {
        throw new Refused(
          400,
          'syncStateNotFound',
          'The sync state generation is not found. The delta token is expired and data must be synchronized again.',
        )
      }
      return begin(asking, mark)
    },
  }
}

export function expiredPage(): Refused {
  return new Refused(400, 'Directory_ExpiredPageToken', 'The specified page token value has expired.')
}

function everything(asking: DeltaAsking, mark: Mark, manners: DeltaManners): Entry[] {
  const { directory, collection } = asking
  const there = directory[collection].filter(({ state, id }) => state === 'there' && taken(mark, id))
  return there.flatMap(kept => {
    const links = showsMembers(asking, mark, kept) ? [...kept.members.keys()].map(id => link(directory, id)) : []
    // A first round may tell of someone who left, too.
    const gone = manners.duplicates && links[0] ? [removed(links[0])] : []
    return slices(objectOf(asking, mark, kept, true), [...gone, ...links], asking.pageSizes, manners)
  })
}

/** What the log says from there on, object by object: as it is now, or as it happened where duplicates are told. */
function changes(asking: DeltaAsking, mark: Mark, from: number, manners: DeltaManners): Entry[] {
  const { directory, collection } = asking
  const kind = collection === 'users' ? 'user' : 'group'
  const byObject = new Map<Kept, LogEntry[]>()
  for (const entry of directory.log.slice(from)) {
    if (entry.of.kind !== kind || !taken(mark, entry.of.id)) continue
    const entries = byObject.get(entry.of)
    if (entries) entries.push(entry)
    else byObject.set(entry.of, [entry])
  }
  return [...byObject].flatMap(([kept, entries]) => {
    const history = manners.duplicates
      ? entries.flatMap(entry => (entry.what === 'soft-deleted' ? [gone(kept, 'changed')] : []))
      : []
    if (kept.state === 'gone') return [...history, gone(kept, 'deleted')]
    if (kept.state === 'soft-deleted') {
      return entries.some(({ what }) => what === 'soft-deleted') ? [...history, gone(kept, 'changed')] : history
    }
    const isNew = entries.some(({ what }) => what === 'created' || what === 'restored')
    const isChanged = entries.some(
      entry => entry.what === 'changed' && [...entry.properties].some(name => tracks(mark, kind, name)),
    )
    const managers = entries.flatMap(entry => (entry.what === 'changed' ? (entry.manager ?? []) : []))
    const links = showsMembers(asking, mark, kept) ? linksOf(directory, kept, entries, manners) : []
    if (!isNew && !isChanged && links.length === 0) return history
    return [
      ...history,
      ...slices(objectOf(asking, mark, kept, managers.length > 0 ? managers : isNew), links, asking.pageSizes, manners),
    ]
  })
}

function linksOf(directory: Directory, kept: Kept, entries: readonly LogEntry[], manners: DeltaManners): Link[] {
  const happened = entries.flatMap(entry =>
    entry.what === 'joined' || entry.what === 'left' ? [{ id: entry.member, kind: entry.kind, what: entry.what }] : [],
  )
  if (manners.duplicates) {
    const last = new Map(happened.map(({ id, kind }) => [id, kind]))
    const told = happened.map(({ id, kind, what }) => (what === 'left' ? removed(linkTo(kind, id)) : linkTo(kind, id)))
    return [...told, ...[...last].map(([id, kind]) => standing(kept, kind, id))]
  }
  const touched = new Map(happened.map(({ id, kind }) => [id, kind]))
  if (manners.restoredTellMembers && entries.some(({ what }) => what === 'restored')) {
    for (const id of kept.members.keys()) touched.set(id, directory.get(id)?.kind ?? 'user')
  }
  return [...touched].map(([id, kind]) => standing(kept, kind, id))
}

interface Link extends Record<string, unknown> {
  readonly id: string
}

const linkTo = (kind: Kind, id: string): Link => ({ '@odata.type': `#microsoft.graph.${kind}`, id })
const removed = (one: Link): Link => ({ ...one, '@removed': { reason: 'deleted' } })
const standing = ({ members }: Kept, kind: Kind, id: string) =>
  members.has(id) ? linkTo(kind, id) : removed(linkTo(kind, id))

function link(directory: Directory, id: string): Link {
  return linkTo(directory.get(id)?.kind ?? 'user', id)
}

const gone = ({ id }: Kept, reason: 'changed' | 'deleted'): Entry => ({ id, '@removed': { reason } })

function taken({ ids }: Mark, id: string): boolean {
  return ids === null || ids.includes(id)
}

function tracks({ select }: Mark, kind: Kind, name: string): boolean {
  return select === null ? propertyType(kind, name) !== undefined : select.includes(name)
}

function showsMembers({ roles }: DeltaAsking, { select }: Mark, { kind, properties }: Kept): boolean {
  if (kind !== 'group' || (select !== null && !select.includes('members'))) return false
  return properties['visibility'] !== 'HiddenMembership' || roles.has(HIDDEN)
}

/** All that is selected; what was never set is absent, what was set to null is null. */
function objectOf(
  { roles }: DeltaAsking,
  { select }: Mark,
  kept: Kept,
  /** Whether the manager is told, or who were managers before this one. */
  managers: boolean | readonly string[],
): Entry {
  const object: Record<string, unknown> & { id: string } = { id: kept.id }
  for (const name of select ?? DEFAULTS[kept.kind] ?? []) {
    if (name === 'id' || name === 'members') continue
    if (name === 'manager') {
      const manager = kept.properties['manager']
      const now = managers !== false && typeof manager === 'string' ? [linkTo('user', manager)] : []
      const before = managers === true || managers === false ? [] : managers.filter(id => id !== '' && id !== manager)
      const told = [...before.map(id => removed(linkTo('user', id))), ...now]
      if (told.length > 0) object['manager@delta'] = told
    } else if (name in kept.properties) {
      object[name] = valueOf(kept, name, roles)
    }
  }
  return object
}

/** An object with more links than a page takes comes several times; shuffled rounds cut as they like. */
function slices(object: Entry, links: readonly Link[], sizes: Partial<PageSizes>, manners: DeltaManners): Entry[] {
  if (links.length === 0) return [object]
  const most = Math.min(LINKS, sizes.deltaLinks ?? LINKS)
  const random = manners.shuffle === undefined ? undefined : randomOf(manners.shuffle + links.length)
  const cut: Entry[] = []
  for (let at = 0; at < links.length; ) {
    const size = random ? 1 + Math.floor(random() * most) : most
    cut.push({ ...object, 'members@delta': links.slice(at, at + size) })
    at += size
  }
  return cut
}

/** The order of a round: objects anywhere, the entries of one object in theirs. */
function arranged(entries: readonly Entry[], { shuffle, duplicates }: DeltaManners): readonly Entry[] {
  const again = duplicates ? [...new Map(entries.map(entry => [entry.id, entry])).values()] : []
  const all = [...entries, ...again]
  if (shuffle === undefined) return all
  const random = randomOf(shuffle)
  const keys = new Map<string, number[]>()
  for (const { id } of all) keys.set(id, [...(keys.get(id) ?? []), random()])
  for (const own of keys.values()) own.sort((one, other) => other - one)
  return all
    .map(entry => ({ entry, key: keys.get(entry.id)?.pop() ?? 0 }))
    .sort((one, other) => one.key - other.key)
    .map(({ entry }) => entry)
}

function paged(entries: readonly Entry[], sizes: Partial<PageSizes>, { emptyPages }: DeltaManners): Entry[][] {
  const [objects, links] = [
    Math.min(OBJECTS, sizes.deltaObjects ?? OBJECTS),
    Math.min(LINKS, sizes.deltaLinks ?? LINKS),
  ]
  const pages: Entry[][] = [[]]
  let held = 0
  for (const entry of entries) {
    const more = Array.isArray(entry['members@delta']) ? entry['members@delta'].length : 0
    const last = pages.at(-1)!
    if (last.length > 0 && (last.length >= objects || held + more > links)) {
      if (emptyPages) pages.push([])
      pages.push([entry])
      held = more
    } else {
      last.push(entry)
      held += more
    }
  }
  return pages
}

/** Numbers in [0, 1) that a seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
