import type { Breach, Limits } from '../model.ts'
import { guard } from '../pipeline/guard.ts'
import type { PlanFile } from '../planfile.ts'
import { managedBy } from './managed.ts'
import { mappingKey } from './mapping.ts'
import type { Planning } from './planning.ts'
import { rolesOf } from './roles.ts'
import { talliesOf } from './tallies.ts'

/**
 * The breaches of a saved plan, counted anew from its lines against what is managed now: those it names itself, and
 * after them any that it does not. A plan that was applied in part is not counted again, since what is managed has
 * changed by its own doing.
 */
export async function breachesOf(plan: PlanFile, planning: Planning, limits: Limits): Promise<readonly Breach[]> {
  const { header } = plan
  if (planning.ledger.outcomesOf(header.id).size > 0) return header.breaches
  const tallies = talliesOf(planning)
  for await (const { value } of plan.lines()) if ('change' in value) tallies.count(value)
  planning.cache.followLinks(planning.target, planning.ledger)
  const people = planning.cache.population(planning.target, mappingKey(planning))
  const managed = managedBy(planning, people, rolesOf(planning, people))
  const isFirst = !planning.ledger.hasApplied(planning.target)
  const found = guard(tallies.counted(managed, limits), [], limits, isFirst)
  const named = new Set(header.breaches.map(({ limit, scope }) => `${limit} ${scope}`))
  return [...header.breaches, ...found.filter(({ limit, scope }) => !named.has(`${limit} ${scope}`))]
}
