import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeclaredAttributes, ReadingPart } from '../../src/connector.ts'
import type { Certificate, Change, Finding, Limits, PlanHeader, Profile, ScimResource, Value } from '../../src/model.ts'
import { plan, readTarget, type ReadSource } from '../../src/plan.ts'
import { compileProfile, parseProfile } from '../../src/profile/load.ts'
import { loadDialect } from '../../src/scim/dialect.ts'
import type { Link } from '../../src/state.ts'
import { openState } from '../../src/state/open.ts'
import type { Target, TargetPart } from '../../src/target.ts'

/** A user at a source, under an id that is also the local part of the address where none is given. */
export interface Person {
  readonly id: string
  readonly enabled?: boolean
  readonly mail?: string
  readonly title?: string
  readonly department?: string
  readonly unknown?: readonly string[]
}
export interface Team {
  readonly id: string
  readonly name?: string
  readonly members?: readonly string[]
  readonly hidden?: true
}
export interface There {
  readonly id: string
  readonly resource: ScimResource
  readonly members?: readonly string[]
}

export interface Scene {
  readonly sources?: Readonly<Record<string, { users: readonly Person[]; groups?: readonly Team[] }>>
  /** Read incompletely in this run: the sources named here keep the reading of the run before. */
  readonly failed?: readonly string[]
  /** YAML after `version`, `source` and `target`, by profile; the source is `hq` where the text names none. */
  readonly profiles?: Readonly<Record<string, string>>
  readonly dialect?: string
  readonly users?: readonly There[]
  readonly groups?: readonly There[]
  /** `hq/ada`: the scimId it is linked to, by profile emea. */
  readonly links?: Readonly<Record<string, string>>
  readonly groupLinks?: Readonly<Record<string, string>>
  readonly limits?: Limits
  readonly protect?: { readonly users: readonly string[]; readonly groups: readonly string[] }
  readonly only?: { readonly profiles?: readonly string[]; readonly users?: readonly string[] }
}

export interface PlanSeen {
  readonly header: PlanHeader
  readonly changes: readonly Change[]
  readonly findings: readonly Finding[]
  readonly text: string
}

export const MAPPING = `
user:
  userName: "\${lower(user.mail)}"
  externalId: "\${user.id}"
  emails: "\${lower(user.mail)}"
  title: "\${user.title}"
  active: "\${user.enabled}"
group:
  displayName: "\${group.name}"
`

export const EVERYONE = `
scope: { groups: ["team-*"], users: all }
match: [externalId, userName]
${MAPPING}`

const DECLARED: DeclaredAttributes = {
  user: { mail: 'text', title: 'text', department: 'text' },
  group: {},
  caseInsensitive: false,
  closed: true,
}

export async function profilesOf(texts: Readonly<Record<string, string>>, dialectName = 'generic'): Promise<Profile[]> {
  const dialect = await loadDialect(dialectName, '.')
  return Object.entries(texts).map(([name, body]) => {
    const source = /^source:/m.test(body) ? '' : 'source: hq\n'
    const parsed = parseProfile(`profiles/${name}.yaml`, name, `version: 1\n${source}target: directory\n${body}`)
    const { profile, faults } = parsed.profile
      ? compileProfile(parsed.profile, DECLARED, dialect)
      : { profile: undefined, faults: parsed.faults }
    if (!profile) throw new Error(faults.map(({ line, message }) => `${line}: ${message}`).join('\n'))
    return profile
  })
}

/** A state folder, one target, and as many plans as are asked for. */
export async function stage() {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-plan-'))
  const state = openState(join(folder, 'state'), { command: 'test', now: new Date() })
  const { signal } = new AbortController()

  async function planned(scene: Scene): Promise<PlanSeen> {
    const now = new Date()
    const texts = scene.profiles ?? { emea: EVERYONE }
    const profiles = await profilesOf(texts, scene.dialect)
    const dialect = await loadDialect(scene.dialect ?? 'generic', '.')
    const read: ReadSource[] = []
    for (const [source, { users, groups = [] }] of Object.entries(scene.sources ?? {})) {
      const isWhole = scene.failed?.includes(source) !== true
      const { certificate } = await state.cache.keepReading(source, reading(users, groups, isWhole), now)
      read.push({
        source,
        certified: certificate.complete,
        standIn: state.cache.reading(source) !== undefined,
        certificate,
      })
    }
    const link = (kind: 'user' | 'group', of: Readonly<Record<string, string>>) =>
      Object.entries(of).map(([key, scimId]): Link => {
        const [source = '', sourceId = '', profile = 'emea'] = key.split('/')
        return { kind, source, sourceId, scimId, profile, echo: undefined }
      })
    const links = [...link('user', scene.links ?? {}), ...link('group', scene.groupLinks ?? {})]
    if (links.length > 0) state.ledger.putLinks('directory', links)

    const target = { name: 'directory', url: 'https://scim.example.com', dialect, read: () => listing(scene) }
    await readTarget(target as unknown as Target, { profiles, state, now, signal })
    const file = join(folder, 'plan.ndjson')
    const { header } = await plan({
      read,
      target,
      profiles,
      limits: scene.limits ?? {},
      protect: scene.protect ?? { users: [], groups: [] },
      state,
      file,
      ...(scene.only && { only: scene.only }),
      now,
      signal,
    })
    const text = readFileSync(file, 'utf8')
    const lines = text
      .trim()
      .split('\n')
      .slice(1)
      .map(line => JSON.parse(line) as Change | Finding)
    return {
      header,
      changes: lines.filter(line => 'change' in line),
      findings: lines.filter(line => 'finding' in line),
      text,
    }
  }
  return {
    planned,
    state,
    file: join(folder, 'plan.ndjson'),
    close() {
      state.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** `+ ada@example.com`, `~ grace@example.com title`, `- taro@example.com`, `+ team-a: ada, grace`. */
export function label(change: Change): string {
  const sign = { create: '+', adopt: '=', relink: '≈', update: '~', deactivate: '-', reactivate: '^', delete: 'x' }
  if (change.change === 'add-members' || change.change === 'remove-members') {
    const who = [...change.members, ...(change.strangers ?? [])].join(', ')
    return `${change.name} ${change.change === 'add-members' ? '+' : '-'} ${who}`
  }
  const [verb = '', kind] = change.change.split('-')
  const name = kind === 'group' ? `group ${change.name}` : change.name
  const what = verb === 'update' ? ` ${Object.keys(('after' in change && change.after) || {}).join(',')}` : ''
  return `${sign[verb as keyof typeof sign]} ${name}${what}`
}

/** At the target, as rollcall maps this person. */
export function there(id: string, person: Person, more: Readonly<Record<string, ScimResource[string]>> = {}): There {
  const mail = (person.mail ?? `${person.id}@example.com`).toLowerCase()
  return {
    id,
    resource: {
      userName: mail,
      externalId: person.id,
      emails: [{ value: mail, type: 'work', primary: true }],
      ...(person.title !== undefined && { title: person.title }),
      active: person.enabled ?? true,
      ...more,
    },
  }
}

export function groupThere(id: string, displayName: string, members: readonly string[] = []): There {
  return { id, resource: { displayName }, members }
}

export async function* reading(
  users: readonly Person[],
  groups: readonly Team[],
  complete: boolean,
): AsyncGenerator<ReadingPart> {
  yield {
    part: 'users',
    users: users.map(({ id, enabled = true, mail = `${id}@example.com`, title, department, unknown }) => ({
      id,
      enabled,
      name: id,
      attributes: Object.fromEntries(
        Object.entries({ mail, title, department }).filter(([, value]) => value !== undefined),
      ) as Record<string, Value>,
      ...(unknown && { unknown }),
    })),
  }
  yield {
    part: 'groups',
    groups: groups.map(({ id, name = id, hidden }) => ({
      id,
      name,
      attributes: {},
      ...(hidden && { membersUnknown: true as const }),
    })),
  }
  let members = 0
  for (const group of groups) {
    if (!group.members) continue
    members += group.members.length
    yield { part: 'members', group: group.id, members: group.members }
  }
  const checks = complete ? [] : [{ check: 'every-page', passed: false, detail: 'page 2 did not come' }]
  yield { part: 'end', certificate: { complete, checks, users: users.length, groups: groups.length, members } }
}

async function* listing({ users = [], groups = [] }: Scene): AsyncGenerator<TargetPart> {
  yield { part: 'users', users: users.map(({ id, resource }) => ({ id, resource })) }
  yield { part: 'groups', groups: groups.map(({ id, resource }) => ({ id, resource })) }
  for (const { id, members } of groups) if (members) yield { part: 'members', group: id, members }
  const certificate: Certificate = {
    complete: true,
    checks: [],
    users: users.length,
    groups: groups.length,
    members: 0,
  }
  yield { part: 'end', certificate }
}

/** The text under an attribute; empty where there is none. */
export function textIn(resource: ScimResource, attribute: string): string {
  const value = resource[attribute]
  return typeof value === 'string' ? value : ''
}
