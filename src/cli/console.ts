import type { Progress } from '../plan.ts'
import { escapeTerminal } from '../report/escape.ts'
import { number } from '../report/paint.ts'
import { fit } from '../report/width.ts'
import type { Io } from './io.ts'

/** What a command tells while it works, on stderr; its answer goes to stdout. */
export interface Console {
  /** Something a person at the terminal or the reader of a cron mail should know. */
  say(message: string, fields?: Fields): void
  /** Only with -v. */
  detail(message: string, fields?: Fields): void
  progress(progress: Progress): void
  /** The stages so far are over: their lines are written, and the progress line is cleared. */
  settle(): void
}
export type Fields = Readonly<Record<string, string | number | boolean>>

export interface ConsoleOptions {
  readonly quiet: boolean
  readonly verbose: boolean
  readonly logFormat: 'text' | 'json'
  /** Milliseconds; for the rate and the time taken. */
  readonly clock: () => number
}

export async function openConsole(io: Io, options: ConsoleOptions): Promise<Console> {
  const tell = options.logFormat === 'json' ? await jsonTeller(io, options.verbose) : textTeller(io)
  const stages = new Map<string, Stage>()
  const live = io.stderr.terminal && options.logFormat === 'text'
  let stage = ''
  let shownAt = Number.NEGATIVE_INFINITY
  let shown = false

  const clear = () => {
    if (shown) void io.stderr.write('\r\x1b[2K')
    shown = false
  }
  const settle = () => {
    clear()
    const now = options.clock()
    if (!options.quiet) for (const one of stages.values()) tell('info', summary(one, now), fieldsOf(one, now))
    stages.clear()
  }
  return {
    say(message, fields = {}) {
      clear()
      if (!options.quiet) tell('info', message, fields)
    },
    detail(message, fields = {}) {
      clear()
      if (options.verbose && !options.quiet) tell('debug', message, fields)
    },
    progress(progress) {
      if (options.quiet) return
      if (progress.stage !== stage) settle()
      stage = progress.stage
      const now = options.clock()
      const key = `${progress.stage}\0${progress.of}`
      const known = stages.get(key) ?? { stage: progress.stage, of: progress.of, since: now, units: new Map() }
      known.units.set(progress.unit, progress)
      stages.set(key, known)
      if (!live || now - shownAt < REDRAW) return
      shownAt = now
      shown = true
      void io.stderr.write(`\r\x1b[2K${fit(lineOf(known, progress, now), (io.stderr.columns ?? 80) - 1)}`)
    },
    settle,
  }
}

const REDRAW = 100

interface Stage {
  readonly stage: string
  readonly of: string
  readonly since: number
  readonly units: Map<string, Progress>
}

type Tell = (level: 'info' | 'debug', message: string, fields: Fields) => void

function textTeller(io: Io): Tell {
  return (_, message) => void io.stderr.write(`${escapeTerminal(message)}\n`)
}

/** One JSON object a line. The paths a credential could stand under are redacted, although none is logged. */
async function jsonTeller(io: Io, verbose: boolean): Promise<Tell> {
  const { pino } = await import('pino')
  const logger = pino(
    {
      level: verbose ? 'debug' : 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: level => ({ level }) },
      redact: ['token', 'password', 'secret', 'authorization', 'headers', 'credential', 'bind'],
    },
    { write: text => void io.stderr.write(text) },
  )
  return (level, message, fields) => logger[level](fields, message)
}

/** `read hq: 12 034 users, 300 groups; 8 s`. */
function summary(stage: Stage, now: number): string {
  return `${stage.stage} ${stage.of}: ${countsOf(stage)}; ${seconds(now - stage.since)}`
}

/** `read hq: 12 034 of 15 000 users; 1 500/s, 8 s`. */
function lineOf(stage: Stage, { done }: Progress, now: number): string {
  const elapsed = now - stage.since
  const rate = elapsed >= 1000 ? `${number(Math.round((done * 1000) / elapsed))}/s, ` : ''
  return `${stage.stage} ${escapeTerminal(stage.of)}: ${countsOf(stage)}; ${rate}${seconds(elapsed)}`
}

function countsOf({ units }: Stage): string {
  return [...units.values()]
    .map(({ done, total, unit }) => `${number(done)}${total === undefined ? '' : ` of ${number(total)}`} ${unit}`)
    .join(', ')
}

function fieldsOf({ stage, of, units, since }: Stage, now: number): Fields {
  const counts = Object.fromEntries([...units.values()].map(({ unit, done }) => [unit, done]))
  return { ...counts, stage, of, milliseconds: Math.round(now - since) }
}

function seconds(milliseconds: number): string {
  const whole = Math.round(milliseconds / 1000)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
