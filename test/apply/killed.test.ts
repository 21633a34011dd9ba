import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import type { Change, ScimResource } from '../../src/model.ts'
import type { Link } from '../../src/state.ts'
import { canonicalJson } from '../../src/planfile.ts'
import { openState } from '../../src/state/open.ts'
import { folderWith } from '../support/folder.ts'
import {
  addMembers,
  createGroup,
  createUser,
  deactivateUser,
  deleteUser,
  person,
  planOf,
  reactivateUser,
  relinkUser,
  removeMembers,
  rig,
  updateUser,
} from '../support/plans.ts'
import { serve } from '../support/served.ts'
import { type FakeTarget, fakeTarget } from '../support/target.ts'

const KILLS = 25

const names = (what: string, count: number) => Array.from({ length: count }, (_, at) => `${what}-${at}`)

/** People of every kind, as they are before. */
function before(): FakeTarget {
  const there = [
    ...names('leaver', 10).map(id => person(id)),
    ...names('mover', 30).map(id => person(id, { title: 'Buyer' })),
    ...names('former', 5).map(id => person(id)),
    ...names('returner', 5).map(id => person(id, { active: false })),
    ...names('erased', 5).map(id => person(id)),
  ]
  return fakeTarget({
    isLax: true,
    stores: forgetful,
    users: Object.fromEntries(there.map(user => [`u-${JSON.stringify(user['externalId']).slice(1, -1)}`, user])),
    groups: { g1: { displayName: 'sales', members: names('leaver', 10).map(id => `u-${id}`) } },
  })
}

const CHANGES: readonly Change[] = [
  ...names('leaver', 10).map(deactivateUser),
  ...names('mover', 30).map(id => updateUser(id, { title: 'Buyer' }, { title: 'Team Lead' })),
  ...names('former', 5).map(id => relinkUser(`re${id}`, id, `u-${id}`, { externalId: id }, { externalId: `re${id}` })),
  ...names('joiner', 60).map(id => createUser(id)),
  ...names('team', 6).map(id => createGroup(id)),
  ...names('team', 6).map(id => addMembers(id, names('joiner', 60))),
  addMembers('sales', names('mover', 30)),
  removeMembers('sales', names('leaver', 10)),
  ...names('returner', 5).map(reactivateUser),
  ...names('erased', 5).map(id => deleteUser(id, { userName: `${id}@example.com` })),
]

/** A target that keeps no externalId of newcomers: they are found again by name alone. */
function forgetful(resource: ScimResource): ScimResource {
  const { externalId, ...rest } = resource
  return typeof externalId === 'string' && externalId.startsWith('joiner') ? rest : resource
}

function linksOf(target: FakeTarget): readonly Link[] {
  const common = { source: 'hq', profile: 'emea', echo: undefined } as const
  const people = [...target.users.keys()].map(scimId => {
    return { ...common, kind: 'user', sourceId: scimId.replace('u-', ''), scimId } as const
  })
  return [...people, { ...common, kind: 'group', sourceId: 'sales', scimId: 'g1' }]
}

/** Everything that matters of a target, whatever ids it gave out. */
function picture(target: FakeTarget) {
  const nameOf = (id: string) => target.users.get(id)?.['userName']
  return {
    users: [...target.users.values()].map(user => canonicalJson(user)).toSorted(byText),
    groups: [...target.groups.values()]
      .map(({ resource, members }) => [resource['displayName'], [...members].map(nameOf).toSorted(byText)])
      .toSorted(([one], [other]) => byText(one, other)),
  }
}

test(`a run killed ${KILLS} times, at any request, ends as one that was left in peace`, async () => {
  const random = lehmer(20_261_124)
  const target = before()
  const folder = folderWith()
  const stateFolder = join(folder, 'state')
  const linked = openState(stateFolder, { command: 'test', now: new Date() })
  linked.ledger.putLinks('cloud', linksOf(target))
  linked.close()
  const file = await planOf(folder, CHANGES)

  let kills = 0
  let untilKill = 0
  let kill: () => void = () => undefined
  const url = await serve(target, () => {
    if (kills >= KILLS || untilKill-- > 0) return 'answer'
    kills++
    untilKill = Number.POSITIVE_INFINITY
    kill()
    return random() < 0.3 ? 'lose-before' : random() < 0.7 ? 'lose-after' : 'answer'
  })
  const program = join(folder, 'apply-once.mjs')
  const entryPoints = [fileURLToPath(import.meta.resolve('../support/apply-once.ts'))]
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' })
  const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: undefined, NODE_COMPILE_CACHE: join(folder, 'compiled') }
  const once = () =>
    new Promise<number | null>(done => {
      untilKill = Math.floor(random() * 6)
      const child = spawn(process.execPath, [program, stateFolder, file, url], {
        env,
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      kill = () => void child.kill('SIGKILL')
      child.on('exit', done)
    })
  let exitCode: number | null = null
  for (let runs = 0; exitCode === null && runs <= KILLS; runs++) exitCode = await once()

  expect({ exitCode, kills }).toEqual({ exitCode: 0, kills: KILLS })
  const calm = rig(before())
  calm.state.ledger.putLinks('cloud', linksOf(calm.target))
  expect((await calm.run(CHANGES)).exitCode).toBe(0)
  expect(picture(target)).toEqual(picture(calm.target))
  const state = openState(stateFolder)
  expect(state.ledger.unsettled('cloud')).toEqual([])
  const links = [...state.ledger.linksSince('cloud', 0)].filter(({ removed, kind }) => !removed && kind === 'user')
  expect(links.map(({ scimId }) => scimId).toSorted(byText)).toEqual([...target.users.keys()].toSorted(byText))
  state.close()
}, 120_000)

function byText(one: unknown, other: unknown): number {
  return String(one) < String(other) ? -1 : 1
}

/** The same numbers from 0 to 1 for the same seed (Lehmer). */
function lehmer(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
