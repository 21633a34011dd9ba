import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FaultName } from '../../support/google/index.ts'
import { type Disturbed, disturbed, LIES, notRight, wrong } from './disturbed.ts'

/** Every request of a reading that has one before it fails, once or for good: nobody may be lost over it, nor changed. */
const SOME: readonly FaultName[] = ['dropped', 'rate-limit', 'truncated']
const LASTING: readonly FaultName[] = ['nulls', 'no-items', 'short-page', 'no-page-token', 'repeated-page']

describe('each request of a later reading fails once', () => {
  let scene: Disturbed
  beforeAll(async () => {
    scene = await disturbed({ later: true, etags: true })
  })
  afterAll(() => scene?.close())

  test.each(SOME)('%s: it is tried again, and right', async fault => {
    expect(notRight(await scene.sweep(fault))).toEqual([])
  })

  test.each(['not-found', ...LIES] as const)('%s: it is right, or said which failed', async fault => {
    expect(wrong(await scene.sweep(fault))).toEqual([])
  })
})

test.each(['short-by-one', 'no-page-token'] as const)(
  'a user who is missing from a group every time is not taken for one of its groups, which count nowhere else: %s',
  async fault => {
    const scene = await disturbed({ later: true, etags: false })
    expect(wrong(await scene.sweep(fault, { always: true, of: /01all\/members/ }))).toEqual([])
    await scene.close()
  },
)

/** What is told again and again, and agrees with a group's count, is taken for the truth: so the count covers all here. */
describe('each request of a later reading fails for good', () => {
  let scene: Disturbed
  beforeAll(async () => {
    scene = await disturbed({ later: true, counts: 'all' })
  })
  afterAll(() => scene?.close())

  test.each([...SOME, 'forbidden', 'not-found', ...LASTING] as const)(
    '%s: it is right, or said which failed',
    async fault => {
      expect(wrong(await scene.sweep(fault, { always: true }))).toEqual([])
    },
  )
})
