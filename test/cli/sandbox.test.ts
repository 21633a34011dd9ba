import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { folderWith } from '../support/folder.ts'

const ROLLCALL = fileURLToPath(new URL('../../src/cli/rollcall.ts', import.meta.url))

/** `rollcall sandbox` in a process of its own: what it has said so far, and how it ends. */
function sandbox(...given: string[]) {
  const process = spawn(globalThis.process.execPath, [ROLLCALL, 'sandbox', ...given], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void process.kill('SIGKILL'))
  const said = { stdout: '', stderr: '' }
  process.stderr.on('data', (text: Buffer) => void (said.stderr += text.toString()))
  const ended = new Promise<number | null>(done => process.once('close', done))
  const started = new Promise<void>(done => {
    process.stdout.on('data', (text: Buffer) => {
      said.stdout += text.toString()
      if (said.stdout.endsWith('}\n') || said.stdout.includes('Ctrl-C stops it.\n')) done()
    })
  })
  return { process, said, ended, started }
}

async function status(url: string, token: string, method = 'GET'): Promise<number> {
  const body = {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'ada',
    emails: [{ value: 'ada@example.com', primary: true }],
  }
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const sent = await fetch(`${url}/Users`, {
    method,
    headers,
    ...(method === 'POST' && { body: JSON.stringify(body) }),
  })
  await sent.text()
  return sent.status
}

test('a sandbox says what to configure, keeps what is written, and ends well on Ctrl-C', async () => {
  const data = folderWith()
  const first = sandbox('--data', data, '--token', "it's mine")
  await first.started
  const [, url = ''] = /^ +url: (.+)$/m.exec(first.said.stdout) ?? []
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/scim\/directory\/sandbox$/)
  expect(first.said.stdout).toContain('dialect: "atlassian"')
  expect(first.said.stdout).toContain("export ROLLCALL_SANDBOX_TOKEN='it'\\''s mine'")
  expect(await status(url, "it's mine", 'POST')).toBe(201)
  first.process.kill('SIGINT')
  expect(await first.ended).toBe(0)

  const second = sandbox('--json', '--data', data)
  await second.started
  const told = JSON.parse(second.said.stdout)
  expect(told).toEqual({ url: expect.any(String), token: expect.stringMatching(/^[\w-]{32}$/), dialect: 'atlassian' })
  expect(await status(told.url, told.token, 'POST')).toBe(409)
  expect(await status(told.url, 'another')).toBe(401)
  second.process.kill('SIGTERM')
  expect(await second.ended).toBe(0)
})

test('a port that is taken, a fault and a dialect that there are not, are told', async () => {
  const first = sandbox('--json', '--dialect', 'generic', '--fault', 'slow=1', '--fault', 'rate-limit=100')
  await first.started
  const { port } = new URL(JSON.parse(first.said.stdout).url)
  const wrong = [
    {
      given: ['--port', port],
      code: 64,
      says: `port ${port} is in use; name another with --port, or 0 for a free one.`,
    },
    { given: ['--fault', 'nonsense=1'], code: 64, says: 'there is no fault "nonsense". There are:\n  ignored-filters' },
    { given: ['--dialect', 'nowhere.yaml'], code: 78, says: 'nowhere.yaml' },
  ]
  for (const { given, code, says } of wrong) {
    const { ended, said } = sandbox(...given)
    expect(await ended).toBe(code)
    expect(said.stderr).toContain(says)
    expect(said.stdout).toBe('')
  }
})
