import { expect, test } from 'vitest'
import { throttleOf, unitsPerSecond } from '../../../connectors/entra/throttle.ts'

const { signal } = new AbortController()

/** Milliseconds until so many units are had, once what may be spent at once is spent. */
async function waitFor(
  cost: number,
  heed: (throttle: ReturnType<typeof throttleOf>, later: () => void) => void,
): Promise<number> {
  let now = 0
  const throttle = throttleOf({ clock: () => now })
  await throttle.take(BURST, signal)
  heed(throttle, () => {
    now += 2_000
  })
  const start = performance.now()
  await throttle.take(cost, signal)
  return performance.now() - start
}

/** Of a tenant of under fifty users: eight seconds of what it is granted, less a hundredth. */
const BURST = 350 * 0.99 * 8

test('tenants are granted units by their size', () => {
  expect([0, 49, 50, 500, 501].map(unitsPerSecond)).toEqual([350, 350, 500, 500, 800])
})

test('what is asked beyond the burst waits for the tenant’s pace', async () => {
  expect(await waitFor(35, () => {})).toBeGreaterThanOrEqual(95)
})

test('nearer to the limit than Graph likes, the pace is as much slower', async () => {
  const slower = await waitFor(35, (throttle, later) => {
    later()
    throttle.heed({ 'x-ms-throttle-limit-percentage': '2.0' })
  })
  expect(slower).toBeGreaterThanOrEqual(190)
})

test('a pause holds everyone as long as it lasts', async () => {
  const start = performance.now()
  const throttle = throttleOf()
  throttle.pause(60)
  await throttle.take(1, signal)
  expect(performance.now() - start).toBeGreaterThanOrEqual(59)
})
