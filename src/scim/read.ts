import type { Certificate, Check, Dialect } from '../model.ts'
import type { ReadTargetOptions, TargetPart } from '../target.ts'
import type { Client } from './client.ts'
import { type Ended, listAll } from './listing.ts'
import type { Kind } from './resource.ts'

/**
 * Users, then groups with their members, `end` last. Where no group of the listing shows members and no user says
 * which groups it is in, a group without `members` may have some all the same: each is read by itself.
 */
export async function* readAll(
  client: Client,
  dialect: Dialect,
  { signal, progress }: ReadTargetOptions,
): AsyncGenerator<TargetPart> {
  const done = { users: 0, groups: 0 }
  let members = 0
  const checks: Check[] = []
  const showsMembers = dialect.members.readable === 'full'

  let saysGroups = false
  let inSomeGroup = false
  const users = listAll({ client, dialect, kind: 'user', signal })
  for (let next = await users.next(); ; next = await users.next()) {
    if (next.done) {
      checks.push(checkOf('user', next.value))
      break
    }
    for (const { inGroups } of next.value) {
      if (inGroups !== undefined) saysGroups = true
      if (inGroups) inSomeGroup = true
    }
    done.users += next.value.length
    if (next.value.length > 0) yield { part: 'users', users: next.value.map(({ id, resource }) => ({ id, resource })) }
    progress?.({ ...done })
  }

  let someShown = false
  const silent: string[] = []
  const groups = listAll({ client, dialect, kind: 'group', signal })
  for (let next = await groups.next(); ; next = await groups.next()) {
    if (next.done) {
      checks.push(checkOf('group', next.value))
      break
    }
    done.groups += next.value.length
    if (next.value.length > 0)
      yield { part: 'groups', groups: next.value.map(({ id, resource }) => ({ id, resource })) }
    for (const group of next.value) {
      if (!showsMembers) continue
      if (group.members === undefined) silent.push(group.id)
      else if (group.members.length > 0) {
        someShown = true
        members += group.members.length
        yield { part: 'members', group: group.id, members: group.members }
      }
    }
    progress?.({ ...done })
  }

  const mayHide = !someShown && (inSomeGroup || !saysGroups)
  if (mayHide && silent.length > 0) {
    for (let at = 0; at < silent.length; at += dialect.concurrency) {
      const some = silent.slice(at, at + dialect.concurrency)
      const read = await Promise.all(some.map(id => client.get('group', id, signal)))
      for (const group of read) {
        if (!group?.members?.length) continue
        members += group.members.length
        yield { part: 'members', group: group.id, members: group.members }
      }
    }
  }
  if (showsMembers && inSomeGroup && members === 0)
    checks.push({
      check: 'members',
      passed: false,
      detail: 'users say that they are in groups, and no group shows a member; correct members.readable of the dialect',
    })

  const certificate: Certificate = { complete: checks.every(({ passed }) => passed), checks, ...done, members }
  yield { part: 'end', certificate }
}

function checkOf(kind: Kind, { unique, total, faults }: Ended): Check {
  const check = `every-${kind}`
  if (faults.length === 0)
    return { check, passed: true, detail: `${unique} ${kind}s${total === undefined ? '' : ` of ${total} promised`}` }
  return {
    check,
    passed: false,
    detail: `${kind}s: ${faults.join('; ')}. Run again; if it stays so, ask the provider.`,
  }
}
