import { inspect } from 'node:util'
import { exitCode, RollcallError } from '../errors.ts'
import { escapeJson, escapeTerminal } from '../report/escape.ts'

export interface Failure {
  readonly exitCode: number
  readonly code: string
  readonly message: string
  /** What led to it, nearest first. */
  readonly causes: readonly string[]
}

/** What is said of something thrown, and how the run ends. After an interruption whatever breaks is its doing. */
export function failureOf(thrown: unknown, interrupted: boolean): Failure {
  if (interrupted && !(thrown instanceof RollcallError && thrown.code === 'unknown_outcome')) {
    const message = thrown instanceof RollcallError && thrown.code === 'interrupted' ? thrown.message : 'interrupted'
    return { exitCode: exitCode('interrupted'), code: 'interrupted', message, causes: [] }
  }
  if (thrown instanceof RollcallError) {
    return { exitCode: exitCode(thrown.code), code: thrown.code, message: thrown.message, causes: causesOf(thrown) }
  }
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    exitCode: 1,
    code: 'unexpected',
    message: `something unexpected went wrong: ${said}. What was written is in the journal; run again with -v for more, and please report it.`,
    causes: [...(thrown instanceof Error && thrown.stack !== undefined ? [thrown.stack] : []), ...causesOf(thrown)],
  }
}

/** `rollcall: message`; with `verbose` what led to it, too. */
export function failureText({ message, causes }: Failure, verbose: boolean): string {
  const lines = [`rollcall: ${message}`, ...(verbose ? causes.map(cause => `  because: ${cause}`) : [])]
  return lines.map(line => `${line.split('\n').map(escapeTerminal).join('\n')}\n`).join('')
}

export function failureJson({ code, message }: Failure): string {
  return `${escapeJson({ error: { code, message } })}\n`
}

/**
 * The exit code of several targets together. An interruption counts as applied in part once another target was
 * written; then failed, applied in part, held, has changes.
 */
export function worst(codes: readonly number[], wrote: boolean): number {
  if (codes.includes(130)) return wrote ? 4 : 130
  return [1, 5, 4, 3, 2].find(code => codes.includes(code)) ?? 0
}

function causesOf(thrown: unknown): string[] {
  const causes: string[] = []
  for (let cause = causeOf(thrown); cause !== undefined && causes.length < 8; cause = causeOf(cause)) {
    causes.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : inspect(cause, { depth: 1 }))
  }
  return causes
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? thrown.cause : undefined
}
