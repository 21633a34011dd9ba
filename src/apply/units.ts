import type { Change, MembersChange } from '../model.ts'
import type { PlanFile } from '../planfile.ts'

export interface Line<C extends Change = Change> {
  readonly line: number
  readonly change: C
  /** As it stands in the plan. */
  readonly text: string
}

/** What is carried out together: one change, or the consecutive lines of one group's members. */
export type Unit =
  | { readonly phase: Phase; readonly lines: readonly [Line<SingleChange>]; readonly members: false }
  | {
      readonly phase: Phase
      readonly lines: readonly [Line<MembersChange>, ...Line<MembersChange>[]]
      readonly members: true
    }

export type SingleChange = Exclude<Change, MembersChange>

/** The next phase begins when the one before is done: whoever is in a group must be there first. */
export type Phase =
  | 'deactivations'
  | 'updates'
  | 'adoptions'
  | 'creates'
  | 'groups'
  | 'additions'
  | 'removals'
  | 'reactivations'
  | 'deletes'

export function phaseOf(change: Change): Phase {
  switch (change.change) {
    case 'deactivate-user':
      return 'deactivations'
    case 'update-user':
      return 'updates'
    case 'adopt-user':
    case 'relink-user':
      return 'adoptions'
    case 'create-user':
      return 'creates'
    case 'create-group':
    case 'adopt-group':
    case 'update-group':
      return 'groups'
    case 'add-members':
      return 'additions'
    case 'remove-members':
      return 'removals'
    case 'reactivate-user':
      return 'reactivations'
    case 'delete-user':
    case 'delete-group':
      return 'deletes'
  }
}

/** The plan's changes in its order, without the lines that are `settled` already. */
export async function* units(plan: PlanFile, settled: (line: number) => boolean): AsyncGenerator<Unit> {
  let group: [Line<MembersChange>, ...Line<MembersChange>[]] | undefined
  for await (const { line, value, text } of plan.lines()) {
    if ('finding' in value || settled(line)) continue
    if (group && !(isMembers(value) && sameGroup(group[0].change, value))) {
      yield membersUnit(group)
      group = undefined
    }
    if (isMembers(value)) {
      if (group) group.push({ line, change: value, text })
      else group = [{ line, change: value, text }]
    } else yield { phase: phaseOf(value), lines: [{ line, change: value, text }], members: false }
  }
  if (group) yield membersUnit(group)
}

function membersUnit(lines: [Line<MembersChange>, ...Line<MembersChange>[]]): Unit {
  return { phase: phaseOf(lines[0].change), lines, members: true }
}

export function isMembers(change: Change): change is MembersChange {
  return change.change === 'add-members' || change.change === 'remove-members'
}

function sameGroup(one: MembersChange, other: MembersChange): boolean {
  return one.change === other.change && groupSource(one) === groupSource(other) && one.sourceId === other.sourceId
}

/** The source under which a group is linked; its members may be of another one (`mergeGroups`). */
export function groupSource(change: MembersChange): string {
  return change.groupSource ?? change.source
}
