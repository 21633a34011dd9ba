import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { laneOf, paceOf } from '../../../connectors/google/lane.ts'
import { type Fault, type GoogleDouble, startGoogle } from '../../support/google/index.ts'
import { reading } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

let double: GoogleDouble | undefined
afterEach(() => double?.close())

const ID = '100000000000000000001'
async function directory(groups: number, perMinute = Number.POSITIVE_INFINITY): Promise<GoogleDouble> {
  double = await startGoogle({
    users: [{ id: ID, primaryEmail: 'ada@example.com' }],
    groups: Array.from({ length: groups }, (_, nth) => ({
      id: `0${nth}`,
      email: `team${nth}@example.com`,
      members: [ID],
    })),
    perMinute,
  })
  return double
}

describe('whether a request is sent again is decided by the reason', () => {
  const once = (fault: Fault) => {
    let times = 2
    double?.misbehave(({ path }) => (path.includes('/members') && times-- > 0 ? fault : undefined))
  }

  test.each<[Fault]>([
    ['user-rate-limit'],
    ['rate-limit'],
    ['quota-exceeded'],
    ['too-many'],
    ['backend-error'],
    ['server-error'],
    ['gateway-timeout'],
    ['dropped'],
    ['silent'],
    ['cut'],
    ['truncated'],
    ['empty'],
  ])('%s is', async fault => {
    const google = await directory(3)
    once(fault)
    const { certificate } = await reading(sourceAt(google))
    expect([certificate.complete, certificate.members]).toEqual([true, 3])
    expect(google.requests.filter(({ path }) => path.includes('/members'))).toHaveLength(5)
  })

  test.each<[Fault, RegExp]>([
    ['not-configured', /APIs & Services → Library → Admin SDK API → Enable/],
    ['forbidden', /Admin console → Account → Admin roles/],
    ['domain-cannot-use-apis', /does not let APIs in/],
    ['daily-limit', /has used up its requests of today/],
    ['insufficient-scope', /a scope is missing/],
    ['invalid', /is customer \(my_customer\) right/],
  ])('%s is not, and says what to do', async (fault, now) => {
    const google = await directory(1)
    once(fault)
    await expect(reading(sourceAt(google))).rejects.toMatchObject({
      code: 'source_denied',
      message: expect.stringMatching(now),
    })
    expect(google.requests.filter(({ path }) => path.includes('/members'))).toHaveLength(1)
  })

  test('one that never goes well ends, and says which it was', async () => {
    const google = await directory(3)
    google.misbehave(({ path }) => (path.includes('/01/members') ? 'backend-error' : undefined))
    await expect(reading(sourceAt(google))).rejects.toMatchObject({
      code: 'source_incomplete',
      message: expect.stringMatching(
        /^page 1 of the members of team1@example.com failed after 8 attempts \(503 backendError\)/,
      ),
    })
  })
})

test('within its quota, no request is refused', async () => {
  const google = await directory(40, 1_200)
  const { certificate } = await reading(sourceAt(google, { requestsPerMinute: 1_200 }))
  expect([certificate.complete, google.refusedForQuota]).toEqual([true, 0])
})

test.each([10, 600, 2_400, 24_000])(
  'of %i requests a minute, a minute never has more, wherever it begins',
  perMinute => {
    const { burst, perSecond } = paceOf(perMinute)
    expect(burst + 60 * perSecond).toBeLessThanOrEqual(Math.max(perMinute, 11))
    expect(60 * perSecond).toBeGreaterThan(0.97 * perMinute)
  },
)

describe('how many are under way at once', () => {
  const signal = new AbortController().signal
  /** The most at once of so many attempts, each of which ends as told. */
  const most = async (lane: ReturnType<typeof laneOf>, attempts: number, end: (began: number) => void) => {
    let [underWay, most] = [0, 0]
    await Promise.all(
      Array.from({ length: attempts }, async () => {
        let began = 0
        await lane.pass(async () => {
          began = performance.now()
          most = Math.max(most, ++underWay)
          await sleep(1)
          underWay--
        }, signal)
        end(began)
      }),
    )
    return most
  }

  test('grows while all goes well, and halves when Google asks for quiet, once for all that were under way', async () => {
    const lane = laneOf({ requestsPerMinute: 100_000_000, concurrency: 16 })
    expect(await most(lane, 10, () => {})).toBe(10)
    expect(await most(lane, 400, began => lane.wentWell(began))).toBe(16)
    await most(lane, 16, began => lane.throttled(began, 0))
    expect(lane.strikes).toBe(1)
    expect(await most(lane, 40, () => {})).toBe(8)
  })

  test('whoever waits and is called off lets the others go on', async () => {
    const lane = laneOf({ requestsPerMinute: 100_000_000, concurrency: 1 })
    const { promise, resolve } = Promise.withResolvers<void>()
    const first = lane.pass(() => promise, signal)
    const leaving = new AbortController()
    const second = lane.pass(async () => 'second', leaving.signal)
    const third = lane.pass(async () => 'third', signal)
    leaving.abort(new Error('called off'))
    await expect(second).rejects.toThrow('called off')
    resolve()
    await first
    expect(await third).toBe('third')
  })
})
