import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { loadDialect } from '../../src/scim/dialect.ts'
import { rollcall } from '../cli/terminal.ts'
import { folderWith } from '../support/folder.ts'

const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/getting-started.md'), 'utf8')

/** The files that the guide shows, by the names it gives them. */
function filesShown(): Map<string, string> {
  const shown = [...GUIDE.matchAll(/`((?:data|config)\/[\w/.]+\.(?:csv|yaml))`|```(?:csv|yaml)\n(.*?)```/gs)]
  const names = shown.flatMap(([, name]) => name ?? [])
  const texts = shown.flatMap(([, , text]) => text ?? [])
  return new Map(names.map((name, at) => [name, texts[at] ?? '']))
}

test('the guide for the first ten minutes comes out as it says', async () => {
  const cwd = folderWith()
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(cwd, name)), { recursive: true })
    writeFileSync(join(cwd, name), text)
  }
  const edit = (name: string, ...edits: readonly (readonly [string | RegExp, string])[]) => {
    const text = readFileSync(join(cwd, name), 'utf8')
    write(
      name,
      edits.reduce((before, [from, to]) => before.replace(from, to), text),
    )
  }
  const files = filesShown()
  expect([...files.keys()]).toEqual([
    'data/users.csv',
    'data/groups.csv',
    'data/members.csv',
    'config/rollcall.yaml',
    'config/profiles/staff.yaml',
  ])
  for (const [name, text] of files) write(name, text)

  const sandbox = await startSandbox({ dialect: await loadDialect('atlassian', cwd), port: 0, token: 'try-me' })
  onTestFinished(() => sandbox.close())
  vi.stubEnv('ROLLCALL_SANDBOX_TOKEN', 'try-me')
  const [, asShown = ''] = /url: (\S+)/.exec(GUIDE) ?? []
  expect(new URL(asShown).pathname).toBe(new URL(sandbox.url).pathname)
  edit('config/rollcall.yaml', [asShown, sandbox.url])
  const run = (...given: readonly string[]) => rollcall(given, { cwd })
  const people = () =>
    sandbox.directory.users().map(({ resource: { userName, active, title } }) => [userName, active, title])

  expect(await run('check')).toMatchObject({ code: 0 })
  expect(await run('plan', '-o', 'plan.ndjson')).toMatchObject({ code: 3 })
  expect(await run('apply', 'plan.ndjson')).toMatchObject({ code: 0 })
  expect(await run('plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
  expect(people()).toEqual([
    ['ada@example.com', true, 'Countess'],
    ['grace@example.com', true, 'Rear Admiral'],
  ])
  const explained = await run('explain', 'user', 'ada@example.com')
  expect(explained).toMatchObject({ code: 0, out: expect.stringMatching(/everyone → engineering/) })

  edit(
    'data/users.csv',
    [/^u2.*\n/m, ''],
    ['Countess', 'Programmer'],
    [/$/, 'u4,true,Yu Self,yu@example.com,Yu,Self,\n'],
  )
  edit('data/members.csv', ['g2,u2', 'g2,u4'])
  expect(await run('sync')).toMatchObject({ code: 0 })
  const after = [
    ['ada@example.com', true, 'Programmer'],
    ['grace@example.com', false, 'Rear Admiral'],
    ['yu@example.com', true, undefined],
  ]
  expect(people()).toEqual(after)
  expect(await run('runs')).toMatchObject({ code: 0, out: expect.stringContaining('sync') })

  edit('data/users.csv', [/\n[^]*/, '\n'])
  const held = await run('sync')
  expect(held.code).toBe(3)
  expect(people()).toEqual(after)
  const [, command = ''] = /rollcall (apply \S+ --approve sha256:\S+)/.exec(held.out) ?? []
  expect(await run(...command.split(' '))).toMatchObject({ code: 0 })
  expect(sandbox.directory.users().filter(({ resource }) => resource['active'])).toEqual([])
})
