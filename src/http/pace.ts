import { setTimeout as sleep } from 'node:timers/promises'
import PQueue from 'p-queue'
import { RollcallError } from '../errors.ts'
import type { Attempt, Origin, Request } from './request.ts'
import { PATIENCE, type Patience, verdictOf } from './retry.ts'

export type Answer = Extract<Attempt, { came: 'answer' }>

export interface PaceOptions {
  /** What messages call the other side: `target "atlassian"`. */
  readonly name: string
  /** Requests in flight at one time. */
  readonly concurrency: number
  /** At most so many attempts in any minute. */
  readonly requestsPerMinute?: number
  readonly patience?: Patience
}

/**
 * Sends requests as fast as the other side wants them: a 429 or 503 pauses all of them, not only the one that met
 * it. Answers of any other status come back as they are, but for 5xx, which end as errors: `target_unavailable`
 * where no attempt brought an answer worth having, `unknown_outcome` where a write may have taken place,
 * `interrupted` where the signal was aborted.
 */
export function paced(
  origin: Origin,
  options: PaceOptions,
): (request: Request, signal: AbortSignal) => Promise<Answer> {
  const { name, patience = PATIENCE } = options
  const inTurn = options.requestsPerMinute === undefined ? slots(options.concurrency) : minutely(options)
  let quietUntil = 0
  let strikes = 0

  const quiet = async (signal: AbortSignal) => {
    for (let left = quietUntil - Date.now(); left > 0; left = quietUntil - Date.now())
      await sleep(Math.ceil(left), undefined, { signal })
  }
  const once = async (request: Request, signal: AbortSignal) => {
    if (quietUntil > 0) await quiet(signal)
    const began = Date.now()
    return { began, attempt: await origin.send(request, signal) }
  }
  const pause = (began: number, wait: number) => {
    quietUntil = Math.max(quietUntil, Date.now() + wait)
    if (began >= lastStrike) strikes++
    lastStrike = Date.now()
  }
  let lastStrike = 0

  return async (request, signal) => {
    const { method, path } = request
    const what = `${name}: ${method} ${path.split('?')[0]}`
    const first = Date.now()
    try {
      for (let tried = 1; ; tried++) {
        const { began, attempt } = await inTurn(() => once(request, signal))
        const now = Date.now()
        const at = { tried, strikes: strikes + 1, now, random: Math.random() }
        const verdict = verdictOf(method, attempt, at, patience)
        switch (verdict.next) {
          case 'done':
            strikes = 0
            if (attempt.came === 'answer') return attempt
            throw unavailable(what, attempt)
          case 'unknown':
            throw unknown(what, attempt)
          case 'pause-unknown':
            pause(began, verdict.wait)
            throw unknown(what, attempt)
          case 'give-up':
            throw unavailable(what, attempt)
          case 'pause':
            pause(began, verdict.wait)
            if (quietUntil - first > patience.giveUp) throw unavailable(what, attempt)
            break
          case 'again':
            if (now + verdict.wait - first > patience.giveUp) throw unavailable(what, attempt)
            await sleep(verdict.wait, undefined, { signal })
        }
      }
    } catch (error) {
      if (signal.aborted && !(error instanceof RollcallError))
        throw new RollcallError('interrupted', `${what} was interrupted.`, { cause: error })
      throw error
    }
  }
}

type InTurn = <T>(work: () => Promise<T>) => Promise<T>

function slots(free: number): InTurn {
  const waiting: (() => void)[] = []
  return async work => {
    if (free > 0) free--
    else await new Promise<void>(go => waiting.push(go))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}

/** Spread over the minute, so that no second of it takes more than its share. */
function minutely({ concurrency, requestsPerMinute = 60 }: PaceOptions): InTurn {
  const intervalCap = Math.max(1, Math.floor(requestsPerMinute / 60))
  const interval = Math.ceil(60_000 / Math.max(1, Math.floor(requestsPerMinute / intervalCap)))
  const queue = new PQueue({ concurrency, interval, intervalCap, strict: true })
  return work => queue.add(work)
}

function unknown(what: string, attempt: Attempt): RollcallError {
  return new RollcallError(
    'unknown_outcome',
    `${what} was sent, and it is not known what became of it (${told(attempt)}).`,
    {
      cause: attempt.came === 'nothing' ? attempt.error : undefined,
    },
  )
}

function unavailable(what: string, attempt: Attempt): RollcallError {
  return new RollcallError(
    'target_unavailable',
    `${what} brought no answer worth having (${told(attempt)}); see whether it is up and reachable from here, then run again.`,
    { cause: attempt.came === 'nothing' ? attempt.error : undefined },
  )
}

function told(attempt: Attempt): string {
  if (attempt.came === 'answer') return `status ${attempt.status}`
  const { error } = attempt
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return [code, error.message].filter(Boolean).join(': ').slice(0, 200)
}
