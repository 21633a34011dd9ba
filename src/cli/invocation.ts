import { type Console, openConsole } from './console.ts'
import { type Failure, failureJson, failureOf, failureText } from './failure.ts'
import { growSlowly } from './heap.ts'
import { type Interruption, interruptible } from './interrupt.ts'
import { type Io, type Output, writeAll } from './io.ts'

/** The options that every command has, as commander leaves them. */
export interface CommonOptions {
  readonly config?: string
  readonly json?: true
  readonly logFormat: 'text' | 'json'
  readonly color: boolean
  readonly verbose?: true
  readonly quiet?: true
}

/** One command line under way: what a command is given beside its own arguments. */
export interface Invocation {
  readonly config: string | undefined
  readonly json: boolean
  readonly verbose: boolean
  readonly quiet: boolean
  readonly colour: boolean
  /** How wide answers may be. */
  readonly columns: number
  readonly cwd: string
  readonly console: Console
  readonly interruption: Interruption
  /** The answer, on stdout. Clears the progress line first. */
  print(text: string | AsyncIterable<string>): Promise<void>
  /** What is wrong, on stderr, even with -q. */
  complain(thrown: unknown): Promise<Failure>
}

/** Runs a command to its exit code; what it throws is told, and turned into one. */
export async function invoke(
  io: Io,
  options: CommonOptions,
  work: (invocation: Invocation) => Promise<number>,
): Promise<number> {
  growSlowly()
  const [json, verbose, quiet] = [options.json === true, options.verbose === true, options.quiet === true]
  const console = await openConsole(io, {
    quiet,
    verbose,
    logFormat: options.logFormat,
    clock: () => performance.now(),
  })
  return interruptible(
    async interruption => {
      const interrupted = () => interruption.signal.aborted && !interruption.writing
      const invocation: Invocation = {
        config: options.config,
        json,
        verbose,
        quiet,
        colour: options.color && colours(io.stdout, io.env),
        columns: Math.max(60, io.stdout.columns ?? (Number(io.env['COLUMNS']) || 120)),
        cwd: io.cwd,
        console,
        interruption,
        async print(text) {
          console.settle()
          if (typeof text === 'string') await io.stdout.write(text)
          else await writeAll(io.stdout, text)
        },
        async complain(thrown) {
          console.settle()
          const failure = failureOf(thrown, interrupted())
          await io.stderr.write(failureText(failure, verbose))
          return failure
        },
      }
      try {
        const code = await work(invocation)
        console.settle()
        return code
      } catch (thrown) {
        const failure = await invocation.complain(thrown)
        if (json) await io.stdout.write(failureJson(failure))
        return failure.exitCode
      }
    },
    { told: message => console.say(message), exit: code => io.exit(code) },
  )
}

/** https://no-color.org: any value but the empty one. */
function colours(stdout: Output, env: Io['env']): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false
  if ((env['FORCE_COLOR'] ?? '') !== '' && env['FORCE_COLOR'] !== '0') return true
  return stdout.terminal && env['TERM'] !== 'dumb'
}
