import type { Change, ScimResource, TargetResource } from '../model.ts'
import { fold } from '../pipeline/canonical.ts'
import type { Created } from '../target.ts'
import { echoAfter } from './compare.ts'
import { type Context, codeOf, resourcesOf, type Settled, storedAfter, waitUntilVisible } from './context.ts'
import type { Key, Resources } from './resources.ts'

type Create = Extract<Change, { change: 'create-user' | 'create-group' }>

/**
 * Makes sure that this user or group is there once and is linked. A POST is the one request that must not be
 * repeated blindly: `uncertain` says that an earlier run may have sent it, so it is looked up first; one whose
 * fate is unknown is looked up before it is sent a second and last time.
 */
export async function create(context: Context, change: Create, uncertain: boolean): Promise<Settled> {
  const resources = resourcesOf(context, change.change === 'create-user' ? 'user' : 'group')
  const link = context.ledger.link(context.target.name, resources.kind, change.source, change.sourceId)
  if (link && link.scimId !== replacedBy(change) && (await resources.seen(link.scimId)))
    return { outcome: 'skipped', scimId: link.scimId, message: 'is at the target already, and linked' }

  const seen = await holders(resources, change, key => seenHolders(context, resources, key))
  if (seen.length > 0) return claim(context, resources, change, seen, uncertain, 'stale')
  if (uncertain) {
    const found = await lookUp(resources, change)
    if (found.length > 0) return claim(context, resources, change, found, true, 'stale')
  }

  let created = await post(resources, change)
  if (created === 'unknown') {
    await waitUntilVisible(context)
    const found = await lookUp(resources, change)
    if (found.length > 0) return claim(context, resources, change, found, true, 'failed')
    created = await post(resources, change)
  }
  if (created === 'unknown')
    return {
      outcome: 'unknown',
      message: 'was sent twice, and the target did not say what became of it; the next run looks it up',
    }

  switch (created.outcome) {
    case 'created': {
      const stored = await storedAfter(context, resources, created.scimId, created.stored)
      return linked(context, resources, change, created.scimId, stored)
    }
    case 'unlinked': {
      await waitUntilVisible(context)
      const found = await lookUp(resources, change)
      if (found.length > 0) return claim(context, resources, change, found, true, 'failed')
      return {
        outcome: 'unknown',
        message: 'was accepted without an id, and cannot be found; the next run looks it up again',
      }
    }
    case 'conflict': {
      const found = await lookUp(resources, change)
      if (found.length > 0) return claim(context, resources, change, found, false, 'failed')
      return {
        outcome: 'failed',
        message: `the target says that it exists (${created.detail}), and shows nothing with its keys. Look there for a hidden or deleted ${resources.kind}.`,
      }
    }
  }
}

async function post(resources: Resources, change: Create): Promise<Created | 'unknown'> {
  try {
    return await resources.create(change.after)
  } catch (error) {
    if (codeOf(error) === 'unknown_outcome') return 'unknown'
    throw error
  }
}

/**
 * Whoever holds one of the keys that are to be written, as the reading of the target has it. Who was written to since
 * may have given it up, and is read again.
 */
async function seenHolders(context: Context, resources: Resources, key: Key): Promise<readonly TargetResource[]> {
  const found: TargetResource[] = []
  for (const id of await resources.seenWith(key)) {
    const isAsSeen = !context.written.has(id)
    const resource = await (isAsSeen ? resources.seen(id) : resources.read(id).then(now => now?.resource))
    if (resource && (isAsSeen || holds(resource, key.attribute, key.value))) found.push({ id, resource })
  }
  return found
}

/** Asks the target itself who holds the keys. */
export function lookUp(resources: Resources, change: Create): Promise<readonly TargetResource[]> {
  return holders(resources, change, key => resources.find(key))
}

async function holders(
  resources: Resources,
  change: Create,
  find: (key: Key) => Promise<readonly TargetResource[]>,
): Promise<readonly TargetResource[]> {
  const found = new Map<string, TargetResource>()
  for (const key of resources.keys(change.after)) for (const one of await find(key)) found.set(one.id, one)
  return [...found.values()].filter(({ id }) => id !== replacedBy(change))
}

/** The group that this one is made in place of: it is still there, and not in the way. */
function replacedBy(change: Create): string | undefined {
  return change.change === 'create-group' ? change.replaces : undefined
}

/**
 * Of those found under the keys of a create, takes the one that rollcall made itself: it carries our externalId,
 * or, where a POST of ours may have taken place, our keys and no other externalId. Nobody else's is touched (I2).
 */
export async function claim(
  context: Context,
  resources: Resources,
  change: Create,
  found: readonly TargetResource[],
  mayBeOurs: boolean,
  otherwise: 'stale' | 'failed',
): Promise<Settled> {
  const ours = found.filter(one => isOurs(resources, change, one, mayBeOurs))
  const [one] = ours
  if (ours.length > 1)
    return {
      outcome: 'failed',
      message: `the target holds ${ours.length} of it: ${ours.map(({ id }) => id).join(', ')}. Delete all but one there.`,
    }
  if (!one)
    return { outcome: otherwise, message: `is taken at the target: ${owners(context, resources, change, found)}` }
  const others = context.ledger
    .linksTo(context.target.name, resources.kind, one.id)
    .filter(({ source, sourceId }) => source !== change.source || sourceId !== change.sourceId)
  if (others.length > 0)
    return { outcome: otherwise, message: `is taken at the target: ${owners(context, resources, change, [one])}` }
  return linked(context, resources, change, one.id, one.resource)
}

function isOurs(resources: Resources, change: Create, found: TargetResource, mayBeOurs: boolean): boolean {
  const sent = change.after['externalId']
  const held = found.resource['externalId']
  if (typeof sent === 'string' && sent !== '' && held === sent) return true
  if (!mayBeOurs || (typeof held === 'string' && held !== '')) return false
  return resources
    .keys(change.after)
    .filter(({ attribute }) => attribute !== 'externalId')
    .every(({ attribute, value }) => holds(found.resource, attribute, value))
}

function holds(resource: ScimResource, attribute: string, value: string): boolean {
  const held = resource[attribute]
  return typeof held === 'string' && fold(held) === fold(value)
}

function owners(context: Context, resources: Resources, change: Create, found: readonly TargetResource[]): string {
  const keys = resources.keys(change.after)
  return found
    .map(({ id, resource }) => {
      const shared = keys
        .filter(({ attribute, value }) => holds(resource, attribute, value))
        .map(({ attribute }) => attribute)
      const [link] = context.ledger.linksTo(context.target.name, resources.kind, id)
      const owner = link ? `linked to ${link.source} ${link.sourceId}` : 'which rollcall does not manage'
      return `${shared.join(' and ') || 'a key'} is held by ${id}, ${owner}`
    })
    .join('; ')
}

function linked(
  context: Context,
  resources: Resources,
  change: Create,
  scimId: string,
  stored: ScimResource | undefined,
): Settled {
  if (resources.kind === 'group') context.groupsMade.add(scimId)
  const { source, sourceId, profile } = change
  const echo = echoAfter(undefined, change.after, stored)
  return { outcome: 'applied', scimId, link: { kind: resources.kind, source, sourceId, scimId, profile, echo } }
}
