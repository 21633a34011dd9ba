import { expect, test } from 'vitest'
import { laneOf } from '../../../connectors/google/lane.ts'

const { signal } = new AbortController()

test('a page of a listing goes before the members of groups, which wait', async () => {
  const lane = laneOf({ requestsPerMinute: 100_000_000, concurrency: 1 })
  const order: string[] = []
  const ask = (what: string, first: boolean) => lane.pass(async () => order.push(what), signal, first)
  const { promise, resolve } = Promise.withResolvers<void>()
  const busy = lane.pass(() => promise, signal)
  const all = [ask('members of all', false), ask('members of design', false), ask('page 2', true), ask('page 3', true)]
  resolve()
  await Promise.all([busy, ...all])
  expect(order).toEqual(['page 2', 'page 3', 'members of all', 'members of design'])
})
