import { expect, test } from 'vitest'
import { failureJson, failureOf, failureText, worst } from '../../src/cli/failure.ts'
import { RollcallError } from '../../src/errors.ts'

test('an error is told in its own words, what led to it only with -v', () => {
  const failure = failureOf(
    new RollcallError('source_denied', 'ldap "hq": refused.', { cause: new Error('socket', { cause: 'tls' }) }),
    false,
  )
  expect(failure.exitCode).toBe(1)
  expect(failureText(failure, false)).toBe('rollcall: ldap "hq": refused.\n')
  expect(failureText(failure, true)).toBe(`rollcall: ldap "hq": refused.\n  because: Error: socket\n  because: 'tls'\n`)
  expect(JSON.parse(failureJson(failure))).toEqual({ error: { code: 'source_denied', message: 'ldap "hq": refused.' } })
})

test('something unexpected ends 1 with a short text, without a stack', () => {
  const failure = failureOf(new TypeError('x is not a function'), false)
  expect(failure.exitCode).toBe(1)
  expect(failureText(failure, false)).toMatch(/^rollcall: something unexpected went wrong: x is not a function\. .*\n$/)
  expect(failureText(failure, true)).toContain('failure.test.ts')
})

test('whatever breaks after an interruption is its doing', () => {
  expect(failureOf(new Error('aborted'), true)).toMatchObject({ exitCode: 130, code: 'interrupted' })
})

test('an error that lists several faults keeps its lines, and nothing in it acts upon the terminal', () => {
  const failure = failureOf(new RollcallError('config_invalid', 'a.yaml:1:1: \x1b[2J\nb.yaml:2:2: no'), false)
  expect(failureText(failure, false)).toBe('rollcall: a.yaml:1:1: \\x1b[2J\nb.yaml:2:2: no\n')
})

test.each([
  [[], 0],
  [[0, 0], 0],
  [[0, 2], 2],
  [[3, 2, 0], 3],
  [[3, 4], 4],
  [[4, 1, 0], 1],
  [[0, 130], 130],
])('targets that ended %j end the run %i', (codes, code) => {
  expect(worst(codes, false)).toBe(code)
})

test('interrupted once another target was written is applied in part', () => {
  expect(worst([0, 130], true)).toBe(4)
})
