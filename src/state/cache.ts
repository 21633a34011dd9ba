import type { DatabaseSync } from 'node:sqlite'
import type { ScimResource } from '../model.ts'
import type { Cache, Echo } from '../state.ts'
import { type Column, columns, MAPPED_TO, NODE, type Packed, SHARED } from './columns.ts'
import { keepCurrent } from './currents.ts'
import { finder } from './finder.ts'
import { followLinks } from './links.ts'
import { observed } from './observed.ts'
import { groupRows, holders, population } from './population.ts'
import { acceptReading, groupOf, keepReading, storedReading, userOf } from './readings.ts'
import { since } from './since.ts'
import { createTables, keyOf, numberOf, rows, text, transactionSync, unpack } from './tables.ts'

/**
 * Readings, mapped users and the target as last seen: what may be lost at the cost of one full read. Opening it
 * makes its tables where they are missing or of another version.
 */
export function openCache(db: DatabaseSync): Cache {
  db.exec(`PRAGMA cache_size = -${USUAL_KIB}`)
  createTables(db)
  const one = (sql: string) => {
    const statement = db.prepare(sql)
    return (...parameters: (number | string)[]) => statement.get(...parameters)
  }
  const userDoc = one('SELECT doc FROM c_user WHERE num = ?')
  const groupDoc = one('SELECT doc FROM c_group WHERE num = ?')
  const currentUser = one('SELECT doc FROM c_tuser WHERE num = ?')
  const currentGroup = one('SELECT doc FROM c_tgroup WHERE num = ?')
  const echoOf = one('SELECT echo FROM c_echo WHERE key = ?')
  const membersOf = one('SELECT members FROM c_tgroup WHERE num = ?')
  const store = columns(db)
  let [nodeIds, atIds] = [store.ids('node'), store.ids('at')]
  /** What was read into memory is out of date once numbers were given out. */
  const forget = () => {
    ;[nodeIds, atIds] = [store.ids('node'), store.ids('at')]
  }

  const cache: Cache = {
    keepReading: (source, parts, now) => keepReading(db, source, parts, now).finally(forget),
    reading: source => storedReading(db, source),
    since: source => since(db, source),
    acceptReading: source => acceptReading(db, source),
    keepCurrent: (target, paths, parts, now) => keepCurrent(db, target, paths, parts, now).finally(forget),
    followLinks(target, ledger) {
      followLinks(db, target, ledger)
      forget()
    },
    population: (target, profiles) => population(db, target, profiles),
    groups: () => groupRows(db),
    sourceGroup: row => groupOf(row.id, row.doc),
    *users(nodes) {
      if (nodes.length < 20_000) {
        for (const node of nodes) yield { node, user: userOf(nodeIds.at(node), text(userDoc(node), 'doc') ?? '{}') }
        return
      }
      let at = 0
      const statement = db.prepare('SELECT num, doc FROM c_user WHERE num BETWEEN ? AND ?')
      for (const [num, doc] of rows(statement, nodes[0] ?? 0, nodes.at(-1) ?? 0)) {
        const node = Number(num)
        if (node !== nodes[at]) continue
        at++
        yield { node, user: userOf(nodeIds.at(node), String(doc)) }
      }
    },
    keepMapped(target, rows) {
      transactionSync(db, () => {
        const open = (column: Column<Packed>) => store.open(column, target)
        const [from, scopes, states] = [open(MAPPED_TO.from), open(MAPPED_TO.scope), open(MAPPED_TO.state)]
        const [hashes, settled, names] = [open(MAPPED_TO.hash), open(MAPPED_TO.settled), open(MAPPED_TO.name)]
        const [mails, externals] = [open(MAPPED_TO.mail), open(MAPPED_TO.external)]
        const sourceHashes = store.open(NODE.hash, SHARED)
        for (const { node, scope, state, hash, keyName, keyMail, keyExternal } of rows) {
          from.set(node, sourceHashes.get(node))
          scopes.set(node, scope)
          states.set(node, state)
          hashes.set(node, hash)
          settled.set(node, 0)
          names.set(node, keyName)
          mails.set(node, keyMail)
          externals.set(node, keyExternal)
        }
        for (const column of [from, scopes, states, hashes, settled, names, mails, externals]) column.save()
      })
    },
    settle(target, pairs) {
      transactionSync(db, () => {
        const settled = store.open(MAPPED_TO.settled, target)
        for (const { node, hash } of pairs) settled.set(node, hash)
        settled.save()
      })
    },
    holders: (target, kind, keys) => holders(db, target, kind, keys),
    idOf: (_kind, node) => nodeIds.at(node),
    ids: () => nodeIds.all(),
    current(kind, at) {
      const row = (kind === 'user' ? currentUser : currentGroup)(at)
      return { id: atIds.at(at), resource: JSON.parse(text(row, 'doc') ?? '{}') as ScimResource }
    },
    echo(target, node) {
      const echo = text(echoOf(keyOf(target, node)), 'echo')
      return echo === undefined ? undefined : (JSON.parse(echo) as Echo)
    },
    currentMembers(at) {
      const members = membersOf(at)?.['members']
      return members instanceof Uint8Array ? unpack(members) : undefined
    },
    numbersAtTarget(target, kind, ids) {
      const find = finder(store, 'at', numberOf(db, 'c_target', target), ids.size > 5_000)
      return new Map(
        [...ids].flatMap(id => {
          const num = find(kind, id)
          return num === undefined ? [] : [[id, num] as const]
        }),
      )
    },
    async looking(work) {
      db.exec(`PRAGMA cache_size = -${LOOKING_KIB}; BEGIN`)
      try {
        return await work()
      } finally {
        db.exec(`COMMIT; PRAGMA cache_size = -${USUAL_KIB}`)
      }
    },
    observed: target => observed(db, cache, target),
    nameOf(source, sourceId) {
      const from = numberOf(db, 'c_source', source)
      const sources = store.open(NODE.source, SHARED)
      const find = finder(store, 'node', SHARED)
      const isFrom = (num: number) => sources.get(num) === from
      const user = find('user', sourceId, isFrom)
      if (user !== undefined) return userOf(sourceId, text(userDoc(user), 'doc') ?? '{}').name
      const group = find('group', sourceId, isFrom)
      return group === undefined ? undefined : groupOf(sourceId, text(groupDoc(group), 'doc') ?? '{}').name
    },
  }
  return cache
}

/** Pages held in memory; look-ups in no order want them all, and there are a million of these in a first plan. */
const USUAL_KIB = 32_768
const LOOKING_KIB = 65_536
