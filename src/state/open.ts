import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RollcallError } from '../errors.ts'
import type { Cache, Ledger } from '../state.ts'
import { openCache } from './cache.ts'
import { openLedger } from './ledger.ts'
import { acquireLock, type Lock } from './lock.ts'
import { migrate, SCHEMA_VERSION, schemaVersion } from './schema.ts'
import { unusable, usableAll } from './unusable.ts'

/** The state folder, opened. */
export interface OpenState {
  readonly folder: string
  readonly cache: Cache
  readonly ledger: Ledger
  /** Releases the lock, too. Closing again does nothing. */
  close(): void
}

const WAIT_MS = 5_000

/**
 * Opens the state folder, or makes it: 0700, with `rollcall.db` 0600 in it. Given a `command`, it holds the
 * folder's lock until closed, and throws `busy` where another run has it; without one the state is only looked at.
 * Throws `state_unusable` where the file is from a newer rollcall (nothing is touched then), is no state, or
 * cannot be written.
 *
 * Two connections to one file, since durability is a connection's own: the ledger's waits for the disk at every
 * commit (`synchronous=FULL`), the cache's leaves that to the next checkpoint. While a transaction of one is
 * open, the other can read and not write.
 */
export function openState(folder: string, run?: { readonly command: string; readonly now: Date }): OpenState {
  const file = join(folder, 'rollcall.db')
  let lock: Lock | undefined
  const open: DatabaseSync[] = []
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    lock = run && acquireLock(folder, run)
    createPrivately(file)
    const ledgerDb = connect(file)
    open.push(ledgerDb)
    refuseNewer(file, schemaVersion(ledgerDb))
    ledgerDb.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 8192',
    )
    migrate(ledgerDb)
    const cacheDb = connect(file)
    open.push(cacheDb)
    cacheDb.exec('PRAGMA synchronous = NORMAL')
    const ledger = openLedger(ledgerDb, file)
    let closed = false
    return {
      folder,
      cache: usableAll(file, openCache(cacheDb)),
      ledger,
      close() {
        if (closed) return
        closed = true
        cacheDb.close()
        ledger.close()
        lock?.release()
      },
    }
  } catch (cause) {
    for (const db of open) db.close()
    lock?.release()
    throw unusable(existsSync(file) ? file : folder, cause)
  }
}

function connect(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: WAIT_MS })
}

/** SQLite gives its -wal and -shm files the mode of the file they belong to. */
function createPrivately(file: string): void {
  if (existsSync(file)) chmodSync(file, 0o600)
  else closeSync(openSync(file, 'a', 0o600))
}

function refuseNewer(file: string, version: number): void {
  if (version <= SCHEMA_VERSION) return
  throw new RollcallError(
    'state_unusable',
    `state ${file} is of version ${version}, made by a newer rollcall; this one knows version ${SCHEMA_VERSION}. Nothing was touched. Use that newer rollcall, or point \`state:\` at another folder.`,
  )
}
