import type { Faults } from './faults.ts'
import { json, type Reply } from './reply.ts'
import { errorBody } from './scim-error.ts'

/** The answer to a request that a fault keeps from being looked at. */
export function misdeed(faults: Faults, url: string): Reply | undefined {
  const elsewhere = faults.text('redirect')
  if (elsewhere !== undefined) return { status: 307, headers: { Location: `${elsewhere.replace(/\/$/, '')}${url}` } }
  if (faults.due('html')) {
    return { status: 200, body: PAGE, headers: { 'Content-Type': 'text/html; charset=utf-8' } }
  }
  const limited = tooMany(faults)
  if (limited !== undefined) return limited
  if (faults.due('unavailable')) return json(503, errorBody(503, 'come back later'))
  return faults.due('error-500') ? json(500, errorBody(500, 'something went wrong')) : undefined
}

const PAGE = '<!doctype html><title>Sign in</title><p>Please sign in to go on.</p>\n'

/** Each N+1st request (fault `rate-limit=N[:AFTER]`). */
function tooMany(faults: Faults): Reply | undefined {
  const [, every, after = '1'] = /^(\d+)(?::(.+))?$/.exec(faults.text('rate-limit') ?? '') ?? []
  if (every === undefined || !faults.turn('rate-limit', Number(every) + 1)) return undefined
  const soon = new Date(Date.now() + 1_000)
  const headers: Readonly<Record<string, string>> =
    after === 'none'
      ? {}
      : after === 'date'
        ? { 'Retry-After': soon.toUTCString() }
        : after === 'reset'
          ? { 'X-RateLimit-Limit': every, 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': soon.toISOString() }
          : { 'Retry-After': after }
  return { ...json(429, errorBody(429, 'too many requests')), headers }
}
