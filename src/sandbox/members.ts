import type { Json } from '../model.ts'
import type { Behaviour } from './behaviour.ts'
import type { Filter } from './filter.ts'
import { isList, isObject, type JsonObject, ownInAnyCase } from './json.ts'
import { matchesValue } from './match.ts'
import type { Operation } from './patch.ts'
import type { MemberChange } from './records.ts'
import { bad, ScimError } from './scim-error.ts'

/** A group's members while a request is being worked out; nothing is changed yet. */
export interface MemberDraft {
  apply(operation: Operation): void
  /** From a body that carries all of them. */
  replace(value: Json | undefined): void
  /** Undefined where nothing would change. */
  change(): MemberChange | undefined
  /** Members asked for that nobody is, where they do not fail the whole request. */
  readonly unknown: readonly string[]
}

export interface MemberRules extends Pick<Behaviour, 'unknownMember' | 'removal' | 'replaceMembers'> {
  /** Whether there is such a user or group, and it may be a member. */
  isKnown(id: string): boolean
  /** The member as the group shows it. */
  show(id: string): JsonObject
  /** Called with every id that an operation names; may throw. */
  named(id: string): void
  readonly partial: boolean
}

/** The members as they are. */
export interface Current extends Iterable<string> {
  readonly size: number
  has(id: string): boolean
}

/** RFC 7644 §3.5.2 for `members`, at the price of what changes, not of how many there are. */
export function memberDraft(current: Current, rules: MemberRules): MemberDraft {
  let cleared = false
  const added = new Set<string>()
  const removed = new Set<string>()
  const unknown: string[] = []

  const isMember = (id: string) => added.has(id) || (!cleared && current.has(id) && !removed.has(id))
  const add = (id: string) => {
    rules.named(id)
    if (!rules.isKnown(id)) {
      if (!rules.partial) throw unknownMember(rules.unknownMember, id)
      unknown.push(id)
    } else if (!isMember(id) && !removed.delete(id)) added.add(id)
  }
  const drop = (id: string) => {
    if (!added.delete(id) && isMember(id)) removed.add(id)
  }
  const remove = (id: string) => {
    rules.named(id)
    drop(id)
  }
  const clear = () => {
    cleared = true
    added.clear()
    removed.clear()
  }
  const where = (filter: Filter) => {
    const id = idOf(filter)
    if (id !== undefined) return remove(id)
    for (const one of [...(cleared ? [] : current), ...added]) {
      if (isMember(one) && matchesValue(rules.show(one), filter)) drop(one)
    }
  }
  const replace = (value: Json | undefined) => {
    const ids = idsIn(value)
    clear()
    for (const id of ids) add(id)
  }

  return {
    unknown,
    replace,
    apply({ op, path, value }) {
      if (path.sub !== undefined) throw bad('mutability', `members.${path.sub} cannot be changed`)
      if (op !== 'remove' && path.where !== undefined) throw bad('mutability', 'a member cannot be changed')
      if (op === 'add') for (const id of idsIn(isList(value) ? value : [value ?? null])) add(id)
      else if (op === 'replace') {
        if (!rules.replaceMembers) throw bad('invalidValue', 'members cannot be replaced; add and remove them')
        replace(value)
      } else if (path.where !== undefined) {
        if (!rules.removal.pathFilter) throw bad('invalidPath', 'members cannot be removed by a filter in the path')
        where(path.where)
      } else if (value === undefined || value === null) clear()
      else if (rules.removal.valueArray === 'refused') {
        throw bad('invalidValue', 'operation remove takes no value; name the member in the path')
      } else if (rules.removal.valueArray === 'removes-all') clear()
      else for (const id of idsIn(isList(value) ? value : [value])) remove(id)
    },
    change() {
      // What is cleared and added again stays: only the difference is a change.
      const gone = cleared ? [...current].filter(id => !added.has(id)) : [...removed]
      const come = cleared ? [...added].filter(id => !current.has(id)) : [...added]
      if (gone.length === 0 && come.length === 0) return undefined
      if (cleared && gone.length === current.size) return { clear: true, add: come, remove: [] }
      return { add: come, remove: gone }
    },
  }
}

function unknownMember(status: 400 | 404, id: string): ScimError {
  const detail = `member ${JSON.stringify(id.slice(0, 100))} is no user that could be found`
  return new ScimError(status, detail, status === 400 ? 'invalidValue' : undefined)
}

/** The ids in a list of members. */
export function idsIn(value: Json | undefined): string[] {
  if (value === undefined || value === null) return []
  if (!isList(value)) throw bad('invalidValue', 'members is no list')
  return value.map(member => {
    const id = isObject(member) ? ownInAnyCase(member, 'value')[1] : undefined
    if (typeof id !== 'string' || id === '') throw bad('invalidValue', 'a member has no value')
    return id
  })
}

/** The one id that `value eq "…"` names. */
function idOf(filter: Filter): string | undefined {
  const isOne = filter.filter === 'compare' && filter.operator === 'eq' && filter.path.sub === 'value'
  return isOne && typeof filter.value === 'string' ? filter.value : undefined
}
