import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { DeclaredAttributes } from '../../src/connector.ts'
import { compileMapping } from '../../src/profile/expression.ts'
import { CEL_FUNCTIONS, CEL_METHODS, OWN_FUNCTIONS } from '../../src/profile/functions.ts'
import { checkYaml } from '../../src/profile/document.ts'
import * as z from 'zod'

const DOC = readFileSync(new URL('../../docs/expressions.md', import.meta.url), 'utf8')

const rows = DOC.slice(DOC.indexOf('## Functions'), DOC.indexOf('## Limits'))
  .split('\n')
  .filter(line => line.startsWith('| `'))
  .map(line => line.split(' | ').map(cell => /`(.*)`/.exec(cell)?.[1] ?? ''))
  .map(([signature = '', , example = '', result = '']) => ({ signature, example, result }))

const declared: DeclaredAttributes = {
  user: {
    mail: 'text',
    givenName: 'text',
    sn: 'text',
    country: 'text',
    mobile: 'text',
    level: 'number',
    phones: 'list',
    proxies: 'list',
  },
  group: {},
  caseInsensitive: false,
  closed: true,
}

const written = DOC.slice(DOC.indexOf('id: "4711"')).split('```')[0] ?? ''
const shape = z.looseObject({ id: z.string(), name: z.string(), enabled: z.boolean() })
const { id, name, enabled, ...attributes } = checkYaml('docs/expressions.md', written, shape).value!

test.each(rows)('docs/expressions.md: $example', ({ example, result }) => {
  const compiled = compileMapping(
    { text: `\${${example}}`, place: offset => ({ file: 'docs', line: 1, column: offset + 1 }) },
    'any',
    { kind: 'user', declared },
  )
  if ('faults' in compiled) throw new Error(compiled.faults[0]?.message)
  const value = JSON.parse(result.replaceAll("'", '"'))
  expect(compiled.expression.evaluate({ id, name, enabled, attributes: attributes as never })).toEqual({ value })
})

test('docs/expressions.md has every function there is, with its signature', () => {
  const documented = rows.map(({ signature }) => signature)
  const named = new Set(
    documented.map(signature => /^(?:(?:text|list|list of text|cel)\.)?(\w+)\(/.exec(signature)?.[1]),
  )
  const macros = ['has', 'exists', 'all', 'exists_one', 'filter', 'map', 'bind']
  const known = [
    ...OWN_FUNCTIONS.map(own => own.name),
    ...Object.keys(CEL_FUNCTIONS),
    ...Object.keys(CEL_METHODS),
    ...macros,
  ]
  expect(named).toEqual(new Set(known))

  const inWords = (signature: string) =>
    signature
      .replaceAll('list<string>', 'list of text')
      .replaceAll('list<T>', 'list of T')
      .replaceAll('map<string, T>', 'map of T')
      .replaceAll('string', 'text')
      .replaceAll('bool', 'boolean')
  for (const { signatures } of OWN_FUNCTIONS) expect(documented).toContain(inWords(signatures[0]!))
  const methods = Object.keys(CEL_METHODS)
  expect(methods.filter(method => !documented.some(signature => signature.includes(`.${method}(`)))).toEqual([])
})
