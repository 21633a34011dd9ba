import { RollcallError } from '../errors.ts'
import type { MembersChange } from '../model.ts'
import { type Context, codeOf, type Settled, type UserLookup, waitUntilVisible } from './context.ts'
import { ownTurn } from './event-loop.ts'
import { groupSource } from './units.ts'

interface Line {
  readonly line: number
  readonly change: MembersChange
}

interface Resolved extends Line {
  readonly ids: readonly string[]
  readonly missing: number
}

/**
 * Adds to, or removes from, one group what its consecutive lines say, in as few requests as the target allows.
 * Members who are as wanted already are not sent. A member that the target refuses is found by halving, so
 * that the others get through. Lines that an interruption left undone are not among what comes back.
 */
export async function changeMembers(
  context: Context,
  lines: readonly [Line, ...Line[]],
): Promise<ReadonlyMap<number, Settled>> {
  const [{ change }] = lines
  const { target, ledger, observed } = context
  const adding = change.change === 'add-members'
  const all = (settled: Settled) => new Map(lines.map(({ line }) => [line, settled]))

  const link = ledger.link(target.name, 'group', groupSource(change), change.sourceId)
  if (!link) return all({ outcome: 'skipped', message: 'the group is not at the target' })
  const { scimId } = link
  if (!context.groupsMade.has(scimId) && !(await observed.group(scimId)))
    return all({ outcome: 'stale', scimId, message: GROUP_GONE })

  await ownTurn()
  const resolved = lines.map(line => ({ ...line, ...membersOf(line.change, context.linkedUser) }))
  const isDone = await alreadyDone(context, scimId, adding)
  const wanted = new Set(resolved.flatMap(({ ids }) => ids.filter(id => !isDone(id))))
  const fates = new Map<string, Fate>()
  try {
    for (const batch of target.memberBatches([...wanted]))
      for (const [id, fate] of await write(context, { scimId, adding }, batch)) fates.set(id, fate)
  } catch (error) {
    if (codeOf(error) !== 'target_gone') throw error
    return all({ outcome: 'stale', scimId, message: GROUP_GONE })
  }

  const settled = new Map<number, Settled>()
  for (const line of resolved) {
    const open = line.ids.filter(id => wanted.has(id))
    if (open.some(id => !fates.has(id))) continue
    const outcome = verdict(
      line,
      open.map(id => fates.get(id) ?? DONE),
    )
    settled.set(line.line, { scimId, ...outcome, ...remembered(context, { scimId, adding }, open, fates) })
  }
  return settled
}

interface Group {
  readonly scimId: string
  readonly adding: boolean
}

const DONE = Symbol('done')
const UNKNOWN = Symbol('unknown')
/** What became of one member: done, unknown, or refused for this reason. */
type Fate = typeof DONE | typeof UNKNOWN | string
type Fates = readonly (readonly [scimId: string, Fate])[]

const GROUP_GONE = 'the group is no longer at the target'

/**
 * Who is as wanted already. Where a target does not show members only those are known that rollcall wrote: they
 * need no adding, and whom the plan removes is removed whatever is known.
 */
async function alreadyDone({ target, observed, ledger, groupsMade }: Context, group: string, adding: boolean) {
  const shown = groupsMade.has(group) ? undefined : await observed.members(group)
  if (target.dialect.members.readable === 'full') return (id: string) => (shown?.has(id) ?? false) === adding
  const written = ledger.writtenMembersOf(target.name, group)
  return (id: string) => adding && (written.has(id) || (shown?.has(id) ?? false))
}

/** The scimIds of a line's members, and how many of them are not at the target. */
export function membersOf(change: MembersChange, scimIdOf: UserLookup) {
  const ids = new Set<string>(change.strangers)
  let missing = 0
  for (const member of change.members) {
    const scimId = scimIdOf(change.source, member)
    if (scimId === undefined) missing++
    else ids.add(scimId)
  }
  return { ids: [...ids], missing }
}

/** What the ledger keeps of it where the target does not show members. */
function remembered({ target }: Context, group: Group, ids: readonly string[], fates: ReadonlyMap<string, Fate>) {
  if (target.dialect.members.readable === 'full') return {}
  const done = ids.filter(id => fates.get(id) === DONE)
  const unsure = ids.filter(id => fates.get(id) === UNKNOWN)
  if (done.length + unsure.length === 0) return {}
  return { members: { target: target.name, group: group.scimId, unsure, [group.adding ? 'add' : 'remove']: done } }
}

/**
 * One request for these members, and more only where it fails. One of unknown fate is repeated once, for those
 * whom a look at the group shows as missing: adding and removing are safe to repeat. After a refusal, too, the
 * group is looked at once, and what is left is halved until the refused stand alone. Nobody is sent, and nobody
 * comes back, once the run is stopping. Throws `target_gone` where the group is.
 */
async function write(
  context: Context,
  group: Group,
  ids: readonly string[],
  tried: { readonly looked?: true; readonly repeated?: true } = {},
): Promise<Fates> {
  const { target, signal } = context
  const [first] = ids
  if (first === undefined || context.stopping()) return []
  try {
    await (group.adding
      ? target.addMembers(group.scimId, ids, signal)
      : target.removeMembers(group.scimId, ids, signal))
    return all(ids, DONE)
  } catch (error) {
    switch (codeOf(error)) {
      case 'unknown_outcome': {
        if (tried.repeated) return all(ids, UNKNOWN)
        await waitUntilVisible(context)
        const { done, left } = await look(context, group, ids)
        return [...done, ...(await write(context, group, left, { ...tried, repeated: true }))]
      }
      case 'target_gone':
      case 'target_rejected': {
        if (!tried.looked) {
          const { done, left } = await look(context, group, ids)
          if (done.length > 0) return [...done, ...(await write(context, group, left, { looked: true }))]
        }
        if (ids.length > 1) {
          const middle = ids.length >> 1
          const one = await write(context, group, ids.slice(0, middle), { looked: true })
          return [...one, ...(await write(context, group, ids.slice(middle), { looked: true }))]
        }
        if (!group.adding && codeOf(error) === 'target_gone') return all(ids, DONE)
        return all(ids, error instanceof Error ? error.message : 'was refused')
      }
      default:
        throw error
    }
  }
}

function all(ids: readonly string[], fate: Fate): Fates {
  return ids.map(id => [id, fate] as const)
}

/** Who of these is as wanted, as the group is now, and who is left. */
async function look({ target, signal }: Context, { scimId, adding }: Group, ids: readonly string[]) {
  const now = await target.readGroup(scimId, signal)
  if (!now) throw new RollcallError('target_gone', GROUP_GONE)
  const members = target.dialect.members.readable === 'full' && now.members ? new Set(now.members) : undefined
  const isDone = (id: string) => members?.has(id) === adding
  return { done: all(ids.filter(isDone), DONE), left: ids.filter(id => !isDone(id)) }
}

function verdict({ change, missing }: Resolved, fates: readonly Fate[]): Pick<Settled, 'outcome' | 'message'> {
  const refused = fates.filter(fate => typeof fate === 'string')
  const asked = change.members.length + (change.strangers?.length ?? 0)
  if (fates.includes(UNKNOWN))
    return { outcome: 'unknown', message: 'was sent twice, and the target did not say what became of it' }
  if (refused.length > 0)
    return { outcome: 'failed', message: `${refused.length} of ${asked} members were refused: ${refused[0]}` }
  if (missing === asked) return { outcome: 'skipped', message: 'none of these members is at the target' }
  if (missing > 0) return { outcome: 'applied', message: `${missing} of ${asked} members are not at the target` }
  return fates.length === 0 ? { outcome: 'applied', message: 'was so already' } : { outcome: 'applied' }
}
