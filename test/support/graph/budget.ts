import type { Answer } from './answer.ts'
import { json } from './answer.ts'

/** Resource units of one request: the published base costs, less for `$select` and a small `$top`, more for `$expand`. */
export function costOf(path: string): number {
  const [resource = '', query = ''] = path.split('?')
  const parameters = new URLSearchParams(query)
  const top = parameters.get('$top')
  const base = BASE.find(([pattern]) => pattern.test(resource))?.[1] ?? 1
  const less = (parameters.has('$select') ? 1 : 0) + (top !== null && Number(top) < 20 ? 1 : 0)
  return Math.max(1, base - less + (parameters.has('$expand') ? 1 : 0))
}

const BASE: readonly (readonly [RegExp, number])[] = [
  [/\/groups\/[^/]+\/transitiveMembers/, 5],
  [/\/groups\/[^/]+\/members/, 3],
  [/\/users\/[^/]+\/(transitiveM|m)emberOf/, 2],
  [/\/users\/(delta|\$count)/, 1],
  [/\/users(\/[^/]+)?$/, 2],
  [/\/servicePrincipals\/[^/]+\/appRoleAssignments/, 2],
  [/\/directoryObjects\/getByIds/, 5],
]

export interface Bucket {
  readonly units: number
  readonly throttled: number
  /** Undefined where it may be answered; else the 429. The other headers are for the answer either way. */
  charge(cost: number): { readonly refused: Answer | undefined; readonly headers: Readonly<Record<string, string>> }
  forget(): void
}

/** A bucket of units, full at first. What is refused counts as well, up to 1.8 times the budget. */
export function bucketOf(unitsPer10s: number | undefined, scope: string): Bucket {
  const size = unitsPer10s ?? Number.POSITIVE_INFINITY
  const perMs = size / 10_000
  let left = size
  let counted = performance.now()
  let units = 0
  let throttled = 0
  return {
    get units() {
      return units
    },
    get throttled() {
      return throttled
    },
    charge(cost) {
      units += cost
      const common = { 'x-ms-resource-unit': String(cost) }
      if (size === Number.POSITIVE_INFINITY) return { refused: undefined, headers: common }
      const now = performance.now()
      left = Math.min(size, left + (now - counted) * perMs)
      counted = now
      const refuse = left < cost
      left = Math.max(left - cost, -0.8 * size)
      const used = (size - left) / size
      const headers = used > 0.8 ? { ...common, 'x-ms-throttle-limit-percentage': used.toFixed(1) } : common
      if (!refuse) return { refused: undefined, headers }
      throttled++
      const wait = (cost - Math.min(left, 0)) / perMs / 1_000
      return {
        refused: tooMany(wait, {
          ...headers,
          'x-ms-throttle-scope': scope,
          'x-ms-throttle-information': 'ResourceUnitLimitExceeded',
        }),
        headers,
      }
    },
    forget() {
      units = 0
      throttled = 0
    },
  }
}

/** `wait` in seconds. */
export function tooMany(wait: number | undefined, headers: Readonly<Record<string, string>> = {}): Answer {
  const error = {
    code: 'TooManyRequests',
    innerError: { code: '429', date: '2026-11-25T06:00:00', message: 'Please retry after', status: '429' },
    message: 'Please retry again later.',
  }
  return json(429, { error }, { ...headers, ...(wait !== undefined && { 'retry-after': wait.toFixed(3) }) })
}
