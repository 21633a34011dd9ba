import { expect, test } from 'vitest'
import { openConsole } from '../../src/cli/console.ts'
import type { Progress } from '../../src/plan.ts'
import { recorder } from './terminal.ts'

async function told(
  options: { terminal?: boolean; quiet?: boolean; verbose?: boolean; logFormat?: 'text' | 'json' },
  tell: (console: Awaited<ReturnType<typeof openConsole>>, wait: (milliseconds: number) => void) => void,
): Promise<string> {
  const stderr = recorder(options.terminal === true)
  let now = 0
  const console = await openConsole(
    { stdout: recorder(), stderr, env: {}, cwd: '/', exit: () => {} },
    { quiet: false, verbose: false, logFormat: 'text', clock: () => now, ...options },
  )
  tell(console, milliseconds => {
    now += milliseconds
  })
  console.settle()
  return stderr.text()
}

const users = (done: number): Progress => ({ stage: 'read', of: 'hq', done, unit: 'users' })
const groups = (done: number): Progress => ({ stage: 'read', of: 'hq', done, total: 300, unit: 'groups' })
const mapped: Progress = { stage: 'map', of: 'atlassian', done: 12_034, unit: 'users' }

test('without a terminal each stage leaves one line, when it is over', async () => {
  const text = await told({}, (console, wait) => {
    console.progress(users(1))
    wait(4000)
    console.progress(users(12_034))
    console.progress(groups(300))
    wait(4000)
    console.progress(mapped)
  })
  expect(text).toBe('read hq: 12\u00a0034 users, 300 of 300 groups; 8 s\nmap atlassian: 12\u00a0034 users; 0 s\n')
})

test('on a terminal one line is rewritten, at most ten times a second, with the rate', async () => {
  const text = await told({ terminal: true }, (console, wait) => {
    for (let done = 0; done <= 2000; done += 10) {
      console.progress(users(done))
      wait(10)
    }
  })
  const redrawn = text.split('\r\x1b[2K').filter(Boolean)
  expect(redrawn.length).toBeLessThanOrEqual(22)
  expect(redrawn.at(-2)).toBe('read hq: 2000 users; 1000/s, 2 s')
  expect(redrawn.at(-1)).toBe('read hq: 2000 users; 2 s\n')
})

test('with -q nothing is told, with -v more', async () => {
  const tell = (console: Awaited<ReturnType<typeof openConsole>>) => {
    console.progress(mapped)
    console.say('said')
    console.detail('detail')
  }
  expect(await told({ quiet: true }, tell)).toBe('')
  expect(await told({}, tell)).toBe('said\nmap atlassian: 12\u00a0034 users; 0 s\n')
  expect(await told({ verbose: true }, tell)).toContain('detail\n')
})

test('as JSON each line is an object with its figures, and no credential gets through', async () => {
  const text = await told({ logFormat: 'json' }, console => {
    console.progress(mapped)
    console.say('said', { token: 'hush', target: 'atlassian' })
  })
  expect(text).not.toContain('hush')
  const lines = text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as unknown)
  expect(lines).toEqual([
    expect.objectContaining({ level: 'info', msg: 'said', target: 'atlassian', token: '[Redacted]' }),
    expect.objectContaining({ level: 'info', stage: 'map', of: 'atlassian', users: 12_034 }),
  ])
})

test('what is told cannot act upon the terminal', async () => {
  expect(await told({}, console => console.say('\x1b[2Jhello\n'))).toBe('\\x1b[2Jhello\\n\n')
  const live = await told({ terminal: true }, console => console.progress({ ...mapped, of: '\x1b[31mhq' }))
  expect(live.replaceAll('\r\x1b[2K', '')).not.toContain('\x1b')
})
