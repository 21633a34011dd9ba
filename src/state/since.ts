import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Since } from '../connector.ts'
import { groupOf, userOf } from './readings.ts'
import { wasThere } from './reading-members.ts'
import { remembered } from './remembered.ts'
import { GROUP, USER } from './roster.ts'
import { numberOf, rows, text, unpack } from './tables.ts'

/** The last certified reading of a source, where it left a checkpoint. Nothing is loaded before it is asked. */
export function since(db: DatabaseSync, name: string): Since | undefined {
  const checkpoint = text(db.prepare('SELECT checkpoint FROM c_source WHERE name = ?').get(name), 'checkpoint')
  if (checkpoint === undefined) return undefined
  let loaded: ReturnType<typeof load> | undefined
  const reading = () => (loaded ??= load(db, numberOf(db, 'c_source', name)))
  // Asked once for every group: prepared anew each time, they take longer to prepare than to answer, and pile up.
  const userDoc = db.prepare('SELECT doc FROM c_user WHERE num = ?')
  const groupDoc = db.prepare('SELECT doc FROM c_group WHERE num = ?')
  const membersOf = db.prepare('SELECT members FROM c_group WHERE num = ?')
  const doc = (from: StatementSync, num: number | undefined) =>
    num === undefined ? undefined : text(from.get(num), 'doc')
  return {
    checkpoint,
    kindOf(id) {
      const { users, groups } = reading()
      return users.has(id) ? 'user' : groups.has(id) ? 'group' : undefined
    },
    ids: kind => (kind === 'user' ? reading().users : reading().groups).keys(),
    user(id) {
      const found = doc(userDoc, reading().users.get(id))
      return found === undefined ? undefined : userOf(id, found)
    },
    group(id) {
      const found = doc(groupDoc, reading().groups.get(id))
      return found === undefined ? undefined : groupOf(id, found)
    },
    members(group) {
      const { groups, ids } = reading()
      const num = groups.get(group)
      if (num === undefined) return []
      const members = membersOf.get(num)?.['members']
      return members instanceof Uint8Array ? [...unpack(members)].flatMap(member => ids.get(member) ?? []) : []
    },
    *nested() {
      const { groups, ids } = reading()
      const all = new Set(groups.values())
      for (const [num, members] of rows(db.prepare('SELECT num, members FROM c_group'))) {
        const group = typeof num === 'number' && all.has(num) ? ids.get(num) : undefined
        if (group === undefined || !(members instanceof Uint8Array)) continue
        const nested = Array.from(
          unpack(members).filter(member => all.has(member)),
          member => ids.get(member)!,
        )
        if (nested.length > 0) yield { group, members: nested }
      }
    },
  }
}

/** Who is in the reading: numbers by id, and ids by number. */
function load(db: DatabaseSync, source: number) {
  const known = remembered(db, source)
  const users = new Map<string, number>()
  const groups = new Map<string, number>()
  const ids = new Map<number, string>()
  for (let entry = 0; entry < known.size; entry++) {
    if (!wasThere(known, entry)) continue
    const [id, num] = [known.ids[entry]!, known.nums[entry]!]
    if (known.stored[entry] === USER) users.set(id, num)
    else if (known.stored[entry] === GROUP) groups.set(id, num)
    ids.set(num, id)
  }
  return { users, groups, ids }
}
