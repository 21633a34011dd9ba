import type { DatabaseSync } from 'node:sqlite'
import type { ScimResource } from '../model.ts'
import { fold } from '../pipeline/canonical.ts'
import type { Cache, Echo, MappedDoc, Observed } from '../state.ts'
import { key, keepCurrent } from './currents.ts'
import { followLinks, numbersOf } from './links.ts'
import { groupRows, holders, population } from './population.ts'
import { acceptReading, groupOf, keepReading, storedReading, userOf } from './readings.ts'
import { createTables, keyOf, numberOf, pack, rows, text, transactionSync, unpack } from './tables.ts'

/**
 * Readings, mapped users and the target as last seen: what may be lost at the cost of one full read. Opening it
 * makes its tables where they are missing or of another version.
 */
export function openCache(db: DatabaseSync): Cache {
  createTables(db)
  const one = (sql: string) => {
    const statement = db.prepare(sql)
    return (...parameters: (number | string)[]) => statement.get(...parameters)
  }
  const userById = one('SELECT id, doc FROM c_user WHERE num = ?')
  const mappedDoc = one('SELECT doc FROM c_mapped WHERE key = ?')
  const userId = one('SELECT id FROM c_user WHERE num = ?')
  const groupId = one('SELECT id FROM c_group WHERE num = ?')
  const currentUser = one('SELECT id, doc FROM c_tuser WHERE num = ?')
  const currentGroup = one('SELECT id, doc FROM c_tgroup WHERE num = ?')
  const echoOf = one('SELECT echo FROM c_link WHERE key = ?')
  const membersOf = one('SELECT members FROM c_tgroup WHERE num = ?')
  const wantedOf = one('SELECT members FROM c_wanted WHERE key = ?')
  const putMapped = db.prepare(
    'INSERT OR REPLACE INTO c_mapped (key, source_hash, scope, state, hash, settled, key_name, key_mail, key_external, doc) VALUES (?, (SELECT hash FROM c_user WHERE num = ?), ?, ?, ?, -1, ?, ?, ?, ?)',
  )
  const putSettled = db.prepare('UPDATE c_mapped SET settled = ? WHERE key = ?')
  const putWanted = db.prepare('INSERT OR REPLACE INTO c_wanted (key, members) VALUES (?, ?)')

  const cache: Cache = {
    keepReading: (source, parts, now) => keepReading(db, source, parts, now),
    reading: source => storedReading(db, source),
    acceptReading: source => acceptReading(db, source),
    keepCurrent: (target, paths, parts, now) => keepCurrent(db, target, paths, parts, now),
    followLinks: (target, ledger) => followLinks(db, target, ledger),
    population: (target, profiles) => population(db, target, profiles),
    groups: () => groupRows(db),
    sourceGroup: row => groupOf(row.id, row.doc),
    *users(nodes) {
      if (nodes.length < 20_000) {
        for (const node of nodes) {
          const row = userById(node)
          yield { node, user: userOf(text(row, 'id') ?? '', text(row, 'doc') ?? '{}') }
        }
        return
      }
      let at = 0
      for (const [num, id, doc] of rows(
        db.prepare('SELECT num, id, doc FROM c_user WHERE num BETWEEN ? AND ?'),
        nodes[0] ?? 0,
        nodes.at(-1) ?? 0,
      )) {
        if (num !== nodes[at]) continue
        at++
        yield { node: Number(num), user: userOf(String(id), String(doc)) }
      }
    },
    keepMapped(target, rows) {
      transactionSync(db, () => {
        for (const row of rows) {
          putMapped.run(
            keyOf(target, row.node),
            row.node,
            row.scope,
            row.state,
            row.hash,
            row.keyName,
            row.keyMail,
            row.keyExternal,
            JSON.stringify(row.doc),
          )
        }
      })
    },
    mapped(target, node) {
      const doc = text(mappedDoc(keyOf(target, node)), 'doc')
      return doc === undefined ? undefined : (JSON.parse(doc) as MappedDoc)
    },
    settle(target, pairs) {
      transactionSync(db, () => {
        for (const { node, hash } of pairs) putSettled.run(hash, keyOf(target, node))
      })
    },
    holders: (target, kind, keys) => holders(db, target, kind, keys),
    idOf: (kind, node) => text((kind === 'user' ? userId : groupId)(node), 'id') ?? '',
    ids() {
      const ids: string[] = []
      for (const [num, id] of rows(db.prepare('SELECT num, id FROM c_user'))) ids[Number(num)] = String(id)
      return ids
    },
    current(kind, at) {
      const row = (kind === 'user' ? currentUser : currentGroup)(at)
      return { id: text(row, 'id') ?? '', resource: JSON.parse(text(row, 'doc') ?? '{}') as ScimResource }
    },
    echo(target, node) {
      const echo = text(echoOf(keyOf(target, node)), 'echo')
      return echo === undefined ? undefined : (JSON.parse(echo) as Echo)
    },
    currentMembers(at) {
      const members = membersOf(at)?.['members']
      return members instanceof Uint8Array ? unpack(members) : undefined
    },
    numbersAtTarget: (target, kind, ids) =>
      numbersOf(db, kind === 'user' ? 'c_tuser' : 'c_tgroup', 'target', numberOf(db, 'c_target', target), ids),
    wantedMembers(target, group) {
      const members = wantedOf(keyOf(target, group))?.['members']
      return members instanceof Uint8Array ? unpack(members) : undefined
    },
    keepWantedMembers(target, rows) {
      transactionSync(db, () => {
        for (const { group, members } of rows) putWanted.run(keyOf(target, group), pack(members))
      })
    },
    observed: target => observed(db, cache, target),
    nameOf(source, sourceId) {
      const row =
        db
          .prepare(
            'SELECT u.doc AS doc FROM c_user u JOIN c_source s ON s.num = u.source WHERE s.name = ? AND u.id = ?',
          )
          .get(source, sourceId) ??
        db
          .prepare(
            'SELECT g.doc AS doc FROM c_group g JOIN c_source s ON s.num = g.source WHERE s.name = ? AND g.id = ?',
          )
          .get(source, sourceId)
      const doc = text(row, 'doc')
      return doc === undefined ? undefined : userOf(sourceId, doc).name
    },
  }
  return cache
}

/** The target as listed in this run. Ids are looked up in one pass at first use: there is no index by text. */
function observed(db: DatabaseSync, cache: Cache, name: string): Observed {
  const target = numberOf(db, 'c_target', name)
  const index = (kind: 'user' | 'group') => {
    let numbers: Map<string, number> | undefined
    return (id: string) => {
      if (!numbers) {
        numbers = new Map()
        const table = kind === 'user' ? 'c_tuser' : 'c_tgroup'
        for (const [num, id] of rows(db.prepare(`SELECT num, id FROM ${table} WHERE target = ? AND gone = 0`), target))
          numbers.set(String(id), Number(num))
      }
      return numbers.get(id)
    }
  }
  const user = index('user')
  const group = index('group')
  const holdersOf = (kind: 'user' | 'group', attribute: 'userName' | 'externalId' | 'displayName', value: string) => {
    const found: string[] = []
    for (const { num } of cache.holders(name, kind, new Set([key(value)]))) {
      const { id, resource } = cache.current(kind, num)
      const held = resource[attribute]
      if (typeof held === 'string' && fold(held) === fold(value)) found.push(id)
    }
    return found
  }
  return {
    async user(scimId) {
      const num = user(scimId)
      return num === undefined ? undefined : cache.current('user', num).resource
    },
    async group(scimId) {
      const num = group(scimId)
      return num === undefined ? undefined : cache.current('group', num).resource
    },
    async members(groupScimId) {
      const num = group(groupScimId)
      const members = num === undefined ? undefined : cache.currentMembers(num)
      return members && new Set([...members].map(member => cache.current('user', member).id))
    },
    async usersWith(attribute, value) {
      return holdersOf('user', attribute, value)
    },
    async groupsNamed(displayName) {
      return holdersOf('group', 'displayName', displayName)
    },
  }
}
