import { fstatSync, writeSync } from 'node:fs'

/** Where a command's words go, and what it is told by its surroundings. Tests bring their own. */
export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Ends the process at once. */
  exit(code: number): void
}

export interface Output {
  /** Resolves when there is room for more. Whoever read may have gone (`rollcall plan | head`): that is no error. */
  write(text: string): Promise<void>
  /** False once nobody reads any more. */
  readonly open: boolean
  readonly terminal: boolean
  readonly columns: number | undefined
}

export function processIo(): Io {
  return {
    stdout: output(1, () => process.stdout),
    stderr: output(2, () => process.stderr),
    env: process.env,
    cwd: process.cwd(),
    exit: code => process.exit(code),
  }
}

/**
 * Pipes and files are written to as they are: to make Node's stream of one takes as long as all of `--help`. Terminals
 * have theirs, and so has a pipe that somebody made non-blocking, once it is full.
 */
export function output(fd: number, make: () => NodeJS.WriteStream): Output {
  let open = true
  let stream: NodeJS.WriteStream | undefined
  const failed = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    open = false
  }
  const streamed = (): NodeJS.WriteStream => (stream ??= make().on('error', failed))
  const isDevice = isCharacterDevice(fd)
  const terminal = () => isDevice && streamed().isTTY
  const write = async (text: string): Promise<void> => {
    if (text === '' && !stream) return
    const bytes = Buffer.from(text)
    const rest = stream || isDevice ? bytes : writeNow(fd, bytes, failed)
    if (rest && open) await new Promise<void>(resolve => streamed().write(rest, () => resolve()))
  }
  return {
    write: text => (open ? write(text) : Promise.resolve()),
    get open() {
      return open
    },
    get terminal() {
      return terminal()
    },
    get columns() {
      return terminal() ? streamed().columns : undefined
    },
  }
}

/** Returns what there is no room for. */
function writeNow(
  fd: number,
  bytes: Uint8Array,
  failed: (error: NodeJS.ErrnoException) => void,
): Uint8Array | undefined {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if ('code' in error && error.code === 'EAGAIN') return bytes.subarray(at)
      failed(error)
      return undefined
    }
  }
  return undefined
}

/** As terminals are; what is closed is none. */
function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice()
  } catch {
    return false
  }
}

/** Writes pieces as they come, in chunks; stops asking for more when nobody reads. */
export async function writeAll(out: Output, pieces: AsyncIterable<string>): Promise<void> {
  let chunk = ''
  for await (const piece of pieces) {
    chunk += piece
    if (chunk.length < CHUNK) continue
    await out.write(chunk)
    chunk = ''
    if (!out.open) return
  }
  if (chunk !== '') await out.write(chunk)
}

const CHUNK = 65_536
