import type { DatabaseSync } from 'node:sqlite'
import { hash52 } from '../pipeline/canonical.ts'
import type { Ledger, LinkChange, ResourceKind } from '../state.ts'
import { AT, type Columns, columns, LINK, MAPPED_TO, NODE, SHARED } from './columns.ts'
import { type Find, finder } from './finder.ts'
import { GROUP, USER } from './roster.ts'
import { keyOf, num, numberOf, transactionSync } from './tables.ts'

/**
 * The ledger's links, repeated in the cache by number. Only what changed in the ledger since the last time is
 * taken over; ids that no reading has shown (yet) get a number of their own, marked gone.
 */
export function followLinks(db: DatabaseSync, targetName: string, ledger: Ledger): void {
  const target = numberOf(db, 'c_target', targetName)
  const followed = num(db.prepare('SELECT link_version AS num FROM c_target WHERE num = ?').get(target), 'num')
  const version = ledger.linkVersion(targetName)
  if (version === followed) return
  transactionSync(db, () => {
    const { take, save } = follower(db, target, version - followed > MANY)
    for (const link of ledger.linksSince(targetName, followed)) take(link)
    save()
    db.prepare('UPDATE c_target SET link_version = ? WHERE num = ?').run(version, target)
  })
}

/** From so many links on, holding all ids ready is quicker. */
const MANY = 5_000

function follower(db: DatabaseSync, target: number, many: boolean) {
  const store = columns(db)
  const nodes = register(store, 'node', many)
  const resources = register(store, 'at', many, target)
  const [nodeSources, settled] = [store.open(NODE.source, SHARED), store.open(MAPPED_TO.settled, target)]
  const [linkedAt, profiles] = [store.open(LINK.at, target), store.open(LINK.profile, target)]
  const putEcho = db.prepare('INSERT OR REPLACE INTO c_echo (key, echo) VALUES (?, ?)')
  const dropEcho = db.prepare('DELETE FROM c_echo WHERE key = ?')
  const numbers = (table: 'c_source' | 'c_profile') => {
    const known = new Map<string, number>()
    return (name: string): number => {
      const number = known.get(name) ?? numberOf(db, table, name)
      known.set(name, number)
      return number
    }
  }
  const [sourceNumber, profileNumber] = [numbers('c_source'), numbers('c_profile')]

  return {
    take({ kind, source: name, sourceId, scimId, profile, echo, removed }: LinkChange): void {
      const source = sourceNumber(name)
      const known = nodes.find(kind, sourceId, source, num => nodeSources.get(num) === source)
      if (known === undefined && removed) return
      const node = known ?? nodes.add(kind, sourceId, source)
      if (known === undefined) nodeSources.set(node, source)
      settled.set(node, 0)
      if (removed) {
        linkedAt.set(node, 0)
        profiles.set(node, 0)
      } else {
        linkedAt.set(node, resources.find(kind, scimId, target) ?? resources.add(kind, scimId, target))
        profiles.set(node, profileNumber(profile))
      }
      if (echo && !removed) putEcho.run(keyOf(target, node), JSON.stringify(echo))
      else dropEcho.run(keyOf(target, node))
    },
    save(): void {
      for (const column of [nodes, resources, nodeSources, settled, linkedAt, profiles]) column.save()
    },
  }
}

/** The ids of one side: those that have a number, and those that get one now. */
function register(store: Columns, side: 'node' | 'at', many: boolean, owner = SHARED) {
  const find: Find = finder(store, side, owner, many)
  const ids = store.ids(side)
  const kinds = store.open(side === 'node' ? NODE.kind : AT.kind, owner)
  const keys = store.open(side === 'node' ? NODE.idKey : AT.idKey, owner)
  const added = new Map<string, number>()
  let next = ids.next()
  return {
    find: (kind: ResourceKind, id: string, within: number, accepts?: (num: number) => boolean): number | undefined =>
      added.get(`${kind} ${within} ${id}`) ?? find(kind, id, accepts),
    add(kind: ResourceKind, id: string, within: number): number {
      const num = next++
      added.set(`${kind} ${within} ${id}`, num)
      ids.set(num, id)
      kinds.set(num, kind === 'user' ? USER : GROUP)
      keys.set(num, hash52(id))
      return num
    },
    save(): void {
      for (const column of [ids, kinds, keys]) column.save()
    },
  }
}
