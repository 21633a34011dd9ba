import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/**
 * The cache's tables. Users and groups of all sources are numbered from one sequence, in order of arrival, and
 * so are those of all targets: the numbers are what members, links and mapped users refer to. What every plan
 * looks at for everyone is in `c_column` (see columns.ts), documents have tables of their own, and nothing is
 * indexed by text. A number outlives its user or group, since links still refer to it.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS c_source (
  num INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, reading INTEGER NOT NULL DEFAULT 0, read_at TEXT,
  certificate TEXT, accepted TEXT, findings TEXT, checkpoint TEXT
);
CREATE TABLE IF NOT EXISTS c_target (
  num INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, read_at TEXT, certificate TEXT, profiles TEXT,
  link_version INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS c_profile (num INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS c_column (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS c_user (num INTEGER PRIMARY KEY, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS c_group (num INTEGER PRIMARY KEY, doc TEXT NOT NULL, members BLOB NOT NULL DEFAULT x'');
CREATE TABLE IF NOT EXISTS c_tuser (num INTEGER PRIMARY KEY, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS c_tgroup (num INTEGER PRIMARY KEY, doc TEXT NOT NULL, members BLOB);
CREATE TABLE IF NOT EXISTS c_echo (key INTEGER PRIMARY KEY, echo TEXT NOT NULL);
`

const VERSION = 5

/** Makes the cache's tables; tables of another version are dropped first, which costs one full read. */
export function createTables(db: DatabaseSync): void {
  db.exec('CREATE TABLE IF NOT EXISTS c_version (version INTEGER NOT NULL)')
  const row = db.prepare('SELECT version FROM c_version').get()
  if (row?.['version'] !== VERSION) {
    const tables = db.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'c\\_%' ESCAPE '\\' AND name <> 'c_version'",
    )
    for (const { name } of tables.all()) db.exec(`DROP TABLE "${String(name)}"`)
    db.exec('DELETE FROM c_version')
    db.prepare('INSERT INTO c_version VALUES (?)').run(VERSION)
  }
  db.exec(TABLES)
}

/** Rows of a per-target table are keyed by target and number in one integer, so that each target is one range. */
const SPAN = 2 ** 40
export function keyOf(target: number, num: number): number {
  return target * SPAN + num
}

/** The number of a source, target or profile by its name, given when first met. */
export function numberOf(db: DatabaseSync, table: 'c_source' | 'c_target' | 'c_profile', name: string): number {
  db.prepare(`INSERT OR IGNORE INTO ${table} (name) VALUES (?)`).run(name)
  return num(db.prepare(`SELECT num FROM ${table} WHERE name = ?`).get(name), 'num')
}

/** Rows as arrays of columns: half the time of objects, and a million rows pass here. */
export function* rows(statement: StatementSync, ...parameters: SQLInputValue[]): Generator<readonly unknown[]> {
  statement.setReturnArrays(true)
  for (const row of statement.iterate(...parameters)) {
    if (!Array.isArray(row)) throw new TypeError('a row is not an array')
    yield row
  }
}

export function num(row: Readonly<Record<string, unknown>> | undefined, column: string): number {
  const value = row?.[column]
  if (typeof value !== 'number') throw new TypeError(`column ${column} is not a number`)
  return value
}

export function text(row: Readonly<Record<string, unknown>> | undefined, column: string): string | undefined {
  const value = row?.[column]
  return typeof value === 'string' ? value : undefined
}

/** Runs `work` in one transaction: all of it, or nothing. */
export async function transaction<T>(db: DatabaseSync, work: () => Promise<T>): Promise<T> {
  db.exec('BEGIN IMMEDIATE')
  try {
    const done = await work()
    db.exec('COMMIT')
    return done
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

export function transactionSync<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const done = work()
    db.exec('COMMIT')
    return done
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** Packed integers, little-endian, sorted where they are members. */
export function pack(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}
export function unpack(blob: unknown): Uint32Array {
  if (!(blob instanceof Uint8Array)) return new Uint32Array()
  if (blob.byteOffset % 4 === 0) return new Uint32Array(blob.buffer, blob.byteOffset, blob.byteLength / 4)
  return new Uint32Array(blob.slice().buffer)
}
