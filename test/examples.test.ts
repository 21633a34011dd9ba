import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadWorkspace } from '../src/cli/workspace.ts'
import type { Attributes, Mapped, Profile } from '../src/model.ts'
import { inScope, mapUser } from '../src/pipeline/map.ts'
import { loadDialect } from '../src/scim/dialect.ts'
import { folderWith } from './support/folder.ts'

const ROOT = join(import.meta.dirname, '..')
const example = await loadWorkspace({ config: undefined, cwd: ROOT })
const dialect = await loadDialect('atlassian', ROOT)

function profile(name: string): Profile {
  const found = example.profilesOf('atlassian').find(one => one.name === name)
  if (found === undefined) throw new Error(`no profile ${name}`)
  return found
}

function mapped(name: string, attributes: Attributes, enabled = true): Mapped {
  return mapUser({ id: '4711', enabled, name: 'x', attributes }, profile(name), dialect)
}

test('the example loads without the network and without a secret', () => {
  expect(example.file).toBe('config/rollcall.yaml')
  expect(example.sources.map(({ name, kind }) => [name, kind])).toEqual([
    ['hq', 'ldap'],
    ['tokyo', 'ldap'],
  ])
  expect(example.profilesOf('atlassian').map(({ name }) => name)).toEqual(['emea', 'amer', 'apac'])
  expect(example.protectOf('atlassian')).toEqual({ users: ['breakglass@example.com'], groups: ['org-admins'] })
  expect([...example.openSources(new Set(['hq', 'tokyo'])).keys()]).toEqual(['hq', 'tokyo'])
})

test('in Tokyo the family name comes first', () => {
  expect(
    mapped('apac', {
      mail: 'Hanako.Yamada@example.co.jp',
      givenName: '花子',
      sn: '山田',
      title: '課長',
      department: '開発部',
    }),
  ).toMatchObject({
    outcome: 'mapped',
    findings: [],
    resource: {
      userName: 'hanako.yamada@example.co.jp',
      externalId: '4711',
      emails: [{ value: 'hanako.yamada@example.co.jp', type: 'work', primary: true }],
      name: { givenName: '花子', familyName: '山田' },
      displayName: '山田 花子',
      title: '課長',
      timezone: 'Asia/Tokyo',
      preferredLanguage: 'ja-JP',
      active: true,
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: '開発部' },
    },
  })
})

test('in Dublin the name is as the directory shows it, and the clock as in Dublin', () => {
  const aoife = { mail: 'aoife@example.co.uk', givenName: 'Aoife', sn: 'Byrne', c: 'IE', region: 'EMEA' }
  expect(mapped('emea', aoife)).toMatchObject({
    resource: { displayName: 'Aoife Byrne', timezone: 'Europe/Dublin', preferredLanguage: 'en-GB' },
  })
  expect(mapped('emea', { ...aoife, displayName: 'Aoife Ní Bhroin' })).toMatchObject({
    resource: { displayName: 'Aoife Ní Bhroin' },
  })
})

test('in São Paulo the public name can be typed on any keyboard', () => {
  expect(
    mapped('amer', { mail: 'joao@example.com', givenName: 'João', sn: 'Araújo', st: 'SP', region: 'AMER' }),
  ).toMatchObject({
    resource: { displayName: 'João Araújo', nickName: 'Joao', timezone: 'America/Sao_Paulo' },
  })
})

test('whoever has left is mapped as inactive', () => {
  const left = { mail: 'hanako@example.co.jp', givenName: '花子', sn: '山田' }
  expect(mapped('apac', left, false)).toMatchObject({ outcome: 'mapped', resource: { active: false } })
})

test.each([
  ['emea', 'ada@example.org'],
  ['amer', 'ada@example.de'],
  ['apac', 'ada@example.com'],
])('in %s, %s is outside and held', (name, mail) => {
  expect(mapped(name, { mail, givenName: 'Ada', sn: 'Lovelace' })).toMatchObject({ outcome: 'held', active: true })
})

test('each region takes in its own people, and no robots', () => {
  const takes = (attributes: Attributes) =>
    ['emea', 'amer'].filter(name => inScope({ id: '1', enabled: true, name: 'x', attributes }, profile(name)) === true)
  expect(takes({ region: 'EMEA' })).toEqual(['emea'])
  expect(takes({ region: 'AMER' })).toEqual(['amer'])
  expect(takes({ region: 'AMER', employeeType: 'robot' })).toEqual([])
  expect(takes({})).toEqual([])
})

test('groups that begin with atlassian- appear, others do not', () => {
  const appears = (name: string) => {
    const group = { id: '1', name, attributes: {} }
    return ['emea', 'amer', 'apac'].map(one => profile(one).scope.groups.some(selector => selector.matches(group)))
  }
  expect(appears('atlassian-users')).toEqual([true, true, true])
  expect(appears('vpn-users')).toEqual([false, false, false])
})

test('the config in the README loads as it stands', async () => {
  const [config = '', staff = ''] = [
    ...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^ *```yaml\n([^]*?)^ *```$/gm),
  ]
    .map(([, block = '']) => block.replaceAll(/^ {3}/gm, ''))
    .filter(block => block.startsWith('version: 1'))
  const cwd = folderWith({ 'config/rollcall.yaml': config, 'config/profiles/staff.yaml': staff })
  const workspace = await loadWorkspace({ config: undefined, cwd })
  expect(workspace.profilesOf('atlassian').map(({ name }) => name)).toEqual(['staff'])
})
