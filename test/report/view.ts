import type { Change, Finding, PlanHeader, PlanLine } from '../../src/model.ts'
import type { PlanView } from '../../src/report/outline.ts'

/** A plan to be shown, from its lines; counts follow from them. */
export function view(lines: readonly PlanLine[], header: Partial<PlanHeader> = {}): PlanView {
  const counts: Record<string, number> = {}
  for (const line of lines) if ('change' in line) counts[line.change] = (counts[line.change] ?? 0) + 1
  return {
    header: {
      rollcall: 'plan/1',
      id: '01JDF0',
      target: 'atlassian',
      url: 'https://api.example.com/scim/directory/d1',
      createdAt: '2026-11-24T08:00:00.000Z',
      digest: 'sha256:4be1',
      inputs: { profiles: { emea: 'sha256:1', apac: 'sha256:2' }, limits: {}, lines: 'sha256:3' },
      first: false,
      readings: [],
      counts,
      findings: {},
      breaches: [],
      ...header,
    },
    lines: () => lines,
  }
}

const common = { profile: 'emea', source: 'hq', reversible: 'reversible' } as const

export const joiner = {
  ...common,
  change: 'create-user',
  sourceId: 'u1',
  name: 'ada@example.com',
  before: null,
  after: { userName: 'ada@example.com', title: 'Engineer', active: true },
  reason: 'new in scope through group atlassian-users',
} satisfies Change
export const mover = {
  ...common,
  change: 'update-user',
  sourceId: 'u2',
  name: 'grace@example.com',
  before: { title: 'Engineer', name: { familyName: 'Hopper' } },
  after: { title: 'Lead', name: { familyName: null } },
  reason: 'changed at the source',
} satisfies Change
export const leaver = {
  ...common,
  profile: 'apac',
  source: 'tokyo',
  change: 'deactivate-user',
  sourceId: 'u3',
  name: 'taro@example.co.jp',
  before: { active: true },
  after: { active: false },
  reason: 'left every group in scope',
} satisfies Change
export const goneGroup = {
  ...common,
  change: 'delete-group',
  sourceId: 'g9',
  name: 'atlassian-old',
  before: { displayName: 'atlassian-old' },
  after: null,
  reason: 'gone from the source',
  reversible: 'irreversible',
} satisfies Change
export const joining = {
  ...common,
  change: 'add-members',
  sourceId: 'g1',
  name: 'atlassian-users',
  members: ['u1', 'u2'],
  reason: 'in the group at the source',
} satisfies Change
export const held = {
  finding: 'held',
  profile: 'apac',
  source: 'tokyo',
  sourceId: 'u4',
  name: 'jiro@example.co.jp',
  at: 'profiles/apac.yaml:14:3',
  message: 'has no surname',
} satisfies Finding

export async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}
