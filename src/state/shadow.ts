import type { DatabaseSync } from 'node:sqlite'
import type { Ledger, WrittenMembers } from '../state.ts'
import { num, rows } from './tables.ts'

type Written = ReturnType<Ledger['writtenMembers']> extends Iterable<infer W> ? W : never

/**
 * The members written to groups whose members a target does not show: all that is known of them. `change`
 * belongs inside a transaction of the caller's.
 */
export function shadow(db: DatabaseSync, targetNumber: (name: string) => number) {
  const findGroup = db.prepare('SELECT num FROM l_group WHERE target = ? AND scim_id = ?')
  const insertGroup = db.prepare('INSERT INTO l_group (target, scim_id) VALUES (?, ?)')
  const put = db.prepare('INSERT OR REPLACE INTO l_member (grp, scim_id, unsure) VALUES (?, ?, ?)')
  const remove = db.prepare('DELETE FROM l_member WHERE grp = ? AND scim_id = ?')
  const groupByName = db.prepare(
    'SELECT g.num AS num FROM l_group g JOIN l_target t ON t.num = g.target WHERE t.name = ? AND g.scim_id = ?',
  )
  const groupsOf = db.prepare(
    'SELECT g.num AS num, g.scim_id AS scim_id FROM l_group g JOIN l_target t ON t.num = g.target WHERE t.name = ? ORDER BY g.scim_id',
  )

  const membersOf = (group: number, unsure: boolean): string[] => {
    const statement = db.prepare('SELECT scim_id FROM l_member WHERE grp = ? AND unsure = ? ORDER BY scim_id')
    return Array.from(rows(statement, group, unsure ? 1 : 0), ([id]) => String(id))
  }

  return {
    *all(target: string): Generator<Written> {
      for (const row of groupsOf.all(target)) {
        const group = num(row, 'num')
        const [members, unsure] = [membersOf(group, false), membersOf(group, true)]
        if (members.length + unsure.length > 0) yield { group: String(row['scim_id']), members, unsure }
      }
    },
    of(target: string, group: string): ReadonlySet<string> {
      const row = groupByName.get(target, group)
      return new Set(row ? membersOf(num(row, 'num'), false) : [])
    },
    change(changes: readonly WrittenMembers[]): void {
      for (const { target, group, add = [], remove: removed = [], unsure = [] } of changes) {
        const at = targetNumber(target)
        const row = findGroup.get(at, group)
        const number = row ? num(row, 'num') : Number(insertGroup.run(at, group).lastInsertRowid)
        for (const member of removed) remove.run(number, member)
        for (const member of add) put.run(number, member, 0)
        for (const member of unsure) put.run(number, member, 1)
      }
    },
  }
}
