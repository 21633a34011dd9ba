import { expect, test } from 'vitest'
import { rollcall } from './terminal.ts'

interface Schema {
  readonly description?: string
  readonly const?: unknown
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly [key: string]: unknown
}

async function schemaOf(what: string): Promise<Schema> {
  const { code, out, err } = await rollcall(['schema', what])
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out)
}

/** Keys without a description, as paths. */
function undescribed(schema: Schema | boolean | undefined, path = ''): string[] {
  if (schema === undefined || typeof schema === 'boolean') return []
  const keys = Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const own = `${path}/${key}`
    return [...(inner.description === undefined ? [own] : []), ...undescribed(inner, own)]
  })
  const others = [schema.additionalProperties, schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return [...keys, ...others.flatMap((inner, nth) => undescribed(inner, `${path}(${nth})`))]
}

test.each([
  [
    'config',
    ['version', 'state', 'profiles', 'sources', 'targets', 'limits', 'planAge'],
    ['version', 'sources', 'targets'],
  ],
  ['profile', ['source', 'target', 'scope', 'user'], ['version', 'source', 'target', 'scope', 'user']],
  ['dialect', ['users', 'groups', 'members', 'paging'], undefined],
])('an editor learns from schema %s which keys there are', async (what, keys, required) => {
  const schema = await schemaOf(what)
  expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', additionalProperties: false })
  expect(Object.keys(schema.properties ?? {})).toEqual(expect.arrayContaining(keys))
  expect(schema.required).toEqual(required)
})

test.each(['config', 'profile'])('every key in schema %s says what it is for', async what => {
  expect(undescribed(await schemaOf(what))).toEqual([])
})

test('the options of a source are those of its connector', async () => {
  const { properties } = await schemaOf('config')
  const sources = properties?.['sources']?.additionalProperties
  const kinds = typeof sources === 'object' ? (sources.oneOf ?? []) : []
  const having = (option: string) =>
    kinds.filter(kind => option in (kind.properties ?? {})).map(kind => kind.properties?.['connector']?.const)
  expect(having('connector')).toEqual(['azure-ad', 'entra', 'file', 'google', 'ldap'])
  expect([having('tenant'), having('bind')]).toEqual([['azure-ad', 'entra'], ['ldap']])
  for (const kind of kinds) {
    expect(kind.required).toContain('connector')
    expect(kind.additionalProperties).toBe(false)
  }
})

test('an unknown kind of schema is wrong usage', async () => {
  expect(await rollcall(['schema', 'plan'])).toMatchObject({ code: 64, out: '' })
})
