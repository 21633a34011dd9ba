import type { DatabaseSync } from 'node:sqlite'
import type { Ledger, LinkChange } from '../state.ts'
import { keyOf, nextNumber, num, numberOf, rows, transactionSync } from './tables.ts'

/**
 * The ledger's links, repeated in the cache by number. Only what changed in the ledger since the last time is
 * taken over; ids that no reading has shown (yet) get a row of their own, marked gone.
 */
export function followLinks(db: DatabaseSync, targetName: string, ledger: Ledger): void {
  const target = numberOf(db, 'c_target', targetName)
  const followed = num(db.prepare('SELECT link_version AS num FROM c_target WHERE num = ?').get(target), 'num')
  const version = ledger.linkVersion(targetName)
  if (version === followed) return
  transactionSync(db, () => {
    let chunk: LinkChange[] = []
    const follow = follower(db, target)
    for (const link of ledger.linksSince(targetName, followed)) {
      chunk.push(link)
      if (chunk.length === 100_000) {
        follow(chunk)
        chunk = []
      }
    }
    follow(chunk)
    db.prepare('UPDATE c_target SET link_version = ? WHERE num = ?').run(version, target)
  })
}

function follower(db: DatabaseSync, target: number): (links: readonly LinkChange[]) => void {
  const put = db.prepare('INSERT OR REPLACE INTO c_link (key, at_target, profile, echo) VALUES (?, ?, ?, ?)')
  const drop = db.prepare('DELETE FROM c_link WHERE key = ?')
  const putUser = db.prepare("INSERT INTO c_user (num, source, id, hash, gone, doc) VALUES (?, ?, ?, 0, 1, '{}')")
  const putGroup = db.prepare(
    "INSERT INTO c_group (num, source, id, hash, gone, doc, members_hash, members) VALUES (?, ?, ?, 0, 1, '{}', 0, x'')",
  )
  const putTargetUser = db.prepare(
    "INSERT INTO c_tuser (num, target, id, doc_hash, hash, gone, active, key_name, key_mail, key_external, doc) VALUES (?, ?, ?, 0, 0, 1, 0, 0, 0, 0, '{}')",
  )
  const putTargetGroup = db.prepare(
    "INSERT INTO c_tgroup (num, target, id, doc_hash, hash, gone, key_name, key_external, doc, members_hash, members) VALUES (?, ?, ?, 0, 0, 1, 0, 0, '{}', -1, NULL)",
  )
  const unsettle = db.prepare('UPDATE c_mapped SET settled = -1 WHERE key = ?')
  return links => {
    if (links.length === 0) return
    for (const kind of ['user', 'group'] as const) {
      const some = links.filter(link => link.kind === kind)
      if (some.length === 0) continue
      const bySource = new Map<string, LinkChange[]>()
      for (const link of some) {
        const list = bySource.get(link.source)
        if (list) list.push(link)
        else bySource.set(link.source, [link])
      }
      const atTarget = numbersOf(
        db,
        kind === 'user' ? 'c_tuser' : 'c_tgroup',
        'target',
        target,
        new Set(some.map(link => link.scimId)),
      )
      let nextAtTarget = nextNumber(db, ['c_tuser', 'c_tgroup'])
      for (const [sourceName, list] of bySource) {
        const source = numberOf(db, 'c_source', sourceName)
        const atSource = numbersOf(
          db,
          kind === 'user' ? 'c_user' : 'c_group',
          'source',
          source,
          new Set(list.map(link => link.sourceId)),
        )
        let nextAtSource = nextNumber(db, ['c_user', 'c_group'])
        for (const link of list) {
          let from = atSource.get(link.sourceId)
          if (from === undefined) {
            if (link.removed) continue
            from = nextAtSource++
            atSource.set(link.sourceId, from)
            ;(kind === 'user' ? putUser : putGroup).run(from, source, link.sourceId)
          }
          const key = keyOf(target, from)
          unsettle.run(key)
          if (link.removed) {
            drop.run(key)
            continue
          }
          let to = atTarget.get(link.scimId)
          if (to === undefined) {
            to = nextAtTarget++
            atTarget.set(link.scimId, to)
            ;(kind === 'user' ? putTargetUser : putTargetGroup).run(to, target, link.scimId)
          }
          put.run(key, to, numberOf(db, 'c_profile', link.profile), link.echo ? JSON.stringify(link.echo) : null)
        }
      }
    }
  }
}

/** The numbers of some ids, found in one pass. */
export function numbersOf(
  db: DatabaseSync,
  table: string,
  column: 'source' | 'target',
  owner: number,
  ids: ReadonlySet<string>,
): Map<string, number> {
  const found = new Map<string, number>()
  for (const [num, id] of rows(db.prepare(`SELECT num, id FROM ${table} WHERE ${column} = ?`), owner)) {
    if (ids.has(String(id))) found.set(String(id), Number(num))
  }
  return found
}
