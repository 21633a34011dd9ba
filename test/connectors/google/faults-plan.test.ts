import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { declared } from '../../../connectors/google/schema.ts'
import { apply } from '../../../src/apply.ts'
import { plan, readSources, readTarget } from '../../../src/plan.ts'
import { readPlan } from '../../../src/planfile.ts'
import { compileProfile, parseProfile } from '../../../src/profile/load.ts'
import { startSandbox } from '../../../src/sandbox/server.ts'
import { loadDialect } from '../../../src/scim/dialect.ts'
import { openTarget } from '../../../src/scim/target.ts'
import { openState } from '../../../src/state/open.ts'
import type { FaultName } from '../../support/google/index.ts'
import { label } from '../../support/scene.ts'
import { type Disturbed, disturbed } from './disturbed.ts'

const PROFILE = `
version: 1
source: hq
target: directory
scope: { groups: [all, people, crew], users: all }
match: [externalId, userName]
user:
  userName: "\${lower(user.primaryEmail)}"
  externalId: "\${user.id}"
  displayName: "\${user.fullName}"
  title: "\${user.title}"
  active: "\${user.enabled}"
group:
  displayName: "\${group.name}"
leavers: delete
goneGroups: delete
`

let scene: Disturbed
let world: Awaited<ReturnType<typeof opened>>
beforeAll(async () => {
  scene = await disturbed({ later: true, etags: true })
  world = await opened()
})
afterAll(async () => {
  await world?.close()
  await scene?.close()
})

/** Google, a SCIM directory in step with it, and what rollcall knows of both. */
async function opened() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-google-'))
  const dialect = await loadDialect('generic', '.')
  const sandbox = await startSandbox({ dialect, port: 0 })
  const target = openTarget({ name: 'directory', url: sandbox.url, token: sandbox.token, dialect })
  const { profile: parsed } = parseProfile('profiles/staff.yaml', 'staff', PROFILE)
  const { profile } = compileProfile(parsed!, declared({ schemas: {} }), dialect)
  const profiles = [profile!]
  const state = openState(join(folder, 'state'), { command: 'test', now: new Date() })
  const file = join(folder, 'plan.ndjson')
  const { signal } = new AbortController()
  const sources = new Map([['hq', scene.source]])

  /** Reads and plans; what would change, and whether the reading was certified. */
  const planned = async () => {
    const now = new Date()
    const read = await readSources({ sources, profiles, state, now, signal })
    await readTarget(target, { profiles, state, now, signal })
    const protect = { users: [], groups: [] }
    await plan({ read, target, profiles, limits: {}, protect, state, file, now, signal })
    const changes: string[] = []
    for await (const { value } of (await readPlan(file)).lines()) if ('change' in value) changes.push(label(value))
    return { changes, certified: read[0]?.certified === true }
  }
  const first = await planned()
  const { header } = await readPlan(file)
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
  })
  return {
    first,
    planned,
    async close() {
      state.close()
      await target.close()
      await sandbox.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

test('a directory in step has nothing planned for it', async () => {
  expect(world.first.certified).toBe(true)
  expect(world.first.changes).toContain('+ ada@example.com')
  expect(await world.planned()).toEqual({ changes: [], certified: true })
})

test.each(['nulls', 'no-items', 'short-page', 'repeated-page', 'not-found'] as const satisfies readonly FaultName[])(
  'nothing is planned over an answer that is wrong: %s, of each request in its turn',
  async fault => {
    const { double } = scene
    double.reset()
    await world.planned()
    for (const path of new Set(double.requests.map(request => request.path))) {
      let left = 1
      double.reset()
      double.misbehave(request => (request.path === path && left-- > 0 ? fault : undefined))
      expect({ path, changes: (await world.planned()).changes }).toEqual({ path, changes: [] })
    }
    double.misbehave(undefined)
    expect((await world.planned()).certified).toBe(true)
  },
)
