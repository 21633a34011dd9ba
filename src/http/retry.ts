import { AnswerTooLarge, type Attempt, type Headers, type Request } from './request.ts'

/** How long and how often to try. Times in milliseconds. */
export interface Patience {
  /** Attempts of one request, the first one included. */
  readonly attempts: number
  /** The first wait where the answer names none; it doubles from there. */
  readonly first: number
  /** No wait is longer than this, whatever an answer asks for. */
  readonly longest: number
  /** No attempt begins later than this after the first one. */
  readonly giveUp: number
}

export const PATIENCE: Patience = { attempts: 8, first: 500, longest: 15 * 60_000, giveUp: 45 * 60_000 }

/** What follows from one attempt. */
export type Verdict =
  | { readonly next: 'done' }
  /** The target asks for quiet: nobody sends anything for `wait`, then this request is tried again. */
  | { readonly next: 'pause'; readonly wait: number }
  /** The same for a write that may have taken place all the same: it is not sent again. */
  | { readonly next: 'pause-unknown'; readonly wait: number }
  /** This request alone is tried again after `wait`. */
  | { readonly next: 'again'; readonly wait: number }
  /** A write was sent, and nobody can say whether it took place. */
  | { readonly next: 'unknown' }
  | { readonly next: 'give-up' }

/**
 * Pure: `tried` attempts of this request were made, the last one being `attempt`, `strikes` times in a row the
 * target has asked for quiet; `random` is in [0, 1). A POST behind a 503 may have been committed by the server
 * behind the one that answered, so only a 429 lets it be repeated.
 */
export function verdictOf(
  method: Request['method'],
  attempt: Attempt,
  at: { readonly tried: number; readonly strikes: number; readonly now: number; readonly random: number },
  patience: Patience,
): Verdict {
  const { tried, strikes, now, random } = at
  const reads = method === 'GET'
  const backoff = (round: number) =>
    Math.min(patience.longest, patience.first * 2 ** Math.max(0, round - 1)) * (0.5 + random / 2)
  const isLast = tried >= patience.attempts
  if (attempt.came === 'nothing') {
    if (attempt.sent && !reads) return { next: 'unknown' }
    if (isLast || isHopeless(attempt.error)) return { next: 'give-up' }
    return { next: 'again', wait: backoff(tried) }
  }
  const { status, headers } = attempt
  if (status === 429 || status === 503) {
    const asked = askedWait(headers, now)
    const wait = asked === undefined ? backoff(strikes) : Math.min(patience.longest, asked * (1 + random / 10))
    if (status === 503 && method === 'POST') return { next: 'pause-unknown', wait }
    return isLast ? { next: 'give-up' } : { next: 'pause', wait }
  }
  if (status >= 500 && status !== 501) {
    if (!reads) return { next: 'unknown' }
    return tried >= Math.min(4, patience.attempts) ? { next: 'give-up' } : { next: 'again', wait: backoff(tried) }
  }
  return { next: 'done' }
}

/**
 * Milliseconds that an answer asks to wait: `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), else
 * `X-RateLimit-Reset` as ISO 8601, as seconds since 1970, or as seconds from now. Undefined where it says nothing.
 */
export function askedWait(headers: Headers, now: number): number | undefined {
  for (const name of ['retry-after', 'x-ratelimit-reset']) {
    const given = headers[name]
    const text = (Array.isArray(given) ? given[0] : given)?.trim()
    if (!text) continue
    const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
    const until = seconds === undefined ? Date.parse(text) : seconds > 1e9 ? seconds * 1_000 : now + seconds * 1_000
    if (!Number.isNaN(until)) return Math.max(0, until - now)
  }
  return undefined
}

/** What another attempt cannot mend: certificates, what was never a request, and what is too much. */
function isHopeless(error: Error): boolean {
  if (error instanceof AnswerTooLarge) return true
  const code = 'code' in error ? String(error.code) : ''
  return /CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_|SELF_SIGNED|^UND_ERR_INVALID|^UND_ERR_NOT_SUPPORTED|PROXY_AUTH/.test(code)
}
