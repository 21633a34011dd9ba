import fc from 'fast-check'
import { expect, test } from 'vitest'
import { displayWidth, fit, padEnd, wrap } from '../../src/report/width.ts'

test.each([
  ['ada', 3],
  ['山田太郎', 8],
  ['ﾔﾏﾀﾞ', 4],
  ['김철수', 6],
  ['é', 1],
  ['e\u0301', 1],
  ['👩‍💻', 2],
  ['🇯🇵', 2],
  ['❤️', 2],
  ['→…', 2],
  ['ผู้', 1],
])('%s takes %i columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns)
})

test('a name that is too long is cut between characters, never inside one', () => {
  expect(fit('山田太郎', 8)).toBe('山田太郎')
  expect(fit('山田太郎', 7)).toBe('山田太…')
  expect(fit('山田太郎', 6)).toBe('山田…')
  expect(fit('ab👩‍💻cd', 5)).toBe('ab👩‍💻…')
})

test('fitted text is never wider than asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, columns) => {
      expect(displayWidth(fit(text, columns))).toBeLessThanOrEqual(columns)
    }),
  )
})

test('columns line up whatever the script', () => {
  expect(displayWidth(padEnd('山田', 10))).toBe(10)
  expect(displayWidth(padEnd('Ada', 10))).toBe(10)
})

test('wrapping keeps every word, in order', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrap('a-very-long-word b', 4)).toEqual(['a-very-long-word', 'b'])
})
