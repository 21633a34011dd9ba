import { describe, expect, test } from 'vitest'
import { counted, notOlder, sameIdentity } from '../../../connectors/ldap/certificate.ts'
import type { Certificate } from '../../../src/model.ts'

const before = (more: Partial<Certificate>): Certificate => ({
  complete: true,
  checks: [],
  users: 1,
  groups: 1,
  members: 1,
  ...more,
})

describe('a reading is believed where', () => {
  test.each([
    [100, 100, undefined, true],
    [100, 99, 100, true],
    [99, 100, 99, true],
    [100, 98, 103, true],
    [60, 100, 100, false],
    [100, 60, 60, false],
    [0, 100, 100, false],
    [60, 100, undefined, false],
  ])('%i were read, %i counted before and %s after: %s', (read, earlier, later, passed) => {
    expect(counted('users', read, earlier, later).passed).toBe(passed)
  })

  const csn = (time: string, writer = '000') => `${time}.000000Z#000000#${writer}#000000`
  const [MONDAY, TUESDAY] = ['20261123120000', '20261124120000']
  test.each([
    ['the same', csn(MONDAY), csn(MONDAY), true],
    ['newer', csn(TUESDAY), csn(MONDAY), true],
    ['older', csn(MONDAY), csn(TUESDAY), false],
    [
      'older by one writer of two',
      `${csn(TUESDAY, '001')} ${csn(MONDAY, '002')}`,
      `${csn(MONDAY, '001')} ${csn(TUESDAY, '002')}`,
      false,
    ],
    ['newer, with a writer more', `${csn(MONDAY, '001')} ${csn(TUESDAY, '002')}`, csn(MONDAY, '001'), true],
    ['newer, by other writers', csn(TUESDAY, '007'), csn(MONDAY, '001'), true],
    ['older, by other writers', csn(MONDAY, '007'), csn(TUESDAY, '001'), false],
  ])('the server is %s', (_, asOf, was, passed) => {
    const mark = { server: 'ldaps://two', asOf, shared: true }
    expect(notOlder(mark, before({ server: 'ldaps://one', asOf: was })).passed).toBe(passed)
  })

  test('people are known by the same attribute as before', () => {
    const first = sameIdentity('entryUUID', undefined)
    expect(first.passed).toBe(true)
    expect(sameIdentity('entryUUID', before({ checks: [first] })).passed).toBe(true)
    expect(sameIdentity('nsUniqueId', before({ checks: [first] }))).toMatchObject({
      passed: false,
      detail: expect.stringContaining('set vendor'),
    })
  })
})
