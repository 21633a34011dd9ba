import type { Change } from '../model.ts'
import { fold } from '../pipeline/canonical.ts'
import { nameAt } from '../plan/group-names.ts'
import { routes } from '../plan/routes.ts'
import { differences, shortPath, sides } from '../report/difference.ts'
import { escapeTerminal } from '../report/escape.ts'
import { number, type Paint, plural, time } from '../report/paint.ts'
import type { Explained } from './explain.ts'

const SHOWN = 30

/** Nodes of every group called so: by source id or name at the source, or by the name it has or is to have at the target. */
export function findGroups({ decided }: Explained, name: string): readonly number[] {
  const { scope, groups, planning, people } = decided
  const desired = new Map(groups.desired.map(group => [group.node, group]))
  return scope.groups
    .filter(({ num, group }) => {
      const at = people.link[num]!
      const names = [group.name, desired.get(num)?.name, at === 0 ? undefined : nameAt(planning, at)]
      return group.id === name || names.some(one => one !== undefined && fold(one) === fold(name))
    })
    .map(({ num }) => num)
}

function view({ decided, readAt }: Explained, node: number) {
  const { planning, people, scope, who, groups } = decided
  const { cache } = planning
  const index = scope.groups.findIndex(({ num }) => num === node)
  const { source, group, owner, uncertain } = scope.groups[index]!
  const desired = groups.desired.find(({ from }) => from.includes(index))
  const at = desired?.at ?? people.link[node]!
  const { offsets, members, groupAt } = scope.graph
  const nested = [...new Set(members.subarray(offsets[index], offsets[index + 1]))]
    .map(member => groupAt[member]!)
    .filter(inner => inner >= 0)
  const users = scope.usersOf(index)
  const selector = owner?.scope.groups.find(one => one.matches(group))
  return {
    name: group.name,
    source,
    sourceId: group.id,
    readAt: readAt.get(source),
    profile: owner?.name,
    why: owner
      ? `profile ${owner.name} takes it in: ${selector?.text ?? ''} (${selector ? `${selector.at.file}:${selector.at.line}:${selector.at.column}` : ''})`
      : `no profile takes it in: ${
          planning.profiles
            .filter(profile => profile.source === source)
            .map(
              profile =>
                `${profile.name} takes ${profile.scope.groups.map(({ text }) => text).join(', ') || 'no group'}`,
            )
            .join('; ') || 'no profile has this source'
        }. It still carries its members up into groups that are taken in`,
    membersUnknown: uncertain,
    target: planning.target,
    scimId: at === 0 ? undefined : cache.current('group', at).id,
    nameAtTarget: at === 0 ? undefined : nameAt(planning, at),
    mergedWith: (desired?.from ?? []).filter(from => from !== index).map(from => scope.groups[from]!.group.name),
    direct: scope.directUsersOf(index).length,
    nested: nested.map(inner => ({ name: scope.groups[inner]!.group.name, users: scope.usersOf(inner).length })),
    users: users.length,
    members: [...users].filter(user => who.isMember(user)).length,
    some: [...users.subarray(0, SHOWN)],
    all: users,
    index,
  }
}

function* lines(explained: Explained, node: number, paint: Paint, all: boolean): Generator<string> {
  const one = view(explained, node)
  const { cache } = explained.decided.planning
  const shown = escapeTerminal
  yield `${paint('bold', shown(one.name))}  ${shown(`${one.source} ${one.sourceId}`)}${one.readAt === undefined ? '' : paint('dim', `  read ${time(one.readAt)}`)}`
  yield `  ${shown(one.why)}`
  if (one.mergedWith.length > 0) yield `  one with ${shown(one.mergedWith.join(', '))}`
  yield `  ${shown(one.target)}: ${one.scimId === undefined ? 'not there, or not linked' : shown(`${one.nameAtTarget ?? ''} (${one.scimId})`)}`
  yield `\n${paint('bold', 'Members')}  ${plural(one.direct, 'direct user')} → ${plural(one.users, 'user')} with nested groups, ${number(one.members)} of them at the target`
  if (one.membersUnknown) yield paint('yellow', '  the source does not show all of them: nobody is removed')
  for (const { name, users } of one.nested) yield `  ${shown(name)}  ${paint('dim', plural(users, 'user'))}`
  for (const user of all ? one.all : one.some) {
    const [way] = routes(explained.decided.scope, one.index, user, 1)
    const through = (way ?? []).slice(1).map(index => explained.decided.scope.groups[index]!.group.name)
    const id = cache.idOf('user', user)
    const out = explained.decided.who.isMember(user) ? '' : paint('yellow', '  not at the target')
    yield `    ${shown(cache.nameOf(one.source, id) ?? id)}${through.length > 0 ? paint('dim', `  through ${shown(through.join(' → '))}`) : ''}${out}`
  }
  if (!all && one.users > SHOWN) yield paint('dim', `    … and ${number(one.users - SHOWN)} more (-v shows all)`)
  const findings = explained.findings.filter(
    ({ sourceId, source }) => sourceId === one.sourceId && source === one.source,
  )
  if (findings.length > 0) yield `\n${paint('bold', 'Findings')}`
  for (const { finding, message } of findings) yield `  ${paint('yellow', shown(finding))}  ${shown(message)}`
  const planned = explained.changesOf(one.source, one.sourceId)
  yield `\n${paint('bold', 'Planned')}`
  if (planned.length === 0) yield '  nothing: it is as it should be'
  for (const change of planned) yield `  ${shown(changeText(change))}`
}

export function explainGroup(explained: Explained, node: number, paint: Paint, all: boolean): string {
  return `${[...lines(explained, node, paint, all)].join('\n')}\n\n`
}

export function groupJson(explained: Explained, node: number): unknown {
  const { some: _, all, index: __, ...one } = view(explained, node)
  const { cache } = explained.decided.planning
  return {
    ...one,
    memberIds: [...all].map(user => cache.idOf('user', user)),
    findings: explained.findings.filter(({ sourceId, source }) => sourceId === one.sourceId && source === one.source),
    planned: explained.changesOf(one.source, one.sourceId),
  }
}

/** `update-user: title: "Engineer" → "Lead" (differs from the source: title)`. */
export function changeText(change: Change): string {
  if ('members' in change) {
    const count = change.members.length + (change.strangers?.length ?? 0)
    return `${change.change} ${change.name}: ${plural(count, 'member')} (${change.reason})`
  }
  const what = differences(change.before, change.after).map(one => `${shortPath(one.path)}: ${sides(one, 60)}`)
  const shown = change.before === null || change.after === null ? '' : what.join(', ')
  return `${change.change}${shown === '' ? '' : ` ${shown}`} (${change.reason})`
}
