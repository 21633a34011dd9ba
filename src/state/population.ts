import type { DatabaseSync } from 'node:sqlite'
import type { GroupRow, Population, ResourceKind, TargetKeys } from '../state.ts'
import { AT, type Column, columns, LINK, MAPPED_TO, NODE, type Packed, SHARED } from './columns.ts'
import { GROUP, USER } from './roster.ts'
import { numberOf, rows, unpack } from './tables.ts'

/** Everyone a plan has to look at, as columns by number. A million users at both ends are some 110 MB. */
export function population(db: DatabaseSync, targetName: string, profiles: string): Population {
  const store = columns(db)
  const target = numberOf(db, 'c_target', targetName)
  forgetOthers(db, target, profiles)
  const nodes = store.ids('node').next()
  const atTarget = store.ids('at').next()
  const node = <A extends Packed>(column: Column<A>, owner: number) => store.load(column, owner, nodes)
  const at = <A extends Packed>(column: Column<A>) => store.load(column, target, atTarget)

  const [kind, live, hash] = [node(NODE.kind, SHARED), node(NODE.live, SHARED), node(NODE.hash, SHARED)]
  const from = node(MAPPED_TO.from, target)
  const [linked, liveAt, kindAt] = [node(LINK.at, target), at(AT.live), at(AT.kind)]
  const fresh = new Uint8Array(nodes)
  const linkOf = new Uint32Array(atTarget)
  for (let num = 1; num < nodes; num++) {
    if (linked[num] !== 0) linkOf[linked[num]!] = num
    if (live[num] === 0) continue
    live[num] = kind[num]!
    if (kind[num] === USER && from[num] === hash[num]) fresh[num] = 1
  }
  return {
    target,
    nodes,
    atTarget,
    sources: new Map(named(db, 'c_source').map(([num, name]) => [name, num])),
    source: node(NODE.source, SHARED),
    live,
    fresh,
    scope: node(MAPPED_TO.scope, target),
    state: node(MAPPED_TO.state, target),
    hash: node(MAPPED_TO.hash, target),
    settled: node(MAPPED_TO.settled, target),
    keyName: node(MAPPED_TO.name, target),
    keyMail: node(MAPPED_TO.mail, target),
    keyExternal: node(MAPPED_TO.external, target),
    link: linked,
    linkProfile: node(LINK.profile, target),
    profileNames: Object.assign([], Object.fromEntries(named(db, 'c_profile'))),
    linkOf,
    kindAt,
    liveAt,
    activeAt: at(AT.active),
    hashAt: at(AT.hash),
    memberCountAt: at(AT.memberCount),
    membersHashAt: at(AT.membersHash),
  }
}

/** What was mapped under other profiles is mapped anew. */
function forgetOthers(db: DatabaseSync, target: number, profiles: string): void {
  const mapped = db.prepare('SELECT profiles FROM c_target WHERE num = ?').get(target)
  if (mapped?.['profiles'] === profiles) return
  const store = columns(db)
  for (const column of Object.values(MAPPED_TO)) store.drop(column, target)
  db.prepare('UPDATE c_target SET profiles = ? WHERE num = ?').run(profiles, target)
}

function named(db: DatabaseSync, table: 'c_source' | 'c_profile'): (readonly [number, string])[] {
  return [...rows(db.prepare(`SELECT num, name FROM ${table}`))].map(([num, name]) => [Number(num), String(name)])
}

/** Every group of the sources as last read, with its direct members as numbers. */
export function* groupRows(db: DatabaseSync): Generator<GroupRow> {
  const store = columns(db)
  const ids = store.ids('node')
  const nodes = ids.next()
  const live = store.load(NODE.live, SHARED, nodes)
  const sources = store.load(NODE.source, SHARED, nodes)
  for (const [key, doc, members] of rows(db.prepare('SELECT num, doc, members FROM c_group'))) {
    const num = Number(key)
    if (live[num] !== 0)
      yield { num, source: sources[num]!, id: ids.at(num), doc: String(doc), members: unpack(members) }
  }
}

/** Who at the target holds one of the given keys. */
export function* holders(
  db: DatabaseSync,
  targetName: string,
  kind: ResourceKind,
  wanted: { has(key: number): boolean },
): Generator<TargetKeys> {
  const { kinds, live, names, mails, externals } = keysAt(db, targetName)
  const which = kind === 'user' ? USER : GROUP
  for (let num = 1; num < kinds.length; num++) {
    if (kinds[num] !== which || live[num] === 0) continue
    const [name, mail, external] = [names[num]!, mails[num]!, externals[num]!]
    if ((name && wanted.has(name)) || (mail && wanted.has(mail)) || (external && wanted.has(external)))
      yield { num, name, mail, external }
  }
}

/** The keys of everyone at a target, by number there. */
export function keysAt(db: DatabaseSync, targetName: string) {
  const store = columns(db)
  const target = numberOf(db, 'c_target', targetName)
  const length = store.ids('at').next()
  const at = <A extends Packed>(column: Column<A>) => store.load(column, target, length)
  const [kinds, live, names, mails, externals] = [at(AT.kind), at(AT.live), at(AT.name), at(AT.mail), at(AT.external)]
  return { kinds, live, names, mails, externals }
}
