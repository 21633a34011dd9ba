/**
 * From a finished reading to the plan file: of everyone against an empty target, of nobody, and of a few. Each line
 * is measured in a process of its own; the floor is one pass over the same rows that parses each document.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ReadingPart } from '../src/connector.ts'
import { growSlowly } from '../src/cli/heap.ts'
import type { Dialect, Profile } from '../src/model.ts'
import { managedPaths, plan } from '../src/plan.ts'
import { compileProfile, parseProfile } from '../src/profile/load.ts'
import { loadDialect } from '../src/scim/dialect.ts'
import { openState } from '../src/state/open.ts'
import { figure, peakMiB } from './figure.ts'
import { fillState, PROFILE, readingParts, type Size, SOURCE, TARGET } from './population.ts'

const SIZE: Size = { users: 1_000_000, groups: 100_000, flattened: 10_000_000 }
const CHANGED = { users: 100, groups: 10 }

const [step, folder = ''] = process.argv.slice(2)
growSlowly() // as the command does
switch (step) {
  case 'fill':
  case 'fill-in-step':
    await fill(folder, step === 'fill-in-step')
    break
  case 'change':
    await change(folder)
    break
  case 'plan':
  case 'floor': {
    const run = step === 'plan' ? planning(folder) : floor(folder)
    const start = performance.now()
    const told = await run()
    process.stdout.write(JSON.stringify({ seconds: (performance.now() - start) / 1_000, peakMiB: peakMiB(), ...told }))
    break
  }
  default:
    main()
}

function main(): void {
  const cold = mkdtempSync(join(tmpdir(), 'rollcall-bench-'))
  const kept = mkdtempSync(join(tmpdir(), 'rollcall-bench-'))
  try {
    child('fill', cold)
    measure('plan-cold', cold)
    rmSync(cold, { recursive: true })
    child('fill-in-step', kept)
    child('plan', kept) // maps everyone, as the run before would have
    measure('plan-unchanged', kept)
    child('change', kept)
    measure('plan-changed', kept)
  } finally {
    for (const folder of [cold, kept]) rmSync(folder, { recursive: true, force: true })
  }
}

function measure(bench: string, folder: string): void {
  const floor = child('floor', folder)
  const { seconds, peakMiB, changes } = child('plan', folder)
  figure({ bench, value: seconds, unit: 's', floor: floor.seconds, peakMiB, changes })
}

function child(step: string, folder: string): { seconds: number; peakMiB: number; changes: number } {
  const { status, stdout } = spawnSync(process.execPath, [import.meta.filename, step, folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${step} ended ${status}`)
  return JSON.parse(stdout || '{}') as { seconds: number; peakMiB: number; changes: number }
}

async function everyone(): Promise<{ readonly profile: Profile; readonly dialect: Dialect }> {
  const dialect = await loadDialect('generic', '.')
  const { profile: parsed } = parseProfile('everyone.yaml', 'everyone', PROFILE)
  const text = 'text' as const
  const names = ['mail', 'givenName', 'sn', 'displayName', 'title', 'department', 'employeeType', 'preferredLanguage']
  const user = Object.fromEntries(names.map(name => [name, text]))
  const { profile } = compileProfile(parsed!, { user, group: {}, caseInsensitive: false, closed: true }, dialect)
  return { profile: profile!, dialect }
}

async function fill(folder: string, inStep: boolean): Promise<void> {
  const { profile, dialect } = await everyone()
  await fillState(folder, SIZE, { inStep, paths: managedPaths([profile], { dialect }) })
}

/** The next day: some people have another title, and some groups one member less. */
async function change(folder: string): Promise<void> {
  const now = new Date('2026-11-25T06:00:00Z')
  const state = openState(folder, { command: 'bench', now })
  await state.cache.keepReading(SOURCE, nextDay(), now)
  state.close()
}

async function* nextDay(): AsyncGenerator<ReadingPart> {
  let [users, groups, removed] = [0, 0, 0]
  for await (const part of readingParts(SIZE)) {
    if (part.part === 'users') {
      yield {
        part: 'users',
        users: part.users.map(user =>
          users++ % (SIZE.users / CHANGED.users) === 0
            ? { ...user, attributes: { ...user.attributes, title: 'Promoted' } }
            : user,
        ),
      }
    } else if (part.part === 'members' && part.members.length > 1 && groups++ % (SIZE.groups / CHANGED.groups) === 0) {
      removed++
      yield { ...part, members: part.members.slice(1) }
    } else if (part.part === 'end') {
      yield { ...part, certificate: { ...part.certificate, members: part.certificate.members - removed } }
    } else yield part
  }
}

function planning(folder: string) {
  const now = new Date('2026-11-25T07:00:00Z')
  const state = openState(folder, { command: 'bench', now })
  return async () => {
    const { profile, dialect } = await everyone()
    const { header } = await plan({
      read: [{ source: SOURCE, certified: true, standIn: true }],
      target: { name: TARGET, url: 'https://scim.example.com', dialect },
      profiles: [profile],
      limits: {},
      protect: { users: [], groups: [] },
      state,
      file: join(folder, 'plan.ndjson'),
      now,
      signal: new AbortController().signal,
    })
    state.close()
    return { changes: Object.values(header.counts).reduce((sum, count) => sum + count, 0) }
  }
}

/** Reads every row that a plan is made from, and parses its document. */
function floor(folder: string) {
  const db = new DatabaseSync(join(folder, 'rollcall.db'), { readOnly: true })
  const tables = db
    .prepare("SELECT m.name AS name FROM sqlite_master m WHERE m.type = 'table' AND m.name IN ('c_user', 'c_group')")
    .all()
  return () => {
    let characters = 0
    for (const { name } of tables) {
      const statement = db.prepare(`SELECT doc FROM ${String(name)}`)
      statement.setReturnArrays(true)
      for (const row of statement.iterate() as unknown as Iterable<readonly [string]>) {
        characters += row[0].length
        JSON.parse(row[0])
      }
    }
    db.close()
    return { characters }
  }
}
