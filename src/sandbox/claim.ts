import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RollcallError } from '../errors.ts'

/**
 * Keeps other sandboxes off a data folder until what comes back is called. A claim whose process is gone, killed
 * perhaps, is taken over. Throws `busy`.
 */
export function claim(folder: string): () => void {
  const file = join(folder, 'sandbox.pid')
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 })
      return () => rmSync(file, { force: true })
    } catch (cause) {
      if (!isThere(cause)) throw cause
      const owner = ownerIn(file)
      if (owner !== undefined && isAlive(owner)) {
        throw new RollcallError(
          'busy',
          `another sandbox (process ${owner}) keeps its data in ${folder}; name another folder.`,
        )
      }
      rmSync(file, { force: true })
    }
  }
}

function isThere(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
}

function ownerIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

function isAlive(owner: number): boolean {
  try {
    process.kill(owner, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}
