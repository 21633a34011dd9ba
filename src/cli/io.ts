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
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    env: process.env,
    cwd: process.cwd(),
    exit: code => process.exit(code),
  }
}

function output(stream: NodeJS.WriteStream): Output {
  let open = true
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    open = false
  })
  return {
    write: text => (open ? new Promise(resolve => stream.write(text, () => resolve())) : Promise.resolve()),
    get open() {
      return open
    },
    get terminal() {
      return 'isTTY' in stream && stream.isTTY // it is not there for a file or a pipe, whatever the types say
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined
    },
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
