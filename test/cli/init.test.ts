import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from '../support/folder.ts'
import { rollcall } from './terminal.ts'

test('what init writes is a config that check accepts as it stands', async () => {
  const cwd = folderWith()
  expect(await rollcall(['init'], { cwd })).toEqual({
    code: 0,
    out: 'wrote config/rollcall.yaml\nwrote config/profiles/staff.yaml\nFill in names and addresses, then: rollcall check\n',
    err: '',
  })
  expect(await rollcall(['check', '--offline'], { cwd })).toEqual({
    code: 0,
    out: 'config config/rollcall.yaml\n  ✓ valid: 1 source, 1 target, 1 profile\n',
    err: '',
  })
})

test('the sources that the starting config shows as comments are ones that check knows', async () => {
  const cwd = folderWith({
    'data/users.csv': 'id,mail,givenName,sn,displayName,title\n',
    'data/groups.csv': 'id,name\n',
    'data/members.csv': 'group,member\n',
  })
  await rollcall(['init'], { cwd })
  const text = readFileSync(join(cwd, 'config/rollcall.yaml'), 'utf8')
  const sources = [...text.matchAll(/^ {2}# (hq: .*)$/gm)].map(([, line = '']) => line)
  expect(sources).toHaveLength(3)
  const [file = ''] = sources.filter(line => line.includes('connector: file'))
  const { writeFileSync } = await import('node:fs')
  writeFileSync(join(cwd, 'config/rollcall.yaml'), text.replace(/^ {2}hq:\n( {4}.*\n)+/m, `  ${file}\n`))
  expect(await rollcall(['check', '--offline'], { cwd })).toMatchObject({ code: 0, err: '' })
})

test('another folder is named in what to do next', async () => {
  const cwd = folderWith()
  const { out } = await rollcall(['init', 'my config'], { cwd })
  expect(out).toContain("then: rollcall check -c 'my config/config/rollcall.yaml'\n")
  expect(await rollcall(['check', '--offline', '-c', 'my config/config/rollcall.yaml'], { cwd })).toMatchObject({
    code: 0,
  })
})

test('nothing that exists is overwritten, and then nothing is written at all', async () => {
  const cwd = folderWith({ 'config/profiles/staff.yaml': 'mine' })
  const { code, err } = await rollcall(['init'], { cwd })
  expect([code, err]).toEqual([64, expect.stringMatching(/staff\.yaml exists already\. Name another folder/)])
  expect(readFileSync(join(cwd, 'config/profiles/staff.yaml'), 'utf8')).toBe('mine')
  expect(() => readFileSync(join(cwd, 'config/rollcall.yaml'))).toThrow('ENOENT')
})

test('with --json the files are named in one document', async () => {
  const cwd = folderWith()
  const { out } = await rollcall(['init', '--json'], { cwd })
  expect(JSON.parse(out)).toEqual({
    written: [join(cwd, 'config/rollcall.yaml'), join(cwd, 'config/profiles/staff.yaml')],
  })
})
