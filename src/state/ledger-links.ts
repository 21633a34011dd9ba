import type { DatabaseSync } from 'node:sqlite'
import * as z from 'zod'
import { hash52 } from '../pipeline/canonical.ts'
import type { Echo, Link, LinkChange, ResourceKind, Unlink } from '../state.ts'
import { num, rows } from './tables.ts'

const KINDS = ['user', 'group'] as const
const COLUMNS = 'version, kind, source, source_id, scim_id, profile, echo, removed'

const EchoText = z.record(z.string(), z.object({ sent: z.json().optional(), kept: z.json().optional() }))

/** The links of a ledger. Its writers belong inside a transaction of the caller's. */
export function ledgerLinks(db: DatabaseSync) {
  const names = nameTable(db)
  const targets = targetTable(db)
  const newest = db.prepare('SELECT IFNULL(MAX(version), 0) AS version FROM l_link')
  const bySource = db.prepare(
    `SELECT ${COLUMNS} FROM l_link WHERE source_key = ? AND target = ? AND kind = ? AND source = ? AND source_id = ?`,
  )
  const byScim = db.prepare(
    `SELECT ${COLUMNS} FROM l_link WHERE scim_key = ? AND target = ? AND kind = ? AND scim_id = ? AND removed = 0 ORDER BY version`,
  )
  const insert = db.prepare(
    'INSERT INTO l_link (version, target, kind, source, source_id, scim_id, profile, echo, removed, source_key, scim_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)',
  )
  const update = db.prepare(
    'UPDATE l_link SET version = ?, scim_id = ?, profile = ?, echo = ?, removed = 0, scim_key = ? WHERE version = ?',
  )
  const bury = db.prepare('UPDATE l_link SET version = ?, removed = 1, echo = NULL WHERE version = ?')
  for (const statement of [bySource, byScim]) statement.setReturnArrays(true)

  const find = (hash: number, target: number, kind: ResourceKind, source: number, sourceId: string) =>
    columns(bySource.get(hash, target, KINDS.indexOf(kind), source, sourceId))

  const linkOf = (row: readonly unknown[]): LinkChange => ({
    kind: KINDS[Number(row[1])] ?? 'user',
    source: names.name(Number(row[2])),
    sourceId: String(row[3]),
    scimId: String(row[4]),
    profile: names.name(Number(row[5])),
    echo: typeof row[6] === 'string' ? parseEcho(row[6]) : undefined,
    version: Number(row[0]),
    removed: row[7] === 1,
  })
  const plain = ({ version: _, removed: __, ...link }: LinkChange): Link => link
  const known = new Map<string, Known>()
  /** Whether every link there is is known: a ledger that was empty when it was opened, and has not outgrown memory. */
  let allKnown = num(newest.get(), 'version') === 0
  const know = (key: string, what: Known) => {
    if (known.size >= REMEMBERED) {
      known.clear()
      allKnown = false
    }
    known.set(key, what)
    return what
  }
  const lookUp = (target: string, kind: ResourceKind, source: string, sourceId: string): Link | undefined => {
    const key = keyOf(target, kind, source, sourceId)
    const before = known.get(key)
    if (before || allKnown) return before?.link
    const at = targets.find(target)
    const from = names.find(source)
    if (at === undefined || from === undefined) return undefined
    const hash = sourceKey(at, kind, from, sourceId)
    const row = find(hash, at, kind, from, sourceId)
    return know(key, { link: row && row[7] === 0 ? plain(linkOf(row)) : undefined, hash, isNew: row === undefined })
      .link
  }

  return {
    targetNumber: targets.number,
    knows(target: string): boolean {
      const row = targets.row(target)
      return row !== undefined && (row.applied || row.version > 0)
    },
    hasApplied: (target: string): boolean => targets.row(target)?.applied === true,
    version: (target: string): number => targets.row(target)?.version ?? 0,
    markApplied: targets.markApplied,
    *since(target: string, version: number): Generator<LinkChange> {
      const row = targets.row(target)
      if (!row) return
      const statement = db.prepare(`SELECT ${COLUMNS} FROM l_link WHERE version > ? AND target = ? ORDER BY version`)
      for (const found of rows(statement, version, row.num)) yield linkOf(found)
    },
    /** Looked up once, and known until it is changed: whoever writes links does it here. */
    link: lookUp,
    /** What is in memory may not be what is on disk. */
    forget() {
      known.clear()
      allKnown = false
      names.forget()
      targets.forget()
    },
    linksTo(target: string, kind: ResourceKind, scimId: string): readonly Link[] {
      const at = targets.find(target)
      if (at === undefined) return []
      return byScim
        .all(scimKey(at, kind, scimId), at, KINDS.indexOf(kind), scimId)
        .map(row => plain(linkOf(columns(row) ?? [])))
    },

    put(entries: readonly { readonly target: string; readonly link: Link }[]): void {
      if (entries.length === 0) return
      let version = num(newest.get(), 'version')
      const touched = new Set<string>()
      for (const { target, link } of entries) {
        const key = keyOf(target, link.kind, link.source, link.sourceId)
        const before = known.get(key)
        const at = targets.number(target)
        const source = names.number(link.source)
        const profile = names.number(link.profile)
        const echo = link.echo && Object.keys(link.echo).length > 0 ? JSON.stringify(link.echo) : null
        const hash = before?.hash ?? sourceKey(at, link.kind, source, link.sourceId)
        const isNew = before?.isNew ?? allKnown
        const row = isNew ? undefined : find(hash, at, link.kind, source, link.sourceId)
        know(key, { link, hash, isNew: false })
        if (row && row[7] === 0 && row[4] === link.scimId && row[5] === profile && row[6] === echo) continue
        version++
        touched.add(target)
        const scim = scimKey(at, link.kind, link.scimId)
        if (row) update.run(version, link.scimId, profile, echo, scim, Number(row[0]))
        else
          insert.run(
            version,
            at,
            KINDS.indexOf(link.kind),
            source,
            link.sourceId,
            link.scimId,
            profile,
            echo,
            hash,
            scim,
          )
      }
      for (const target of touched) targets.setVersion(target, version)
    },
    remove(entries: readonly Unlink[]): void {
      for (const { target, kind, source, sourceId } of entries) {
        const [at, from] = [targets.number(target), names.number(source)]
        const hash = sourceKey(at, kind, from, sourceId)
        const row = find(hash, at, kind, from, sourceId)
        know(keyOf(target, kind, source, sourceId), { link: undefined, hash, isNew: row === undefined })
        if (!row || row[7] === 1) continue
        const version = num(newest.get(), 'version') + 1
        bury.run(version, Number(row[0]))
        targets.setVersion(target, version)
      }
    },
  }
}

/** What a look-up found, or a writer left: the key it is found by, and whether there is no row at all. */
interface Known {
  readonly link: Link | undefined
  readonly hash: number
  readonly isNew: boolean
}

/** How many links are held in memory. */
const REMEMBERED = 200_000

function keyOf(target: string, kind: ResourceKind, source: string, sourceId: string): string {
  return JSON.stringify([target, kind, source, sourceId])
}

function columns(row: unknown): readonly unknown[] | undefined {
  return Array.isArray(row) ? row : undefined
}

/** Compared with the whole ids after, so a collision costs a comparison and nothing else. */
function sourceKey(target: number, kind: ResourceKind, source: number, sourceId: string): number {
  return hash52(`${target} ${kind} ${source} ${sourceId}`)
}
function scimKey(target: number, kind: ResourceKind, scimId: string): number {
  return hash52(`${target} ${kind} ${scimId}`)
}

function parseEcho(text: string): Echo {
  const echo: Record<string, Echo[string]> = {}
  for (const [path, { sent, kept }] of Object.entries(EchoText.parse(JSON.parse(text)))) echo[path] = { sent, kept }
  return echo
}

/** Sources and profiles by number; remembered, since a few names come with every link. */
function nameTable(db: DatabaseSync) {
  const numbers = new Map<string, number>()
  const names = new Map<number, string>()
  const byName = db.prepare('SELECT num FROM l_name WHERE name = ?')
  const byNumber = db.prepare('SELECT name FROM l_name WHERE num = ?')
  const insert = db.prepare('INSERT INTO l_name (name) VALUES (?)')
  const find = (name: string): number | undefined => {
    const known = numbers.get(name)
    if (known !== undefined) return known
    const row = byName.get(name)
    if (!row) return undefined
    numbers.set(name, num(row, 'num'))
    return num(row, 'num')
  }
  return {
    find,
    forget() {
      numbers.clear()
      names.clear()
    },
    number: (name: string): number => find(name) ?? Number(insert.run(name).lastInsertRowid),
    name(number: number): string {
      const name = names.get(number) ?? String(byNumber.get(number)?.['name'])
      names.set(number, name)
      return name
    },
  }
}

function targetTable(db: DatabaseSync) {
  const find = db.prepare('SELECT num, version, applied FROM l_target WHERE name = ?')
  const insert = db.prepare('INSERT OR IGNORE INTO l_target (name) VALUES (?)')
  const setVersion = db.prepare('UPDATE l_target SET version = ? WHERE name = ?')
  const setApplied = db.prepare('UPDATE l_target SET applied = 1 WHERE name = ?')
  const numbers = new Map<string, number>()
  const row = (name: string) => {
    const found = find.get(name)
    return found && { num: num(found, 'num'), version: num(found, 'version'), applied: found['applied'] === 1 }
  }
  const number = (name: string): number | undefined => {
    const known = numbers.get(name) ?? row(name)?.num
    if (known !== undefined) numbers.set(name, known)
    return known
  }
  return {
    row,
    forget: () => numbers.clear(),
    find: number,
    number: (name: string): number => number(name) ?? Number(insert.run(name).lastInsertRowid),
    setVersion: (name: string, version: number) => void setVersion.run(version, name),
    markApplied(name: string) {
      insert.run(name)
      setApplied.run(name)
    },
  }
}
