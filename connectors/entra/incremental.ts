import type { ReadingPart, Since } from '../../src/connector.ts'
import type { Check } from '../../src/model.ts'
import { certificateOf, sameIdentity, sameTenant } from './certificate.ts'
import { Changes } from './changes.ts'
import { type Mark, neverChanges, readMark, writeMark } from './checkpoint.ts'
import { BrokenAnswer } from './client.ts'
import { countBoth } from './counts.ts'
import { readRound } from './delta.ts'
import { othersIn } from './findings.ts'
import { type Merged, merge } from './merge.ts'
import { permitted } from './permissions.ts'
import type { Run } from './session.ts'

/** The parts that tell what changed, none sent before all is known; or why everything is to be read instead. */
export type Increment = { readonly parts: Iterable<ReadingPart> } | { readonly doubt: string }

export async function readChanges(run: Run, since: Since): Promise<Increment> {
  try {
    return await changesSince(run, since)
  } catch (error) {
    // Graph answers, and not with what it should: everything may be told all the same.
    if (error instanceof BrokenAnswer) return { doubt: error.message }
    throw error
  }
}

async function changesSince(run: Run, since: Since): Promise<Increment> {
  const never = neverChanges(run.options, run.request.userAttributes)
  if (never !== undefined) return { doubt: never }
  const mark = readMark(since.checkpoint, run)
  if ('doubt' in mark) return mark
  const { needs, claims, request } = run
  const fixed = [permitted(needs, claims), sameTenant(claims?.tid, request.previous), sameIdentity(request.previous)]
  if (fixed.some(({ passed }) => !passed)) return { doubt: 'the application may read less than it must' }

  const before = { users: sizeOf(since.ids('user')), groups: sizeOf(since.ids('group')) }
  const changes = new Changes()
  let links = { users: mark.users, groups: mark.groups }
  for (let look = 1; ; look++) {
    const [users, groups] = await Promise.all([
      readRound(run, 'users', links.users, items => changes.takeUsers(items)),
      readRound(run, 'groups', links.groups, items => changes.takeGroups(items)),
    ])
    if ('doubt' in users) return users
    if ('doubt' in groups) return groups
    if (changes.doubt !== undefined) return { doubt: changes.doubt }
    links = { users: users.next, groups: groups.next }
    const counts = await countBoth(run.graph, undefined, run.signal)
    run.graph.throttle.sized(counts.users)
    const merged = await merge(run, since, changes, mark.others)
    if ('doubt' in merged) return merged
    const after = { users: before.users + growthOf(changes, since), groups: merged.reached }
    const everyGroup = mark.everyGroup && merged.everyGroup
    const agree =
      isBetween(counts.users, before.users, after.users) &&
      (!everyGroup || isBetween(counts.groups, before.groups, after.groups))
    if (agree) {
      const numbers = `${after.users} users, ${counts.users} counted; ${after.groups} groups in scope, ${counts.groups} counted in all`
      const checks: Check[] = [
        {
          check: 'read-as-changes',
          passed: true,
          detail: `${changes.users.size} users and ${changes.groups.size} groups changed`,
        },
        { check: 'users-counted-twice', passed: true, detail: numbers },
        ...fixed,
      ]
      const next: Mark = { ...mark, ...links, everyGroup, others: merged.others }
      return { parts: partsOf(run, merged, { after, checks, next }) }
    }
    if (look === 2) return { doubt: `counts disagree: ${counts.users} users counted, ${after.users} known` }
    await pause(run)
  }
}

function* partsOf(
  run: Run,
  { users, groups, members, gone, others }: Merged,
  {
    after,
    checks,
    next,
  }: { readonly after: { users: number; groups: number }; readonly checks: readonly Check[]; readonly next: Mark },
): Generator<ReadingPart> {
  yield { part: 'since' }
  if (gone.length > 0) yield { part: 'gone', ids: gone }
  if (users.length > 0) yield { part: 'users', users }
  if (groups.length > 0) yield { part: 'groups', groups }
  let count = 0
  for (const [group, ids] of members) {
    count += ids.length
    yield { part: 'members', group, members: ids }
  }
  run.request.progress?.({ users: users.length, groups: groups.length, members: count })
  for (const finding of othersIn(others, run.source)) yield { part: 'finding', finding }
  const certificate = certificateOf(checks, { ...after, members: count }, run.claims?.tid)
  yield { part: 'end', certificate, ...(certificate.complete && { checkpoint: writeMark(next, run) }) }
}

function sizeOf(ids: Iterable<string>): number {
  let size = 0
  for (const _ of ids) size++
  return size
}

function growthOf({ users }: Changes, since: Since): number {
  let growth = 0
  for (const [id, thing] of users) {
    const was = since.kindOf(id) === 'user'
    if (thing && !was) growth++
    if (!thing && was) growth--
  }
  return growth
}

/** The index that counts may lag behind the changes; what lies outside of both is something that neither explains. */
function isBetween(count: number, before: number, after: number): boolean {
  return Math.min(before, after) <= count && count <= Math.max(before, after)
}

async function pause({ signal, tuning }: Run): Promise<void> {
  await new Promise<void>(go => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      go()
    }
    const timer = setTimeout(done, tuning.secondLook)
    signal.addEventListener('abort', done)
  })
  signal.throwIfAborted()
}
