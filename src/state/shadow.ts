import type { DatabaseSync } from 'node:sqlite'
import type { WrittenMembers } from '../state.ts'
import { num, rows } from './tables.ts'

/**
 * The members written to groups whose members a target does not show: all that is known of them. `change`
 * belongs inside a transaction of the caller's.
 */
export function shadow(db: DatabaseSync, targetNumber: (name: string) => number) {
  const findGroup = db.prepare('SELECT num FROM l_group WHERE target = ? AND scim_id = ?')
  const insertGroup = db.prepare('INSERT INTO l_group (target, scim_id) VALUES (?, ?)')
  const add = db.prepare('INSERT OR IGNORE INTO l_member (grp, scim_id) VALUES (?, ?)')
  const remove = db.prepare('DELETE FROM l_member WHERE grp = ? AND scim_id = ?')
  const groupByName = db.prepare(
    'SELECT g.num AS num FROM l_group g JOIN l_target t ON t.num = g.target WHERE t.name = ? AND g.scim_id = ?',
  )
  const groupsOf = db.prepare(
    'SELECT g.num AS num, g.scim_id AS scim_id FROM l_group g JOIN l_target t ON t.num = g.target WHERE t.name = ? ORDER BY g.scim_id',
  )

  const membersOf = (group: number): string[] => {
    const members: string[] = []
    for (const [id] of rows(db.prepare('SELECT scim_id FROM l_member WHERE grp = ? ORDER BY scim_id'), group))
      members.push(String(id))
    return members
  }

  return {
    *all(target: string): Generator<{ readonly group: string; readonly members: readonly string[] }> {
      for (const row of groupsOf.all(target)) {
        const members = membersOf(num(row, 'num'))
        if (members.length > 0) yield { group: String(row['scim_id']), members }
      }
    },
    of(target: string, group: string): ReadonlySet<string> {
      const row = groupByName.get(target, group)
      return new Set(row ? membersOf(num(row, 'num')) : [])
    },
    change(changes: readonly WrittenMembers[]): void {
      for (const { target, group, add: added = [], remove: removed = [] } of changes) {
        const at = targetNumber(target)
        const row = findGroup.get(at, group)
        const number = row ? num(row, 'num') : Number(insertGroup.run(at, group).lastInsertRowid)
        for (const member of removed) remove.run(number, member)
        for (const member of added) add.run(number, member)
      }
    },
  }
}
