import { RollcallError } from '../../src/errors.ts'
import type { Attempt, Headers } from '../../src/http/request.ts'
import { PATIENCE, type Patience, verdictOf } from '../../src/http/retry.ts'
import type { SignIn, Token } from './credential.ts'
import { type Throttle, throttleOf } from './throttle.ts'
import { requestId, type Sent, type Transport } from './transport.ts'
import { bodyOf, errorOf, isRecord, type Parsed } from './wire.ts'

/** One question put to Graph; all of them are reads. */
export interface Question<Answer> {
  /** From the root of the origin, percent-encoded. */
  readonly path: string
  /** In resource units. */
  readonly cost: number
  /** Asks the index that counts and filters (`ConsistencyLevel: eventual`). */
  readonly eventual?: boolean
  /** For people: `GET /users, page 3`. */
  readonly what: string
  /** From the JSON of the answer, or its text where it is none. A fault is asked about again. */
  readonly parse: (body: unknown) => Parsed<Answer>
  /** How many times an answer that may be right is worth asking again: what comes then is taken. */
  readonly doubts?: (answer: Answer) => number
  /** Named where Graph refuses for want of a permission. */
  readonly permission: string
}

export type Reply<Answer> =
  | { readonly came: 'answer'; readonly answer: Answer }
  /** Graph said no, for good: 400, 404, 410 … */
  | { readonly came: 'refusal'; readonly status: number; readonly code: string; readonly message: string }

export interface Graph {
  /** `/v1.0`, and what stands before it. */
  readonly base: string
  readonly origin: string
  readonly throttle: Throttle
  /** Retried until there is an answer or a refusal; throws `source_incomplete` or `source_denied`, naming the request. */
  ask<Answer>(question: Question<Answer>, signal: AbortSignal): Promise<Reply<Answer>>
  /** The same for up to 20 at once; those that fail are asked again, the others stand. Replies in the order of questions. */
  askAll<Answer>(questions: readonly Question<Answer>[], signal: AbortSignal): Promise<Reply<Answer>[]>
  token(signal: AbortSignal): Promise<Token>
  close(): Promise<void>
}

export interface GraphOptions {
  readonly transport: Transport
  readonly signIn: SignIn
  readonly patience?: Patience
  /** Times the budget that Graph grants. */
  readonly haste?: number
}

/** Graph answered every time, and never with what it should. */
export class BrokenAnswer extends RollcallError {}

interface Came {
  readonly attempt: Attempt
  readonly body: () => unknown
}

interface Later {
  readonly came: 'later'
  readonly wait: number
}

/** How often an answer that is broken is asked for in all. */
const READINGS = 4
/** How many times as often a request may be told to wait while others are answered. */
const MOST_HELD = 20
export const BATCH = 20

export function openGraph({ transport, signIn, patience = PATIENCE, haste = 1 }: GraphOptions): Graph {
  const throttle = throttleOf({ haste })
  /** Times in a row that Graph asked for quiet, until when, and answers so far. */
  const shared = { strikes: 0, quietUntil: 0, answers: 0 }

  const send = async (sent: Omit<Sent, 'token'>, cost: number, signal: AbortSignal) => {
    await throttle.take(cost, signal)
    const token = await signIn.token(signal)
    const attempt = await transport.send({ ...sent, token: token.text }, signal)
    if (attempt.came === 'answer') throttle.heed(attempt.headers)
    return { attempt, token }
  }
  const wait = async (milliseconds: number, signal: AbortSignal) => {
    await new Promise<void>(go => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        go()
      }
      const timer = setTimeout(done, milliseconds)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
    signal.throwIfAborted()
  }

  /** Follows one question from attempt to attempt. */
  class Course<Answer> {
    readonly question: Question<Answer>
    readonly #began = performance.now()
    #tried = 0
    #held = 0
    #answers = 0
    #doubted = 0
    #renewed = false
    constructor(question: Question<Answer>) {
      this.question = question
    }

    /** The reply, or how long to wait before asking again; throws where there is no point. */
    take({ attempt, body }: Came, token: Token): Reply<Answer> | Later {
      const tried = this.#count(attempt)
      // What was under way when quiet was asked for is told the same, and that is one word of Graph's, not many.
      const strikes = performance.now() < shared.quietUntil ? shared.strikes : shared.strikes + 1
      const at = { tried, strikes, now: Date.now(), random: Math.random() }
      const verdict = verdictOf('GET', attempt, at, patience)
      if (attempt.came === 'nothing') {
        return verdict.next === 'again'
          ? this.#later(verdict.wait, attempt.error)
          : this.#fail(causeOf(attempt.error), attempt.error)
      }
      const { status, headers } = attempt
      if (verdict.next === 'pause') {
        shared.strikes = strikes
        shared.quietUntil = Math.max(shared.quietUntil, performance.now() + verdict.wait)
        throttle.pause(verdict.wait)
        return this.#later(0)
      }
      if (status !== 429 && status !== 503) shared.strikes = 0
      if (verdict.next === 'again') return this.#later(verdict.wait)
      if (verdict.next !== 'done') return this.#fail(told(status, headers))
      if (status === 401 && !this.#renewed) {
        this.#renewed = true
        signIn.renew(token)
        return this.#later(0)
      }
      // A batch that fails as a whole, a redirect, a 2xx of something in between: none of these is Graph's answer.
      if (status === 424 || status === 408 || (status >= 300 && status < 400)) return this.#again(told(status, headers))
      if (status >= 400) return this.#refused(status, headers, body())
      const parsed = this.question.parse(body())
      if ('fault' in parsed) return this.#again(`an answer that is none: ${parsed.fault}`)
      const { answer } = parsed
      if (this.#doubted < (this.question.doubts?.(answer) ?? 0)) {
        this.#doubted++
        return this.#later(patience.first * Math.random())
      }
      shared.answers++
      return { came: 'answer', answer }
    }

    /** Being told to wait is no failure as long as others are answered meanwhile: a batch is let through piece by piece. */
    #count(attempt: Attempt): number {
      this.#tried++
      if (attempt.came === 'nothing' || (attempt.status !== 429 && attempt.status !== 503)) return this.#tried
      this.#held = shared.answers > this.#answers ? 1 : this.#held + 1
      this.#answers = shared.answers
      return this.#tried >= patience.attempts * MOST_HELD ? patience.attempts : this.#held
    }

    #refused(status: number, headers: Headers, body: unknown): Reply<Answer> | Later {
      const { code, message } = errorOf(body)
      const { what, permission } = this.question
      if (status === 401)
        throw denied(
          `${what}: Graph does not take the token (401 ${code}); see whether tenant, client and cloud belong together.`,
        )
      if (status === 403)
        throw denied(
          `${what}: refused (${told(status, headers)}${code === '' ? '' : `, ${code}`}); grant the application permission ${permission}, with admin consent.`,
        )
      if (status === 404 && this.#tried < 2) return this.#later(patience.first * Math.random())
      return { came: 'refusal', status, code, message }
    }

    #again(why: string): Later {
      if (this.#tried >= Math.min(READINGS, patience.attempts)) return this.#fail(why, undefined, BrokenAnswer)
      return this.#later(patience.first * 2 ** (this.#tried - 1) * (0.5 + Math.random() / 2))
    }

    #later(wait: number, cause?: Error): Later {
      if (performance.now() - this.#began + wait > patience.giveUp) return this.#fail('too long', cause)
      return { came: 'later', wait }
    }

    #fail(why: string, cause?: Error, Kind = RollcallError): never {
      const attempts = this.#tried === 1 ? 'one attempt' : `${this.#tried} attempts`
      throw new Kind(
        'source_incomplete',
        `${this.question.what} failed after ${attempts} (${why}). The last reading stands, nothing of it will be removed; run again later.`,
        { cause },
      )
    }
  }

  return {
    base: transport.base,
    origin: transport.origin,
    throttle,
    async ask(question, signal) {
      const course = new Course(question)
      for (;;) {
        const { attempt, token } = await send(question, question.cost, signal)
        const taken = course.take({ attempt, body: bodyIn(attempt) }, token)
        if (taken.came !== 'later') return taken
        await wait(taken.wait, signal)
      }
    },
    async askAll<Answer>(questions: readonly Question<Answer>[], signal: AbortSignal) {
      const replies = new Map<number, Reply<Answer>>()
      let open = questions.map((question, nth) => ({ nth, course: new Course(question) }))
      while (open.length > 0) {
        const cost = open.reduce((sum, { course }) => sum + course.question.cost, 0)
        const requests = open.map(({ nth, course: { question } }) => ({
          id: String(nth),
          method: 'GET',
          url: question.path.slice(transport.base.length),
          ...(question.eventual && { headers: { ConsistencyLevel: 'eventual' } }),
        }))
        const { attempt, token } = await send({ path: `${transport.base}/$batch`, batch: { requests } }, cost, signal)
        const came = itemsOf(attempt)
        let longest = 0
        const later: typeof open = []
        for (const one of open) {
          const taken = one.course.take(came(String(one.nth)), token)
          if (taken.came === 'later') {
            longest = Math.max(longest, taken.wait)
            later.push(one)
          } else replies.set(one.nth, taken)
        }
        open = later
        if (open.length > 0) await wait(longest, signal)
      }
      return questions.map((_, nth) => replies.get(nth)!)
    },
    token: signal => signIn.token(signal),
    close: () => transport.close(),
  }
}

/** What came of each item of a batch, as if it had been asked by itself. */
function itemsOf(attempt: Attempt): (id: string) => Came {
  const envelope = { attempt, body: bodyIn(attempt) }
  const responses = attempt.came === 'answer' ? responsesOf(envelope.body()) : undefined
  if (responses === undefined) return () => (speaksForAll(attempt) ? envelope : BROKEN)
  const byId = new Map(responses.map(response => [String(response['id']), response]))
  return id => {
    const response = byId.get(id)
    const status = response?.['status']
    if (response === undefined || typeof status !== 'number') return BROKEN
    const headers = headersOf(response['headers'])
    return { attempt: { came: 'answer', status, headers, text: '' }, body: () => response['body'] }
  }
}

/** Whether what came in place of a batch holds for each of its items. A batch that is not there does not mean they are not. */
function speaksForAll(attempt: Attempt): boolean {
  if (attempt.came === 'nothing') return true
  const { status } = attempt
  return status === 401 || status === 403 || status === 429 || status >= 500
}

function bodyIn(attempt: Attempt): () => unknown {
  return () => (attempt.came === 'answer' ? bodyOf(attempt.text) : undefined)
}

function responsesOf(body: unknown): readonly Readonly<Record<string, unknown>>[] | undefined {
  const responses = isRecord(body) ? body['responses'] : undefined
  return Array.isArray(responses) ? responses.filter(isRecord) : undefined
}

const BROKEN: Came = {
  attempt: { came: 'nothing', sent: true, error: new Error('a batch without its answers') },
  body: () => undefined,
}

function headersOf(value: unknown): Headers {
  if (!isRecord(value)) return {}
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name.toLowerCase(), typeof text === 'string' ? text : String(text)]),
  )
}

function told(status: number, headers: Headers): string {
  const id = requestId(headers)
  return id === undefined ? `${status}` : `${status}, request ${id}`
}

function causeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'no answer'
}

function denied(message: string): RollcallError {
  return new RollcallError('source_denied', message)
}
