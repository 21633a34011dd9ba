import { RollcallError } from '../errors.ts'
import type { MembersChange } from '../model.ts'
import { type Context, codeOf, type Settled, waitUntilVisible } from './context.ts'
import { groupSource } from './units.ts'

interface Line {
  readonly line: number
  readonly change: MembersChange
}

/** The scimIds of one line, and how many of its members are not at the target. */
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

  const group = ledger.link(target.name, 'group', groupSource(change), change.sourceId)
  if (!group) return all({ outcome: 'skipped', message: 'the group is not at the target' })
  const { scimId } = group
  if (!context.groupsMade.has(scimId) && !(await observed.group(scimId)))
    return all({ outcome: 'stale', scimId, message: 'the group is no longer at the target' })

  const present = await presentMembers(context, scimId)
  const resolved = lines.map(line => resolve(context, line))
  const wanted = new Set(resolved.flatMap(({ ids }) => ids.filter(id => present.has(id) !== adding)))
  const fates = new Map<string, Fate>()
  for (const batch of target.memberBatches([...wanted])) {
    if (context.stopping()) break
    let done: readonly (readonly [string, Fate])[]
    try {
      done = await send(context, scimId, batch, adding)
    } catch (error) {
      if (codeOf(error) === 'target_gone') return all({ outcome: 'stale', scimId, message: GROUP_GONE })
      throw error
    }
    for (const [id, fate] of done) fates.set(id, fate)
  }

  const settled = new Map<number, Settled>()
  for (const line of resolved) {
    const open = line.ids.filter(id => wanted.has(id))
    if (open.some(id => !fates.has(id))) continue
    const outcome = verdict(
      line,
      open.map(id => fates.get(id) ?? DONE),
    )
    const written = open.filter(id => fates.get(id) === DONE)
    const members = { target: target.name, group: scimId, ...(adding ? { add: written } : { remove: written }) }
    const isShown = target.dialect.members.readable === 'full'
    settled.set(line.line, { scimId, ...outcome, ...(isShown || written.length === 0 ? {} : { members }) })
  }
  return settled
}

const DONE = Symbol('done')
const UNKNOWN = Symbol('unknown')
/** What became of one member: done, unknown, or refused for this reason. */
type Fate = typeof DONE | typeof UNKNOWN | string

const GROUP_GONE = 'the group is no longer at the target'

async function presentMembers({ target, observed, ledger, groupsMade }: Context, group: string) {
  const shown = groupsMade.has(group) ? undefined : await observed.members(group)
  if (target.dialect.members.readable === 'full') return shown ?? new Set<string>()
  const written = ledger.writtenMembersOf(target.name, group)
  return shown ? new Set([...shown, ...written]) : written
}

function resolve({ target, ledger }: Context, { line, change }: Line): Resolved {
  const ids = new Set<string>(change.strangers)
  let missing = 0
  for (const member of change.members) {
    const link = ledger.link(target.name, 'user', change.source, member)
    if (link) ids.add(link.scimId)
    else missing++
  }
  return { line, change, ids: [...ids], missing }
}

/** One request for these members, and more of them only where the target refuses some. */
async function send(
  context: Context,
  group: string,
  ids: readonly string[],
  adding: boolean,
): Promise<readonly (readonly [string, Fate])[]> {
  const { target, signal } = context
  try {
    await (adding ? target.addMembers(group, ids, signal) : target.removeMembers(group, ids, signal))
    return ids.map(id => [id, DONE] as const)
  } catch (error) {
    switch (codeOf(error)) {
      case 'unknown_outcome':
        return sendAgain(context, group, ids, adding)
      case 'target_gone':
      case 'target_rejected':
        return isolate(context, group, ids, adding, error)
      default:
        throw error
    }
  }
}

/**
 * Looks at the group once, leaves out who is as wanted already, and halves the rest until the refused members
 * stand alone. Throws `target_gone` where the group is.
 */
async function isolate(
  context: Context,
  group: string,
  ids: readonly string[],
  adding: boolean,
  error: unknown,
): Promise<readonly (readonly [string, Fate])[]> {
  const now = await context.target.readGroup(group, context.signal)
  if (!now) throw new RollcallError('target_gone', GROUP_GONE, { cause: error })
  const members = now.members && new Set(now.members)
  const isDone = (id: string) => members?.has(id) === adding
  const left = ids.filter(id => !isDone(id))
  const halve = async (some: readonly string[], why: unknown): Promise<readonly (readonly [string, Fate])[]> => {
    const [only] = some
    if (only === undefined) return []
    if (some.length === 1) {
      const isAbsent = !adding && codeOf(why) === 'target_gone'
      return [[only, isAbsent ? DONE : why instanceof Error ? why.message : 'was refused']]
    }
    const middle = some.length >> 1
    return [...(await half(some.slice(0, middle))), ...(await half(some.slice(middle)))]
  }
  const half = async (some: readonly string[]) => {
    try {
      await (adding
        ? context.target.addMembers(group, some, context.signal)
        : context.target.removeMembers(group, some, context.signal))
      return some.map(id => [id, DONE] as const)
    } catch (why) {
      if (codeOf(why) === 'unknown_outcome') return sendAgain(context, group, some, adding)
      if (codeOf(why) === 'target_gone' || codeOf(why) === 'target_rejected') return halve(some, why)
      throw why
    }
  }
  const done = ids.filter(isDone).map(id => [id, DONE] as const)
  if (left.length === 0) return done
  return [...done, ...(left.length === ids.length ? await halve(left, error) : await half(left))]
}

/** Adding and removing are safe to repeat: what a fresh look at the group shows as missing is sent once more. */
async function sendAgain(
  { target, signal, ...context }: Context,
  group: string,
  ids: readonly string[],
  adding: boolean,
): Promise<readonly (readonly [string, Fate])[]> {
  await waitUntilVisible({ target, signal, ...context })
  const now = await target.readGroup(group, signal)
  if (!now) throw new RollcallError('target_gone', GROUP_GONE)
  const members = target.dialect.members.readable === 'full' && now.members ? new Set(now.members) : undefined
  const left = members ? ids.filter(id => members.has(id) !== adding) : ids
  const fate = async (): Promise<Fate> => {
    if (left.length === 0) return DONE
    try {
      await (adding ? target.addMembers(group, left, signal) : target.removeMembers(group, left, signal))
      return DONE
    } catch (error) {
      switch (codeOf(error)) {
        case 'unknown_outcome':
          return UNKNOWN
        case 'target_gone':
        case 'target_rejected':
          return error instanceof Error ? error.message : 'was refused'
        default:
          throw error
      }
    }
  }
  const last = await fate()
  const repeated = new Set(left)
  return ids.map(id => [id, repeated.has(id) ? last : DONE] as const)
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
