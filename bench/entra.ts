/**
 * How long a reading of 100 000 users, 20 000 groups and 1 000 000 direct memberships takes, from Graph's double at
 * 20 ms a request and the budget of a large tenant, beside the time that the requests it takes at least cost under that
 * budget, full at first. Then another one is kept in a state, and how many requests the next one takes after fifty
 * changes stands beside the four without which nothing can be known: a page of changes and a count each of users and
 * groups. Double and reader are processes of their own; the reader is bundled as the command is.
 */
import { fork, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Asked, GraphPlace, Size, Told } from './entra-graph.ts'
import { figure } from './figure.ts'

const SIZE: Size = { users: 100_000, groups: 20_000, memberships: 1_000_000, latencyMs: 20, unitsPer10s: 8_000 }
const REQUESTS_AT_LEAST = 4

const folder = mkdtempSync(join(tmpdir(), 'rollcall-entra-'))
const graph = fork(join(import.meta.dirname, 'entra-graph.ts'), [JSON.stringify(SIZE)])
try {
  const { place, floorUnits } = await told('place')
  await build({
    entryPoints: [join(import.meta.dirname, 'entra-drain.ts')],
    outfile: join(folder, 'drain.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['@azure/identity', '@microsoft/microsoft-graph-client', 'undici'],
  })
  symlinkSync(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'), 'junction')
  const state = join(folder, 'state')
  const full = await drain(place)
  const first = await asked('figures')
  if (!full.complete || full.users !== SIZE.users || full.groups !== SIZE.groups || full.members !== SIZE.memberships) {
    throw new Error(`read ${JSON.stringify(full)}`)
  }
  figure({
    bench: 'entra-read',
    value: full.seconds,
    unit: 's',
    floor: ((floorUnits - SIZE.unitsPer10s) / SIZE.unitsPer10s) * 10,
    peakMiB: full.peakMiB,
    requests: first.requests,
    units: first.units,
    throttled: first.throttled,
  })
  await drain(place, state)
  await asked('figures')
  const { changes } = await asked('change')
  const next = await drain(place, state)
  const second = await asked('figures')
  if (!next.complete || next.users > changes) throw new Error(`read ${JSON.stringify(next)} after ${changes} changes`)
  figure({
    bench: 'entra-delta',
    value: second.requests,
    unit: 'requests',
    floor: REQUESTS_AT_LEAST,
    peakMiB: next.peakMiB,
    changes,
    seconds: Number(next.seconds.toPrecision(3)),
  })
} finally {
  if (graph.connected) graph.send({ ask: 'end' } satisfies Asked)
  rmSync(folder, { recursive: true })
}

function told<Tell extends Told['tell']>(what: Tell): Promise<Extract<Told, { tell: Tell }>> {
  return new Promise((resolve, reject) => {
    graph.once('message', (message: Told) => {
      if (message.tell === what) resolve(message as Extract<Told, { tell: Tell }>)
      else reject(new Error(`told ${message.tell}`))
    })
    graph.once('exit', () => reject(new Error('the double is gone')))
  })
}

function asked(ask: 'figures'): Promise<Extract<Told, { tell: 'figures' }>>
function asked(ask: 'change'): Promise<Extract<Told, { tell: 'changed' }>>
function asked(ask: 'figures' | 'change'): Promise<Told> {
  const answer = told(ask === 'figures' ? 'figures' : 'changed')
  graph.send({ ask } satisfies Asked)
  return answer
}

interface Drained {
  readonly users: number
  readonly groups: number
  readonly members: number
  readonly complete: boolean
  readonly seconds: number
  readonly peakMiB: number
}

async function drain(place: GraphPlace, state?: string): Promise<Drained> {
  const env = { ...process.env, ENTRA_SECRET: place.secret, ENTRA_CA: place.ca }
  const reader = spawn(
    process.execPath,
    [join(folder, 'drain.mjs'), JSON.stringify(place), ...(state === undefined ? [] : [state])],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    },
  )
  let text = ''
  reader.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const code = await new Promise(done => reader.once('close', done))
  if (code !== 0) throw new Error(`the reader ended ${String(code)}`)
  return JSON.parse(text) as Drained
}
