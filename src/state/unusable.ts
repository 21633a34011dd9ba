import { RollcallError } from '../errors.ts'

// SQLite's primary result codes (https://www.sqlite.org/rescode.html).
const PERM = 3
const BUSY = 5
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

/** What went wrong with the state folder, as the `state_unusable` error that says what to do now. */
export function unusable(where: string, cause: unknown): RollcallError {
  if (cause instanceof RollcallError) return cause
  return new RollcallError('state_unusable', `state ${where}: ${advice(cause)}`, { cause })
}

/** Runs `work` on the state; whatever SQLite or the file system says against it becomes `state_unusable`. */
export function usable<T>(where: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (isStorageError(cause)) throw unusable(where, cause)
    throw cause
  }
}

/** The same object; whatever SQLite says against one of its methods, or against what they promise, is `state_unusable`. */
export function usableAll<T extends object>(where: string, methods: T): T {
  const told = Object.entries(methods).map(([name, method]) => {
    const call = (...given: unknown[]): unknown => {
      const result = usable(where, () => (method as (...given: unknown[]) => unknown)(...given))
      if (!(result instanceof Promise)) return result
      return result.catch((cause: unknown) => {
        throw cause instanceof Error && 'errcode' in cause ? unusable(where, cause) : cause
      })
    }
    return [name, call]
  })
  return Object.fromEntries(told) as T
}

function isStorageError(cause: unknown): cause is Error {
  return cause instanceof Error && ('errcode' in cause || ('syscall' in cause && 'code' in cause))
}

function advice(cause: unknown): string {
  if (!(cause instanceof Error)) return 'cannot be used.'
  if ('errcode' in cause && typeof cause.errcode === 'number') {
    switch (cause.errcode & 0xff) {
      case FULL:
        return 'the disk is full. Free some space and run again; what was in flight is looked up first.'
      case PERM:
      case READONLY:
      case CANTOPEN:
        return 'cannot be written. The account that runs rollcall must own the folder; it needs read and write permission on it and on every file in it.'
      case NOTADB:
      case CORRUPT:
        return 'the file is not a rollcall state, or it is damaged. Restore it from a backup, or point `state:` at another folder.'
      case BUSY:
        return 'another program holds the file. Wait until it is done and run again.'
      case IOERR:
        return 'the disk failed to read or write. Check it, and run again; a state folder belongs on a local disk.'
    }
    return `${cause.message}. Restore the file from a backup, or point \`state:\` at another folder.`
  }
  if ('code' in cause) {
    switch (cause.code) {
      case 'ENOSPC':
      case 'EDQUOT':
        return 'the disk is full. Free some space and run again.'
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        return 'cannot be written. The account that runs rollcall must own the folder and be able to write to it.'
      case 'ENOTDIR':
      case 'EEXIST':
        return 'is not a folder. Point `state:` at a folder, or at a path where one can be made.'
    }
  }
  return `${cause.message}.`
}
