import type { Answer } from './answers.ts'
import type { Fault, FaultName } from './model.ts'
import { type Refusal, refusal, REFUSALS } from './refusal.ts'
import type { Wire } from './wire.ts'

/** What a fault makes of an answer. */

/** Faults that are an answer of their own, whatever was asked. */
export function refusedBy(fault: Fault): Refusal | undefined {
  if (typeof fault === 'object') {
    if (fault.fault !== 'throttled') return undefined
    return refusal(429, 'rateLimitExceeded', 'Rate Limit Exceeded', { domain: 'usageLimits' })
  }
  const usage = (reason: string, message: string) => refusal(403, reason, message, { domain: 'usageLimits' })
  switch (fault) {
    case 'server-error':
      return refusal(500, 'backendError', 'Backend Error')
    case 'backend-error':
      return refusal(503, 'backendError', 'Service unavailable. Please try again', { status: 'UNAVAILABLE' })
    case 'gateway-timeout':
      return refusal(504, 'backendError', 'Deadline exceeded', { status: 'DEADLINE_EXCEEDED' })
    case 'too-many':
      return refusal(429, 'rateLimitExceeded', 'Rate Limit Exceeded', { domain: 'usageLimits' })
    case 'user-rate-limit':
      return usage('userRateLimitExceeded', 'User Rate Limit Exceeded')
    case 'rate-limit':
      return REFUSALS.overQuota()
    case 'quota-exceeded':
      return usage('quotaExceeded', 'Request rate higher than configured.')
    case 'daily-limit':
      return usage('dailyLimitExceeded', 'Daily Limit Exceeded')
    case 'not-configured':
      return usage(
        'accessNotConfigured',
        'Admin SDK API has not been used in project 123456789012 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/admin.googleapis.com/overview?project=123456789012 then retry.',
      )
    case 'forbidden':
      return REFUSALS.forbidden()
    case 'domain-cannot-use-apis':
      return refusal(403, 'domainCannotUseApis', 'Domain cannot use apis.')
    case 'insufficient-scope':
      return REFUSALS.insufficientScope()
    case 'unauthorized':
      return REFUSALS.unauthorized()
    case 'invalid':
      return REFUSALS.invalid('')
    case 'not-found':
      return REFUSALS.notFound('groupKey')
    case 'deleted':
      return REFUSALS.deleted()
    case 'expired-page-token':
      return REFUSALS.invalid('pageToken')
    default:
      return undefined
  }
}

/** Faults of what is answered, before `fields` take their part of it. */
export function altered({ body, list }: Answer, fault: FaultName): Wire {
  if (!list) return body
  const { key, tokens, previous } = list
  const { [key]: items, nextPageToken, ...rest } = body
  const given: readonly unknown[] = Array.isArray(items) ? items : []
  const token = nextPageToken === undefined ? {} : { nextPageToken }
  switch (fault) {
    case 'no-key':
      return { ...rest, ...token }
    case 'no-items':
      return { ...rest, [key]: [] }
    case 'empty-page':
      return { ...rest, [key]: [], ...token }
    case 'short-page':
      return { ...rest, [key]: given.filter((_, nth) => nth % 2 === 1), ...token }
    case 'short-by-one':
      return { ...rest, [key]: given.slice(0, -1), ...token }
    case 'not-a-list':
      return { ...rest, [key]: { 0: given[0] }, ...token }
    case 'no-page-token':
      return { ...rest, [key]: items }
    case 'repeated-page': {
      const before = previous()
      return before.length > 0 && before[0] !== given[0] && !same(before, given)
        ? { ...rest, [key]: before, ...token }
        : { ...body, nextPageToken: tokens.self }
    }
    case 'endless':
      return { ...body, nextPageToken: tokens.self }
    case 'foreign-page-token':
      return { ...body, nextPageToken: tokens.foreign }
    case 'garbage-page-token':
      return { ...body, nextPageToken: '*' }
    default:
      return body
  }
}

function same(one: readonly unknown[], other: readonly unknown[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Faults of what is told of each item, of those things that were asked for. */
export function distorted(body: unknown, key: string | undefined, fault: FaultName): unknown {
  const each = (change: (item: Record<string, unknown>) => Wire) => {
    const of = (item: unknown) => (typeof item === 'object' && item !== null ? change({ ...item }) : item)
    if (typeof body !== 'object' || body === null) return body
    if (key === undefined) return of(body)
    const items: unknown = Reflect.get(body, key)
    return Array.isArray(items) ? { ...body, [key]: items.map(of) } : body
  }
  const emptied = (item: Record<string, unknown>) =>
    Object.fromEntries(Object.keys(item).map(name => [name, name === 'id' ? item[name] : null]))
  switch (fault) {
    case 'nothing':
      return {}
    case 'null':
      return null
    case 'nulls':
      return each(emptied)
    case 'ids-only':
      return each(({ id }) => (id === undefined ? {} : { id }))
    case 'no-suspended':
      return each(({ suspended: _, archived: __, ...item }) => item)
    case 'wrong-count':
      return each(item =>
        item['directMembersCount'] === undefined
          ? item
          : { ...item, directMembersCount: String(Math.floor(Number(item['directMembersCount']) / 2)) },
      )
    default:
      return body
  }
}
