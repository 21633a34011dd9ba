/**
 * How long a reading of 100 000 users, 20 000 groups and 1 000 000 direct memberships takes, beside what the number of
 * requests and the quota allow at best, with an answer after 20 ms and ten times Google's usual quota; and how long
 * the connector takes to load, over node alone. The reader is a process of its own, bundled as the command is, and so is
 * the directory.
 */
import { type ChildProcess, execFile, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { leanClients, leanSources, requiring } from '../test/setup/lean.ts'
import { figure, median } from './figure.ts'

const SIZE = { users: 100_000, groups: 20_000, memberships: 1_000_000 }
const LATENCY_MS = 20
const PER_MINUTE = 24_000
const LOADS = 15

const folder = mkdtempSync(join(tmpdir(), 'rollcall-google-'))
try {
  await build({
    entryPoints: ['google-drain', 'google-import'].map(name => join(import.meta.dirname, `${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: requiring,
    plugins: [leanSources, leanClients],
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'warning',
  })
  symlinkSync(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'), 'junction')
  load()
  await read()
} finally {
  rmSync(folder, { recursive: true })
}

function load(): void {
  const cached = 'process.getBuiltinModule("node:module").enableCompileCache(process.argv[1]);'
  const script = `import(${JSON.stringify(join(folder, 'google-import.mjs'))})`
  const run = (...code: string[]) => {
    const start = performance.now()
    const { status, stderr } = spawnSync(process.execPath, ['--eval', code.join(''), join(folder, 'cache')], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`loading the connector ended ${status}: ${stderr}`)
    return { time: performance.now() - start, stderr }
  }
  run(cached, script) // fills the compile cache, as a first run of the command would
  const times = Array.from({ length: LOADS }, () => ({ bare: run('0').time, loaded: run(cached, script).time }))
  const floor = median(times.map(({ bare }) => bare))
  const value = median(times.map(({ loaded }) => loaded)) - floor
  const tell = ";process.on('exit',()=>process._rawDebug(process.resourceUsage().maxRSS))"
  const peakMiB = Math.round(Number(run(cached, script, tell).stderr) / 1024)
  figure({ bench: 'google-import', value, unit: 'ms over bare node', floor, peakMiB })
}

async function read(): Promise<void> {
  const { users, groups, memberships } = SIZE
  const given = [users, groups, memberships, LATENCY_MS, PER_MINUTE].map(String)
  const directory = fork(join(import.meta.dirname, 'google-directory.ts'), given, {
    execArgv: ['--max-semi-space-size=64'],
  })
  try {
    const { admin, token, key, as, fewest } = await told<Opened>(directory)
    const env = { ...process.env, GOOGLE_KEY: key }
    const reader = [join(folder, 'google-drain.mjs'), admin, token, as, PER_MINUTE].map(String)
    const { stdout } = await promisify(execFile)(process.execPath, reader, { encoding: 'utf8', env })
    const reading: Reading = JSON.parse(stdout)
    directory.send('how was it?')
    const { requests, refusedForQuota, refusedOften, writes } = await told<Answered>(directory)
    const wrong = [
      ...reading.failed,
      ...(reading.users === users ? [] : [`read ${reading.users} users`]),
      ...(reading.groups === groups ? [] : [`read ${reading.groups} groups`]),
      ...(reading.members === memberships ? [] : [`read ${reading.members} memberships`]),
      ...(refusedOften > 1 ? [`a request was refused for quota ${refusedOften} times`] : []),
      ...(writes === 0 ? [] : [`${writes} requests were not reads`]),
    ]
    if (wrong.length > 0) throw new Error(wrong.join('; '))
    const perSecond = PER_MINUTE / 60
    figure({
      bench: 'google-read',
      value: reading.seconds,
      unit: 's',
      // The double's bucket holds a second's worth, and is full when the reading begins.
      floor: (fewest - perSecond) / perSecond,
      peakMiB: reading.peakMiB,
      requests,
      fewest,
      refusedForQuota,
    })
  } finally {
    directory.disconnect()
  }
}

/** What google-directory.ts says, at first and when asked. */
interface Opened {
  readonly admin: string
  readonly token: string
  readonly key: string
  readonly as: string
  readonly fewest: number
}
interface Answered {
  readonly requests: number
  readonly refusedForQuota: number
  readonly refusedOften: number
  readonly writes: number
}

interface Reading {
  readonly users: number
  readonly groups: number
  readonly members: number
  readonly seconds: number
  readonly failed: readonly string[]
  readonly peakMiB: number
}

/** The next message of the directory's process. */
async function told<Message>(directory: ChildProcess): Promise<Message> {
  const gone = once(directory, 'exit').then(([code]) => {
    throw new Error(`the directory ended ${code}`)
  })
  gone.catch(() => {})
  const [message]: Message[] = await Promise.race([once(directory, 'message'), gone])
  if (message === undefined) throw new Error('the directory said nothing')
  return message
}
