import type { Changing, GraphOptions } from './model.ts'

/** The state of a tenant, and the log of what changed in it. */

export type Kind = 'user' | 'group' | 'device' | 'orgContact' | 'servicePrincipal'

export interface Kept {
  readonly id: string
  readonly kind: Kind
  /** Grows in the order of arrival; pages go by it. */
  readonly ordinal: number
  properties: Readonly<Record<string, unknown>>
  state: 'there' | 'soft-deleted' | 'gone'
  /** Of groups: members by id, in the order of joining, each with a number that grows. */
  readonly members: Map<string, number>
}

export type LogEntry =
  | { readonly what: 'created' | 'restored' | 'soft-deleted' | 'gone'; readonly of: Kept }
  | {
      readonly what: 'changed'
      readonly of: Kept
      readonly properties: ReadonlySet<string>
      /** Where the manager changed: who it was, empty for nobody. */
      readonly manager?: string
    }
  | { readonly what: 'joined' | 'left'; readonly of: Kept; readonly member: string; readonly kind: Kind }

export interface Directory extends Changing {
  readonly users: readonly Kept[]
  readonly groups: readonly Kept[]
  readonly log: readonly LogEntry[]
  get(id: string): Kept | undefined
  /** The groups that have this for a direct member. */
  holders(id: string): Kept[]
  assigned(application: string): readonly string[] | undefined
}

export function directoryOf(options: GraphOptions): Directory {
  const all = new Map<string, Kept>()
  const users: Kept[] = []
  const groups: Kept[] = []
  const log: LogEntry[] = []
  const applications = new Map(Object.entries(options.applications ?? {}))
  let joins = 0

  const enter = (id: string, kind: Kind, properties: Readonly<Record<string, unknown>>): Kept => {
    const list = kind === 'user' ? users : groups
    const kept: Kept = { id, kind, ordinal: list.length, properties, state: 'there', members: new Map() }
    if (kind === 'user' || kind === 'group') list.push(kept)
    all.set(id, kept)
    return kept
  }
  const put = (id: string, kind: 'user' | 'group', properties: Readonly<Record<string, unknown>>) => {
    const before = all.get(id)
    if (before === undefined || before.state === 'gone') {
      log.push({ what: 'created', of: enter(id, kind, properties) })
      return
    }
    const names = new Set([...Object.keys(before.properties), ...Object.keys(properties)])
    const changed = [...names].filter(
      name => JSON.stringify(before.properties[name]) !== JSON.stringify(properties[name]),
    )
    // What was set once and is not any more is told as null from then on.
    const cleared = Object.fromEntries(changed.filter(name => !(name in properties)).map(name => [name, null]))
    const was = before.properties['manager']
    before.properties = { ...cleared, ...properties }
    if (changed.length === 0) return
    log.push({
      what: 'changed',
      of: before,
      properties: new Set(changed),
      ...(changed.includes('manager') && { manager: typeof was === 'string' ? was : '' }),
    })
  }
  const existing = (id: string) => {
    const kept = all.get(id)
    if (kept === undefined || kept.state === 'gone') throw new Error(`nobody is ${id}`)
    return kept
  }
  const holders = (id: string) => groups.filter(({ members, state }) => state !== 'gone' && members.has(id))

  for (const user of options.users ?? []) enter(user.id, 'user', user)
  for (const { id, type, displayName } of options.others ?? []) {
    enter(id, type, { id, displayName })
  }
  for (const { members, ...group } of options.groups ?? []) {
    const kept = enter(group.id, 'group', group)
    for (const member of members) kept.members.set(member, joins++)
  }

  return {
    users,
    groups,
    log,
    get: id => all.get(id),
    holders,
    assigned: application => applications.get(application),
    putUser: user => put(user.id, 'user', user),
    putGroup: group => put(group.id, 'group', group),
    putOther: ({ id, type, displayName }) => void enter(id, type, { id, displayName }),
    addMember(group, member) {
      const of = existing(group)
      const { kind } = existing(member)
      if (of.members.has(member)) return
      of.members.set(member, joins++)
      log.push({ what: 'joined', of, member, kind })
    },
    removeMember(group, member) {
      const of = existing(group)
      if (of.members.delete(member)) log.push({ what: 'left', of, member, kind: all.get(member)?.kind ?? 'user' })
    },
    softDelete(id) {
      const of = existing(id)
      if (of.state !== 'there') return
      of.state = 'soft-deleted'
      log.push({ what: 'soft-deleted', of })
    },
    hardDelete(id) {
      const of = existing(id)
      for (const holder of holders(id)) {
        holder.members.delete(id)
        log.push({ what: 'left', of: holder, member: id, kind: of.kind })
      }
      of.state = 'gone'
      log.push({ what: 'gone', of })
      for (const report of of.kind === 'user' ? users : []) {
        if (report.state !== 'gone' && report.properties['manager'] === id)
          put(report.id, 'user', { ...report.properties, manager: null })
      }
    },
    restore(id) {
      const of = existing(id)
      if (of.state !== 'soft-deleted') return
      of.state = 'there'
      log.push({ what: 'restored', of })
    },
    assign: (application, ids) => void applications.set(application, ids),
  }
}
