import type { DatabaseSync } from 'node:sqlite'
import { columns, NODE, SHARED } from './columns.ts'
import { GROUP, NOTHING, type Roster, roster, USER } from './roster.ts'

/** Who is known of this source by id. */
export function remembered(db: DatabaseSync, source: number): Roster {
  const store = columns(db)
  const ids = store.ids('node').all()
  const known = roster({ next: Math.max(1, ids.length) })
  const kinds = store.load(NODE.kind, SHARED, ids.length)
  const live = store.load(NODE.live, SHARED, ids.length)
  const sources = store.load(NODE.source, SHARED, ids.length)
  const hashes = store.load(NODE.hash, SHARED, ids.length)
  const membersHashes = store.load(NODE.membersHash, SHARED, ids.length)
  for (let num = 1; num < ids.length; num++) {
    if (sources[num] !== source || kinds[num] === NOTHING) continue
    known.remember(ids[num]!, {
      num,
      hash: hashes[num]!,
      membersHash: membersHashes[num]!,
      kind: kinds[num] === USER ? USER : GROUP,
      gone: live[num] === 0,
    })
  }
  return known
}
