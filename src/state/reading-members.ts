import type { DatabaseSync } from 'node:sqlite'
import { setHash } from '../pipeline/sets.ts'
import type { OpenColumn } from './columns.ts'
import { type Gatherer, GROUP, NOTHING, type Roster, sortedSet } from './roster.ts'
import { pack, unpack } from './tables.ts'

/** What a reading said of who is in which group, as entries of its roster. */
export interface TakenMembers {
  readonly came: Gatherer
  /** Groups whose members were not shown: these stay as they were. */
  readonly hidden: ReadonlySet<number>
  /** Where only what changed was told: groups whose members were, and who has gone. */
  readonly changes: { readonly groups: ReadonlySet<number>; readonly gone: ReadonlySet<number> } | undefined
}

/** Who of a roster is in the reading now: whoever came, and whoever was there before and has not gone where only changes came. */
export function standing(known: Roster, changes: TakenMembers['changes']): (entry: number) => boolean {
  return entry =>
    known.seen[entry] !== NOTHING || (changes !== undefined && wasThere(known, entry) && !changes.gone.has(entry))
}

export function wasThere(known: Roster, entry: number): boolean {
  return known.stored[entry] !== NOTHING && !known.gone[entry]
}

/** Stores who is in which group; of the groups that have gone, that nobody is. */
export function putMembers(
  db: DatabaseSync,
  known: Roster,
  membersHashes: OpenColumn,
  { came, hidden, changes }: TakenMembers,
): {
  /** Member lists that differ. */
  readonly changed: number
  /** How many more members there are than before; told where only changes came. */
  readonly grown: number
  /** Members that are neither users nor groups of the reading. */
  readonly strays: number
} {
  const stands = standing(known, changes)
  const get = db.prepare('SELECT members FROM c_group WHERE num = ?')
  const set = db.prepare('UPDATE c_group SET members = ? WHERE num = ?')
  const stored = (group: number) => {
    const members = get.get(known.nums[group]!)?.['members']
    return members instanceof Uint8Array ? unpack(members) : new Uint32Array()
  }
  let [changed, grown, strays] = [0, 0, 0]
  const put = (group: number, numbers: Uint32Array) => {
    const hash = setHash(numbers)
    if (hash === known.membersHashes[group]) return
    if (changes) grown += numbers.length - stored(group).length
    set.run(pack(numbers), known.nums[group]!)
    membersHashes.set(known.nums[group]!, hash)
    changed++
  }

  const left = new Set<number>()
  for (const entry of changes?.gone ?? []) if (!stands(entry)) left.add(known.nums[entry]!)
  for (let group = 0; group < known.size; group++) {
    if ((known.seen[group] || known.stored[group]) !== GROUP || hidden.has(group)) continue
    if (!stands(group)) {
      if (wasThere(known, group)) put(group, new Uint32Array())
    } else if (!changes || changes.groups.has(group)) {
      const numbers: number[] = []
      for (const member of came.of(group)) {
        if (stands(member)) numbers.push(known.nums[member]!)
        else strays++
      }
      put(group, sortedSet(Uint32Array.from(numbers)))
    } else if (left.size > 0 && wasThere(known, group)) {
      const had = stored(group)
      const stay = had.filter(member => !left.has(member))
      if (stay.length < had.length) put(group, stay)
    }
  }
  return { changed, grown, strays }
}
