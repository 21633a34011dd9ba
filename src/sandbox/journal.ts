import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
  fsyncSync,
  fstatSync,
  ftruncateSync,
} from 'node:fs'
import { join } from 'node:path'
import { RollcallError } from '../errors.ts'
import { claim } from './claim.ts'
import { parseJson } from './json.ts'
import { isWrite, type Write } from './records.ts'
import type { Store } from './store.ts'

/** Where committed writes are kept, one JSON line each. */
export interface Journal {
  /** On return the line is with the operating system: it survives the end of this process, not that of the machine. */
  append(write: Write): void
  close(): void
}

const FILE = 'directory.jsonl'

/**
 * Opens the journal in a folder (0700, the file 0600), brings the store to where it ended, and writes it anew, so
 * that it holds what is and not how it came about. A last line that was not finished is left out. Throws
 * `state_unusable`, and `busy` where another sandbox is at work on the folder.
 */
export function openJournal(folder: string, store: Store): Journal {
  const file = join(folder, FILE)
  let release = () => {}
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    release = claim(folder)
    if (existsSync(file)) for (const write of writesIn(readFileSync(file), file)) store.apply(write)
    const fresh = `${file}.new`
    const made = openSync(fresh, 'w', 0o600)
    for (const write of store.writes()) writeLine(made, write)
    fsyncSync(made)
    closeSync(made)
    renameSync(fresh, file)
    const descriptor = openSync(file, 'a', 0o600)
    let size = fstatSync(descriptor).size
    let isOpen = true
    return {
      append(write) {
        if (!isOpen) throw new Error('the journal is closed')
        try {
          size += writeLine(descriptor, write)
        } catch (cause) {
          ftruncateSync(descriptor, size) // half a line would spoil all after it
          throw cause
        }
      },
      close() {
        isOpen = false
        fsyncSync(descriptor)
        closeSync(descriptor)
        release()
      },
    }
  } catch (cause) {
    release()
    if (cause instanceof RollcallError) throw cause
    throw new RollcallError(
      'state_unusable',
      `the data folder ${folder} cannot be used; name one that can be written to.`,
      { cause },
    )
  }
}

/** The bytes written. */
function writeLine(descriptor: number, write: Write): number {
  const line = Buffer.from(`${JSON.stringify(write)}\n`)
  for (let at = 0; at < line.length; ) at += writeSync(descriptor, line, at)
  return line.length
}

function* writesIn(content: Buffer, file: string): Generator<Write> {
  let number = 0
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf(0x0a, start)
    if (end < 0) return // the process ended while it wrote this line, and so had not answered
    number += 1
    yield writeOf(content.toString('utf8', start, end), `${file}:${number}`)
    start = end + 1
  }
}

function writeOf(line: string, at: string): Write {
  let cause: unknown
  try {
    const value = parseJson(line)
    if (isWrite(value)) return value
  } catch (thrown) {
    cause = thrown
  }
  throw new RollcallError(
    'state_unusable',
    `${at}: not a line that a sandbox wrote; move the folder away to start anew.`,
    { cause },
  )
}
