import * as z from 'zod'
import type { Attempt } from '../../src/http/request.ts'

/** What one attempt came to. `why` is for people. */
export type Judged<T> =
  | { readonly judged: 'fine'; readonly value: T }
  /** 304. */
  | { readonly judged: 'unchanged' }
  /** Asked too fast: everybody waits. */
  | { readonly judged: 'throttled'; readonly why: string }
  /** May well go better next time, an answer without what it must have among it. */
  | { readonly judged: 'bad'; readonly why: string }
  | { readonly judged: 'unauthorized'; readonly why: string; readonly text: string }
  /** 404, and 412 of users deleted within 20 days. */
  | { readonly judged: 'gone'; readonly why: string }
  /** For good. `reason` is Google's word for it, where it has one. */
  | {
      readonly judged: 'refused'
      readonly status: number
      readonly reason: string | undefined
      readonly why: string
      readonly text: string
    }

/**
 * Throttling is 403 as often as 429, and of what is 403 only some is throttling: the reason decides.
 * https://developers.google.com/workspace/admin/directory/v1/limits
 */
const THROTTLED = new Set([
  'userRateLimitExceeded',
  'rateLimitExceeded',
  'quotaExceeded',
  'concurrentLimitExceeded',
  'RATE_LIMIT_EXCEEDED',
  'RESOURCE_EXHAUSTED',
])
const BAD = new Set(['backendError', 'internalError', 'UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED'])

export function judge<T>(attempt: Attempt, shape: z.ZodType<T>): Judged<T> {
  if (attempt.came === 'nothing') return { judged: 'bad', why: attempt.error.message }
  const { status, text } = attempt
  if (status === 200) return judgeBody(text, shape)
  if (status === 304) return { judged: 'unchanged' }
  const reason = reasonOf(text)
  const why = reason === undefined ? `HTTP ${status}` : `${status} ${reason}`
  if (status === 429) return { judged: 'throttled', why }
  if (status === 403 && reason !== undefined && THROTTLED.has(reason)) return { judged: 'throttled', why }
  if (status >= 500 || status === 408 || (reason !== undefined && BAD.has(reason))) return { judged: 'bad', why }
  if (status === 401) return { judged: 'unauthorized', why, text }
  if (status === 404 || status === 412) return { judged: 'gone', why }
  return { judged: 'refused', status, reason, why, text }
}

/** A success is believed when it has all that it must have: Google has been seen to answer 200 with less. */
function judgeBody<T>(text: string, shape: z.ZodType<T>): Judged<T> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { judged: 'bad', why: text === '' ? '200 without a body' : '200 with a body that is not whole' }
  }
  const { data, error } = shape.safeParse(json)
  if (data !== undefined) return { judged: 'fine', value: data }
  const path = error?.issues[0]?.path.map(String).join('.') ?? ''
  return { judged: 'bad', why: `200 ${path === '' ? 'with something else' : `without a proper ${path}`}` }
}

const errorShape = z.object({
  error: z.object({
    status: z.string().optional(),
    errors: z.array(z.object({ reason: z.string().optional() })).optional(),
    details: z.array(z.object({ reason: z.string().optional() })).optional(),
  }),
})

function reasonOf(text: string): string | undefined {
  try {
    const { error } = errorShape.parse(JSON.parse(text))
    return [error.errors?.[0]?.reason, error.details?.[0]?.reason, error.status].find(one =>
      /^\w{1,60}$/.test(one ?? ''),
    )
  } catch {
    return undefined
  }
}
