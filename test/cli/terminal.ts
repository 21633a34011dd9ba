import { main } from '../../src/cli/main.ts'
import type { Io, Output } from '../../src/cli/io.ts'

/** A command line run in this process, and what it said. */
export async function rollcall(
  argv: readonly string[],
  surroundings: { cwd?: string; env?: Record<string, string>; terminal?: boolean } = {},
): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [recorder(surroundings.terminal === true), recorder(surroundings.terminal === true)]
  const io: Io = {
    stdout,
    stderr,
    env: surroundings.env ?? {},
    cwd: surroundings.cwd ?? process.cwd(),
    exit: () => {},
  }
  const code = await main(argv, io)
  return { code, out: stdout.text(), err: stderr.text() }
}

export function recorder(terminal = false): Output & { text(): string } {
  let text = ''
  return {
    open: true,
    terminal,
    columns: terminal ? 80 : undefined,
    async write(piece) {
      text += piece
    },
    text: () => text,
  }
}
