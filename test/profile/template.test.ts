import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Part, parseTemplate } from '../../src/profile/template.ts'

const sources = (text: string) =>
  parseTemplate(text).parts.map(part => (part.part === 'text' ? part.text : { cel: part.source, at: part.offset }))

test.each([
  ['Asia/Tokyo', ['Asia/Tokyo']],
  ['${user.sn} ${user.givenName}', [{ cel: 'user.sn', at: 2 }, ' ', { cel: 'user.givenName', at: 13 }]],
  ['$${user.sn}', ['${user.sn}']],
  ['costs $5', ['costs $5']],
  ["${'}'}", [{ cel: "'}'", at: 2 }]],
  ['${"\\"}"}', [{ cel: '"\\"}"', at: 2 }]],
  ["${r'\\'}'}", [{ cel: "r'\\'}'", at: 2 }]],
  ["${'''it's }'''}!", [{ cel: "'''it's }'''", at: 2 }, '!']],
  ["${lookup(user.c, {'a': {'b': 'c'}['b']}, '')}", [{ cel: "lookup(user.c, {'a': {'b': 'c'}['b']}, '')", at: 2 }]],
  ['${a // }\n}', [{ cel: 'a // }\n', at: 2 }]],
])('%s is cut where its expressions end', (text, parts) => {
  expect(sources(text)).toEqual(parts)
})

test.each(['${user.mail', "Dr ${'}", "${'''}'", '${{}', '${a // }'])('%s is never closed', text => {
  expect(parseTemplate(text).unfinished).toBe(text.indexOf('${'))
})

test('what was put together comes apart the same', () => {
  const text = fc
    .string({ unit: fc.constantFrom('a', ' ', '$', '{', '}', "'", '"', '\\', '#') })
    .filter(literal => literal !== '' && !literal.endsWith('$') && !literal.includes('$$'))
    .map((literal): Part => ({ part: 'text', text: literal }))
  const source = fc
    .array(
      fc.oneof(
        fc.constantFrom('user.mail', ' + ', "{'a': '}'}", 'f(x)', "'''}'''"),
        fc.string().map(inner => JSON.stringify(inner)),
      ),
      { minLength: 1 },
    )
    .map((pieces): Part => ({ part: 'expression', source: pieces.join(' '), offset: 0 }))
  const alternating = fc.array(fc.tuple(text, source)).map(pairs => pairs.flat())
  fc.assert(
    fc.property(alternating, parts => {
      const written = parts
        .map(part => (part.part === 'text' ? part.text.replaceAll('${', () => '$${') : `\${${part.source}}`))
        .join('')
      const expected = parts.map(part => (part.part === 'text' ? part.text : part.source))
      const found = parseTemplate(written).parts
      expect(found.map(part => (part.part === 'text' ? part.text : part.source))).toEqual(expected)
      const misplaced = found.filter(
        part => part.part === 'expression' && !written.startsWith(part.source, part.offset),
      )
      expect(misplaced).toEqual([])
    }),
  )
})
