import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { azureAd, entra } from '../../../connectors/entra/index.ts'
import { endpointsOf, options } from '../../../connectors/entra/options.ts'
import { connectors } from '../../../connectors/index.ts'

const PLACE = { name: 'hq', folder: '.' }
const SMALL = { tenant: 'contoso.example.com', client: 'c', credential: { secret: { env: 'S' } } }

function faultsOf(more: Readonly<Record<string, unknown>>): string[] {
  const parsed = options.safeParse({ ...SMALL, ...more })
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('a tenant, an application and its secret are enough', () => {
  expect(faultsOf({})).toEqual([])
  expect(endpointsOf(options.parse(SMALL))).toEqual({
    login: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
  })
})

test.each([
  ['us-gov', 'https://login.microsoftonline.us', 'https://graph.microsoft.us'],
  ['us-gov-dod', 'https://login.microsoftonline.us', 'https://dod-graph.microsoft.us'],
  ['china', 'https://login.chinacloudapi.cn', 'https://microsoftgraph.chinacloudapi.cn'],
])('the cloud %s has addresses of its own', (cloud, login, graph) => {
  expect(endpointsOf(options.parse({ ...SMALL, cloud }))).toEqual({ login, graph })
})

test('Graph may be on this machine without encryption, and nothing else may', () => {
  expect(faultsOf({ endpoints: { graph: 'http://127.0.0.1:8080/' } })).toEqual([])
  expect(faultsOf({ endpoints: { graph: 'http://gateway.example.com' } })).toEqual([
    'endpoints.graph: this address is not encrypted; use https://',
  ])
  expect(faultsOf({ endpoints: { login: 'http://127.0.0.1:8080' } })).toEqual([
    'endpoints.login: this address is not encrypted; use https://',
  ])
})

test.each([
  [{ tenant: 'common' }, 'tenant: name one tenant: its id, or a domain of it; this stands for any'],
  [{ tenant: 'https://contoso.example.com' }, 'tenant: a tenant is its id, or a domain of it: contoso.onmicrosoft.com'],
  [{ client: undefined }, 'client: is missing: name the application (client) ID'],
  [
    { credential: { secret: 'plain' } },
    'credential: say { secret: SECRET }, { certificate: SECRET }, { workloadIdentity: true }, { managedIdentity: true } or { cli: true }',
  ],
  [
    { attributes: { shoeSize: 'text' } },
    'attributes.shoeSize: is no directory extension; write it whole: extension_<32 hex digits>_<name>',
  ],
  [
    { endpoints: { graph: 'https://graph.example.com/v1.0' } },
    'endpoints.graph: this address ends before /v1.0; cut it there',
  ],
  [{ tls: { startTls: true } }, 'tls.startTls: is for LDAP; take it out'],
  [
    { credential: { cli: true }, endpoints: { login: 'https://login.example.com' } },
    'endpoints.login: is not asked by this credential; take it out',
  ],
])('%j is a fault that says what to do', (more, fault) => {
  expect(faultsOf(more)).toEqual([fault])
})

test('expressions may name what a listing tells, extensions that are declared, and what only one user at a time tells not at all', async () => {
  const extension = `extension_${'0123456789abcdef'.repeat(2)}_shoeSize`
  const { user, group, closed } = await entra.attributes(
    options.parse({ ...SMALL, attributes: { [extension]: 'number' } }),
    PLACE,
  )
  expect(closed).toBe(true)
  expect([user['mail'], user['accountEnabled'], user['proxyAddresses'], user[extension]]).toEqual([
    'text',
    'boolean',
    'list',
    'number',
  ])
  expect([user['guest'], user['manager'], user['customSecurityAttributes']]).toEqual(['boolean', 'text', 'any'])
  expect(group['groupTypes']).toBe('list')
  for (const name of ['mailboxSettings', 'skills', 'signInActivity', 'passwordProfile', 'id', 'enabled', 'name'])
    expect(user[name]).toBeUndefined()
})

test('azure-ad is entra under its old name', async () => {
  expect(await connectors['azure-ad']?.()).toBe(azureAd)
  expect(azureAd.open(options.parse(SMALL), PLACE)).toMatchObject({ kind: 'azure-ad', name: 'hq' })
  expect(await azureAd.attributes(options.parse(SMALL), PLACE)).toEqual(
    await entra.attributes(options.parse(SMALL), PLACE),
  )
})

test('neither signing in nor Graph’s client is loaded before a tenant is read', () => {
  const index = join(import.meta.dirname, '../../../connectors/entra/index.ts')
  const program = `
    import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) { console.log(name); return next(name, context) } })
    const { entra } = await import(${JSON.stringify(index)})
    entra.open(entra.options.parse(${JSON.stringify(SMALL)}), { name: 'hq', folder: '.' })`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  expect(stderr).toBe('')
  const loaded = stdout.split('\n')
  expect(loaded).toContain('zod')
  expect(loaded.filter(name => /azure|microsoft-graph-client|undici/.test(name))).toEqual([])
})
