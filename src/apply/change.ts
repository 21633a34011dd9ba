import type { Change, ScimResource } from '../model.ts'
import type { Link, Unlink } from '../state.ts'
import { compare, echoAfter } from './compare.ts'
import { type Context, codeOf, resourcesOf, type Settled, storedAfter, waitUntilVisible } from './context.ts'
import type { Resources } from './resources.ts'

type Update = Extract<Change, { change: 'update-user' | 'update-group' | 'deactivate-user' | 'reactivate-user' }>
type Adopt = Extract<Change, { change: 'adopt-user' | 'adopt-group' }>
type Relink = Extract<Change, { change: 'relink-user' }>
type Delete = Extract<Change, { change: 'delete-user' | 'delete-group' }>

const GONE = 'is no longer at the target'

/** Changes the attributes of a linked user or group; its link takes on the change's profile. */
export async function update(context: Context, change: Update): Promise<Settled> {
  const resources = resourcesOf(context, change.change === 'update-group' ? 'group' : 'user')
  const link = linkOf(context, resources, change)
  if (!link) return { outcome: 'stale', message: 'is no longer linked' }
  if (change.change === 'deactivate-user') {
    const { how } = context.target.dialect.users.deactivate
    if (how === 'none') return { outcome: 'skipped', message: 'this target cannot deactivate users' }
    if (how === 'delete')
      return remove(context, resources, change, { scimId: link.scimId, unlink: unlinkOf(context, link) })
  }
  return write(context, resources, { ...link, profile: change.profile }, change.before, change.after)
}

/** Takes in a user or group that is at the target and that no link holds. */
export async function adopt(context: Context, change: Adopt): Promise<Settled> {
  const resources = resourcesOf(context, change.change === 'adopt-user' ? 'user' : 'group')
  const { source, sourceId, profile, scimId } = change
  const other = context.ledger
    .linksTo(context.target.name, resources.kind, scimId)
    .find(link => link.source !== source || link.sourceId !== sourceId)
  if (other) return { outcome: 'stale', scimId, message: `is linked to ${other.source} ${other.sourceId} by now` }
  const own = linkOf(context, resources, change)
  if (own && own.scimId !== scimId && (await resources.seen(own.scimId)))
    return { outcome: 'stale', scimId, message: `is linked to another ${resources.kind} at the target by now` }
  const link = { kind: resources.kind, source, sourceId, scimId, profile, echo: undefined }
  return write(context, resources, link, change.before, change.after)
}

/** Hands the link of someone gone from the source to the newcomer who is the same person. */
export async function relink(context: Context, change: Relink): Promise<Settled> {
  const { target, ledger, users } = context
  const { source, sourceId, profile, scimId, formerSourceId } = change
  const former = ledger.linksTo(target.name, 'user', scimId).find(link => link.sourceId === formerSourceId)
  if (!former) return { outcome: 'stale', scimId, message: 'is no longer linked to whom the plan took over from' }
  const link = { kind: 'user' as const, source, sourceId, scimId, profile, echo: former.echo }
  const settled = await write(context, users, link, change.before, change.after)
  if (!settled.link) return settled
  return {
    ...settled,
    unlink: { target: target.name, kind: 'user', source: former.source, sourceId: former.sourceId },
  }
}

export async function erase(context: Context, change: Delete): Promise<Settled> {
  const resources = resourcesOf(context, change.change === 'delete-user' ? 'user' : 'group')
  if (change.change === 'delete-group' && change.scimId !== undefined) {
    const [link] = context.ledger.linksTo(context.target.name, 'group', change.scimId)
    if (link) return { outcome: 'stale', scimId: change.scimId, message: 'is still linked: nothing took its place' }
    return remove(context, resources, change, { scimId: change.scimId })
  }
  const link = linkOf(context, resources, change)
  if (!link) return { outcome: 'stale', message: 'is no longer linked' }
  return remove(context, resources, change, { scimId: link.scimId, unlink: unlinkOf(context, link) })
}

function unlinkOf({ target }: Context, { kind, source, sourceId }: Link): Unlink {
  return { target: target.name, kind, source, sourceId }
}

function linkOf(context: Context, resources: Resources, change: Change): Link | undefined {
  return context.ledger.link(context.target.name, resources.kind, change.source, change.sourceId)
}

/** Precondition, request, confirmation; on success the link as given, with what the target made of the values. */
async function write(
  context: Context,
  resources: Resources,
  link: Link,
  before: ScimResource,
  after: ScimResource,
): Promise<Settled> {
  const { scimId } = link
  const current = await resources.seen(scimId)
  if (!current) return { outcome: 'stale', scimId, message: GONE }
  const found = compare(before, after, current)
  switch (found.found) {
    case 'moved':
      return { outcome: 'stale', scimId, message: moved(found.paths) }
    case 'done':
      return { outcome: 'applied', scimId, link, ...(isEmpty(after) ? {} : { message: 'was so already' }) }
    case 'expected': {
      const sent = await send(context, resources, scimId, found.before, found.after)
      if ('outcome' in sent) return sent
      const stored = await storedAfter(context, resources, scimId, sent.stored)
      return { outcome: 'applied', scimId, link: { ...link, echo: echoAfter(link.echo, found.after, stored) } }
    }
  }
}

/** One PATCH or PUT. Where its fate is unknown the resource is read, and the request sent once more if need be. */
async function send(
  context: Context,
  resources: Resources,
  scimId: string,
  before: ScimResource,
  after: ScimResource,
): Promise<Settled | { readonly stored: ScimResource | undefined }> {
  context.written.add(scimId)
  for (let attempt = 1; ; attempt++) {
    try {
      return await resources.update(scimId, before, after)
    } catch (error) {
      if (codeOf(error) === 'target_gone') return { outcome: 'stale', scimId, message: GONE }
      if (codeOf(error) !== 'unknown_outcome') throw error
    }
    await waitUntilVisible(context)
    const now = (await resources.read(scimId))?.resource
    if (!now) return { outcome: 'stale', scimId, message: GONE }
    const found = compare(before, after, now)
    if (found.found === 'done') return { stored: now }
    if (found.found === 'moved' || attempt === 2)
      return {
        outcome: 'unknown',
        scimId,
        message: 'was sent, and the target did not say what became of it; the next run looks again',
      }
  }
}

async function remove(
  context: Context,
  resources: Resources,
  change: Delete | Update,
  gone: { readonly scimId: string; readonly unlink?: Unlink },
): Promise<Settled> {
  const { scimId } = gone
  const current = await resources.seen(scimId)
  if (!current) return { outcome: 'applied', ...gone, message: 'was gone already' }
  const found = compare(change.before, change.before, current)
  if (found.found === 'moved') return { outcome: 'stale', scimId, message: moved(found.paths) }
  context.written.add(scimId)
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      await resources.remove(scimId)
      return { outcome: 'applied', ...gone }
    } catch (error) {
      if (codeOf(error) === 'target_gone') return { outcome: 'applied', ...gone }
      if (codeOf(error) !== 'unknown_outcome') throw error
    }
  }
  return { outcome: 'unknown', scimId, message: 'was sent twice, and the target did not say what became of it' }
}

function moved(paths: readonly string[]): string {
  return `has moved since the plan was made: ${paths.join(', ')}. The next plan takes it as it is.`
}

function isEmpty(resource: ScimResource): boolean {
  return Object.keys(resource).length === 0
}
