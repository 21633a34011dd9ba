import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { styleText } from 'node:util'

export const CLI = join(import.meta.dirname, '../../src/cli/rollcall.ts')

/** Where the demo takes place, and what its commands find in the environment. */
export interface Place {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
}

const [HEAD, TAIL] = [14, 8]

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
 * Runs rollcall, shows the command line and what it printed, and gives that back. Throws where it ends with
 * another exit code than `expected`.
 */
export async function rollcall(place: Place, expected: number, ...given: readonly string[]): Promise<string> {
  const words = given.map(word => (/^[\w@./:=-]+$/.test(word) ? word : `'${word}'`))
  console.log(styleText('cyan', `$ rollcall ${words.join(' ')}`))
  const { code, stdout, stderr } = await run(place, given)
  console.log(
    shortened(stdout.trimEnd().split('\n'))
      .map(line => `  ${line}`)
      .join('\n'),
  )
  if (code === expected) return stdout
  throw new Error(`exit code ${code}, where ${expected} was expected\n${stderr}`)
}

/** Beginning and end, where there is much. */
function shortened(lines: readonly string[]): readonly string[] {
  const left = lines.length - HEAD - TAIL
  if (left <= 1) return lines
  return [...lines.slice(0, HEAD), styleText('dim', `… ${left} more lines …`), ...lines.slice(-TAIL)]
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
