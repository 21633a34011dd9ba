import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { company, news } from '../support/company/company.ts'
import { folderWith } from '../support/folder.ts'

const DEMO = join(import.meta.dirname, '../demo.ts')

test('the demo does the whole job, and comes out as it says', async () => {
  const folder = join(folderWith(), 'demo')
  // A dozen processes share what one of them has compiled.
  const env: NodeJS.ProcessEnv = { ...process.env, XDG_CACHE_HOME: folderWith() }
  delete env['NODE_DISABLE_COMPILE_CACHE']
  const child = spawn(process.execPath, [DEMO, folder], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise(done => child.on('close', done))
  const told = stripVTControlCharacters(Buffer.concat(chunks).toString())
  expect({ code, told }).toMatchObject({ code: 0 })

  const commands = told.split('\n').filter(line => line.startsWith('$ rollcall '))
  expect(commands.map(line => line.split(' ')[2])).toEqual([
    'check',
    'plan',
    'apply',
    'plan',
    'explain',
    'explain',
    'plan',
    'sync',
    'sync',
    'runs',
  ])
  const { users } = company(2)
  expect(told).toContain(users.find(({ id }) => id === news().joiner)?.mail)

  for (const file of ['config/rollcall.yaml', 'config/profiles/apac.yaml', 'data/tokyo.ldif', 'plan.ndjson', 'state']) {
    expect(existsSync(join(folder, file))).toBe(true)
  }
  expect(readFileSync(join(folder, 'plan.ndjson'), 'utf8')).toContain('"change":"adopt-user"')
}, 180_000)
