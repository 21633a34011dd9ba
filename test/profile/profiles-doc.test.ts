import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { compileProfile, parseProfile, profileShape } from '../../src/profile/load.ts'

const DOC = readFileSync(new URL('../../docs/profiles.md', import.meta.url), 'utf8')
const keysOf = (section: string) => [...section.matchAll(/^\| `(\w+)`/gm)].map(match => match[1])
const [head = '', scope = ''] = DOC.split(/^## /m)

test('docs/profiles.md has every key of a profile', () => {
  const { properties = {} } = z.toJSONSchema(profileShape, { io: 'input' })
  expect(keysOf(head)).toEqual(Object.keys(properties))
  expect(keysOf(scope)).toEqual(Object.keys((properties['scope'] as z.core.JSONSchema.JSONSchema).properties ?? {}))
})

test('the profile in docs/profiles.md is one', () => {
  const text = DOC.split('```yaml\n')[1]?.split('```')[0] ?? ''
  const parsed = parseProfile('apac.yaml', 'apac', text)
  expect(parsed.faults).toEqual([])
  const user = { mail: 'text', givenName: 'text', sn: 'text', ou: 'text', employeeType: 'text' } as const
  expect(
    compileProfile(parsed.profile!, { user, group: {}, caseInsensitive: false, closed: true }, undefined).faults,
  ).toEqual([])
})
