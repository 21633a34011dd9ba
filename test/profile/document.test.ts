import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { checkYaml, renderFaults, suggestion } from '../../src/profile/document.ts'

const selector = z.union([z.string(), z.strictObject({ id: z.string() }), z.strictObject({ when: z.string() })])
const shape = z.strictObject({
  mail: z.string(),
  leavers: z.enum(['deactivate', 'delete', 'keep']).optional(),
  groups: z.array(selector).optional(),
  users: z.union([z.literal('all'), z.literal('members'), z.strictObject({ members: z.array(selector) })]).optional(),
  limits: z.partialRecord(z.enum(['create-user', 'delete-user']), z.number()).optional(),
  many: z.number().min(1).max(5).optional(),
})

const faults = (text: string) => renderFaults(checkYaml('p.yaml', text, shape).faults)

test('a document that fits comes out as it stands', () => {
  const { value, faults } = checkYaml('p.yaml', 'mail: "ada@example.com" # hers\ngroups: [eng-*, { id: g1 }]\n', shape)
  expect(faults).toEqual([])
  expect(value).toEqual({ mail: 'ada@example.com', groups: ['eng-*', { id: 'g1' }] })
})

test.each([
  [
    'a tag',
    'mail: !user.guest',
    '1:7: !user.guest is a tag to YAML, which is not taken; put it in quotes if it is meant as text',
  ],
  [
    'a tag of YAML itself',
    'mail: !!str x',
    '1:7: !!str is a tag to YAML, which is not taken; put it in quotes if it is meant as text',
  ],
  ['an anchor', 'mail: &x y', '1:7: &x is an anchor, which is not taken; put it in quotes if it is meant as text'],
  [
    'an alias',
    'mail: x\ngroups: [*-team]',
    '2:10: *-team is an alias, which is not taken; put it in quotes if it is meant as text',
  ],
  [
    'a ternary',
    'mail: x ? y : z',
    '1:7: a colon and a blank start a value inside this value; put the whole text in quotes',
  ],
  ['text that starts oddly', 'mail: @x', '1:7: text cannot start with @ in YAML; put it in quotes'],
  [
    'a quote inside quotes',
    "mail: 'it's'",
    "1:11: YAML ends the text before this; put the whole text in quotes, and double a ' inside single ones",
  ],
  [
    'an unknown escape',
    'mail: "\\q"',
    '1:8: this is no escape that YAML knows; write \\\\ for a backslash, or use single quotes',
  ],
  ['a tab', 'limits:\n\tcreate-user: 1', '2:1: a tab stands where only blanks may indent; replace it with blanks'],
  ['a merge key', 'mail: x\n<<: { many: 1 }', '2:1: << merges nothing here; write the lines out'],
  ['a key given twice', 'mail: x\nmail: y', '2:1: mail stands here a second time; remove one of the two'],
  [
    'a second document',
    'mail: x\n---\nmail: y',
    '2:1: a second document starts here; keep one document a file, without a --- line between',
  ],
  ['a directive', '%YAML 1.1\n---\nmail: x', '1:1: directives are not taken; remove the line'],
  ['a number as key', 'mail: x\n1: y', '2:1: a key must be text; put it in quotes'],
  ['a list as key', 'mail: x\n? [a]\n: b', '2:3: a key must be text; put it in quotes'],
  ['__proto__', 'mail: x\n__proto__: { many: 1 }', '2:1: __proto__ is not taken as a key; remove the line'],
  ['constructor', 'mail: x\nconstructor: y', '2:1: constructor is not taken as a key; remove the line'],
  ['a file of zeros', 'mail: x\n\0\0', '2:1: this is not UTF-8 text; save the file as UTF-8'],
  ['bytes that were not UTF-8', 'mail: Zo\uFFFD', '1:9: this is not UTF-8 text; save the file as UTF-8'],
])('%s is a fault that says what to do', (_, text, fault) => {
  expect(faults(text)).toBe(`p.yaml:${fault}`)
})

test.each([
  ['a misspelt key', 'mail: x\nleaver: keep', '2:1: there is no leaver here; did you mean leavers?'],
  ['a misspelt key that is required', 'mial: x', '1:1: there is no mial here; did you mean mail?'],
  ['a missing key', 'many: 1', '1:1: mail is missing; add it (text)'],
  [
    'nothing behind a key',
    'mail:',
    '1:6: nothing stands here, where text is expected (# starts a comment); put it in quotes',
  ],
  ['a number for text', 'mail: 12', '1:7: this is a number, where text is expected; put it in quotes'],
  ['text for a list', 'mail: x\ngroups: eng', '2:9: this is text, where a list is expected; write [ … ]'],
  ['another word', 'mail: x\nleavers: remove', '2:10: this must be deactivate, delete or keep; write one of them'],
  [
    'a misspelt word',
    'mail: x\nleavers: deactive',
    '2:10: this must be deactivate, delete or keep; did you mean deactivate?',
  ],
  [
    'a misspelt word of a choice',
    'mail: x\nusers: member',
    '2:8: this must be all, members or a block of keys and values; did you mean members?',
  ],
  [
    'a misspelt key in a choice',
    'mail: x\nusers: { membrs: [x] }',
    '2:10: there is no membrs here; did you mean members?',
  ],
  [
    'a choice within a choice',
    'mail: x\nusers: { members: [x, { idd: 1 }] }',
    '2:25: there is no idd here; did you mean id?',
  ],
  [
    'a wrong value in a choice',
    'mail: x\ngroups:\n  - { id: 7 }',
    '3:11: this is a number, where text is expected; put it in quotes',
  ],
  [
    'a misspelt name in a table',
    'mail: x\nlimits: { creat-user: 1 }',
    '2:11: there is no creat-user here; did you mean create-user?',
  ],
  ['too much', 'mail: x\nmany: 9', '2:7: this must be at most 5; shorten or lower it'],
  [
    'an empty file',
    '',
    '1:1: nothing stands here, where a block of keys and values is expected (# starts a comment); write key: value lines',
  ],
])('%s is a fault in plain words', (_, text, fault) => {
  expect(faults(text)).toBe(`p.yaml:${fault}`)
})

test('every fault is told at once, in the order of the lines', () => {
  expect(
    faults('leavers: remove\nmail: !x y\nmayn: 2\ngroups: 3')
      .split('\n')
      .map(line => line.split(' ', 1)[0]),
  ).toEqual(['p.yaml:1:10:', 'p.yaml:2:7:', 'p.yaml:3:1:', 'p.yaml:4:9:'])
})

test('faults of several files come in the order of the files', () => {
  const fault = (file: string, line: number) => ({ file, line, column: 1, message: 'x; y' })
  expect(renderFaults([fault('b', 2), fault('a', 10), fault('a', 9)])).toBe('a:9:1: x; y\na:10:1: x; y\nb:2:1: x; y')
})

test('nothing a file holds takes long, overflows or changes an object for all', () => {
  const bomb =
    'a: &a [x, x]\n' +
    Array.from({ length: 30 }, (_, n) => `b${n}: &b${n} [*${n ? `b${n - 1}` : 'a'}, *${n ? `b${n - 1}` : 'a'}]`).join(
      '\n',
    )
  expect(faults(bomb)).toContain('is an alias')
  expect(faults('['.repeat(20_000))).toBe(
    'p.yaml:1:65: this is nested deeper than 64 levels; a config needs no more than ten',
  )
  expect(faults('? '.repeat(5_000))).toContain('nested deeper')
  expect(faults(Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n'))).toContain('there is no k0 here')
  expect(faults('x'.repeat(2 ** 20 + 1))).toBe('p.yaml:1:1: the file is longer than 1 MiB; split it up')
  expect(({} as { many?: number }).many).toBeUndefined()
})

test('a key, a value and what is missing have their places', () => {
  const { at } = checkYaml('p.yaml', 'mail: x\ngroups:\n  - eng\n  - id: g1\n', shape)
  expect(at(['mail'], 'key')).toEqual({ file: 'p.yaml', line: 1, column: 1 })
  expect(at(['mail'])).toEqual({ file: 'p.yaml', line: 1, column: 7 })
  expect(at(['groups', 1, 'id'])).toEqual({ file: 'p.yaml', line: 4, column: 9 })
  expect(at(['groups', 1, 'when'])).toEqual({ file: 'p.yaml', line: 4, column: 5 })
})

test.each([
  ['plain', 'mail: ab cd X'],
  ['in single quotes', "mail: 'ab ''cd'' X'"],
  ['in double quotes', 'mail: "a\\u0062\\t\\"cd\\" X"'],
  ['over several lines', 'mail: ab\n  cd\n\n  X'],
  ['literal', 'mail: |\n  ab\n   cd\n  X'],
  ['folded', 'mail: >-\n  ab\n  cd\n  X'],
])('a character of text that stands %s is found in the file', (_, text) => {
  const { value, inside } = checkYaml('p.yaml', text, shape)
  const offset = text.indexOf('X')
  const before = text.slice(0, offset).split('\n')
  expect(inside(['mail'], value!.mail.indexOf('X'))).toEqual({
    file: 'p.yaml',
    line: before.length,
    column: before.at(-1)!.length + 1,
  })
})

test('each visible character of any text has its place, however YAML writes it', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'é', "'", '"', '\\', ' ', '#', ':', '$', '{', '}', '🐧') })
  fc.assert(
    fc.property(
      texts.filter(text => /\S/.test(text)),
      fc.boolean(),
      (text, single) => {
        const yaml = single ? `mail: '${text.replaceAll("'", "''")}'` : `mail: ${JSON.stringify(text)}`
        const { value, inside } = checkYaml('p.yaml', yaml, shape)
        expect(value?.mail).toBe(text)
        for (const { index, 0: character } of text.matchAll(/\S/gu)) {
          const found = yaml.slice(inside(['mail'], index).column - 1)
          expect((single ? found : found.replace(/^\\(?=["\\])/, '')).startsWith(character)).toBe(true)
        }
      },
    ),
  )
})

test('whatever text is read, faults have places in it and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab:-?[]{}&*!|>\'"%@`#,\n\t 0~<=$'.split('')) }), text => {
      const { faults } = checkYaml('p.yaml', text, shape)
      for (const { line, column, message } of faults) {
        expect(line).toBeLessThanOrEqual(text.split('\n').length)
        expect(column).toBeGreaterThan(0)
        expect(message).toMatch(/.[;?]/)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a suggestion is a name near enough to be meant', () => {
  const known = ['displayName', 'givenName', 'mail', 'title']
  expect(suggestion('displayNmae', known)).toBe('displayName')
  expect(suggestion('MIAL', known)).toBe('mail')
  expect(suggestion('surname', known)).toBeUndefined()
  expect(suggestion('x'.repeat(100_000), known)).toBeUndefined()
  expect(suggestion('', known)).toBeUndefined()
})
