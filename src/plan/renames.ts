import { canonicalAt, fold, hash52 } from '../pipeline/canonical.ts'
import type { Population } from '../state.ts'
import { type DesiredGroup, holderName, nameAt } from './group-names.ts'
import type { Holders } from './holders.ts'
import type { Planning } from './planning.ts'
import type { Roles } from './roles.ts'

/** Groups at the target that are to get another name. */
export interface Renames {
  /** Whether this group, by its number at the target, gives its name up. */
  givesUp(at: number): boolean
  /** Whom the renaming of a group has to wait for. */
  waitsFor: ReadonlyMap<DesiredGroup, DesiredGroup>
  /** Why a group cannot get its name: it, and who holds the name, stay as they are. */
  readonly blocked: ReadonlyMap<DesiredGroup, string>
}

/** Finds out which names are given up for which, and which are wanted in vain or only in exchange. */
export function renamesOf(
  planning: Planning,
  people: Population,
  roles: Roles,
  sets: readonly DesiredGroup[],
  holders: Holders,
): Renames {
  const canRename = planning.dialect.groups.rename !== 'never'
  const here = sets.filter(({ node }) => roles.isHere(node))
  const isAsDesired = ({ node, resource }: DesiredGroup) =>
    people.hashAt[people.link[node]!] === hash52(canonicalAt(resource, planning.paths.group))
  const byAt = new Map(here.map(set => [people.link[set.node]!, set]))
  const renaming = new Set(
    here.filter(
      set =>
        (canRename || set.profile.rename === 'recreate') &&
        !isAsDesired(set) &&
        fold(set.name) !== fold(nameAt(planning, people.link[set.node]!)),
    ),
  )
  const blocked = new Map<DesiredGroup, string>()
  const waitsFor = new Map<DesiredGroup, DesiredGroup>()
  const block = (set: DesiredGroup, message: string) => {
    renaming.delete(set)
    waitsFor.delete(set)
    blocked.set(set, message)
  }
  const givesUp = (at: number): boolean => {
    const holder = byAt.get(at)
    return canRename && holder !== undefined && renaming.has(holder)
  }
  for (let again = true; again; ) {
    again = false
    for (const set of renaming) {
      const rivals = holders.of('displayName', set.name).filter(at => at !== people.link[set.node])
      const rival = rivals.find(at => !givesUp(at))
      const [giver] = rivals.flatMap(at => byAt.get(at) ?? [])
      if (rival === undefined && giver) waitsFor.set(set, giver)
      if (rival === undefined) continue
      block(
        set,
        `is to be renamed to ${JSON.stringify(set.name)}, which ${holderName(planning, people, rival)} has at the target: held`,
      )
      again = true
    }
    if (again) continue
    for (const set of renaming) {
      if (!waitsForItself(set, waitsFor)) continue
      block(set, `is to be renamed to ${JSON.stringify(set.name)}, which another gives up only in exchange: held`)
      again = true
    }
  }
  return { givesUp, waitsFor, blocked }
}

function waitsForItself(set: DesiredGroup, waitsFor: ReadonlyMap<DesiredGroup, DesiredGroup>): boolean {
  const reached = new Set<DesiredGroup>()
  for (let next = waitsFor.get(set); next !== undefined && !reached.has(next); next = waitsFor.get(next)) {
    if (next === set) return true
    reached.add(next)
  }
  return false
}
