import { fold, keyOf, valueAt } from '../pipeline/canonical.ts'
import type { Json, Profile } from '../model.ts'
import type { Decided } from '../plan/changes.ts'
import { keyText } from '../plan/holders.ts'
import { leadingTo, routes } from '../plan/routes.ts'
import { shortPath, valueText } from '../report/difference.ts'
import { escapeTerminal } from '../report/escape.ts'
import { number, type Paint, time } from '../report/paint.ts'
import { padEnd } from '../report/width.ts'
import type { Explained } from './explain.ts'
import { changeText } from './explain-group.ts'

const ROUTES = 20

/** Nodes of everyone called so: by source id, userName or e-mail address, at the source or at the target. */
export function findUsers({ decided }: Explained, name: string): readonly number[] {
  const { planning, people } = decided
  const { cache } = planning
  const key = keyOf(name)
  const found = new Set<number>()
  for (let node = 0; node < people.nodes; node++) {
    if (people.live[node] !== 1 || (people.keyName[node] !== key && people.keyMail[node] !== key)) continue
    const resource = planning.desired(node).resource ?? {}
    if (isCalled(resource, name)) found.add(node)
  }
  for (const { num } of cache.holders(planning.target, 'user', new Set([key])))
    if (people.linkOf[num] !== 0 && isCalled(cache.current('user', num).resource, name)) found.add(people.linkOf[num]!)
  for (const [node, id] of cache.ids().entries()) if (id === name) found.add(node)
  return [...found].sort((one, other) => one - other)
}

function isCalled(resource: Readonly<Record<string, Json>>, name: string): boolean {
  return ['userName', 'emails'].some(attribute => fold(keyText(resource, attribute) ?? '') === fold(name))
}

interface UserView {
  readonly name: string
  readonly source: string
  readonly sourceId: string
  readonly readAt: string | undefined
  readonly gone: boolean
  readonly profile: Profile | undefined
  readonly state: string
  readonly why: string
  readonly target: string
  readonly scimId: string | undefined
  readonly attributes: readonly {
    readonly path: string
    readonly expression: string
    readonly at: string
    readonly reads: Readonly<Record<string, unknown>>
    readonly desired: Json | undefined
    readonly current: Json | undefined
  }[]
  readonly groups: readonly { readonly name: string; readonly member: boolean; readonly routes: readonly string[] }[]
  readonly other: number
}

function view({ decided, readAt }: Explained, node: number): UserView {
  const { planning, people, scope, who } = decided
  const { cache } = planning
  const source = who.roles.sourceOf(node)
  const profile = who.roles.ownerOf(node)
  const user = people.live[node] === 1 ? [...cache.users(Uint32Array.of(node))][0]?.user : undefined
  const mapped = planning.desired(node)
  const here = who.atOf(node)
  const current = here === 0 ? undefined : cache.current('user', here)
  const leads = leadingTo(scope, node)
  const reached = new Set(leads)
  const groups = decided.groups.desired.flatMap(group => {
    const from = group.from.filter(index => reached.has(index))
    if (from.length === 0) return []
    const ways = from.flatMap(index => routes(scope, index, node, ROUTES))
    return [
      {
        name: group.name,
        member: who.isMember(node),
        routes: ways.map(route => route.map(index => scope.groups[index]!.group.name).join(' → ')),
      },
    ]
  })
  return {
    name: user?.name ?? (current ? (keyText(current.resource, 'userName') ?? current.id) : cache.idOf('user', node)),
    source,
    sourceId: cache.idOf('user', node),
    readAt: readAt.get(source),
    gone: people.live[node] !== 1,
    profile,
    ...stateOf(decided, node),
    target: planning.target,
    scimId: current?.id,
    attributes: (profile?.user ?? []).map(({ path, at, expression }) => ({
      path,
      expression: expression.text,
      at: `${at.file}:${at.line}:${at.column}`,
      reads: Object.fromEntries(expression.reads.map(name => [name, user?.attributes[name]])),
      desired: mapped.resource && valueAt(mapped.resource, path),
      current: current && valueAt(current.resource, path),
    })),
    groups,
    other:
      leads.size - decided.groups.desired.reduce((sum, { from }) => sum + from.filter(at => leads.has(at)).length, 0),
  }
}

/** What becomes of this user, and why or why not. */
function stateOf({ planning, people, scope, who }: Decided, node: number): { state: string; why: string } {
  const via = scope.groups[scope.via[node]! - 1]
  const profile = who.roles.ownerOf(node)
  if (people.live[node] !== 1) return { state: 'gone', why: `gone from source ${who.roles.sourceOf(node)}` }
  if (who.roles.isHeld(node)) return { state: 'held', why: 'cannot be mapped: see the findings' }
  if (who.roles.isMapped(node)) {
    const through = via ? `through group ${via.group.name}` : 'as all users of the source are'
    const inactive = who.roles.isInactive(node) ? '; disabled at the source' : ''
    return { state: 'in scope', why: `in scope of profile ${profile?.name ?? ''} ${through}${inactive}` }
  }
  const own = planning.profiles.filter(({ source }) => source === who.roles.sourceOf(node))
  if (scope.candidate[node] !== 0)
    return {
      state: 'not in scope',
      why: `in a group in scope, and \`when\` says no (${own.flatMap(whenOf).join('; ')})`,
    }
  const groups = own.map(({ name, scope: { groups: some, users } }) => {
    const selectors = typeof users === 'object' ? users.members : some
    return `profile ${name} takes the members of ${selectors.map(({ text }) => text).join(', ') || 'no group'}`
  })
  return { state: 'not in scope', why: `in no group in scope: ${groups.join('; ') || 'no profile has this source'}` }
}

function whenOf({ name, scope: { when } }: Profile): string[] {
  return when ? [`profile ${name}: ${when.text}`] : []
}

function* lines(explained: Explained, node: number, paint: Paint): Generator<string> {
  const one = view(explained, node)
  const shown = escapeTerminal
  yield `${paint('bold', shown(one.name))}  ${shown(`${one.source} ${one.sourceId}`)}${one.readAt === undefined ? '' : paint('dim', `  read ${time(one.readAt)}`)}`
  yield `  ${one.state === 'in scope' ? '' : `${one.state}: `}${shown(one.why)}`
  yield `  ${shown(one.target)}: ${one.scimId === undefined ? 'not there, or not linked' : shown(one.scimId)}`
  if (one.attributes.length > 0) yield `\n${paint('bold', 'Attributes')}`
  const width = Math.max(0, ...one.attributes.map(({ path }) => shortPath(path).length))
  for (const { path, expression, at, reads, desired, current } of one.attributes) {
    const same = JSON.stringify(desired ?? null) === JSON.stringify(current ?? null)
    yield `  ${padEnd(shortPath(path), width)}  ${valueText(desired)}${same || one.scimId === undefined ? '' : paint('yellow', `  at the target: ${valueText(current)}`)}`
    const read = Object.entries(reads).map(
      ([name, value]) => `${name} = ${value === undefined ? 'absent' : JSON.stringify(value)}`,
    )
    yield paint(
      'dim',
      `  ${' '.repeat(width)}  ${shown(expression)}  ${shown(at)}${read.length > 0 ? `  (${shown(read.join(', '))})` : ''}`,
    )
  }
  yield `\n${paint('bold', 'Groups')}`
  if (one.groups.length === 0) yield '  in none that appears at the target'
  for (const { name, member, routes: ways } of one.groups) {
    yield `  ${shown(name)}${member ? '' : '  not a member there: is not at the target, or is held'}`
    for (const way of ways) yield paint('dim', `    ${shown(way)}`)
    if (ways.length === ROUTES) yield paint('dim', '    … and perhaps more ways')
  }
  if (one.other > 0) yield paint('dim', `  and in ${number(one.other)} that no profile takes in`)
  const findings = explained.findings.filter(
    ({ sourceId, source }) => sourceId === one.sourceId && source === one.source,
  )
  if (findings.length > 0) yield `\n${paint('bold', 'Findings')}`
  for (const { finding, message, at } of findings)
    yield `  ${paint('yellow', shown(finding))}  ${shown(message)}${at === undefined ? '' : paint('dim', `  ${shown(at)}`)}`
  const planned = explained.changesOf(one.source, one.sourceId)
  yield `\n${paint('bold', 'Planned')}`
  if (planned.length === 0) yield '  nothing: it is as it should be'
  for (const change of planned) yield `  ${shown(changeText(change))}`
}

export function explainUser(explained: Explained, node: number, paint: Paint): string {
  return `${[...lines(explained, node, paint)].join('\n')}\n\n`
}

export function userJson(explained: Explained, node: number): unknown {
  const { profile, ...one } = view(explained, node)
  const { sourceId, source } = one
  return {
    ...one,
    profile: profile?.name,
    findings: explained.findings.filter(finding => finding.sourceId === sourceId && finding.source === source),
    planned: explained.changesOf(source, sourceId),
  }
}
