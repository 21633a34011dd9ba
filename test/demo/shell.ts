import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { styleText } from 'node:util'

export const CLI = join(import.meta.dirname, '../../src/cli/rollcall.ts')

/** Where the demo takes place, and what its commands find in the environment. */
export interface Place {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

/** Says something to whoever watches. */
export function say(text: string): void {
  console.log(`\n${styleText('bold', text)}`)
}

/** What a command line printed, and its exit code; null where a signal ended it. */
export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `rollcall` with these arguments, in a process of its own. */
export async function run({ folder, env }: Place, given: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, ...given], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((done, fail) => child.on('close', done).on('error', fail)),
  ])
  return { code, stdout, stderr }
}

/**
 * Runs rollcall, shows the command line and what it printed (`head` and `tail` lines of it, where it is much), and gives that back. Throws
 * where it ends with another exit code than `expected`.
 */
export async function rollcall(
  place: Place,
  expected: number,
  given: readonly string[],
  { head, tail } = { head: 14, tail: 8 },
): Promise<string> {
  const words = given.map(word => (/^[\w@./:=-]+$/.test(word) ? word : `'${word}'`))
  console.log(styleText('cyan', `$ rollcall ${words.join(' ')}`))
  const { code, stdout, stderr } = await run(place, given)
  const lines = stdout.trimEnd().split('\n')
  const left = lines.length - head - tail
  const note = styleText('dim', `… ${left} more lines …`)
  const shown = left > 1 ? [...lines.slice(0, head), note, ...lines.slice(-tail)] : lines
  for (const line of shown) console.log(`  ${line}`.trimEnd())
  if (code === expected) return stdout
  throw new Error(`exit code ${code}, where ${expected} was expected\n${stderr}`)
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
