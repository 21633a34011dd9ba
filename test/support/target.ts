import { RollcallError } from '../../src/errors.ts'
import type { Dialect, Json, ScimResource, TargetResource } from '../../src/model.ts'
import { fold, pathsOf, pick, valueAt } from '../../src/pipeline/canonical.ts'
import type { ResourceKind } from '../../src/state.ts'
import type { Target } from '../../src/target.ts'

/** How one request goes wrong. What is lost is lost on the way there (`before` it took place) or back (`after`). */
export type Misdeed =
  | 'lost-before'
  | 'lost-after'
  | 'rejected'
  | 'gone'
  | 'denied'
  | 'unavailable'
  | 'unlinked'
  | { readonly meanwhile: () => void | Promise<void> }

export interface FakeTarget extends Target {
  readonly users: Map<string, ScimResource>
  readonly groups: Map<string, { readonly resource: ScimResource; readonly members: Set<string> }>
  /** Requests that write, in order: `POST user ada@example.com`, `PATCH user u1 title`, `ADD g1 u1 u2`. */
  readonly writes: string[]
  /** Requests that read, but for listings. */
  readonly reads: string[]
  /** The next requests whose line starts so go wrong in this way, one after another. */
  misbehave(request: string, ...misdeeds: readonly Misdeed[]): void
  /** At most so many requests were in flight at once. */
  readonly busiest: () => number
}

export interface FakeOptions {
  readonly users?: Readonly<Record<string, ScimResource>>
  readonly groups?: Readonly<Record<string, { readonly displayName: string; readonly members?: readonly string[] }>>
  /** Users who count for uniqueness and for membership, and whom no question finds. */
  readonly hidden?: readonly string[]
  /** What the target makes of what it is sent. */
  readonly stores?: (resource: ScimResource) => ScimResource
  readonly dialect?: Partial<Dialect>
  /** Two may have one name: a request repeated blindly shows. */
  readonly isLax?: boolean
  readonly answers?: 'with-body' | 'without-body'
}

export const URL = 'https://scim.example.com/v2'

/** A SCIM directory in memory: unique names, members that must exist, limits that hold; and as unreliable as it is told to be. */
export function fakeTarget(options: FakeOptions = {}): FakeTarget {
  const { stores = resource => resource, hidden = [], answers = 'with-body' } = options
  const dialect: Dialect = { ...GENERIC, ...options.dialect }
  const users = new Map(Object.entries(options.users ?? {}))
  const groups: FakeTarget['groups'] = new Map(
    Object.entries(options.groups ?? {}).map(([id, { members, ...resource }]) => [
      id,
      { resource, members: new Set(members) },
    ]),
  )
  const [writes, reads]: [string[], string[]] = [[], []]
  const planned: { readonly request: string; readonly misdeeds: Misdeed[] }[] = []
  let [inFlight, busiest, made] = [0, 0, 0]

  /** One request: notes it, lets it take a turn of the event loop, and has it go wrong where that is planned. */
  async function request<T>(line: string, signal: AbortSignal, work: () => T): Promise<T> {
    signal.throwIfAborted()
    ;(/^(GET|FIND)/.test(line) ? reads : writes).push(line)
    busiest = Math.max(busiest, ++inFlight)
    try {
      const misdeed = planned.find(({ request, misdeeds }) => misdeeds.length > 0 && line.startsWith(request))
      const next = misdeed?.misdeeds.shift()
      if (typeof next === 'object') await next.meanwhile()
      await new Promise(setImmediate)
      switch (next) {
        case 'lost-before':
          throw new RollcallError('unknown_outcome', 'the connection was lost')
        case 'lost-after':
          work()
          throw new RollcallError('unknown_outcome', 'the connection was lost')
        case 'rejected':
          throw new RollcallError('target_rejected', 'the target said 400')
        case 'gone':
          throw new RollcallError('target_gone', 'the target said 404')
        case 'denied':
          throw new RollcallError('target_denied', 'the target said 401')
        case 'unavailable':
          throw new RollcallError('target_unavailable', 'the target does not answer')
        case 'unlinked':
          work()
          return { outcome: 'unlinked' } as T
        default:
          return work()
      }
    } finally {
      inFlight--
    }
  }

  const resources = (kind: ResourceKind): readonly (readonly [string, ScimResource])[] =>
    kind === 'user' ? [...users] : [...groups].map(([id, { resource }]) => [id, resource] as const)
  const nameOf = (kind: ResourceKind) => (kind === 'user' ? 'userName' : 'displayName')
  const taken = (kind: ResourceKind, resource: ScimResource, but?: string) =>
    options.isLax !== true &&
    resources(kind).some(([id, other]) => id !== but && same(other[nameOf(kind)], resource[nameOf(kind)]))
  const put = (kind: ResourceKind, id: string, resource: ScimResource) => {
    if (kind === 'user') users.set(id, resource)
    else groups.set(id, { resource, members: groups.get(id)?.members ?? new Set() })
  }
  const groupOf = (id: string) => {
    const group = groups.get(id)
    if (!group) throw new RollcallError('target_gone', 'the target said 404: no such group')
    return group
  }

  const read = (kind: ResourceKind, id: string, signal: AbortSignal) =>
    request(`GET ${kind} ${id}`, signal, () => resources(kind).find(([other]) => other === id)?.[1])
  const find = (kind: ResourceKind, attribute: string, value: string, signal: AbortSignal) =>
    request(`FIND ${kind} ${attribute} ${value}`, signal, (): readonly TargetResource[] =>
      resources(kind)
        .filter(([id, resource]) => !hidden.includes(id) && same(resource[attribute], value))
        .map(([id, resource]) => ({ id, resource })),
    )
  const create = (kind: ResourceKind, resource: ScimResource, signal: AbortSignal) =>
    request(`POST ${kind} ${JSON.stringify(resource[nameOf(kind)]).slice(1, -1)}`, signal, () => {
      if (taken(kind, resource)) return { outcome: 'conflict' as const, detail: 'uniqueness' }
      let scimId: string
      do scimId = `${kind === 'user' ? 'u' : 'g'}${++made}`
      while (resources(kind).some(([id]) => id === scimId))
      const stored = stores(resource)
      put(kind, scimId, stored)
      return { outcome: 'created' as const, scimId, stored: answers === 'with-body' ? stored : undefined }
    })
  const update = (kind: ResourceKind, id: string, after: ScimResource, signal: AbortSignal) =>
    request(`PATCH ${kind} ${id} ${pathsOf(after).join(' ')}`, signal, () => {
      const current = resources(kind).find(([other]) => other === id)?.[1]
      if (!current) throw new RollcallError('target_gone', 'the target said 404')
      const next = stores(patched(current, after))
      if (taken(kind, next, id)) throw new RollcallError('target_rejected', 'the target said 409: uniqueness')
      put(kind, id, next)
      return { stored: answers === 'with-body' ? next : undefined }
    })
  const changeMembers = (verb: 'ADD' | 'REMOVE', groupId: string, ids: readonly string[], signal: AbortSignal) =>
    request(`${verb} ${groupId} ${ids.join(' ')}`, signal, () => {
      if (ids.length === 0 || ids.length > dialect.members.maxPerRequest) throw new Error(`${ids.length} members`)
      const { members } = groupOf(groupId)
      const unknown = verb === 'ADD' && ids.find(id => !users.has(id))
      if (unknown) throw new RollcallError('target_rejected', `the target said 400: no user ${unknown}`)
      for (const id of ids) {
        if (verb === 'ADD') members.add(id)
        else members.delete(id)
      }
    })

  return {
    name: 'cloud',
    url: URL,
    dialect,
    users,
    groups,
    writes,
    reads,
    misbehave: (request, ...misdeeds) => void planned.push({ request, misdeeds: [...misdeeds] }),
    busiest: () => busiest,
    async *read() {
      const isShown = dialect.members.readable === 'full'
      yield { part: 'users', users: [...users].map(([id, resource]) => ({ id, resource })) }
      yield { part: 'groups', groups: [...groups].map(([id, { resource }]) => ({ id, resource })) }
      for (const [group, { members }] of isShown ? groups : []) yield { part: 'members', group, members: [...members] }
      const counts = { users: users.size, groups: groups.size, members: 0 }
      yield { part: 'end', certificate: { complete: true, checks: [], ...counts } }
    },
    async readUser(id, signal) {
      const resource = await read('user', id, signal)
      return resource && { id, resource }
    },
    async readGroup(id, signal) {
      const resource = await read('group', id, signal)
      const members = dialect.members.readable === 'full' ? [...(groups.get(id)?.members ?? [])] : undefined
      return resource && { id, resource, members }
    },
    findUsers: (attribute, value, signal) => find('user', attribute, value, signal),
    findGroups: (attribute, value, signal) => find('group', attribute, value, signal),
    createUser: (user, signal) => create('user', user, signal),
    createGroup: (group, signal) => create('group', group, signal),
    updateUser: (id, _before, after, signal) => update('user', id, after, signal),
    updateGroup: (id, _before, after, signal) => update('group', id, after, signal),
    deleteUser: (id, signal) =>
      request(`DELETE user ${id}`, signal, () => {
        if (!users.delete(id)) throw new RollcallError('target_gone', 'the target said 404')
        for (const { members } of groups.values()) members.delete(id)
      }),
    deleteGroup: (id, signal) =>
      request(`DELETE group ${id}`, signal, () => {
        groupOf(id)
        groups.delete(id)
      }),
    addMembers: (group, ids, signal) => changeMembers('ADD', group, ids, signal),
    removeMembers: (group, ids, signal) => changeMembers('REMOVE', group, ids, signal),
    memberBatches: ids => {
      const size = dialect.members.maxPerRequest
      return Array.from({ length: Math.ceil(ids.length / size) }, (_, at) => ids.slice(at * size, (at + 1) * size))
    },
    async *check() {},
    async close() {},
  }
}

const GENERIC: Dialect = {
  name: 'fake',
  base: { discovery: 'none', contentType: 'application/scim+json' },
  users: {
    filter: ['userName', 'externalId'],
    unique: { attrs: ['userName'], case: 'insensitive' },
    required: ['userName'],
    writable: '*',
    update: 'patch',
    clear: 'remove-op',
    emails: 'many',
    deactivate: { how: 'active-false', reversible: 'reversible' },
    delete: { means: 'permanent' },
  },
  groups: {
    filter: ['displayName'],
    create: { withMembers: false, maxMembers: 0 },
    rename: 'patch',
    delete: { means: 'permanent' },
    writable: '*',
  },
  members: { readable: 'full', remove: 'path-filter', replace: 'forbidden', maxPerRequest: 100, maxBytes: 100_000 },
  paging: { style: 'index', max: 100 },
  concurrency: 4,
  visibilityDelaySeconds: 0,
  echo: 'trusted',
  conflicts: [],
}

/** The fake's dialect with other ways to write members. */
export function members(some: Partial<Dialect['members']>): Partial<Dialect> {
  return { members: { ...GENERIC.members, ...some } }
}
export function usersAre(some: Partial<Dialect['users']>): Partial<Dialect> {
  return { users: { ...GENERIC.users, ...some } }
}

function same(one: Json | undefined, other: Json | undefined): boolean {
  return typeof one === 'string' && typeof other === 'string' && fold(one) === fold(other)
}

function patched(current: ScimResource, after: ScimResource): ScimResource {
  const paths = new Set([...pathsOf(current), ...pathsOf(after)])
  const next = pick([...paths], path => (pathsOf(after).includes(path) ? valueAt(after, path) : valueAt(current, path)))
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== null))
}
