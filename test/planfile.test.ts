import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RollcallError } from '../src/errors.ts'
import { canonicalJson, parseChange, planDigest, readPlan } from '../src/planfile.ts'
import { folderWith } from './support/folder.ts'
import { addMembers, createUser, deactivateUser, planOf, removeMembers } from './support/plans.ts'

const CHANGES = [
  deactivateUser('leaver'),
  createUser('ada', { title: '技術者 😀' }),
  addMembers('sales', ['ada', 'grace']),
]

async function saved(given?: Parameters<typeof planOf>[2]) {
  const file = await planOf(folderWith(), CHANGES, given)
  return { file, text: readFileSync(file, 'utf8') }
}

test('a plan is read back as it was written, line by line', async () => {
  const { file } = await saved()
  const { header, lines } = await readPlan(file)
  expect(header.counts).toEqual({ 'deactivate-user': 1, 'create-user': 1, 'add-members': 1 })
  const read = []
  for await (const { line, value } of lines()) read.push([line, value])
  expect(read).toEqual(CHANGES.map((change, at) => [at + 2, change]))
})

test('equal inputs have equal digests, whenever they were planned; another limit has another', async () => {
  const digest = async (given?: Parameters<typeof planOf>[2]) =>
    (await readPlan((await saved(given)).file)).header.digest
  const one = await digest()
  expect(await digest({ createdAt: '2020-01-01T00:00:00Z' })).toBe(one)
  expect(await digest({ url: 'https://elsewhere.example.com' })).not.toBe(one)
  const breach = {
    limit: 'create-user',
    scope: 'target cloud',
    changes: 1,
    managed: 1,
    allowed: '0',
    message: '',
  } as const
  expect(await digest({ breaches: [breach] })).not.toBe(one)
})

test('whatever single byte of a plan is changed, it is refused or means the same', async () => {
  const { text, file } = await saved()
  const { header } = await readPlan(file)
  const bytes = Buffer.from(text)
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, byte) => {
      const altered = Buffer.from(bytes)
      altered[at] = byte
      writeFileSync(file, altered)
      const verdict = await readPlan(file).then(
        read => [read.header.digest, altered.subarray(bytes.indexOf(10)).equals(bytes.subarray(bytes.indexOf(10)))],
        (error: unknown) => error instanceof RollcallError && error.code,
      )
      expect(['plan_invalid', [header.digest, true]]).toContainEqual(verdict)
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['cut off in a line', (text: string) => text.slice(0, -5), /is cut off in line 4/],
  [
    'cut off between lines',
    (text: string) => `${text.split('\n').slice(0, 3).join('\n')}\n`,
    /is cut off: 1 of its lines/,
  ],
  ['with a line twice', (text: string) => `${text}${text.split('\n')[1]}\n`, /was altered/],
  ['that is empty', () => '', /is empty/],
  [
    'of another format',
    (text: string) => text.replace('plan/1', 'plan/9'),
    /has the format "plan\/9", and this rollcall reads plan\/1/,
  ],
  ['that is no plan', () => '{"hello":"world"}\n', /is not a plan of rollcall/],
  ['that is not JSON', () => 'hello\n', /is not a plan of rollcall/],
])('a file %s is refused', async (_, alter, message) => {
  const { file, text } = await saved()
  writeFileSync(file, alter(text))
  await expect(readPlan(file)).rejects.toMatchObject({
    code: 'plan_invalid',
    message: expect.stringMatching(message) as string,
  })
})

test('counts that contradict the lines are refused even under the right digest', async () => {
  const { file, text } = await saved()
  writeFileSync(file, text.replace('"create-user":1', '"create-user":2'))
  await expect(readPlan(file)).rejects.toMatchObject({
    message: expect.stringContaining('contradicts itself') as string,
  })
})

test('a plan that is not there says which file to give', async () => {
  await expect(readPlan(join(folderWith(), 'none.ndjson'))).rejects.toMatchObject({
    code: 'plan_invalid',
    message: expect.stringContaining('Give the file that `rollcall plan -o` wrote') as string,
  })
})

test('the digest is of canonical JSON: keys in order, absent ones left out, lists as they are', () => {
  expect(canonicalJson({ b: [2, 1, undefined], a: { d: undefined, c: null } })).toBe('{"a":{"c":null},"b":[2,1,null]}')
  const plan = { target: 't', url: 'u', profiles: { b: '2', a: '1' }, limits: {}, breaches: [], lines: 'l' }
  expect(planDigest({ ...plan, profiles: { a: '1', b: '2' } })).toBe(planDigest(plan))
})

test('a change in the journal is read with its every part, and what is no change is none', () => {
  const change = removeMembers('sales', ['ada'], ['u9'])
  expect(parseChange(JSON.stringify(change))).toEqual(change)
  expect(parseChange('{"finding":"held","message":""}')).toBeUndefined()
  expect(parseChange('{')).toBeUndefined()
})
