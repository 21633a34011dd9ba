import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Applied, type ApplyOptions, apply } from '../../src/apply.ts'
import type { Breach, Change, MembersChange, ScimResource } from '../../src/model.ts'
import { writePlan } from '../../src/plan/write.ts'
import { parseChange } from '../../src/planfile.ts'
import type { Link, OutcomeRow } from '../../src/state.ts'
import { type OpenState, openState } from '../../src/state/open.ts'
import { folderWith } from './folder.ts'
import { type FakeTarget, URL } from './target.ts'

type Of<Kind extends Change['change']> = Extract<Change, { change: Kind }>

const common = { profile: 'emea', source: 'hq', reason: 'because', reversible: 'reversible' } as const

export function ada(more: ScimResource = {}): ScimResource {
  return person('ada', more)
}
/** As rollcall would map them: the id is also the local part of the address. */
export function person(id: string, more: ScimResource = {}): ScimResource {
  return { userName: `${id}@example.com`, externalId: id, active: true, ...more }
}

export function createUser(id: string, more: ScimResource = {}): Of<'create-user'> {
  return {
    change: 'create-user',
    ...common,
    sourceId: id,
    name: `${id}@example.com`,
    before: null,
    after: person(id, more),
  }
}
export function adoptUser(id: string, scimId: string, before: ScimResource, after: ScimResource): Change {
  return { change: 'adopt-user', ...common, sourceId: id, name: `${id}@example.com`, scimId, before, after }
}
export function relinkUser(
  id: string,
  formerSourceId: string,
  scimId: string,
  before: ScimResource,
  after: ScimResource,
): Change {
  return { change: 'relink-user', ...common, sourceId: id, name: id, formerSourceId, scimId, before, after }
}
export function updateUser(id: string, before: ScimResource, after: ScimResource, profile = 'emea'): Change {
  return { change: 'update-user', ...common, profile, sourceId: id, name: `${id}@example.com`, before, after }
}
export function deactivateUser(id: string): Change {
  return {
    change: 'deactivate-user',
    ...common,
    sourceId: id,
    name: id,
    before: { active: true },
    after: { active: false },
  }
}
export function reactivateUser(id: string): Change {
  return {
    change: 'reactivate-user',
    ...common,
    sourceId: id,
    name: id,
    before: { active: false },
    after: { active: true },
  }
}
export function deleteUser(id: string, before: ScimResource): Change {
  return { change: 'delete-user', ...common, sourceId: id, name: id, before, after: null }
}
export function createGroup(id: string, more: Partial<Of<'create-group'>> = {}): Change {
  return {
    change: 'create-group',
    ...common,
    sourceId: id,
    name: id,
    before: null,
    after: { displayName: id },
    ...more,
  }
}
export function adoptGroup(id: string, scimId: string): Change {
  const resource = { displayName: id }
  return { change: 'adopt-group', ...common, sourceId: id, name: id, scimId, before: resource, after: resource }
}
export function updateGroup(id: string, before: ScimResource, after: ScimResource): Change {
  return { change: 'update-group', ...common, sourceId: id, name: id, before, after }
}
export function deleteGroup(id: string, before: ScimResource, scimId?: string): Change {
  return { change: 'delete-group', ...common, sourceId: id, name: id, before, after: null, ...(scimId && { scimId }) }
}
export function addMembers(group: string, ids: readonly string[], more: Partial<MembersChange> = {}): Change {
  return { change: 'add-members', ...common, sourceId: group, name: group, members: ids, ...more }
}
export function removeMembers(group: string, ids: readonly string[], strangers?: readonly string[]): Change {
  return {
    change: 'remove-members',
    ...common,
    sourceId: group,
    name: group,
    members: ids,
    ...(strangers && { strangers }),
  }
}

export interface PlanGiven {
  readonly breaches?: readonly Breach[]
  readonly createdAt?: string
  readonly target?: string
  readonly url?: string
}

/** A plan file of these changes, in the order given. */
export function planOf(folder: string, changes: readonly Change[], given: PlanGiven = {}): Promise<string> {
  const file = join(folder, `plan-${Math.random().toString(36).slice(2)}.ndjson`)
  const { breaches = [], createdAt = new Date().toISOString(), target = 'cloud', url = URL } = given
  const certificate = { complete: true, checks: [], users: 0, groups: 0, members: 0 }
  const start = {
    target,
    url,
    createdAt,
    inputs: { profiles: { emea: 'sha256:e' }, limits: {} },
    first: false,
    readings: [{ source: 'hq', reading: 7, certificate }],
  }
  const lines = { changes, findings: () => [], breaches: () => breaches }
  return writePlan(file, start, lines, new AbortController().signal, () => undefined).then(() => file)
}

export interface Rig {
  readonly folder: string
  readonly state: OpenState
  readonly target: FakeTarget
  link(links: Readonly<Record<string, string>>, kind?: 'user' | 'group'): void
  /** Reads the target, as `apply FILE` does, and applies the file. */
  apply(file: string, more?: Partial<ApplyOptions>): Promise<Applied>
  /** A plan of these changes, applied. */
  run(changes: readonly Change[], more?: Partial<ApplyOptions>): Promise<Applied>
  /** `applied create-user ada@example.com`, with the message behind, of the last run, in the plan's order. */
  said(): readonly string[]
  links(kind?: 'user' | 'group'): Readonly<Record<string, string>>
}

/** A state folder and a target, and plans applied to it. */
export function rig(target: FakeTarget): Rig {
  const folder = folderWith()
  const state = openState(join(folder, 'state'), { command: 'test', now: new Date() })
  onTestFinished(() => state.close())
  const { ledger, cache } = state
  let said: { readonly row: OutcomeRow; readonly change: Change }[] = []

  const self: Rig = {
    folder,
    state,
    target,
    link: (links, kind = 'user') => ledger.putLinks('cloud', Object.entries(links).map(linkOf(kind))),
    async apply(file, more = {}) {
      const { signal } = new AbortController()
      const paths = { user: [], group: [], members: target.dialect.members.readable === 'full' }
      await cache.keepCurrent('cloud', paths, target.read({ signal }), new Date())
      said = []
      return apply({
        file,
        target,
        observed: cache.observed('cloud'),
        ledger,
        command: 'apply',
        now: new Date(),
        signal,
        newerReading: () => false,
        onOutcome: (row, change) => void said.push({ row, change }),
        ...more,
      })
    },
    run: async (changes, more) => self.apply(await planOf(folder, changes), more),
    said: () =>
      said
        .toSorted((one, other) => one.row.line - other.row.line)
        .map(
          ({ row, change }) => `${row.outcome} ${change.change} ${change.name}${row.message ? `: ${row.message}` : ''}`,
        ),
    links(kind = 'user') {
      const found: Record<string, string> = {}
      for (const link of ledger.linksSince('cloud', 0))
        if (link.kind === kind && !link.removed) found[link.sourceId] = link.scimId
      return found
    },
  }
  return self
}

function linkOf(kind: 'user' | 'group') {
  return ([sourceId, scimId]: readonly [string, string]): Link => ({
    kind,
    source: 'hq',
    sourceId,
    scimId,
    profile: 'emea',
    echo: undefined,
  })
}

/** What the journal keeps of changes that are still open: their names. */
export function openChanges(state: OpenState): readonly string[] {
  return state.ledger.unsettled('cloud').map(({ change }) => {
    const parsed = parseChange(change)
    return parsed ? `${parsed.change} ${parsed.name}` : change
  })
}
