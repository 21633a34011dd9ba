import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'
import { loadDialect } from '../src/scim/dialect.ts'
import { startSandbox } from '../src/sandbox/server.ts'
import { folderWith } from './support/folder.ts'

const DOC = readFileSync(new URL('../docs/library.md', import.meta.url), 'utf8')

afterEach(() => vi.restoreAllMocks())

test('the program in docs/library.md reads, plans and applies, and the second time finds nothing to do', async () => {
  const sandbox = await startSandbox({ dialect: await loadDialect('generic', '.'), port: 0 })
  const folder = folderWith({
    'rollcall.yaml': `version: 1
sources: { hq: { connector: file, users: users.csv } }
targets: { cloud: { connector: scim, url: "${sandbox.url}", token: { env: UNUSED } } }
`,
    'profiles/staff.yaml': `version: 1
source: hq
target: cloud
scope: { groups: [], users: all }
user: { userName: "\${user.mail}", active: "\${user.enabled}" }
group: { displayName: "\${group.name}" }
`,
    'users.csv': 'id,enabled,name,mail\nu1,true,Ada Lovelace,ada@example.com\nu2,true,Grace Hopper,grace@example.com\n',
  })
  const library = pathToFileURL(join(import.meta.dirname, '../src/index.ts')).href
  const program = join(folder, 'program.js')
  const [, code = ''] = /```js\n(.*?)```/s.exec(DOC) ?? []
  writeFileSync(program, code.replace("'rollcall'", `'${library}'`))
  const told = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  try {
    const { round } = (await import(pathToFileURL(program).href)) as {
      round(file: string, token: string): Promise<{ readonly counts: object }>
    }
    const file = join(folder, 'rollcall.yaml')
    expect((await round(file, sandbox.token)).counts).toEqual({ applied: 2 })
    expect(told.mock.calls).toEqual([
      ['create-user', 'ada@example.com'],
      ['create-user', 'grace@example.com'],
    ])
    expect((await round(file, sandbox.token)).counts).toEqual({})
  } finally {
    await sandbox.close()
  }
})
