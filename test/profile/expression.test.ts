import { Environment } from '@marcbachmann/cel-js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DeclaredAttributes } from '../../src/connector.ts'
import type { Subject } from '../../src/model.ts'
import { compileCondition, compileMapping, type Wanted } from '../../src/profile/expression.ts'

const declared: DeclaredAttributes = {
  user: {
    mail: 'text',
    givenName: 'text',
    sn: 'text',
    phones: 'list',
    active: 'boolean',
    level: 'number',
    extension: 'any',
    'cost centre': 'text',
    manager: { object: { displayName: 'text', certified: 'boolean' } },
    addresses: { listOf: { object: { address: 'text', primary: 'boolean' } } },
  },
  group: { kind: 'text' },
  caseInsensitive: false,
  closed: true,
}

const ada: Subject = {
  id: 'u1',
  name: 'Ada Lovelace',
  enabled: true,
  attributes: { mail: 'Ada@Example.com', givenName: 'Ada', sn: 'Lovelace', phones: ['+44 2', '+44 1'], level: 7 },
}

const written = (text: string) => ({
  text,
  place: (offset: number) => ({ file: 'p.yaml', line: 3, column: offset + 1 }),
})

function compile(text: string, wanted: Wanted = 'any', given: Partial<DeclaredAttributes> = {}) {
  return compileMapping(written(text), wanted, { kind: 'user', declared: { ...declared, ...given } })
}

function expression(text: string, wanted: Wanted = 'any', given: Partial<DeclaredAttributes> = {}) {
  const compiled = compile(text, wanted, given)
  if ('faults' in compiled) throw new Error(compiled.faults[0]?.message)
  return compiled.expression
}

const told = (text: string, subject: Subject = ada, wanted: Wanted = 'any') =>
  expression(text, wanted).evaluate(subject)

function faults(text: string, wanted: Wanted = 'any') {
  const compiled = compile(text, wanted)
  return 'faults' in compiled ? compiled.faults.map(({ column, message }) => `${column}: ${message}`) : []
}

test.each([
  ['${user.sn} ${user.givenName}', 'Lovelace Ada'],
  ['  ${user.givenName}   ${user["cost centre"]}  x ', 'Ada x'],
  ['${user.enabled}', true],
  ['${user.phones}', ['+44 1', '+44 2']],
  ['${user.level}', 7],
  ['${size(user.phones)}', 2],
  ['level ${user.level}', 'level 7'],
  ['Asia/Tokyo', 'Asia/Tokyo'],
  ['$${user.mail}', '${user.mail}'],
  ['山田　太郎', '山田　太郎'],
])('%s comes out with its type', (text, value) => {
  expect(told(text)).toEqual({ value })
})

test('what is absent is empty text or an empty list; a boolean or a number holds', () => {
  const nobody: Subject = { id: 'u2', name: '', enabled: undefined, attributes: {} }
  expect(told('${user.mail}', nobody)).toEqual({ value: '' })
  expect(told('${user.phones}', nobody)).toEqual({ value: [] })
  expect(told('${user.extension.x.y}', nobody)).toEqual({ value: '' })
  expect(told('${user.manager.displayName}', nobody)).toEqual({ value: '' })
  expect(told('${user.phones[3]}', nobody)).toEqual({ value: '' })
  expect(told('${user.level}', nobody)).toHaveProperty('fault')
  expect(told('${user.enabled}', nobody)).toEqual({ fault: 'the source did not say whether this user is enabled' })
  expect(told('${user.active}', nobody)).toEqual({
    fault: 'active is absent; give another value with coalesce(user.active, …)',
  })
  expect(told('${user.manager.certified}', nobody)).toHaveProperty('fault')
  expect(told('${coalesce(user.active, false)}', nobody)).toEqual({ value: false })
  expect(told('${has(user.active) ? "y" : "n"}', nobody)).toEqual({ value: 'n' })
})

test('what the source could not tell is unknown, but only where it is read', () => {
  const hidden: Subject = { ...ada, unknown: ['cost centre'] }
  expect(told('${user["cost centre"]}', hidden)).toEqual({ unknown: 'cost centre' })
  expect(told('${coalesce(user["cost centre"], "x")}', hidden)).toEqual({ unknown: 'cost centre' })
  expect(told('${user.mail != "" ? user.mail : user["cost centre"]}', hidden)).toEqual({ value: 'Ada@Example.com' })
  expect(told('${user["cost centre"] == "x" || true}', hidden)).toEqual({ value: true })
  expect(told('${user["cost centre"] == "x" && true}', hidden)).toEqual({ unknown: 'cost centre' })
})

test('of several values where one is declared, the first in byte order is taken, and noted', () => {
  const two: Subject = { ...ada, attributes: { mail: ['b@example.com', 'a@example.com'] } }
  expect(told('${lower(user.mail)}', two)).toEqual({ value: 'a@example.com', several: 'mail' })
  expect(told('${user.phones}', ada, 'text')).toEqual({ value: '+44 1', several: '' })
  expect(told('${user.phones}', { ...ada, attributes: { phones: ['1'] } }, 'text')).toEqual({ value: '1' })
  expect(told('${user.mail}', { ...ada, attributes: { mail: ['\u{1F427}', '\uFF21'] } })).toEqual({
    value: '\uFF21',
    several: 'mail',
  })
})

test('the order in which a source returns values does not matter', () => {
  const [one, other] = [
    ['b', 'a', 'c'],
    ['c', 'a', 'b'],
  ]
  for (const text of ['${user.phones}', '${join(user.phones, ",")}', '${first(user.phones)}', '${user.phones[1]}']) {
    expect(told(text, { ...ada, attributes: { phones: one } })).toEqual(
      told(text, { ...ada, attributes: { phones: other } }),
    )
  }
})

test('names are those of the source; where their case does not matter, they are asked for as declared', () => {
  expect(expression('${user.mail}${user.sn}${user.mail}${user.id}').reads).toEqual(['mail', 'sn'])
  expect(expression('${user.GIVENNAME}', 'any', { caseInsensitive: true }).reads).toEqual(['givenName'])
  expect(expression('${user.GIVENNAME}', 'any', { caseInsensitive: true }).evaluate(ada)).toEqual({ value: 'Ada' })
  expect(expression('${user.whatever}', 'any', { closed: false }).reads).toEqual(['whatever'])
  expect(faults('${user.GIVENNAME}')).toEqual([
    '8: the source has no attribute GIVENNAME for a user; did you mean givenName?',
  ])
})

test('names that objects have of their own are harmless', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
    expect(expression(`\${user.${name}}`, 'any', { closed: false }).evaluate(ada)).toEqual({ value: '' })
  }
  expect(expression('${user["__proto__"]}', 'any', { closed: false }).evaluate(ada)).toEqual({ value: '' })
  expect(told('${lookup("constructor", {"a": "b"}, "c")}')).toEqual({ value: 'c' })
  expect(told('${{"__proto__": "x"}}')).toEqual({ value: JSON.parse('{"__proto__": "x"}') })
})

test.each([
  ['${user.mial}', '8: the source has no attribute mial for a user; did you mean mail?'],
  ['Dr ${lowr(user.mail)}', '6: there is no function lowr; did you mean lower?'],
  ['${usr.mail}', '3: there is no usr; did you mean user?'],
  ['${user}', '3: user alone is no value; name one of its attributes, like user.name'],
  ['${user[user.mail]}', '13: the attribute must be named in quotes, like user["cost centre"]'],
  ['${user.manager.displayNam}', '16: there is no displayNam in this; did you mean displayName?'],
  ['${user.addresses.map(a, a.adress)}', '27: there is no adress in this; did you mean address?'],
  ['${user.mail.matches("a")}', "3: CEL's matches can take for ever; write regexMatch(text, pattern)"],
  ['${user.mail.lower()}', '3: lower is written as a function; write lower(…) around the value'],
  [
    '${regexMatch(user.mail, user.sn)}',
    '30: the pattern of regexMatch must be quoted text, so that it can be checked now',
  ],
  [
    '${user.mail + user.level}',
    '3: these do not go together: text + number; convert one with string(), or compare like with like',
  ],
  [
    '${lower(user.phones)}',
    "3: these values do not fit 'lower(list of text)'; convert them with string(), join() or first()",
  ],
  [
    '${user.mail ? 1 : 2}',
    '8: Ternary condition must be boolean, got \'text\'; compare it with something, like user.x != ""',
  ],
  ['tel ${user.phones}', '7: this yields a list amid text; join it, like ${join(user.x, ", ")}'],
  ['${b"x"}', '3: bytes and unsigned numbers are not taken; write text or an ordinary number'],
  ['${null}', '3: this yields null, which SCIM has no place for; turn it into text'],
  ['${timestamp("2026-01-01T00:00:00Z")}', '3: there is no function timestamp; docs/expressions.md has them all'],
  ['${}', '3: nothing stands here; write an expression, in quotes if it holds a # or starts with !'],
])('%s is a fault at its column', (text, fault) => {
  expect(faults(text)).toEqual([fault])
})

test('what does not parse says so in words', () => {
  expect(faults('${user.mail')).toEqual([
    expect.stringMatching(/^1: this \$\{ is never closed; close it with }, and put the whole text in quotes/),
  ])
  expect(faults("${'abc")).toEqual([expect.stringMatching(/^1: .*never closed/)])
  expect(faults('${(user.mail}')).toEqual([expect.stringMatching(/^13: .*; close every bracket and quote/)])
  expect(faults('${regexMatch(user.mail, "(")}')).toEqual([expect.stringMatching(/^25: the pattern does not compile/)])
  expect(faults('${regexMatch(user.mail, "(a{1000}){1000}")}')).toEqual([expect.stringMatching(/^25: the pattern/)])
})

test('every fault of a text is told at once', () => {
  expect(faults('${user.mial} ${usr.sn} ${lowr("x")}').map(fault => fault.split(':', 1)[0])).toEqual(['8', '16', '26'])
})

test('what comes out must be what the attribute takes', () => {
  expect(faults('${user.manager}', 'text')).toEqual([
    '3: this yields a block of values where text is needed; name one of them',
  ])
  expect(faults('${user.level}', 'boolean')).toEqual([
    '3: this yields a number, where true or false is needed; compare it with something',
  ])
  expect(faults('${user.phones}', 'boolean')).toHaveLength(1)
  expect(faults('${[{"value": user.mail, "primary": true}]}', 'list')).toEqual([])
  expect(told('${user.level}', ada, 'text')).toEqual({ value: '7' })
})

test('a condition is CEL that yields true or false', () => {
  const condition = (text: string) => compileCondition(written(text), { kind: 'group', declared })
  const passes = condition("group.kind == 'security' && group.name.startsWith('eng-')")
  if ('faults' in passes) throw new Error('it should compile')
  expect(passes.expression.evaluate({ id: 'g', name: 'eng-all', attributes: { kind: 'security' } })).toEqual({
    value: true,
  })
  expect(passes.expression.reads).toEqual(['kind'])
  for (const [text, fault] of [
    ['group.name', 'a condition must yield true or false, not text'],
    ['${group.name == "x"}', 'a condition is CEL alone'],
    ['  ', 'nothing stands here'],
    ['user.name == "x"', 'there is no user'],
  ] as const) {
    const compiled = condition(text)
    expect('faults' in compiled && compiled.faults[0]?.message).toContain(fault)
  }
})

const long = {
  ...ada,
  attributes: { mail: 'a'.repeat(100_000), phones: Array.from({ length: 10_000 }, (_, n) => `${n}`) },
}
const binds = (count: number) =>
  Array.from({ length: count }).reduce<string>(
    (inner, _, n) => `cel.bind(v${n}, user.mail + user.mail, ${inner})`,
    'v0',
  )

test.each([
  ['doubling a text', `\${${Array(100).fill('user.mail').join(' + ')}}`],
  ['all pairs of a long list', '${user.phones.map(a, size(user.phones.filter(b, a == b)))}'],
  ['all pairs, kept', '${user.phones.map(a, user.phones.map(b, a + b))}'],
  ['one list ten thousand times', '${user.phones.map(a, user.phones)}'],
  ['replacing by much', '${replace(user.mail, "a", user.mail)}'],
  ['replacing matches by much', '${regexReplace(user.mail, "a", "$0$0$0$0$0$0$0$0")}'],
  ['joining much', '${join(user.phones.map(a, user.mail), "")}'],
  ['searching much in much', '${user.mail.contains(user.mail + "b")}'],
  ['adding up lists', `\${${Array(50).fill('user.phones').join(' + ')}}`],
])('%s ends soon, in a fault', (_, text) => {
  const { evaluate } = expression(text)
  expect(evaluate(long)).toHaveProperty('fault')
})

test('a pattern that explodes in other engines is as quick as any', () => {
  const { evaluate } = expression('${regexMatch(user.mail, "^(a+)+$")}')
  expect(evaluate(long)).toEqual({ value: true })
  expect(evaluate({ ...ada, attributes: { mail: `${'a'.repeat(5_000)}!` } })).toEqual({ value: false })
})

test('what cannot be bounded does not compile', () => {
  expect(faults(`\${${binds(22)}}`)[0]).toContain('inside 2 others of its kind')
  expect(faults('${user.phones.map(a, user.phones.map(b, user.phones.map(c, a + b + c)))}')[0]).toContain(
    'inside 2 others',
  )
  expect(faults(`\${${'('.repeat(2_000)}1${')'.repeat(2_000)}}`)[0]).toMatch(/; split the expression up/)
  expect(faults(`\${${'!'.repeat(9_000)}true}`)[0]).toMatch(/; split it up/)
  expect(faults(`\${${Array(2_000).fill('1').join('+')}}`)[0]).toMatch(/; split it up/)
  expect(faults(`\${'${'x'.repeat(10_000)}'}`)[0]).toContain('longer than 10000 characters')
})

test('too long texts and lists of the source are faults, not lost people', () => {
  expect(told('${user.mail}', { ...ada, attributes: { mail: 'a'.repeat(100_001) } })).toHaveProperty('fault')
  expect(told('${user.phones}', { ...ada, attributes: { phones: Array(10_001).fill('1') } })).toHaveProperty('fault')
  const deep = Array.from({ length: 50_000 }).reduce<object>(inner => ({ inner }), {})
  expect(told('${user.extension}', { ...ada, attributes: { extension: deep as never } })).toHaveProperty('fault')
  expect(
    told('${user.extension == user.extension.inner}', { ...ada, attributes: { extension: deep as never } }),
  ).toHaveProperty('fault')
})

test('the address of a guest is told from the user principal name, and any other name is left as it is', () => {
  const told = (text: string) =>
    expression("${guestAddress('" + text + "')}").evaluate({ id: '1', name: '', attributes: {} })
  expect(told('ada_l_partner.example#EXT#@corp.example.com')).toEqual({ value: 'ada_l@partner.example' })
  expect(told('ada_partner.example#ext#@corp.example.com')).toEqual({ value: 'ada@partner.example' })
  expect(told('ada_l@corp.example.com')).toEqual({ value: 'ada_l@corp.example.com' })
  expect(told('#EXT#@corp.example.com')).toEqual({ value: '#EXT#@corp.example.com' })
})

test('whatever the data is, an evaluation comes back', () => {
  const all = [
    '${lower(user.mail)}',
    '${user.sn} ${user.givenName} ${user.level}',
    '${join(user.phones, ", ")}',
    '${user.extension.a.b == 1 || user.extension in ["x"] || user.extension.exists(e, e > 3)}',
    '${user.extension + user.extension}',
    '${user.addresses.filter(a, a.primary).map(a, {"value": a.address})}',
    '${user.manager.displayName}',
    '${first(split(user.mail, "@")).substring(1, 3)}',
    '${regexReplace(user.mail, "(.)(.)", "$2$1$$")}',
    '${normalizeDiacritics(user.givenName)}',
    '${string(user.level) + user.id + string(user.enabled)}',
  ].map(text => expression(text))
  const names = Object.keys(declared.user)
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names, '__proto__'), fc.jsonValue({ maxDepth: 3 })), attributes => {
      for (const { evaluate } of all) {
        const evaluated = evaluate({ id: '1', name: '', attributes: attributes as never })
        expect(Object.keys(evaluated)).toContain('value' in evaluated ? 'value' : 'fault')
        expect(() => structuredClone(evaluated)).not.toThrow()
      }
    }),
  )
})

test('evaluates as the CEL library does', () => {
  const oracle = new Environment({ homogeneousAggregateLiterals: false })
  const number = fc.constantFrom('0', '1', '2', '7', '-3')
  const text = fc.constantFrom('""', '"a"', '"ab"', '"é🐧"')
  const { boolean } = fc.letrec<{ boolean: string; number: string; text: string; list: string }>(tie => ({
    number: fc.oneof(
      { maxDepth: 3 },
      number,
      fc
        .tuple(tie('number'), fc.constantFrom('+', '-', '*', '/', '%'), tie('number'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie('text').map(value => `size(${value})`),
      tie('list').map(value => `size(${value})`),
    ),
    text: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a} + ${b})`),
      fc.tuple(tie('boolean'), tie('text'), tie('text')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
      tie('number').map(value => `string(${value})`),
    ),
    list: fc.oneof(
      { maxDepth: 3 },
      fc.array(tie('number'), { maxLength: 3 }).map(items => `[${['1', ...items].join(', ')}]`),
      tie('list').map(list => `${list}.filter(x, x > 1)`),
      tie('list').map(list => `${list}.map(x, x + 1)`),
      fc.tuple(tie('list'), tie('list')).map(([a, b]) => `(${a} + ${b})`),
    ),
    boolean: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('true', 'false'),
      fc
        .tuple(tie('boolean'), fc.constantFrom('&&', '||', '==', '!='), tie('boolean'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(tie('number'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('number'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc.tuple(tie('text'), fc.constantFrom('==', '!=', '<'), tie('text')).map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc.tuple(tie('number'), tie('list')).map(([a, b]) => `(${a} in ${b})`),
      fc.tuple(tie('list'), tie('list')).map(([a, b]) => `(${a} == ${b})`),
      fc
        .tuple(tie('list'), fc.constantFrom('exists', 'all', 'exists_one'))
        .map(([a, name]) => `${a}.${name}(x, 6 / x > 2)`),
      tie('boolean').map(value => `!${value}`),
      fc
        .tuple(tie('text'), fc.constantFrom('startsWith', 'endsWith', 'contains'), tie('text'))
        .map(([a, name, b]) => `${a}.${name}(${b})`),
    ),
  }))
  const failed = { fault: expect.any(String) }
  let compared = 0
  fc.assert(
    fc.property(boolean, source => {
      const compiled = compile(`\${${source}}`)
      if ('faults' in compiled) return
      compared++
      let expected: unknown
      try {
        expected = { value: oracle.evaluate(source) }
      } catch {
        expected = failed
      }
      expect(compiled.expression.evaluate(ada)).toEqual(expected)
    }),
    { numRuns: 1_000 },
  )
  expect(compared).toBeGreaterThan(500)
})
