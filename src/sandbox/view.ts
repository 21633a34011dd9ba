import type { GroupRecord, UserRecord, Write } from './records.ts'
import type { Store } from './store.ts'
import { type Sequence, sequence } from './table.ts'

export interface SeenGroup {
  readonly record: GroupRecord
  readonly members: Sequence
}

/** The directory as reads show it: as it is, or for a while after a write as it was. */
export interface View {
  user(id: string): UserRecord | undefined
  group(id: string): SeenGroup | undefined
  /** Whether some of it is shown as it was: then what is listed must be looked at one by one. */
  isStale(): boolean
  users(): Iterable<UserRecord>
  groups(): Iterable<SeenGroup>
  /** To be called before a write takes place that reads are not to show for so many milliseconds. */
  hide(write: Write, milliseconds: number): void
}

export function view(store: Store): View {
  const users = past<UserRecord>()
  const groups = past<SeenGroup>()
  const groupNow = (id: string): SeenGroup | undefined => {
    const record = store.groups.get(id)
    return record && { record, members: store.members(id) }
  }
  const user = (id: string) => users.shown(id, store.users.get(id))
  const group = (id: string) => groups.shown(id, groupNow(id))
  return {
    user,
    group,
    isStale: () => !users.isEmpty() || !groups.isEmpty(),
    *users() {
      for (const id of new Set([...Array.from(store.users.all(), record => record.id), ...users.ids()])) {
        const shown = user(id)
        if (shown) yield shown
      }
    },
    *groups() {
      for (const id of new Set([...Array.from(store.groups.all(), record => record.id), ...groups.ids()])) {
        const shown = group(id)
        if (shown) yield shown
      }
    },
    hide(write, milliseconds) {
      const until = performance.now() + milliseconds
      const id = 'record' in write ? write.record.id : write.id
      if (write.write === 'user' || write.write === 'delete-user') return users.keep(id, store.users.get(id), until)
      const now = groupNow(id)
      groups.keep(id, now && { record: now.record, members: copyOf(now.members) }, until)
    },
  }
}

function copyOf(members: Sequence): Sequence {
  const copy = sequence()
  for (const id of members) copy.add(id)
  return copy
}

/** What was before the first of the writes that are not shown yet; undefined: nothing. */
function past<Record>() {
  const kept = new Map<string, { readonly before: Record | undefined; readonly until: number }>()
  const drop = () => {
    const now = performance.now()
    for (const [id, { until }] of kept) if (until <= now) kept.delete(id)
  }
  return {
    keep(id: string, before: Record | undefined, until: number) {
      drop()
      if (!kept.has(id)) kept.set(id, { before, until })
    },
    shown(id: string, now: Record | undefined): Record | undefined {
      const found = kept.size === 0 ? undefined : kept.get(id)
      return found !== undefined && found.until > performance.now() ? found.before : now
    },
    isEmpty() {
      if (kept.size > 0) drop()
      return kept.size === 0
    },
    ids: () => kept.keys(),
  }
}
