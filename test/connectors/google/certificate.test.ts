import { describe, expect, test } from 'vitest'
import { distance, membersCounted, sameCustomer, unitsThere } from '../../../connectors/google/certificate.ts'

const before = { complete: true, checks: [], users: 10, groups: 2, members: 20, server: 'C0example1' }

describe('the customer', () => {
  test.each([
    ['as last time', ['C0example1'], 'my_customer', true],
    ['another than last time', ['C0example2'], 'my_customer', false],
    ['two at once', ['C0example1', 'C0example2'], 'my_customer', false],
    ['another than asked for', ['C0example1'], 'C0example2', false],
    ['told by nobody', [], 'my_customer', true],
  ])('%s', (_, customers, asked, passed) => {
    expect(sameCustomer(customers, asked, before).passed).toBe(passed)
  })
})

describe('how far it is from the last reading', () => {
  test.each([
    ['fewer', { users: 1, groups: 0 }, before, true],
    ['nobody, and there was somebody', { users: 0, groups: 0 }, before, false],
    ['nobody, and there never was', { users: 0, groups: 0 }, { ...before, users: 0 }, true],
    ['nobody, at first', { users: 0, groups: 0 }, undefined, true],
  ])('%s', (_, now, previous, passed) => {
    expect(distance(now, previous).passed).toBe(passed)
  })
})

describe('organisational units', () => {
  test.each([
    ['there, whatever the case', ['/sales'], 0, true],
    ['the root', ['/'], 0, true],
    ['not there', ['/Sales', '/Vertrieb'], 0, false],
    ['there, but of someone it is not known where they belong', ['/Sales'], 1, false],
  ])('%s', (_, asked, homeless, passed) => {
    expect(unitsThere(asked, ['/Sales', '/Support'], homeless).passed).toBe(passed)
  })
})

test('of many groups that do not agree some are named', () => {
  const names = Array.from({ length: 8 }, (_, nth) => `team${nth}@example.com`)
  const { passed, detail } = membersCounted(20, names)
  expect([passed, detail]).toEqual([false, expect.stringMatching(/team4@example.com and 3 more do not agree/)])
  expect(membersCounted(20, []).passed).toBe(true)
})
