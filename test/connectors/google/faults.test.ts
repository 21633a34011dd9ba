import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Disturbed, disturbed, idOf, LIES, notRight, PASSING, REFUSALS, wrong } from './disturbed.ts'

/**
 * Every request of a first reading fails once, in every way there is: nobody may be lost over it, nor changed. The count
 * that a group has of its members includes nested groups here; where it does not, no first reading can know that one is
 * missing from an answer (a later one can: faults-later.test.ts).
 */
let scene: Disturbed
beforeAll(async () => {
  scene = await disturbed({ later: false, counts: 'all' })
})
afterAll(() => scene?.close())

test('the reading that is disturbed is a whole one', () => {
  const { first, requests } = scene
  expect(first.certificate).toMatchObject({ complete: true, users: 5, groups: 4 })
  expect(first.users.get(idOf(1))?.enabled).toBe(false)
  expect(first.members.get('04crew')?.toSorted()).toEqual(['02inner', idOf(3)])
  expect(first.members.get('03people')).toHaveLength(5)
  expect(requests).toBeGreaterThan(15)
})

describe('each request of a first reading fails once', () => {
  test.each(PASSING)('%s: it is tried again, and right', async fault => {
    expect(notRight(await scene.sweep(fault))).toEqual([])
  })

  test('no answer and no end: waited for a while, tried again, and right', async () => {
    const ends = await scene.sweep('silent', { of: /^\/token$|02inner\/members/ })
    expect(ends.length).toBe(2)
    expect(notRight(ends)).toEqual([])
  })

  test.each([...REFUSALS, ...LIES])('%s: it is right, or said which failed', async fault => {
    expect(wrong(await scene.sweep(fault))).toEqual([])
  })
})
