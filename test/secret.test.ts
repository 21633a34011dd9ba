import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, inspect } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { RollcallError } from '../src/errors.ts'
import { type Secret, secret } from '../src/secret.ts'
import { folderWith } from './support/folder.ts'

const HIDDEN = 'correct-horse-battery'

afterEach(() => vi.unstubAllEnvs())

test('a secret comes from the environment, and is asked for when it is needed', async () => {
  const one = secret.parse({ env: 'ROLLCALL_TEST_SECRET' })
  await expect(one.read('.')).rejects.toMatchObject({
    code: 'secret_unavailable',
    message: /environment variable ROLLCALL_TEST_SECRET is not set; set it where rollcall is started/,
  })
  vi.stubEnv('ROLLCALL_TEST_SECRET', HIDDEN)
  expect(await one.read('.')).toBe(HIDDEN)
  vi.stubEnv('ROLLCALL_TEST_SECRET', 'rotated')
  expect(await one.read('.')).toBe('rotated')
})

test.each([
  ['as it is', HIDDEN],
  ['without the line break at its end', `${HIDDEN}\n`],
  ['without that of Windows', `${HIDDEN}\r\n`],
])('a secret comes from a file below the config, %s', async (_, text) => {
  const folder = folderWith({ token: text })
  expect(await secret.parse({ file: 'token' }).read(folder)).toBe(HIDDEN)
  expect(await secret.parse({ file: join(folder, 'token') }).read('/')).toBe(HIDDEN)
})

test('a file that is not there or empty is named, and no more', async () => {
  const folder = folderWith({ empty: '\n' })
  await expect(secret.parse({ file: 'token' }).read(folder)).rejects.toThrow(/file token cannot be read; put it there/)
  await expect(secret.parse({ file: 'empty' }).read(folder)).rejects.toThrow(/file empty is empty; put the secret/)
})

test('a secret is what a command prints, run in the folder of the config and without a shell', async () => {
  const folder = folderWith({ 'give.js': `console.log(process.cwd() + ' ' + process.argv[2])` })
  const one = secret.parse({ command: [process.execPath, 'give.js', '$HOME; echo x'] })
  const { realpathSync } = await import('node:fs')
  expect(await one.read(folder)).toBe(`${realpathSync(folder)} $HOME; echo x`)
})

test('a command that fails is told without what it printed and was given', async () => {
  const folder = folderWith()
  writeFileSync(join(folder, 'fail.js'), `console.log('${HIDDEN}'); console.error('${HIDDEN}'); process.exit(3)`)
  const failed: unknown = await secret
    .parse({ command: [process.execPath, 'fail.js', HIDDEN] })
    .read(folder)
    .catch((thrown: unknown) => thrown)
  expect(failed).toMatchObject({ code: 'secret_unavailable', message: expect.stringMatching(/failed \(3\)/) })
  expect(inspect(failed, { depth: 9, showHidden: true })).not.toContain(HIDDEN)
  await expect(secret.parse({ command: ['no-such-program-here'] }).read(folder)).rejects.toThrow(/failed \(ENOENT\)/)
})

test('neither a secret nor where it comes from shows, whichever way it is shown', async () => {
  vi.stubEnv('ROLLCALL_TEST_SECRET', HIDDEN)
  const one: Secret = secret.parse({ env: 'ROLLCALL_TEST_SECRET' })
  await one.read('.')
  const ways = [
    JSON.stringify({ one }),
    inspect({ one }, { depth: 9, showHidden: true }),
    format('%s %o %j', one, one, one),
    String(one),
    inspect(new RollcallError('usage', 'x', { cause: one })),
    JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(one))),
    Object.keys(one).join(),
  ]
  for (const way of ways) expect(way).not.toMatch(/correct-horse|ROLLCALL_TEST_SECRET/)
})

test.each([
  HIDDEN,
  '',
  3,
  null,
  [HIDDEN],
  { token: HIDDEN },
  { env: 'A', file: 'b' },
  { env: '' },
  { command: HIDDEN },
  { command: [] },
])('%j is no way to give a secret, and is not repeated', given => {
  const parsed = secret.safeParse(given)
  expect(parsed.success).toBe(false)
  expect(String(parsed.error?.message)).not.toContain(HIDDEN)
})
