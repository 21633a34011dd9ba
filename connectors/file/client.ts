import { isUtf8 } from 'node:buffer'
import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { RollcallError } from '../../src/errors.ts'

/** A file of a source: as configured, which is what messages show, and where it is. */
export interface SourceFile {
  readonly name: string
  readonly path: string
}

export function sourceFile(name: string, folder: string): SourceFile {
  return { name, path: resolve(folder, name) }
}

/** What changes when a file is written, replaced or restored. `changed` is in milliseconds since 1970. */
export interface Stamp {
  readonly size: number
  readonly changed: number
  readonly inode: number
}

export async function stamp(file: SourceFile): Promise<Stamp> {
  try {
    const { size, mtimeMs, ino } = await stat(file.path)
    return { size, changed: mtimeMs, inode: ino }
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

const CHUNK = 256 * 1024

/**
 * The file's text as UTF-8 bytes, without a byte order mark, cut between characters. Throws `source_incomplete`
 * with the line where a byte is not UTF-8: a wrongly decoded name would go on to the target.
 */
export async function* utf8(file: SourceFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  let line = 1
  let since = 0 // bytes since the last line break
  let rest: Buffer = Buffer.alloc(0)
  let first = true
  for await (const chunk of chunks(file, signal)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const end = bytes.length - unfinished(bytes)
    const whole = bytes.subarray(0, end)
    rest = bytes.subarray(end)
    if (!isUtf8(whole)) throw notUtf8(file, whole, line, since)
    const marked = first && whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf
    if (whole.length > 0) first = false
    yield marked ? whole.subarray(3) : whole
    line += lineBreaks(whole)
    const last = whole.lastIndexOf(10)
    since = last < 0 ? since + whole.length : whole.length - last - 1
  }
  if (rest.length > 0) throw notUtf8(file, rest, line, since)
}

/** The last `count` bytes. */
export async function tail(file: SourceFile, count: number): Promise<Buffer> {
  try {
    await using handle = await open(file.path)
    const { size } = await handle.stat()
    const length = Math.min(size, count)
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    return buffer
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

/** Says where, what, and what now; shows nothing of what the file holds. */
export function fault(file: SourceFile, line: number, column: number, message: string): RollcallError {
  return new RollcallError('source_incomplete', `${file.name}:${line}:${column}: ${message}`)
}

export function lineBreaks(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++
  return count
}

async function* chunks(file: SourceFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    await using handle = await open(file.path)
    for (;;) {
      signal.throwIfAborted()
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } catch (cause) {
    throw signal.aborted ? signal.reason : unreadable(file, cause)
  }
}

function unreadable(file: SourceFile, cause: unknown): RollcallError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') {
    return new RollcallError('source_incomplete', `${file.name} is not there: looked for ${file.path}`, { cause })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new RollcallError('source_denied', `${file.name} may not be read: allow it to the user rollcall runs as`, {
      cause,
    })
  }
  if (code === 'EISDIR')
    return new RollcallError('source_incomplete', `${file.name} is a folder: name a file`, { cause })
  const message = cause instanceof Error ? cause.message : String(cause)
  return new RollcallError('source_incomplete', `${file.name} could not be read: ${message}`, { cause })
}

/** How many bytes at the end belong to a character that goes on in the next chunk. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0
  }
  return 0
}

function notUtf8(file: SourceFile, bytes: Buffer, firstLine: number, since: number): RollcallError {
  if (firstLine === 1 && (bytes[0] === 0xff || bytes[0] === 0xfe)) {
    return fault(file, 1, 1, 'the file is UTF-16: save it as UTF-8')
  }
  const before = bytes.subarray(0, firstWrong(bytes))
  const start = before.lastIndexOf(10) + 1
  const column = before.toString('utf8', start).length + (start === 0 ? since : 0) + 1
  return fault(file, firstLine + lineBreaks(before), column, 'not UTF-8: save the file as UTF-8')
}

/** How many bytes at the beginning are whole characters of UTF-8. */
function firstWrong(bytes: Buffer): number {
  const whole = (end: number) => end - unfinished(bytes.subarray(0, end))
  let [good, bad] = [0, bytes.length + 1]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (isUtf8(bytes.subarray(0, whole(middle)))) good = middle
    else bad = middle
  }
  return whole(good)
}
