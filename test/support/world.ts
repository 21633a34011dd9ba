import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apply, settle } from '../../src/apply.ts'
import type { Change, Profile } from '../../src/model.ts'
import { plan, readTarget } from '../../src/plan.ts'
import { readPlan } from '../../src/planfile.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { loadDialect } from '../../src/scim/dialect.ts'
import { openTarget } from '../../src/scim/target.ts'
import { openState } from '../../src/state/open.ts'
import type { Target } from '../../src/target.ts'
import { type Person, profilesOf, reading, type Team } from './scene.ts'

export interface Company {
  readonly users: readonly Person[]
  readonly groups: readonly Team[]
}

/** A source made of literals, a real sandbox, real HTTP and a real state folder. */
export interface World {
  readonly sandbox: Sandbox
  readonly target: Target
  /** Reads, plans, and leaves the plan in `file`. */
  plan(company: Company): Promise<readonly Change[]>
  /** Applies what was planned, approved. Returns what was not applied. */
  apply(signal?: AbortSignal): Promise<readonly string[]>
  settle(): Promise<void>
  readonly file: string
  readonly state: ReturnType<typeof openState>
  close(): Promise<void>
}

export async function world(options: {
  readonly dialect: string
  readonly profiles: Readonly<Record<string, string>>
  readonly faults?: readonly string[]
}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-world-'))
  const dialect = await loadDialect(options.dialect, '.')
  const sandbox = await startSandbox({ dialect, port: 0, ...(options.faults && { faults: options.faults }) })
  const target = openTarget({ name: 'directory', url: sandbox.url, token: sandbox.token, dialect })
  const profiles: readonly Profile[] = await profilesOf(options.profiles, options.dialect)
  const state = openState(join(folder, 'state'), { command: 'test', now: new Date() })
  const file = join(folder, 'plan.ndjson')
  const whole = new AbortController().signal
  return {
    sandbox,
    target,
    state,
    file,
    async plan({ users, groups }) {
      const now = new Date()
      const { certificate } = await state.cache.keepReading('hq', reading(users, groups, true), now)
      await readTarget(target, { profiles, state, now, signal: whole })
      await plan({
        read: [{ source: 'hq', certified: certificate.complete, standIn: true }],
        target,
        profiles,
        limits: {},
        protect: { users: [], groups: [] },
        state,
        file,
        now,
        signal: whole,
      })
      const changes: Change[] = []
      for await (const { value } of (await readPlan(file)).lines()) if ('change' in value) changes.push(value)
      return changes
    },
    async apply(signal = whole) {
      const { header } = await readPlan(file)
      const failures: string[] = []
      await apply({
        file,
        target,
        observed: state.cache.observed('directory'),
        ledger: state.ledger,
        command: 'test',
        approve: header.digest,
        now: new Date(),
        signal,
        newerReading: () => false,
        onOutcome: (row, change) => {
          if (row.outcome !== 'applied')
            failures.push(`${change.change} ${change.name}: ${row.outcome} ${row.message ?? ''}`)
        },
      })
      return failures
    },
    settle: () => settle({ target, observed: state.cache.observed('directory'), ledger: state.ledger, signal: whole }),
    async close() {
      state.close()
      await target.close()
      await sandbox.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
