import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { budgetOf } from '../../src/http/budget.ts'

const { signal } = new AbortController()

/** The order in which these costs could be spent, and after how many milliseconds each. */
async function spent(budget: ReturnType<typeof budgetOf>, costs: readonly number[]) {
  const start = performance.now()
  const done: { readonly nth: number; readonly after: number }[] = []
  await Promise.all(
    costs.map(async (cost, nth) => {
      await budget.take(cost, signal)
      done.push({ nth, after: performance.now() - start })
    }),
  )
  return done
}

test('what is there is spent at once, and the rest as it grows, in the order asked', async () => {
  const done = await spent(budgetOf({ burst: 10, perSecond: 100 }), [4, 4, 4, 8, 1])
  expect(done.map(({ nth }) => nth)).toEqual([0, 1, 2, 3, 4])
  expect(done[1]!.after).toBeLessThan(done[2]!.after)
  expect(done[2]!.after).toBeGreaterThanOrEqual(19) // 2 are missing
  expect(done[3]!.after).toBeGreaterThanOrEqual(99) // 10 were missing
})

test('a cost beyond the burst is spent when the budget is full, and leaves a debt', async () => {
  const done = await spent(budgetOf({ burst: 10, perSecond: 200 }), [30, 1])
  expect(done[1]!.after).toBeGreaterThanOrEqual(104) // 20 of debt, and 1
})

test('a pause holds everyone, and a faster growth sets them free', async () => {
  const budget = budgetOf({ burst: 5, perSecond: 1 })
  budget.pause(60)
  setTimeout(() => budget.grow(1_000), 20)
  const done = await spent(budget, [5, 5])
  expect(done[0]!.after).toBeGreaterThanOrEqual(59)
  expect(done).toHaveLength(2)
})

test('who is called off leaves the line, and the next one goes', async () => {
  const budget = budgetOf({ burst: 10, perSecond: 10 })
  await budget.take(10, signal)
  const controller = new AbortController()
  const reason = new Error('called off')
  const first = budget.take(10, controller.signal)
  const second = budget.take(1, signal)
  await sleep(5)
  controller.abort(reason)
  await expect(first).rejects.toBe(reason)
  await second
  await expect(budget.take(1, controller.signal)).rejects.toBe(reason)
})

test('a larger burst may be spent at once, what is more of it now', async () => {
  const budget = budgetOf({ burst: 5, perSecond: 1 })
  await budget.take(5, signal)
  budget.grow(1, 20)
  await budget.take(15, signal)
  budget.grow(200)
  const [last] = await spent(budget, [2])
  expect(last!.after).toBeGreaterThanOrEqual(9) // nothing was left
})
