import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { folderWith } from '../support/folder.ts'
import { startSandbox } from './sandbox.ts'
import { run } from './shell.ts'

const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/getting-started.md'), 'utf8')

/** The files that the guide shows, by the names it gives them. */
function filesShown(): Map<string, string> {
  const shown = [...GUIDE.matchAll(/`((?:data|config)\/[\w/.]+\.(?:csv|yaml))`|```(?:csv|yaml)\n(.*?)```/gs)]
  const names = shown.flatMap(([, name]) => name ?? [])
  const texts = shown.flatMap(([, , text]) => text ?? [])
  return new Map(names.map((name, at) => [name, texts[at] ?? '']))
}

test('the guide for the first ten minutes comes out as it says', async () => {
  const folder = folderWith()
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const edit = (name: string, ...edits: readonly (readonly [string | RegExp, string])[]) =>
    write(
      name,
      edits.reduce((text, [from, to]) => text.replace(from, to), readFileSync(join(folder, name), 'utf8')),
    )
  const files = filesShown()
  expect([...files.keys()]).toEqual([
    'data/users.csv',
    'data/groups.csv',
    'data/members.csv',
    'config/rollcall.yaml',
    'config/profiles/staff.yaml',
  ])
  for (const [name, text] of files) write(name, text)

  const sandbox = await startSandbox({ folder, env: {} })
  onTestFinished(() => sandbox.stop())
  const [, asShown = ''] = /url: (\S+)/.exec(GUIDE) ?? []
  expect(new URL(asShown).pathname).toBe(new URL(sandbox.url).pathname)
  edit('config/rollcall.yaml', [asShown, sandbox.url])
  const place = { folder, env: { ROLLCALL_SANDBOX_TOKEN: sandbox.token } }
  const rollcall = async (...given: readonly string[]) => {
    const { code, stdout, stderr } = await run(place, given)
    return { code, told: stdout + stderr }
  }

  expect(await rollcall('check')).toMatchObject({ code: 0 })
  expect(await rollcall('plan', '-o', 'plan.ndjson')).toMatchObject({ code: 3 })
  expect(await rollcall('apply', 'plan.ndjson')).toMatchObject({ code: 0 })
  expect(await rollcall('plan', '--detailed-exitcode')).toMatchObject({ code: 0 })
  expect(await sandbox.count()).toEqual({ users: 2, active: 2 })
  const { code, told } = await rollcall('explain', 'user', 'ada@example.com')
  expect({ code, told }).toMatchObject({ code: 0, told: expect.stringMatching(/everyone[^]*engineering/) })

  edit(
    'data/users.csv',
    [/^u2.*\n/m, ''],
    ['Countess', 'Programmer'],
    [/$/, 'u4,true,Yu Self,yu@example.com,Yu,Self,\n'],
  )
  edit('data/members.csv', ['g2,u2', 'g2,u4'])
  expect(await rollcall('sync')).toMatchObject({ code: 0 })
  expect(await sandbox.count()).toEqual({ users: 3, active: 2 })
  expect(await rollcall('runs')).toMatchObject({ code: 0, told: expect.stringContaining('sync') })

  edit('data/users.csv', [/\n[^]*/, '\n'])
  const held = await rollcall('sync')
  expect(held.code).toBe(3)
  expect(await sandbox.count()).toEqual({ users: 3, active: 2 })
  const [, command = ''] = /rollcall (apply \S+ --approve sha256:\S+)/.exec(held.told) ?? []
  expect(await rollcall(...command.split(' '))).toMatchObject({ code: 0 })
  expect(await sandbox.count()).toEqual({ users: 3, active: 0 })
})
