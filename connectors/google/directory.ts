import * as z from 'zod'
import { RollcallError } from '../../src/errors.ts'
import type { Call, Client } from './client.ts'
import type { WireGroup, WireUser } from './convert.ts'

/** The questions that are put to the Directory API, and what their answers must have to be believed. */

/** Items are looked at where they are, and not copied: there are a million of them. None has a null. */
export interface Member {
  readonly id: string
  readonly type: string
  readonly email?: string
  readonly status?: string
}
const user = z.custom<WireUser>(item => has(item, 'id', 'primaryEmail'))
const group = z.custom<WireGroup>(item => has(item, 'id', 'email'))
const member = z.custom<Member>(item => has(item, 'id', 'type') && mayHave(item, 'email') && mayHave(item, 'status'))
const userId = z.custom<{ readonly id: string; readonly customerId?: string }>(
  item => has(item, 'id') && mayHave(item, 'customerId'),
)
const groupId = z.custom<{ readonly id: string }>(item => has(item, 'id'))

function has(item: unknown, ...names: readonly string[]): item is Readonly<Record<string, unknown>> {
  if (!isRecord(item)) return false
  for (const name of names) if (typeof item[name] !== 'string' || item[name] === '') return false
  for (const name in item) if (item[name] === null) return false
  return true
}

function isRecord(item: unknown): item is Readonly<Record<string, unknown>> {
  return typeof item === 'object' && item !== null
}

function mayHave(item: Readonly<Record<string, unknown>>, name: string): boolean {
  return item[name] === undefined || typeof item[name] === 'string'
}

const text = z.string().min(1)
const kind = (name: string) => ({ kind: z.literal(`admin#directory#${name}`) })
const page = (name: string) => ({ ...kind(name), nextPageToken: text.optional() })

const usersPage = z.object({ ...page('users'), users: z.array(user) })
const userIdsPage = z.object({ ...page('users'), users: z.array(userId) })
const groupsPage = z.object({ ...page('groups'), groups: z.array(group).default([]) })
const groupIdsPage = z.object({ ...page('groups'), groups: z.array(groupId).default([]) })
const membersPage = z.object({ ...page('members'), etag: text.optional(), members: z.array(member).default([]) })
const orgUnitsAnswer = z.object({
  ...kind('orgUnits'),
  organizationUnits: z.array(z.object({ orgUnitPath: text })).default([]),
})

/** Which users and groups, and what of them. */
export interface Wanted {
  readonly customer: string
  readonly userFields: string
  readonly groupFields: string
  /** Names of custom schemas. */
  readonly schemas: readonly string[]
}

/** Ids that came in earlier pages of a listing. */
export interface Seen {
  has(id: string): boolean
  /** `last`: no page follows. */
  add(id: string, last: boolean): unknown
  /** The last page was full, or was announced and had nobody: either so many fill their pages, or it was cut short. */
  hollow?(): unknown
}

/** What was asked for by id. */
export type One<Item> =
  | { readonly is: 'there'; readonly item: Item }
  /** Not there, or deleted; said twice. */
  | { readonly is: 'gone' }
  /** Not ours to see. */
  | { readonly is: 'refused' }

/** Direct members of a group. */
export type Members =
  | {
      readonly is: 'there'
      readonly rows: readonly Member[]
      readonly etag: string | undefined
      readonly hollow: boolean
    }
  /** As they were when they had the etag. */
  | { readonly is: 'unchanged' }
  | { readonly is: 'gone' }

export interface Directory {
  /** Everyone who is not deleted, page by page. */
  users(seen: Seen): AsyncGenerator<readonly WireUser[]>
  /** The same question in another shape: in another order, and nobody's attributes. */
  userIds(seen: Seen): AsyncGenerator<readonly z.output<typeof userId>[]>
  groups(seen: Seen): AsyncGenerator<readonly WireGroup[]>
  groupIds(seen: Seen): AsyncGenerator<readonly z.output<typeof groupId>[]>
  user(id: string): Promise<One<WireUser>>
  group(id: string): Promise<One<WireGroup>>
  /** `etag` that a whole list had before. One that is longer than a page has none. */
  members(group: Pick<WireGroup, 'id' | 'email'>, etag: string | undefined): Promise<Members>
  /** Paths of all organisational units, but for the root. */
  orgUnits(): Promise<readonly string[]>
}

/** Items of one page, by the limits of the API. */
export const PAGE = { users: 500, groups: 200, members: 200 } as const
/** Of the second shape, whose pages end elsewhere. */
const OTHER_PAGE = { users: 499, groups: 199 } as const

export function directoryOf(client: Client, wanted: Wanted, signal: AbortSignal): Directory {
  const { customer } = wanted
  const fields = (list: string, of: string) => `kind,nextPageToken,${list}(${of})`
  const custom =
    wanted.schemas.length > 0 ? { projection: 'custom' as const, customFieldMask: wanted.schemas.join(',') } : {}
  const users = { customer, maxResults: PAGE.users }
  const groups = { customer, maxResults: PAGE.groups }

  return {
    users: seen =>
      pagesOf('the users', seen, PAGE.users, (token, { what, doubt }) => {
        const asked = { ...users, ...custom, ...token, fields: fields('users', wanted.userFields) }
        const call = { what, call: (api: Api, seam: Seam) => api.users.list(asked, seam), shape: usersPage }
        return list({ ...call, doubt: answer => doubt(answer.users) }, answer => answer.users)
      }),
    userIds: seen =>
      pagesOf('the users by address', seen, OTHER_PAGE.users, (token, { what, doubt }) => {
        const asked = {
          ...users,
          ...token,
          maxResults: OTHER_PAGE.users,
          orderBy: 'email',
          fields: fields('users', 'id,customerId'),
        }
        const call = { what, call: (api: Api, seam: Seam) => api.users.list(asked, seam), shape: userIdsPage }
        return list({ ...call, doubt: answer => doubt(answer.users) }, answer => answer.users)
      }),
    groups: seen =>
      pagesOf('the groups', seen, PAGE.groups, (token, { what, doubt }) => {
        const asked = { ...groups, ...token, fields: fields('groups', wanted.groupFields) }
        const call = { what, call: (api: Api, seam: Seam) => api.groups.list(asked, seam), shape: groupsPage }
        return list({ ...call, doubt: answer => doubt(answer.groups) }, answer => answer.groups)
      }),
    groupIds: seen =>
      pagesOf('the groups by address', seen, OTHER_PAGE.groups, (token, { what, doubt }) => {
        const asked = {
          ...groups,
          ...token,
          maxResults: OTHER_PAGE.groups,
          orderBy: 'email',
          fields: fields('groups', 'id'),
        }
        const call = { what, call: (api: Api, seam: Seam) => api.groups.list(asked, seam), shape: groupIdsPage }
        return list({ ...call, doubt: answer => doubt(answer.groups) }, answer => answer.groups)
      }),
    user: id => {
      const asked = { userKey: id, ...custom, fields: wanted.userFields }
      return one({
        what: `the user ${id}`,
        call: (api, seam) => api.users.get(asked, seam),
        shape: user,
        doubt: answer => (answer.id === id ? undefined : 'another user'),
      })
    },
    group: id => {
      const asked = { groupKey: id, fields: wanted.groupFields }
      return one({
        what: `the group ${id}`,
        call: (api, seam) => api.groups.get(asked, seam),
        shape: group,
        doubt: answer => (answer.id === id ? undefined : 'another group'),
        mayRefuse: true,
      })
    },
    async members({ id, email }, etag) {
      const asked = {
        groupKey: id,
        maxResults: PAGE.members,
        fields: `etag,${fields('members', 'id,email,type,status')}`,
      }
      let end: Exclude<Members, { readonly is: 'there' }>['is'] | undefined
      let mark: string | undefined
      const rows: Member[] = []
      let hollow = false
      const earlier = new Set<string>()
      const seen: Seen = {
        has: id => earlier.has(id),
        add: (id, last) => last || earlier.add(id),
        hollow: () => (hollow = true),
      }
      const pages = pagesOf<Member>(`the members of ${email}`, seen, Infinity, async (token, { nth, what, doubt }) => {
        const call = (api: Api, seam: Seam) => api.members.list({ ...asked, ...token }, seam)
        const known = nth === 1 && etag !== undefined ? { etag } : {}
        let full = false
        const doubts = ({ members, nextPageToken }: z.output<typeof membersPage>) => {
          // Counts do not cover groups: a list that ends with its page is asked for twice.
          const ends = nextPageToken === undefined && members.length === PAGE.members && !full
          full ||= ends
          return doubt(members) ?? (ends ? 'a full page and none after it' : undefined)
        }
        const reply = await client.request({ what, call, shape: membersPage, doubt: doubts, ...known }, signal)
        if (reply.judged !== 'fine') {
          end = reply.judged === 'gone' ? 'gone' : 'unchanged'
          return { items: [], token: undefined }
        }
        const { members, nextPageToken } = reply.value
        mark = nth === 1 && nextPageToken === undefined ? reply.value.etag : undefined
        return { items: members, token: nextPageToken }
      })
      for await (const items of pages) rows.push(...items)
      return end === undefined ? { is: 'there', rows, etag: mark, hollow } : { is: end }
    },
    async orgUnits() {
      const asked = { customerId: customer, type: 'all' as const, fields: 'kind,organizationUnits(orgUnitPath)' }
      const call = (api: Api, seam: Seam) => api.orgunits.list(asked, seam)
      const { organizationUnits } = await answered({ what: 'the organisational units', call, shape: orgUnitsAnswer })
      return organizationUnits.map(({ orgUnitPath }) => orgUnitPath)
    },
  }

  async function list<T extends { readonly nextPageToken?: string | undefined }, Item>(
    call: Call<T>,
    items: (answer: T) => readonly Item[],
  ): Promise<Page<Item>> {
    const answer = await answered({ ...call, first: true })
    return { items: items(answer), token: answer.nextPageToken }
  }

  async function answered<T>(call: Call<T>): Promise<T> {
    const reply = await client.request(call, signal)
    if (reply.judged === 'fine') return reply.value
    const why = reply.judged === 'unchanged' ? '304' : reply.why
    throw new RollcallError(
      'source_incomplete',
      `${call.what}: ${why}; is customer (${customer}) right? The last reading stands, nothing of it will be removed.`,
    )
  }

  /** Who is said to be gone is asked for once more: it is a thing to be sure of. */
  async function one<Item>(call: Call<Item>): Promise<One<Item>> {
    for (let tried = 1; ; tried++) {
      const reply = await client.request(call, signal)
      if (reply.judged === 'fine') return { is: 'there', item: reply.value }
      if (reply.judged === 'refused') return { is: 'refused' }
      if (tried === 2) return { is: 'gone' }
    }
  }
}

type Api = Parameters<Call<unknown>['call']>[0]
type Seam = Parameters<Call<unknown>['call']>[1]

interface Page<Item> {
  readonly items: readonly Item[]
  readonly token: string | undefined
}

interface Nth<Item> {
  readonly nth: number
  /** For messages. */
  readonly what: string
  /** The same page again, or one that overlaps another: who is missing in its place cannot be told. */
  readonly doubt: (items: readonly Item[]) => string | undefined
}

/** To the last page; one is `full` with so many. The next one is asked for while the one before is dealt with. */
async function* pagesOf<Item extends { readonly id: string }>(
  what: string,
  seen: Seen,
  full: number,
  ask: (token: { readonly pageToken?: string }, nth: Nth<Item>) => Promise<Page<Item>>,
): AsyncGenerator<readonly Item[]> {
  const tokens = new Set<string>()
  const doubt = (items: readonly Item[]) => {
    const ids = new Set(items.map(({ id }) => id))
    return ids.size < items.length || (tokens.size > 0 && items.some(({ id }) => seen.has(id)))
      ? 'someone who came before'
      : undefined
  }
  const get = (pageToken?: string) => {
    const nth = tokens.size + 1
    const asked = ask(pageToken === undefined ? {} : { pageToken }, { nth, what: `page ${nth} of ${what}`, doubt })
    asked.catch(() => {})
    return asked
  }
  for (let next: Promise<Page<Item>> | undefined = get(); next !== undefined; ) {
    const { items, token }: Page<Item> = await next
    for (const { id } of items) seen.add(id, token === undefined)
    if (token === undefined && (items.length >= full || (items.length === 0 && tokens.size > 0))) seen.hollow?.()
    if (token !== undefined && tokens.has(token)) throw leadsBack(`page ${tokens.size + 1} of ${what}`)
    if (token !== undefined) tokens.add(token)
    next = token === undefined ? undefined : get(token)
    yield items
  }
}

function leadsBack(what: string): RollcallError {
  return new RollcallError(
    'source_incomplete',
    `${what} leads to a page that came before. The last reading stands, nothing of it will be removed; run again later.`,
  )
}
