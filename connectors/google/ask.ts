import { setTimeout as sleep } from 'node:timers/promises'
import type { ZodType } from 'zod'
import { RollcallError } from '../../src/errors.ts'
import type { Attempt } from '../../src/http/request.ts'
import { type Patience, verdictOf } from '../../src/http/retry.ts'
import { judge, type Judged } from './answer.ts'
import type { Lane } from './lane.ts'

/** What a request came to in the end, after every attempt that was worth it. */
export type Asked<T> = Exclude<Judged<T>, { readonly judged: 'throttled' | 'bad' }>

export interface Question<T> {
  /** For messages: `page 3 of the users`. */
  readonly what: string
  send(signal: AbortSignal): Promise<Attempt>
  readonly shape: ZodType<T>
  /** What is wrong with an answer of the right shape, if anything. */
  readonly doubt?: (answer: T) => string | undefined
  readonly lane?: Lane
  /** Goes before others: one page of a listing leads to the next, and the members of groups do not. */
  readonly first?: boolean
  readonly patience: Patience
}

/** Throws `source_incomplete`, naming the request, when there is no answer worth having, and the signal's reason. */
export async function ask<T>(question: Question<T>, signal: AbortSignal): Promise<Asked<T>> {
  const { what, shape, doubt, lane, first, patience } = question
  const start = performance.now()
  for (let tried = 1; ; tried++) {
    const began = performance.now()
    const attempt = lane ? await lane.pass(() => question.send(signal), signal, first) : await question.send(signal)
    const judged = doubted(judge(attempt, shape), doubt)
    if (judged.judged !== 'throttled' && judged.judged !== 'bad') {
      lane?.wentWell(began)
      return judged
    }
    const { judged: kind, why } = judged
    const strikes = kind === 'throttled' ? (lane?.strikes ?? tried - 1) + 1 : tried
    const at = { tried, strikes, now: Date.now(), random: Math.random() }
    const verdict = verdictOf('GET', likeness(kind, attempt, why), at, patience)
    const late = performance.now() - start > patience.giveUp
    if (late || (verdict.next !== 'pause' && verdict.next !== 'again')) {
      const cause = attempt.came === 'nothing' ? attempt.error : undefined
      throw new RollcallError(
        'source_incomplete',
        `${what} failed after ${tried} ${tried === 1 ? 'attempt' : 'attempts'} (${why}). The last reading stands, nothing of it will be removed; run again later.`,
        { cause },
      )
    }
    if (verdict.next === 'pause' && lane) lane.throttled(began, verdict.wait)
    else await sleep(verdict.wait, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

function doubted<T>(judged: Judged<T>, doubt: Question<T>['doubt']): Judged<T> {
  const why = judged.judged === 'fine' ? doubt?.(judged.value) : undefined
  return why === undefined ? judged : { judged: 'bad', why: `200 with ${why}` }
}

/** Throttling is 429 whatever its status was; all else worth another attempt is as good as no answer. */
function likeness(kind: 'throttled' | 'bad', attempt: Attempt, why: string): Attempt {
  if (attempt.came === 'nothing') return attempt
  return kind === 'throttled' ? { ...attempt, status: 429 } : { came: 'nothing', sent: true, error: new Error(why) }
}
