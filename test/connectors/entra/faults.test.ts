import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Source } from '../../../src/connector.ts'
import type { Change } from '../../../src/model.ts'
import { plan, readTarget } from '../../../src/plan.ts'
import { readPlan } from '../../../src/planfile.ts'
import { loadDialect } from '../../../src/scim/dialect.ts'
import type { Link } from '../../../src/state.ts'
import { openState } from '../../../src/state/open.ts'
import type { Target, TargetPart } from '../../../src/target.ts'
import type { GraphDouble } from '../../support/graph/index.ts'
import { type Reading, reading, request } from '../../support/reading.ts'
import { label, profilesOf } from '../../support/scene.ts'
import { ASKED, casesOf, misbehaving, openTeams, SILENT, sweep } from './sweep.ts'

/** Whatever goes wrong with any one request, nobody may be lost by it. */

let graph: GraphDouble
let source: Source
beforeAll(async () => {
  const opened = await openTeams()
  graph = opened.graph
  source = opened.source
})
afterAll(() => graph.close())

test('a full reading is right, or an error that names the request', async () => {
  const { wrong, runs, whole } = await sweep(graph, () => reading(source, ASKED))
  expect(wrong).toEqual([])
  expect(runs).toBeGreaterThan(150)
  expect(whole).toBeGreaterThan(runs / 2)
})

test('no plan made from it takes anything from anyone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-faults-'))
  const now = new Date()
  const state = openState(join(folder, 'state'), { command: 'test', now })
  try {
    const { right, cases } = await casesOf(graph, () => reading(source, ASKED))
    const { target, links } = await inStepWith(right)
    state.ledger.putLinks('directory', links)
    const profiles = await profilesOf({ emea: PROFILE })
    const file = join(folder, 'plan.ndjson')
    const { signal } = new AbortController()
    let certified = 0
    /** What is planned after another reading, or after one that failed. */
    const planned = async () => {
      const { certificate } = await state.cache
        .keepReading('hq', source.read(request(ASKED)), now)
        .catch(() => ({ certificate: { complete: false } }))
      if (certificate.complete) certified++
      await readTarget(target, { profiles, state, now, signal })
      const read = [{ source: 'hq', certified: certificate.complete, standIn: true }]
      const protect = { users: [], groups: [] }
      await plan({ read, target, profiles, limits: {}, protect, state, file, now, signal })
      const changes: Change[] = []
      for await (const { value } of (await readPlan(file)).lines()) if ('change' in value) changes.push(value)
      return changes.map(label)
    }
    graph.reset()
    expect(await planned()).toEqual([])
    for (const fault of SILENT) {
      for (const at of cases) {
        expect([fault, at.request, await misbehaving(graph, { fault, always: true }, at, planned)]).toEqual([
          fault,
          at.request,
          [],
        ])
      }
    }
    expect(certified).toBeGreaterThan(1)
  } finally {
    state.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

const PROFILE = `
scope: { groups: ["team-*"], users: all }
match: [externalId, userName]
user:
  userName: "\${lower(user.mail)}"
  externalId: "\${user.id}"
  emails: "\${lower(user.mail)}"
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "\${user.department}"
  active: "\${user.enabled}"
group:
  displayName: "\${group.name}"
`

/** A target that holds all of a reading, its groups flattened, and the links to it. */
async function inStepWith({ users, groups, members }: Reading) {
  const teams = [...groups.values()].filter(({ name }) => name.startsWith('team-'))
  const within = (id: string, seen: Set<string>): readonly string[] =>
    (members.get(id) ?? []).flatMap(member => {
      if (users.has(member)) return [`there-${member}`]
      return seen.has(member) ? [] : within(member, seen.add(member))
    })
  async function* read(): AsyncGenerator<TargetPart> {
    yield {
      part: 'users',
      users: [...users.values()].map(({ id, enabled = false, attributes: { mail = '', department = '' } }) => ({
        id: `there-${id}`,
        resource: {
          userName: mail,
          externalId: id,
          emails: [{ value: mail, type: 'work', primary: true }],
          active: enabled,
          'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department },
        },
      })),
    }
    yield {
      part: 'groups',
      groups: teams.map(({ id, name }) => ({ id: `there-${id}`, resource: { displayName: name } })),
    }
    for (const { id } of teams) yield { part: 'members', group: `there-${id}`, members: within(id, new Set([id])) }
    const certificate = { complete: true, checks: [], users: users.size, groups: teams.length, members: 0 }
    yield { part: 'end', certificate }
  }
  const dialect = await loadDialect('generic', '.')
  const target = { name: 'directory', url: 'https://scim.example.com', dialect, read }
  const link = (kind: 'user' | 'group', sourceId: string): Link => {
    return { kind, source: 'hq', sourceId, scimId: `there-${sourceId}`, profile: 'emea', echo: undefined }
  }
  return {
    target: target as unknown as Target,
    links: [...[...users.keys()].map(id => link('user', id)), ...teams.map(({ id }) => link('group', id))],
  }
}
