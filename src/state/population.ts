import type { DatabaseSync } from 'node:sqlite'
import type { GroupRow, Population, TargetKeys } from '../state.ts'
import { GROUP, USER } from './roster.ts'
import { nextNumber, numberOf, rangeOf, rows, unpack } from './tables.ts'

/** Everyone a plan has to look at, as columns by number. A million users are some 80 MB. */
export function population(db: DatabaseSync, targetName: string, profiles: string): Population {
  const target = numberOf(db, 'c_target', targetName)
  const mapped = db.prepare('SELECT profiles FROM c_target WHERE num = ?').get(target)
  const [from, to] = rangeOf(target)
  if (mapped?.['profiles'] !== profiles) {
    db.prepare('DELETE FROM c_mapped WHERE key BETWEEN ? AND ?').run(from, to)
    db.prepare('UPDATE c_target SET profiles = ? WHERE num = ?').run(profiles, target)
  }
  const nodes = nextNumber(db, ['c_user', 'c_group'])
  const atTarget = nextNumber(db, ['c_tuser', 'c_tgroup'])
  const sources = new Map<string, number>()
  for (const [num, name] of rows(db.prepare('SELECT num, name FROM c_source'))) sources.set(String(name), Number(num))

  const people: Population = {
    target,
    nodes,
    atTarget,
    sources,
    source: new Uint16Array(nodes),
    live: new Uint8Array(nodes),
    fresh: new Uint8Array(nodes),
    scope: new Uint32Array(nodes),
    state: new Uint16Array(nodes),
    hash: new Float64Array(nodes),
    settled: new Float64Array(nodes),
    keyName: new Float64Array(nodes),
    keyMail: new Float64Array(nodes),
    keyExternal: new Float64Array(nodes),
    link: new Uint32Array(nodes),
    linkProfile: new Uint16Array(nodes),
    profileNames: [],
    linkOf: new Uint32Array(atTarget),
    kindAt: new Uint8Array(atTarget),
    liveAt: new Uint8Array(atTarget),
    activeAt: new Uint8Array(atTarget),
    hashAt: new Float64Array(atTarget),
  }
  const users = db.prepare(`
    SELECT u.num, u.source, u.gone, m.source_hash IS u.hash, m.scope, m.state, m.hash, m.settled, m.key_name, m.key_mail, m.key_external
    FROM c_user u LEFT JOIN c_mapped m ON m.key = u.num + ?`)
  for (const row of rows(users, from)) {
    const node = Number(row[0])
    people.source[node] = Number(row[1])
    if (row[2] === 1) continue
    people.live[node] = USER
    if (row[3] !== 1) continue
    people.fresh[node] = 1
    people.scope[node] = Number(row[4])
    people.state[node] = Number(row[5])
    people.hash[node] = Number(row[6])
    people.settled[node] = Number(row[7])
    people.keyName[node] = Number(row[8])
    people.keyMail[node] = Number(row[9])
    people.keyExternal[node] = Number(row[10])
  }
  for (const [num, source, gone] of rows(db.prepare('SELECT num, source, gone FROM c_group'))) {
    people.source[Number(num)] = Number(source)
    if (gone === 0) people.live[Number(num)] = GROUP
  }
  const profileNames: string[] = people.profileNames
  for (const [num, name] of rows(db.prepare('SELECT num, name FROM c_profile')))
    profileNames[Number(num)] = String(name)
  for (const [key, num, profile] of rows(
    db.prepare('SELECT key, at_target, profile FROM c_link WHERE key BETWEEN ? AND ?'),
    from,
    to,
  )) {
    const node = Number(key) - from
    people.link[node] = Number(num)
    people.linkProfile[node] = Number(profile)
    people.linkOf[Number(num)] = node
  }
  for (const [num, hash, gone, active] of rows(
    db.prepare('SELECT num, hash, gone, active FROM c_tuser WHERE target = ?'),
    target,
  )) {
    people.kindAt[Number(num)] = USER
    people.hashAt[Number(num)] = Number(hash)
    people.liveAt[Number(num)] = gone === 0 ? 1 : 0
    people.activeAt[Number(num)] = Number(active)
  }
  for (const [num, hash, gone] of rows(db.prepare('SELECT num, hash, gone FROM c_tgroup WHERE target = ?'), target)) {
    people.kindAt[Number(num)] = GROUP
    people.hashAt[Number(num)] = Number(hash)
    people.liveAt[Number(num)] = gone === 0 ? 1 : 0
  }
  return people
}

/** Every group of the sources as last read, with its direct members as numbers. */
export function* groupRows(db: DatabaseSync): Generator<GroupRow> {
  for (const [num, source, id, doc, members] of rows(
    db.prepare('SELECT num, source, id, doc, members FROM c_group WHERE gone = 0'),
  )) {
    yield { num: Number(num), source: Number(source), id: String(id), doc: String(doc), members: unpack(members) }
  }
}

/** Where at the target the given keys are held: one pass, since there is no index by key. */
export function* holders(
  db: DatabaseSync,
  targetName: string,
  kind: 'user' | 'group',
  wanted: ReadonlySet<number>,
): Generator<TargetKeys> {
  const target = numberOf(db, 'c_target', targetName)
  const statement =
    kind === 'user'
      ? db.prepare('SELECT num, key_name, key_mail, key_external FROM c_tuser WHERE target = ? AND gone = 0')
      : db.prepare('SELECT num, key_name, 0, key_external FROM c_tgroup WHERE target = ? AND gone = 0')
  for (const [num, name, mail, external] of rows(statement, target)) {
    const keys = { num: Number(num), name: Number(name), mail: Number(mail), external: Number(external) }
    if (
      (keys.name && wanted.has(keys.name)) ||
      (keys.mail && wanted.has(keys.mail)) ||
      (keys.external && wanted.has(keys.external))
    )
      yield keys
  }
}
