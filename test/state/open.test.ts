import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { openState } from '../../src/state/open.ts'
import { keepPlan, keptPlans } from '../../src/state/plans.ts'
import { folderWith } from '../support/folder.ts'

const RUN = { command: 'rollcall sync', now: new Date('2026-11-24T06:00:00Z') }

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

test('the state is its owner’s alone: the folder 0700, every file in it 0600', () => {
  const folder = join(folderWith(), 'a', 'state')
  const state = openState(folder, RUN)
  state.ledger.beginRun({
    command: 'sync',
    target: 'cloud',
    planId: 'p1',
    digest: 'd',
    startedAt: RUN.now.toISOString(),
    approved: false,
  })
  writeFileSync(join(folder, 'plan.tmp'), '{}', { mode: 0o644 })
  keepPlan(folder, 'p1', join(folder, 'plan.tmp'))
  expect(mode(folder)).toBe('700')
  const files = readdirSync(folder).filter(name => name !== 'plan.tmp' && name !== 'plans')
  expect(files.toSorted()).toEqual([
    'lock.db',
    'lock.db-journal',
    'lock.json',
    'rollcall.db',
    'rollcall.db-shm',
    'rollcall.db-wal',
  ])
  expect(new Set(files.map(name => mode(join(folder, name))))).toEqual(new Set(['600']))
  expect([mode(join(folder, 'plans')), mode(join(folder, 'plans', 'p1.ndjson'))]).toEqual(['700', '600'])
  state.close()
})

test('while one run has the state another is turned away, and told who has it', () => {
  const folder = folderWith()
  const first = openState(folder, RUN)
  expect(() => openState(folder, RUN)).toThrow(
    expect.objectContaining({
      code: 'busy',
      message: expect.stringMatching(/`rollcall sync`, process \d+ on .*, since 2026-11-24T06:00:00.000Z/) as string,
    }),
  )
  openState(folder).close()
  first.close()
  openState(folder, RUN).close()
})

test('a run that was killed holds nobody up', async () => {
  const folder = folderWith()
  const open = join(import.meta.dirname, '../../src/state/open.ts')
  const script = `
    const { openState } = await import(${JSON.stringify(open)})
    globalThis.state = openState(${JSON.stringify(folder)}, { command: 'rollcall apply', now: new Date() })
    console.log('open')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void holder.kill('SIGKILL'))
  await new Promise(done => holder.stdout.once('data', done))
  expect(() => openState(folder, RUN)).toThrow(expect.objectContaining({ code: 'busy' }))
  const ended = new Promise(done => holder.once('exit', done))
  holder.kill('SIGKILL')
  await ended
  expect(existsSync(join(folder, 'lock.json'))).toBe(true)
  openState(folder, RUN).close()
})

test('a state of a newer rollcall is refused and left as it is', () => {
  const folder = folderWith()
  openState(folder).close()
  const db = new DatabaseSync(join(folder, 'rollcall.db'))
  db.exec('PRAGMA user_version = 99; CREATE TABLE c_future (num INTEGER)')
  db.close()
  expect(() => openState(folder, RUN)).toThrow(
    expect.objectContaining({
      code: 'state_unusable',
      message: expect.stringContaining('version 99, made by a newer rollcall') as string,
    }),
  )
  const after = new DatabaseSync(join(folder, 'rollcall.db'))
  expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 })
  expect(after.prepare("SELECT name FROM sqlite_master WHERE name = 'c_future'").get()).toEqual({ name: 'c_future' })
  after.close()
})

test.each([
  ['a file that is no database', (folder: string) => writeFileSync(join(folder, 'rollcall.db'), 'x'.repeat(5_000))],
  ['a folder in place of the file', (folder: string) => mkdirSync(join(folder, 'rollcall.db'))],
])('%s is an error that says what to do', (_, prepare) => {
  const folder = folderWith()
  prepare(folder)
  expect(() => openState(folder, RUN)).toThrow(expect.objectContaining({ code: 'state_unusable' }))
})

test('a file in place of the state folder is an error that says what to do', () => {
  const folder = folderWith({ state: '' })
  expect(() => openState(join(folder, 'state'), RUN)).toThrow(
    expect.objectContaining({ code: 'state_unusable', message: expect.stringContaining('is not a folder') as string }),
  )
})

test('the last twenty plans are kept', () => {
  const folder = folderWith({ 'plan.ndjson': '{}\n' })
  for (let at = 0; at < 23; at++) {
    const kept = keepPlan(folder, `plan-${String(at).padStart(2, '0')}`, join(folder, 'plan.ndjson'))
    utimesSync(kept, at, at)
  }
  const plans = keptPlans(folder)
  expect(plans).toHaveLength(20)
  expect(plans[0]?.planId).toBe('plan-22')
  expect(plans.at(-1)?.planId).toBe('plan-03')
})
