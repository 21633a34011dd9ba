import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import * as z from 'zod'
import { RollcallError } from '../errors.ts'
import { unusable } from './unusable.ts'

/** Held until released, or until the process ends, however it ends. */
export interface Lock {
  release(): void
}

const Holder = z.object({ pid: z.number(), host: z.string(), command: z.string(), since: z.string() })
type Holder = z.infer<typeof Holder>

/**
 * One run at a time for each state folder. The lock is the operating system's, taken by SQLite on `lock.db`,
 * so a killed holder leaves none behind; `lock.json` beside it only says who holds it, for the message.
 * Throws `busy` where another process, or another part of this one, holds it.
 */
export function acquireLock(folder: string, run: { readonly command: string; readonly now: Date }): Lock {
  const note = join(folder, 'lock.json')
  const db = openLockFile(folder)
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    if (!isBusy(cause)) throw unusable(folder, cause)
    throw new RollcallError('busy', busyMessage(folder, readHolder(note)), { cause })
  }
  const holder: Holder = { pid: process.pid, host: hostname(), command: run.command, since: run.now.toISOString() }
  try {
    writeFileSync(note, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  } catch (cause) {
    db.close()
    throw unusable(folder, cause)
  }
  let held = true
  return {
    release() {
      if (!held) return
      held = false
      rmSync(note, { force: true })
      db.close()
    },
  }
}

function openLockFile(folder: string): DatabaseSync {
  const file = join(folder, 'lock.db')
  try {
    writeFileSync(file, '', { mode: 0o600, flag: 'a' })
    return new DatabaseSync(file)
  } catch (cause) {
    throw unusable(folder, cause)
  }
}

function isBusy(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && cause.errcode === 5
}

function readHolder(note: string): Holder | undefined {
  try {
    return Holder.parse(JSON.parse(readFileSync(note, 'utf8')))
  } catch {
    return undefined
  }
}

function busyMessage(folder: string, holder: Holder | undefined): string {
  const who = holder
    ? `\`${holder.command}\`, process ${holder.pid} on ${holder.host}, since ${holder.since}`
    : 'another run, which has only just begun'
  return `state ${folder} is in use by ${who}. Nothing was done; run again when it is finished.`
}
