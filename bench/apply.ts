/**
 * Applying a plan of 20 000 users and 200 000 memberships to a sandbox in a process of its own: requests a second,
 * beside a bare loop that sends the same bodies and keeps no journal, each in a process of its own as the command is,
 * medians of alternating runs. And how many requests it took, beside the fewest that the target's limits allow.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { apply } from '../src/apply.ts'
import type { Change, ScimResource } from '../src/model.ts'
import { writePlan } from '../src/plan/write.ts'
import { startSandbox } from '../src/sandbox/server.ts'
import { loadDialect } from '../src/scim/dialect.ts'
import { additions, memberBatches, patchBody } from '../src/scim/patch.ts'
import { bodyOf } from '../src/scim/resource.ts'
import { openTarget } from '../src/scim/target.ts'
import { openState } from '../src/state/open.ts'
import { figure, median, peakMiB } from './figure.ts'
import { SOURCE, TARGET, user, userAtTarget } from './population.ts'

const [USERS, GROUPS, MEMBERS, LARGE] = [20_000, 200, 1_000, 50_000]
const ROUNDS = 5
const common = { profile: 'everyone', source: SOURCE, reason: 'bench', reversible: 'reversible' } as const

interface Running {
  readonly url: string
  readonly token: string
  /** Requests that wrote, by method and kind. */
  writes(): Promise<Readonly<Record<string, number>>>
  stop(): void
}

const dialect = await loadDialect('generic', '.')
/** What this process is for: a sandbox, one of the two that are measured, or all of it. */
const [role = 'all'] = process.argv.slice(2)
const send = process.send?.bind(process)
if (role === 'sandbox') await serve()
else if (role === 'bare') send?.(await bare())
else if (role === 'apply') send?.(await applied())
else await main()

interface Applying {
  readonly seconds: number
  readonly requests: number
  readonly peakMiB: number
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-bench-'))
  try {
    const floors: number[] = []
    const runs: Applying[] = []
    for (let round = 0; round < ROUNDS; round++) {
      floors.push((await said(fork(import.meta.filename, ['bare']))) as number)
      runs.push((await said(fork(import.meta.filename, ['apply']))) as Applying)
    }
    const floor = median(floors)
    const value = median(runs.map(({ requests, seconds }) => requests / seconds))
    const requests = Math.max(...runs.map(one => one.requests))
    const fewest =
      USERS +
      GROUPS +
      GROUPS *
        memberBatches(
          range(MEMBERS).map(number => user(number).id),
          dialect.members,
        ).length
    figure({ bench: 'apply', value, unit: 'requests/s', floor, peakMiB: Math.max(...runs.map(one => one.peakMiB)) })
    figure({ bench: 'apply-requests', value: requests, unit: 'write requests', floor: fewest, peakMiB: null })
    const one = await oneOfMany(folder)
    figure({
      bench: 'apply-one-member',
      value: one,
      unit: 'write requests',
      floor: 1,
      peakMiB: peakMiB(),
      members: LARGE,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The plan, carried out by rollcall. */
async function applied(): Promise<Applying> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-bench-'))
  try {
    const sandbox = await start()
    const { seconds } = await run(folder, sandbox, changes())
    const requests = total(await sandbox.writes())
    sandbox.stop()
    return { seconds, requests, peakMiB: peakMiB() }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The same requests from a loop with nothing else to do; requests a second. */
async function bare(): Promise<number> {
  const sandbox = await start()
  const send = sender(sandbox)
  const since = performance.now()
  const users = await inParallel(range(USERS), number => send('POST', '/Users', bodyOf(resourceOf(number), 'user')))
  const groups = await inParallel(range(GROUPS), number =>
    send('POST', '/Groups', bodyOf({ displayName: `team-${number}` }, 'group')),
  )
  await inParallel(range(GROUPS), async group => {
    const ids = membersOf(group).map(number => users[number] ?? '')
    for (const batch of memberBatches(ids, dialect.members))
      await send('PATCH', `/Groups/${groups[group]}`, patchBody(additions(batch)))
  })
  const seconds = (performance.now() - since) / 1_000
  const requests = total(await sandbox.writes())
  sandbox.stop()
  return requests / seconds
}

/** How many requests one new member of a large group takes. */
async function oneOfMany(folder: string): Promise<number> {
  const sandbox = await start()
  const send = sender(sandbox)
  const ids = await inParallel(range(LARGE + 1), number => send('POST', '/Users', bodyOf(resourceOf(number), 'user')))
  const group = await send('POST', '/Groups', bodyOf({ displayName: 'everyone' }, 'group'))
  for (const batch of memberBatches(ids.slice(0, LARGE), dialect.members))
    await send('PATCH', `/Groups/${group}`, patchBody(additions(batch)))
  const before = total(await sandbox.writes())
  const sourceIds = range(LARGE + 1).map(number => user(number).id)
  const add: Change = {
    ...common,
    change: 'add-members',
    sourceId: 'g',
    name: 'everyone',
    members: [sourceIds[LARGE] ?? ''],
  }
  const links = [
    ...ids.map((scimId, number) => ({ kind: 'user' as const, sourceId: sourceIds[number] ?? '', scimId })),
    { kind: 'group' as const, sourceId: 'g', scimId: group },
  ]
  await run(folder, sandbox, [add], links)
  const requests = total(await sandbox.writes()) - before
  sandbox.stop()
  return requests
}

function* changes(): Generator<Change> {
  for (const number of range(USERS)) {
    const after = resourceOf(number)
    yield { ...common, change: 'create-user', sourceId: user(number).id, name: `user.${number}`, before: null, after }
  }
  for (const number of range(GROUPS)) {
    const name = `team-${number}`
    yield { ...common, change: 'create-group', sourceId: name, name, before: null, after: { displayName: name } }
  }
  for (const number of range(GROUPS)) {
    const name = `team-${number}`
    const members = membersOf(number).map(member => user(member).id)
    yield { ...common, change: 'add-members', sourceId: name, name, members }
  }
}

async function run(
  folder: string,
  sandbox: Running,
  lines: Iterable<Change>,
  links: readonly { readonly kind: 'user' | 'group'; readonly sourceId: string; readonly scimId: string }[] = [],
): Promise<{ readonly seconds: number }> {
  const now = new Date()
  const { signal } = new AbortController()
  const own = mkdtempSync(join(folder, 'run-'))
  const target = openTarget({ name: TARGET, ...sandbox, dialect })
  const state = openState(join(own, 'state'), { command: 'bench', now })
  state.ledger.putLinks(
    TARGET,
    links.map(link => ({ ...link, source: SOURCE, profile: 'everyone', echo: undefined })),
  )
  const file = join(own, 'plan.ndjson')
  const inputs = { profiles: {}, limits: {} }
  const start = { target: TARGET, url: sandbox.url, createdAt: now.toISOString(), inputs, first: true, readings: [] }
  await writePlan(file, start, { changes: lines, findings: () => [], breaches: () => [] }, signal, () => undefined)
  await state.cache.keepCurrent(TARGET, { user: [], group: [], members: true }, target.read({ signal }), now)
  const since = performance.now()
  const { exitCode, counts } = await apply({
    file,
    target,
    observed: state.cache.observed(TARGET),
    ledger: state.ledger,
    command: 'bench',
    now,
    signal,
    newerReading: () => false,
  })
  const seconds = (performance.now() - since) / 1_000
  if (exitCode !== 0) throw new Error(`applying ended ${exitCode}: ${JSON.stringify(counts)}`)
  await target.close()
  state.close()
  return { seconds }
}

// ── people ─────────────────────────────────────────────────────────────────────────────────────────

function resourceOf(number: number): ScimResource {
  return userAtTarget(number).resource
}
function membersOf(group: number): readonly number[] {
  return range(MEMBERS).map(at => (group * MEMBERS + at * 7) % USERS)
}
function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at)
}
function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

// ── requests and the sandbox ───────────────────────────────────────────────────────────────────────

/** Sends one request and returns the id in its answer, if there is one. */
function sender({ url, token }: Running) {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections: dialect.concurrency })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json', 'user-agent': 'bench' }
  return async (method: 'POST' | 'PATCH', path: string, body: string): Promise<string> => {
    const answer = await pool.request({ method, path: pathname + path, headers, body })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`)
    return text === '' ? '' : (JSON.parse(text) as { readonly id: string }).id
  }
}

async function inParallel(items: readonly number[], work: (item: number) => Promise<unknown>): Promise<string[]> {
  const done: string[] = []
  const rest = items.values()
  const worker = async () => {
    for (const item of rest) done[item] = String(await work(item))
  }
  await Promise.all(Array.from({ length: dialect.concurrency }, worker))
  return done
}

async function serve(): Promise<void> {
  const sandbox = await startSandbox({ dialect, port: 0 })
  process.on('message', () => void send?.(sandbox.directory.requests()))
  send?.({ url: sandbox.url, token: sandbox.token })
}

async function start(): Promise<Running> {
  const child = fork(import.meta.filename, ['sandbox'])
  const { url, token } = (await said(child)) as { readonly url: string; readonly token: string }
  return {
    url,
    token,
    async writes() {
      const answer = said(child)
      child.send('requests')
      const requests = (await answer) as Readonly<Record<string, number>>
      return Object.fromEntries(Object.entries(requests).filter(([line]) => /^(POST|PATCH|PUT|DELETE) \w+$/.test(line)))
    },
    stop: () => void child.kill(),
  }
}

function said(child: ChildProcess): Promise<unknown> {
  return new Promise((done, fail) => {
    child.once('message', done)
    child.once('exit', code => fail(new Error(`a process of the bench ended ${code}`)))
  })
}
