import type { Change, ChangeKind, Finding, MembersChange, PlanHeader, PlanLine } from '../model.ts'

/** A plan to be shown: its header, and its lines from the first, as often as they are asked for. */
export interface PlanView {
  readonly header: PlanHeader
  lines(): AsyncIterable<PlanLine> | Iterable<PlanLine>
}

/** All changes of one kind in one profile. */
export interface Section {
  readonly profile: string
  readonly kind: ChangeKind
  readonly lines: number
  /** Members added or removed, over all lines. */
  readonly members: number
  readonly costly: number
  readonly irreversible: number
  /** The first ones, as many as were to be kept. */
  readonly first: readonly Change[]
}

export interface FindingSection {
  readonly finding: string
  readonly count: number
  readonly first: readonly Finding[]
}

/** What a plan comes to, gathered in one pass, in memory that does not grow with the plan. */
export interface Outline {
  /** By profile, then kind, each in the order of `profiles` and `KINDS`. */
  readonly sections: readonly Section[]
  readonly profiles: readonly string[]
  readonly kinds: readonly ChangeKind[]
  readonly findings: readonly FindingSection[]
}

/** Users first, then groups, then members: the order in which a plan is shown. */
export const KINDS: readonly ChangeKind[] = [
  'create-user',
  'adopt-user',
  'relink-user',
  'update-user',
  'reactivate-user',
  'deactivate-user',
  'delete-user',
  'create-group',
  'adopt-group',
  'update-group',
  'delete-group',
  'add-members',
  'remove-members',
]

/** Lines that carry a thousand members each are kept in small numbers only. */
export const KEPT_OF_MEMBERS = 20

export async function outline(view: PlanView, keep: number): Promise<Outline> {
  const sections = new Map<string, Gathered<Change> & { profile: string; kind: ChangeKind }>()
  const findings = new Map<string, Gathered<Finding>>()
  for await (const line of view.lines()) {
    if (!isChange(line)) {
      const found = of(findings, line.finding, empty<Finding>)
      found.lines++
      if (found.first.length < keep) found.first.push(line)
      continue
    }
    const { profile, change: kind } = line
    const section = of(sections, `${profile}\0${kind}`, () => ({ ...empty<Change>(), profile, kind }))
    section.lines++
    if (line.reversible === 'costly') section.costly++
    if (line.reversible === 'irreversible') section.irreversible++
    if (isMembersChange(line)) section.members += line.members.length + (line.strangers?.length ?? 0)
    if (section.first.length < (isMembersChange(line) ? Math.min(keep, KEPT_OF_MEMBERS) : keep))
      section.first.push(line)
  }
  const profiles = [
    ...new Set([
      ...Object.keys(view.header.inputs.profiles),
      ...[...sections.values()].map(section => section.profile),
    ]),
  ]
  const inOrder = profiles.flatMap(profile => KINDS.flatMap(kind => sections.get(`${profile}\0${kind}`) ?? []))
  return {
    sections: inOrder,
    profiles: profiles.filter(profile => inOrder.some(section => section.profile === profile)),
    kinds: KINDS.filter(kind => inOrder.some(section => section.kind === kind)),
    findings: [...findings]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([finding, { lines, first }]) => ({ finding, count: lines, first })),
  }
}

/** Every change of a section: those kept, or where there are more, the plan read again. */
export async function* changesOf(view: PlanView, section: Section): AsyncGenerator<Change> {
  if (section.first.length === section.lines) {
    yield* section.first
    return
  }
  let left = section.lines
  for await (const line of view.lines()) {
    if (!isChange(line) || line.profile !== section.profile || line.change !== section.kind) continue
    yield line
    if (--left === 0) return
  }
}

export async function* findingsOf(view: PlanView, section: FindingSection): AsyncGenerator<Finding> {
  if (section.first.length === section.count) {
    yield* section.first
    return
  }
  for await (const line of view.lines()) if (!isChange(line) && line.finding === section.finding) yield line
}

export function isChange(line: PlanLine): line is Change {
  return 'change' in line
}

export function isMembersChange(change: Change): change is MembersChange {
  return change.change === 'add-members' || change.change === 'remove-members'
}

interface Gathered<Item> {
  lines: number
  members: number
  costly: number
  irreversible: number
  readonly first: Item[]
}

function empty<Item>(): Gathered<Item> {
  return { lines: 0, members: 0, costly: 0, irreversible: 0, first: [] }
}

function of<Item>(map: Map<string, Item>, key: string, make: () => Item): Item {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
