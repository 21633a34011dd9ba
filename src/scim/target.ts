import { RollcallError } from '../errors.ts'
import type { Dialect, ScimResource } from '../model.ts'
import type { Target, Written } from '../target.ts'
import { checkTarget } from './check.ts'
import { type Client, type ClientOptions, openClient } from './client.ts'
import { lookup } from './lookup.ts'
import { additions, memberBatches, merged, type Operation, operationsOf, patchBody, removals } from './patch.ts'
import { readAll } from './read.ts'
import { bodyOf, type Kind, type Parsed, withoutAbsent } from './resource.ts'

/** A SCIM 2.0 directory to write to. Asks nothing until it is used; what it can and cannot do is the dialect's to say. */
export function openTarget(options: ClientOptions): Target {
  const { name, url, dialect } = options
  const client = openClient(options)
  const keys = lookup(client, dialect)

  const create = async (kind: Kind, resource: ScimResource, signal: AbortSignal) => {
    try {
      const created = await client.post(kind, withoutAbsent(resource), signal)
      if (created.outcome !== 'created') keys.doubt(kind, resource)
      return created
    } catch (error) {
      keys.doubt(kind, resource)
      throw error
    }
  }
  const change = async (id: string, operations: readonly Operation[], signal: AbortSignal): Promise<void> => {
    if (operations.length > 0) await client.write('PATCH', 'group', id, patchBody(operations), signal)
  }

  return {
    name,
    url,
    dialect,
    read: given => readAll(client, dialect, given),
    async readUser(id, signal) {
      const user = await client.get('user', id, signal)
      return user && { id: user.id, resource: user.resource }
    },
    async readGroup(id, signal) {
      const group = await client.get('group', id, signal)
      return group && { id: group.id, resource: group.resource, members: shownMembers(group, dialect) }
    },
    findUsers: (attribute, value, signal) => keys.find('user', attribute, value, signal),
    findGroups: (attribute, value, signal) => keys.find('group', attribute, value, signal),
    createUser: (user, signal) => create('user', user, signal),
    createGroup: (group, signal) => create('group', group, signal),
    async updateUser(id, before, after, signal) {
      switch (dialect.users.update) {
        case 'patch':
          return patch(client, 'user', id, operationsOf(before, after, dialect.users.clear), signal)
        case 'put':
          return put(client, dialect, 'user', id, after, signal)
        case 'none':
          throw rejected(options, 'cannot change users')
      }
    },
    async updateGroup(id, before, after, signal) {
      const renames = after['displayName'] !== undefined && after['displayName'] !== before['displayName']
      if (renames && dialect.groups.rename === 'never') throw rejected(options, 'cannot rename groups')
      if (renames && dialect.groups.rename === 'put') return put(client, dialect, 'group', id, after, signal)
      return patch(client, 'group', id, operationsOf(before, after, dialect.users.clear), signal)
    },
    deleteUser: (id, signal) => client.remove('user', id, signal),
    deleteGroup: (id, signal) => client.remove('group', id, signal),
    addMembers: (group, ids, signal) => change(group, ids.length > 0 ? additions(ids) : [], signal),
    removeMembers: (group, ids, signal) =>
      change(group, ids.length > 0 ? removals(ids, dialect.members.remove) : [], signal),
    memberBatches: ids => memberBatches(ids, dialect.members),
    check: signal => checkTarget(client, dialect, signal),
    close: () => client.close(),
  }
}

async function patch(
  client: Client,
  kind: Kind,
  id: string,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<Written> {
  if (operations.length === 0) return { stored: undefined }
  const answer = await client.write('PATCH', kind, id, patchBody(operations), signal)
  return { stored: answer?.id === id ? answer.resource : undefined }
}

/** Reads the whole resource, writes the changes over it and sends all of it, cleared attributes as null (RFC 7644 §3.5.1). */
async function put(
  client: Client,
  dialect: Dialect,
  kind: Kind,
  id: string,
  after: ScimResource,
  signal: AbortSignal,
): Promise<Written> {
  const current = await client.get(kind, id, signal)
  if (!current) throw new RollcallError('target_gone', `${kind} ${id} is not at the target any more.`)
  const { writable } = kind === 'user' ? dialect.users : dialect.groups
  const beside: Record<string, ScimResource[string]> = { id }
  if (kind === 'group') {
    const members = shownMembers(current, dialect)
    if (!members)
      throw new RollcallError(
        'target_rejected',
        `group ${id} cannot be renamed: this target wants its members along, and does not show them.`,
      )
    beside['members'] = members.map(value => ({ value }))
  }
  const whole = merged(
    Object.fromEntries(Object.entries(current.resource).filter(([name]) => isWritable(name, writable))),
    after,
  )
  const answer = await client.write('PUT', kind, id, bodyOf(whole, kind, beside), signal)
  return { stored: answer?.id === id ? answer.resource : undefined }
}

function isWritable(name: string, writable: readonly string[] | '*'): boolean {
  if (writable === '*') return true
  return writable.some(path => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}:`))
}

/** Members, where the target shows all of them. */
function shownMembers({ members }: Parsed, { members: { readable } }: Dialect): readonly string[] | undefined {
  return readable === 'full' ? (members ?? []) : undefined
}

function rejected({ name, dialect }: ClientOptions, what: string): RollcallError {
  return new RollcallError('target_rejected', `target "${name}" (dialect ${dialect.name}) ${what}.`)
}
