import type { DatabaseSync } from 'node:sqlite'

/**
 * The ledger's tables, one migration a version; `PRAGMA user_version` says how many were carried out. The cache
 * keeps its own version, since its tables are made anew instead of being migrated.
 *
 * A link's row number is its version: links are appended in key order and those after a version are one range.
 * They are found by 52-bit hashes of their ids, and the ids are compared: random text keys would cost ten times
 * the time. A removed link stays as a row, as news to whoever follows the versions.
 *
 * An intent stands in a table of its own until its outcome is known, so that its text is gone with its page, and
 * those that are open are found without a look at all that ever was done.
 */
const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE l_name (num INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE l_target (
  num INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL DEFAULT 0, applied INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE l_link (
  version INTEGER PRIMARY KEY, target INTEGER NOT NULL, kind INTEGER NOT NULL, source INTEGER NOT NULL, source_id TEXT NOT NULL,
  scim_id TEXT NOT NULL, profile INTEGER NOT NULL, echo TEXT, removed INTEGER NOT NULL, source_key INTEGER NOT NULL, scim_key INTEGER NOT NULL
);
CREATE INDEX l_link_source ON l_link (source_key);
CREATE INDEX l_link_scim ON l_link (scim_key);
CREATE TABLE l_group (num INTEGER PRIMARY KEY, target INTEGER NOT NULL, scim_id TEXT NOT NULL, UNIQUE (target, scim_id));
CREATE TABLE l_member (grp INTEGER NOT NULL, scim_id TEXT NOT NULL, unsure INTEGER NOT NULL, PRIMARY KEY (grp, scim_id)) WITHOUT ROWID;
CREATE TABLE l_plan (num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, target INTEGER NOT NULL, applied_at TEXT);
CREATE TABLE l_run (
  num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, command TEXT NOT NULL, target TEXT NOT NULL, plan INTEGER NOT NULL, digest TEXT NOT NULL,
  started_at TEXT NOT NULL, approved INTEGER NOT NULL, ended_at TEXT, exit_code INTEGER, message TEXT, counts TEXT
);
CREATE TABLE l_step (
  plan INTEGER NOT NULL, line INTEGER NOT NULL, step INTEGER NOT NULL, run INTEGER NOT NULL,
  change TEXT, outcome TEXT, scim_id TEXT, message TEXT, PRIMARY KEY (plan, line, step)
) WITHOUT ROWID;
CREATE INDEX l_step_unsettled ON l_step (plan, line, step) WHERE outcome IS NULL OR outcome = 'unknown';
`,
  `
CREATE TABLE l_intent (
  plan INTEGER NOT NULL, line INTEGER NOT NULL, step INTEGER NOT NULL, run INTEGER NOT NULL, change TEXT NOT NULL, PRIMARY KEY (plan, line, step)
) WITHOUT ROWID;
INSERT INTO l_intent SELECT plan, line, step, run, IFNULL(change, '') FROM l_step WHERE outcome IS NULL OR outcome = 'unknown';
DELETE FROM l_step WHERE outcome IS NULL;
DROP INDEX l_step_unsettled;
ALTER TABLE l_step DROP COLUMN change;
`,
]

export const SCHEMA_VERSION = MIGRATIONS.length

export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
}

/** Brings the ledger's tables up to a version, all of it or nothing. */
export function migrate(db: DatabaseSync, to = SCHEMA_VERSION): void {
  if (schemaVersion(db) >= to) return
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const migration of MIGRATIONS.slice(schemaVersion(db), to)) db.exec(migration)
    db.exec(`PRAGMA user_version = ${to}`)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
