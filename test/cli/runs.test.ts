import { expect, test } from 'vitest'
import { openState } from '../../src/state/open.ts'
import { folderWith } from '../support/folder.ts'
import { rollcall } from './terminal.ts'
import { join } from 'node:path'

test('history is shown whatever is wrong with profiles and sources', async () => {
  const cwd = folderWith({
    'rollcall.yaml': 'version: 1\nstate: memory\nsources: { hq: { connector: no-such-thing } }\ntargets: {}\n',
    'profiles/staff.yaml': 'sorce: hq\n',
  })
  const state = openState(join(cwd, 'memory'), { command: 'test', now: new Date() })
  const startedAt = '2026-11-24T17:02:46.000Z'
  const run = { command: 'sync', target: 'cloud', planId: 'p1', digest: 'sha256:d', startedAt, approved: false }
  const id = state.ledger.beginRun(run)
  state.ledger.endRun(id, { endedAt: startedAt, exitCode: 4, message: '' })
  state.close()
  expect(await rollcall(['plan'], { cwd })).toMatchObject({ code: 78 })
  expect(await rollcall(['runs', '--json'], { cwd })).toMatchObject({ code: 0, out: expect.stringContaining(id) })
  expect(await rollcall(['runs', id], { cwd })).toMatchObject({ code: 0, out: expect.stringContaining('cloud') })
})

test('a state folder that cannot be told is a fault of the config, at its line', async () => {
  const cwd = folderWith({ 'rollcall.yaml': 'version: 1\nstate: [1]\n' })
  expect(await rollcall(['runs'], { cwd })).toMatchObject({
    code: 78,
    err: expect.stringContaining('rollcall.yaml:2:8'),
  })
})
