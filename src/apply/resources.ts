import type { ScimResource, TargetResource } from '../model.ts'
import type { Observed, ResourceKind } from '../state.ts'
import type { Created, Target, Written } from '../target.ts'

/** Users or groups at the target, through one face: what is done to both is written once. */
export interface Resources {
  readonly kind: ResourceKind
  /** The keys this resource carries, the surest first. */
  keys(resource: ScimResource): readonly Key[]
  /** As this run's reading of the target saw it. */
  seen(scimId: string): Promise<ScimResource | undefined>
  seenWith(key: Key): Promise<readonly string[]>
  /** As it is now, by a request. */
  read(scimId: string): Promise<TargetResource | undefined>
  find(key: Key): Promise<readonly TargetResource[]>
  create(resource: ScimResource): Promise<Created>
  update(scimId: string, before: ScimResource, after: ScimResource): Promise<Written>
  remove(scimId: string): Promise<void>
}

export interface Key {
  readonly attribute: 'externalId' | 'userName' | 'displayName'
  readonly value: string
}

export function users(target: Target, observed: Observed, signal: AbortSignal): Resources {
  return {
    kind: 'user',
    keys: resource => keysIn(resource, ['externalId', 'userName']),
    seen: scimId => observed.user(scimId),
    seenWith: async ({ attribute, value }) => (attribute === 'displayName' ? [] : observed.usersWith(attribute, value)),
    read: scimId => target.readUser(scimId, signal),
    find: ({ attribute, value }) => target.findUsers(attribute, value, signal),
    create: user => target.createUser(user, signal),
    update: (scimId, before, after) => target.updateUser(scimId, before, after, signal),
    remove: scimId => target.deleteUser(scimId, signal),
  }
}

export function groups(target: Target, observed: Observed, signal: AbortSignal): Resources {
  return {
    kind: 'group',
    keys: resource => keysIn(resource, ['externalId', 'displayName']),
    seen: scimId => observed.group(scimId),
    seenWith: async ({ attribute, value }) => (attribute === 'displayName' ? observed.groupsNamed(value) : []),
    read: scimId => target.readGroup(scimId, signal),
    find: ({ attribute, value }) => target.findGroups(attribute, value, signal),
    create: group => target.createGroup(group, signal),
    update: (scimId, before, after) => target.updateGroup(scimId, before, after, signal),
    remove: scimId => target.deleteGroup(scimId, signal),
  }
}

function keysIn(resource: ScimResource, attributes: readonly Key['attribute'][]): readonly Key[] {
  return attributes.flatMap(attribute => {
    const value = resource[attribute]
    return typeof value === 'string' && value !== '' ? [{ attribute, value }] : []
  })
}
