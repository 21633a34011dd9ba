import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { company, faults, load, refusal, ROLLCALL } from './company.ts'

const URL_LINE = 'https://api.example.com/scim/directory/1/'

function target(from: string, to: string): Record<string, string> {
  return { 'config/rollcall.yaml': ROLLCALL.replace(from, to) }
}

async function urlOf(url: string): Promise<string | undefined> {
  return (await load(company(target(URL_LINE, url)))).targets.get('atlassian')?.url
}

test.each([
  ['https://api.example.com/scim/directory/1', 'https://api.example.com/scim/directory/1'],
  ['https://api.example.com/scim//', 'https://api.example.com/scim'],
  ['https://api.example.com/', 'https://api.example.com'],
  ['http://localhost:8085/scim/', 'http://localhost:8085/scim'],
  ['http://127.0.0.1:8085/scim', 'http://127.0.0.1:8085/scim'],
  ['http://127.8.8.8/scim', 'http://127.8.8.8/scim'],
  ['"http://[::1]:8085/scim"', 'http://[::1]:8085/scim'],
])('%s is an address to write to', async (url, kept) => {
  expect(await urlOf(url)).toBe(kept)
})

test.each([
  ['http://api.example.com/scim', /http shows everyone and the token to whoever listens; use https/],
  ['http://localhost.example.com/scim', /use https/],
  ['http://127.0.0.1.example.com/scim', /use https/],
  ['http://0.0.0.0/scim', /use https/],
  ['http://10.0.0.1/scim', /use https/],
  ['ftp://api.example.com/scim', /ftp:\/\/; use https/],
  ['api.example.com/scim', /this is no address; write it whole|use https/],
  ['https://', /this is no address/],
  ['https://ada:geheim@api.example.com/scim', /a credential in an address shows in logs/],
  ['https://api.example.com/scim?token=geheim', /no \? and no #/],
  ['"https://api.example.com/scim#geheim"', /no \? and no #/],
  ['https://api.example.com/scim/Users', /ends before \/Users/],
])('%s is no address to write to', async (url, message) => {
  const told = await faults(target(URL_LINE, url))
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(/^config\/rollcall\.yaml:9:10: /)
  expect(told[0]).toMatch(message)
  expect(told[0]).not.toContain('geheim')
})

test.each([
  ['token: geheim', /:10:12: a secret is written as \{ env: NAME \}.*plain text is refused/],
  ['token: { env: "" }', /:10:19: /],
  ['token: { evn: geheim }', /:10:/],
  ['token: [geheim]', /:10:12: .*plain text is refused/],
  ['token: { command: [] }', /:10:/],
  ['token:', /:10:/],
  ['', /:6:3: token is missing; add \{ env: NAME \}/],
])('a token given as "%s" is refused, and not shown', async (line, message) => {
  const told = await faults(target('token: { env: ROLLCALL_TEST_TOKEN }', line))
  expect(told.join('\n')).toMatch(message)
  expect(told.join('\n')).not.toContain('geheim')
})

test('headers are text, but those that hold a credential are secrets', async () => {
  const headers = (given: string) => ({ 'config/rollcall.yaml': `${ROLLCALL}    headers: ${given}\n` })
  const { targets } = await load(company(headers('{ X-Trace: rollcall, X-Api-Key: { env: KEY } }')))
  expect(targets.get('atlassian')?.headers).toMatchObject({ 'X-Trace': 'rollcall' })
  for (const name of ['Authorization', 'proxy-authorization', 'Cookie', 'X-Api-Key', 'X-Auth-Token', 'x-secret']) {
    const [told = ''] = await faults(headers(`{ ${name}: geheim }`))
    expect(told).toMatch(`${name} holds a credential: write { env: NAME }`)
    expect(told).not.toContain('geheim')
  }
  expect(await faults(headers('{ "X Y": a }'))).toEqual([expect.stringMatching(/:11:16: this is no name of a header/)])
  expect(await faults(headers('{ X-Y: "a\\r\\nX-Z: b" }'))).toEqual([expect.stringMatching(/printable ASCII only/)])
})

test('a proxy with a credential in it is a secret', async () => {
  const proxy = (given: string) => ({ 'config/rollcall.yaml': `${ROLLCALL}    proxy: ${given}\n` })
  const { targets } = await load(company(proxy('http://proxy.example.com:3128')))
  expect(targets.get('atlassian')?.proxy).toBe('http://proxy.example.com:3128')
  expect((await load(company(proxy('{ env: PROXY }')))).targets.get('atlassian')?.proxy).toBeDefined()
  const [told = ''] = await faults(proxy('http://ada:geheim@proxy.example.com:3128'))
  expect(told).toMatch(/:11:12: a proxy is http:\/\/HOST:PORT, or with a credential in it/)
  expect(told).not.toContain('geheim')
})

test('a name is one that can stand in a file name', async () => {
  for (const name of ['../x', 'a b', '"a\\u001b[2J"', '"."', 'x'.repeat(61)]) {
    const error = await refusal(target('  atlassian:', `  ${name}:`))
    expect(error.message).toMatch(/:6:3: a name has letters, digits, - and _/)
  }
  const files = target('  atlassian:', '  東京_1:')
  expect(await faults(files)).toEqual([
    expect.stringMatching(/staff\.yaml:3:9: there is no target atlassian; name one that rollcall.yaml has \(東京_1\)/),
  ])
})

test.each(['1 week', '0h', '24', '24 h', '-1h', '1.5h'])('%s is no age of a plan', async age => {
  expect(await faults({ 'config/rollcall.yaml': `${ROLLCALL}planAge: ${age}\n` })).toEqual([
    expect.stringMatching(/^config\/rollcall\.yaml:11:10: /),
  ])
})

test.each([
  ['limits: { deactivate-usr: 10% }', /:11:11: there is no deactivate-usr here; did you mean deactivate-user\?/],
  ['limits: { delete-user: ten }', /:11:24: a limit is a percentage like 10%/],
  ['limits: { delete-user: 101% }', /:11:24: a limit is a percentage/],
  ['limits: { delete-user: -1 }', /:11:24: a limit is a percentage/],
])('%s is no limit', async (line, message) => {
  expect(await faults({ 'config/rollcall.yaml': `${ROLLCALL}${line}\n` })).toEqual([expect.stringMatching(message)])
})

test.each([
  ['connector: azuread', /there is no connector azuread; did you mean azure-ad\?/],
  ['connector: fiel', /there is no connector fiel; did you mean file\?/],
  ['connector: oracle', /there is no connector oracle; there are azure-ad, entra, file, google and ldap/],
  ['connector: constructor', /there is no connector constructor; there are azure-ad, entra, file, google and ldap/],
  ['connector: 3', /this is a number, where text is expected/],
])('a source with %s is told what there is', async (line, message) => {
  const told = await faults(target('connector: file', line))
  expect(told).toEqual([expect.stringMatching(/^config\/rollcall\.yaml:4:20: /)])
  expect(told[0]).toMatch(message)
})

test('options of a source are checked by its connector, at their own place', async () => {
  expect(await faults(target('users: ../data/users.csv', 'usres: ../data/users.csv'))).toEqual([
    'config/rollcall.yaml:4:26: there is no usres here; did you mean users?',
  ])
  expect(await faults(target('hq: {', 'hq: 3 #'))).toEqual([
    'config/rollcall.yaml:4:7: a source is a block of keys and values; write { connector: … }',
  ])
})

test('what is configured can be shown without a secret in it', async () => {
  const text = `${ROLLCALL}    headers: { X-Api-Key: { env: API_KEY_VARIABLE } }\n`
  const { targets } = await load(company({ 'config/rollcall.yaml': text }))
  const shown = inspect(targets, { depth: 9 }) + JSON.stringify([...targets.values()])
  expect(shown).toContain('[secret]')
  expect(shown).not.toMatch(/ROLLCALL_TEST_TOKEN|API_KEY_VARIABLE/)
})
