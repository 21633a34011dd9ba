import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { inspect } from 'node:util'
import * as z from 'zod'
import { RollcallError } from './errors.ts'

type Origin =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: readonly [string, ...string[]] }

/** Where a credential comes from. Neither it nor what it is shows in JSON, in logs or in an inspection (I10). */
export class Secret {
  readonly #origin: Origin

  constructor(origin: Origin) {
    this.#origin = origin
  }

  /**
   * The credential itself, got anew at every call; a line break at its end is not part of it. Relative paths start
   * from `folder`, that of the config. Throws `secret_unavailable`, naming where it was looked for and no more.
   */
  async read(folder: string): Promise<string> {
    const text = (await this.#fetch(folder)).replace(/\r?\n$/, '')
    if (text === '') throw unavailable(`${this.#place()} is empty`, 'put the secret there')
    return text
  }

  toJSON(): string {
    return '[secret]'
  }

  toString(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }

  async #fetch(folder: string): Promise<string> {
    if ('env' in this.#origin) {
      const value = process.env[this.#origin.env]
      if (value === undefined) throw unavailable(`${this.#place()} is not set`, 'set it where rollcall is started')
      return value
    }
    if ('file' in this.#origin) {
      try {
        return await readFile(resolve(folder, this.#origin.file), 'utf8')
      } catch (cause) {
        throw unavailable(`${this.#place()} cannot be read`, 'put it there, readable by who runs rollcall', cause)
      }
    }
    const [program, ...given] = this.#origin.command
    const { execFile } = await import('node:child_process') // heavy, and most configs name no command
    return new Promise((done, fail) => {
      execFile(program, given, { cwd: folder, timeout: COMMAND_MS, maxBuffer: 1 << 20 }, (error, stdout) => {
        // What it printed may hold the secret, and so may its arguments: the error does not go along.
        if (error) fail(unavailable(`${this.#place()} failed${endOf(error)}`, 'run it by hand to see why'))
        else done(stdout)
      })
    })
  }

  #place(): string {
    if ('env' in this.#origin) return `environment variable ${this.#origin.env}`
    if ('file' in this.#origin) return `file ${this.#origin.file}`
    return `command ${this.#origin.command[0]}`
  }
}

const COMMAND_MS = 30_000

function endOf(error: Error & { readonly code?: unknown; readonly killed?: boolean }): string {
  if (error.killed) return ` (no answer within ${COMMAND_MS / 1_000} s)`
  return typeof error.code === 'number' || typeof error.code === 'string' ? ` (${error.code})` : ''
}

function unavailable(what: string, now: string, cause?: unknown): RollcallError {
  return new RollcallError('secret_unavailable', `a secret cannot be had: ${what}; ${now}.`, { cause })
}

const FORM = '{ env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT, …] }'

/** A SECRET of the config. */
export const secret = z
  .union(
    [
      z.strictObject({ env: z.string().min(1).describe('The environment variable that holds it.') }),
      z.strictObject({ file: z.string().min(1).describe('The file that holds it, and nothing else.') }),
      z.strictObject({
        command: z.tuple([z.string().min(1)], z.string()).describe('A program and its arguments, which prints it.'),
      }),
    ],
    {
      error: ({ input }) =>
        input === undefined
          ? `this is missing; add ${FORM}`
          : `a secret is written as ${FORM}; plain text is refused: write one of these`,
    },
  )
  .transform(origin => new Secret(origin))
