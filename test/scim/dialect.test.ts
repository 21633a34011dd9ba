import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { BUILT_IN_DIALECTS, dialectShape, loadDialect } from '../../src/scim/dialect.ts'

function folderWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'our-app.yaml'), text)
  return folder
}
const load = (text: string) => loadDialect('our-app.yaml', folderWith(text))

test('the built-in dialects load, each under its name', async () => {
  for (const name of BUILT_IN_DIALECTS) expect((await loadDialect(name, '/nowhere')).name).toBe(name)
})

test('what a dialect leaves out is as the generic one has it', async () => {
  expect({ ...(await load('{}')), name: 'generic' }).toEqual(await loadDialect('generic', '.'))
  expect(await load('members: { remove: value-array }')).toMatchObject({
    name: 'our-app',
    members: { remove: 'value-array', maxPerRequest: 100 },
  })
})

test('Atlassian: groups are neither renamed nor created with members, the e-mail has one primary, pages have 100', async () => {
  expect(await loadDialect('atlassian', '.')).toMatchObject({
    users: {
      filter: ['userName', 'externalId'],
      update: 'patch',
      emails: 'one-primary',
      deactivate: { how: 'active-false' },
    },
    groups: {
      filter: ['displayName'],
      rename: 'never',
      create: { withMembers: false },
      delete: { means: 'irreversible' },
    },
    members: { remove: 'path-filter', replace: 'forbidden' },
    paging: { style: 'index', max: 100 },
  })
})

test('every fault of a dialect file is told at once, each at its line and column', async () => {
  const fault = await load(
    ['users:', '  filtre: [userName]', '  update: post', 'members: { maxPerRequest: 0 }', 'colour: red'].join('\n'),
  ).catch((thrown: unknown) => thrown)
  expect(fault).toMatchObject({ code: 'config_invalid' })
  expect(String(fault)).toContain('our-app.yaml:2:3: filtre is not known here')
  expect(String(fault)).toContain('our-app.yaml:3:11: users.update:')
  expect(String(fault)).toContain('our-app.yaml:4:27: members.maxPerRequest:')
  expect(String(fault)).toContain('our-app.yaml:5:1: colour is not known here')
})

test('broken YAML, aliases and repeated keys are faults', async () => {
  for (const text of ['users: {', 'a: &a [1]\nb: *a', 'echo: trusted\necho: trusted', '- 1', 'users: !x {}'])
    await expect(load(text)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/:\d+:\d+: /),
    })
})

test('a dialect that is not there is told with the names of those that are', async () => {
  await expect(loadDialect('atlasian', '/nowhere')).rejects.toThrow('generic, atlassian')
})

/** A part of a JSON Schema. */
interface Node {
  readonly description?: string
  readonly properties?: Readonly<Record<string, unknown>>
}

test('the documentation has a line for every knob, and for nothing else', () => {
  const schema = z.toJSONSchema(dialectShape, { io: 'input' })
  const knobs = (given: unknown, path: string): string[] => {
    const node = given as Node
    return node.properties && (path === '' || !node.description)
      ? Object.entries(node.properties).flatMap(([name, inner]) => knobs(inner, path === '' ? name : `${path}.${name}`))
      : [path]
  }
  const page = readFileSync(join(import.meta.dirname, '../../docs/dialects.md'), 'utf8')
  const told = [...page.matchAll(/^\| `([\w.]+)` +\|/gm)].map(([, name]) => name)
  expect(new Set(told)).toEqual(new Set(knobs(schema, '')))
  expect(new Set(told).size).toBe(told.length)
})
