import { expect, test } from 'vitest'
import type { Attempt, Request } from '../../src/http/request.ts'
import { askedWait, PATIENCE, verdictOf } from '../../src/http/retry.ts'

const NOW = Date.parse('2026-11-25T12:00:00Z')
const answer = (status: number, headers: Record<string, string> = {}): Attempt => ({
  came: 'answer',
  status,
  headers,
  text: '',
})
const nothing = (sent: boolean, code = 'ECONNRESET'): Attempt => ({
  came: 'nothing',
  sent,
  error: Object.assign(new Error('no'), { code }),
})
const verdict = (method: Request['method'], attempt: Attempt, tried = 1, random = 0) =>
  verdictOf(method, attempt, { tried, strikes: tried, now: NOW, random }, PATIENCE)

test('Retry-After is seconds or a date, X-RateLimit-Reset a date, an epoch or seconds', () => {
  expect(askedWait({ 'retry-after': '7' }, NOW)).toBe(7_000)
  expect(askedWait({ 'retry-after': 'Wed, 25 Nov 2026 12:00:30 GMT' }, NOW)).toBe(30_000)
  expect(askedWait({ 'retry-after': 'Wed, 25 Nov 2026 11:00:00 GMT' }, NOW)).toBe(0)
  expect(askedWait({ 'x-ratelimit-reset': '2026-11-25T12:01:00Z' }, NOW)).toBe(60_000)
  expect(askedWait({ 'x-ratelimit-reset': String(NOW / 1_000 + 5) }, NOW)).toBe(5_000)
  expect(askedWait({ 'x-ratelimit-reset': '12' }, NOW)).toBe(12_000)
  expect(askedWait({ 'retry-after': 'soon', 'x-ratelimit-reset': '3' }, NOW)).toBe(3_000)
  expect(askedWait({ 'retry-after': '' }, NOW)).toBeUndefined()
})

test('a wait asked for is kept, up to a quarter of an hour', () => {
  expect(verdict('PATCH', answer(429, { 'retry-after': '20' }))).toEqual({ next: 'pause', wait: 20_000 })
  expect(verdict('PATCH', answer(429, { 'retry-after': '86400' }))).toEqual({ next: 'pause', wait: 900_000 })
})

test('where no wait is asked for it doubles, from half of half a second on', () => {
  expect([1, 2, 3, 4].map(tried => verdict('GET', answer(429), tried))).toEqual(
    [250, 500, 1_000, 2_000].map(wait => ({ next: 'pause', wait })),
  )
  expect(verdict('GET', answer(429), 1, 0.5)).toEqual({ next: 'pause', wait: 375 })
})

test('a POST is repeated after 429, and handed back after 503', () => {
  expect(verdict('POST', answer(429)).next).toBe('pause')
  expect(verdict('POST', answer(503)).next).toBe('pause-unknown')
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const)
    expect(verdict(method, answer(503)).next).toBe('pause')
})

test('what may have taken place is unknown; what cannot have is tried again', () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    for (const status of [500, 502, 504, 520]) expect(verdict(method, answer(status)).next).toBe('unknown')
    expect(verdict(method, nothing(true)).next).toBe('unknown')
    expect(verdict(method, nothing(false)).next).toBe('again')
  }
  for (const status of [500, 502, 504]) expect(verdict('GET', answer(status)).next).toBe('again')
  expect(verdict('GET', nothing(true)).next).toBe('again')
})

test('attempts end, at once where no attempt can help', () => {
  expect(verdict('GET', answer(500), 4)).toEqual({ next: 'give-up' })
  expect(verdict('GET', answer(429), PATIENCE.attempts)).toEqual({ next: 'give-up' })
  expect(verdict('POST', nothing(false), PATIENCE.attempts)).toEqual({ next: 'give-up' })
  for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED'])
    expect(verdict('GET', nothing(false, code))).toEqual({ next: 'give-up' })
})

test('every other status is an answer', () => {
  for (const status of [200, 201, 204, 302, 400, 401, 404, 409, 412, 413, 501])
    expect(verdict('POST', answer(status))).toEqual({ next: 'done' })
})
