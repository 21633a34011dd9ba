import { isRecord, kindOf, type Thing } from './wire.ts'

/** A member of a group that came, or went. */
export interface MemberChange {
  /** `user`, `group`, `device` …; empty where Graph did not say. */
  readonly kind: string
  readonly present: boolean
}

export interface GroupChange {
  /** As it is now; undefined where only its members were told. */
  readonly thing: Thing | undefined
  readonly present: boolean
  /** It was gone in between: what is not told again is not known. */
  readonly wasGone: boolean
  readonly members: ReadonlyMap<string, MemberChange>
}

/**
 * What changed, gathered page by page in order of arrival, the later word over the earlier one. Pages may overlap,
 * repeat, and tell one object in several pieces; taking one twice comes to the same.
 */
export class Changes {
  /** Undefined for who is gone. */
  readonly users = new Map<string, Thing | undefined>()
  readonly groups = new Map<string, GroupChange>()
  /** What came in a shape that nobody knows; to be read in another way. */
  doubt: string | undefined

  takeUsers(items: readonly Thing[]): void {
    for (const item of items) {
      const before = this.users.get(item.id)
      this.#judge(item)
      this.users.set(item.id, isRemoved(item) ? undefined : { ...before, ...item })
    }
  }

  takeGroups(items: readonly Thing[]): void {
    for (const item of items) {
      const before = this.groups.get(item.id)
      this.#judge(item)
      if (isRemoved(item)) {
        this.groups.set(item.id, { thing: undefined, present: false, wasGone: true, members: new Map() })
        continue
      }
      const { 'members@delta': told, ...properties } = item
      const members = new Map(before?.members)
      if (told !== undefined && !Array.isArray(told)) this.doubt = 'members@delta is no list'
      for (const member of Array.isArray(told) ? told : []) {
        if (!isMember(member)) {
          this.doubt = 'a member came without an id'
          continue
        }
        this.#judge(member)
        members.set(member.id, { kind: kindOf(member) ?? '', present: !isRemoved(member) })
      }
      // A piece of a large group may tell nothing of the group but its id.
      const tells = Object.keys(properties).some(name => name !== 'id' && !name.startsWith('@'))
      const thing = tells ? { ...before?.thing, ...properties, id: item.id } : before?.thing
      this.groups.set(item.id, { thing, present: true, wasGone: before?.wasGone === true, members })
    }
  }

  #judge(item: Thing): void {
    const removed = item['@removed']
    if (removed === undefined) return
    if (!isRecord(removed) || !REASONS.includes(removed['reason']))
      this.doubt = 'something went for a reason that nobody knows'
  }
}

const REASONS: readonly unknown[] = ['changed', 'deleted']

function isRemoved(item: Readonly<Record<string, unknown>>): boolean {
  return isRecord(item['@removed'])
}

function isMember(value: unknown): value is Thing {
  return isRecord(value) && typeof value['id'] === 'string'
}

/** The manager as changes tell it: its id, null for none any more, undefined where nothing is said. */
export function managerOf(user: Thing): string | null | undefined {
  const told = user['manager@delta']
  if (!Array.isArray(told)) return undefined
  const last = told.filter(isMember).findLast(entry => !isRemoved(entry))
  return last?.id ?? null
}
