import { describe, expect, test } from 'vitest'
import { Counting, tallyOf } from '../../../connectors/google/counting.ts'

const user = { id: 'u', type: 'USER', status: 'ACTIVE' }
const external = { id: 'x', type: 'USER' }
const group = { id: 'g', type: 'GROUP', status: 'ACTIVE' }
const everyone = { id: 'C0example1', type: 'CUSTOMER' }

describe('a group’s own count of its members', () => {
  test.each([
    ['users', 2, [user, user], true],
    ['fewer rows than that', 3, [user, user], false],
    ['more rows than that', 1, [user, user], false],
    ['users, and no groups', 1, [user, group], true],
    ['people outside, counted', 2, [user, external], true],
    ['people outside, not counted', 1, [user, external], true],
    ['a lost user beside people outside', 3, [user, external], false],
    ['everyone, whatever it counts as', 4711, [everyone], true],
    ['no count', undefined, [user], true],
  ])('%s', (_, count, rows, agrees) => {
    expect(new Counting().agrees(count, tallyOf(rows))).toBe(agrees)
  })

  test('where groups count as well, it takes some that were read twice to believe it', () => {
    const counting = new Counting()
    const tally = tallyOf([user, group])
    for (const name of ['a', 'b', 'c']) {
      expect(counting.agrees(2, tally)).toBe(false)
      expect(counting.explains(name, 2, tally)).toBe(true)
    }
    expect(counting.agrees(2, tally)).toBe(true)
    expect(counting.contradicted).toEqual([])
  })

  test('a lost user is not explained away by a nested group once other groups count users only', () => {
    const counting = new Counting()
    expect(counting.agrees(1, tallyOf([user, group]))).toBe(true)
    expect(counting.explains('lost', 2, tallyOf([user, group]))).toBe(false)
  })

  test('nor where they are read later', () => {
    const counting = new Counting()
    expect(counting.explains('lost', 2, tallyOf([user, group]))).toBe(true)
    expect(counting.agrees(1, tallyOf([user, group]))).toBe(true)
    expect(counting.contradicted).toEqual(['lost'])
  })
})
