import { readPlan } from '../planfile.ts'
import type { PlanView } from '../report/outline.ts'

/** A saved plan as reports want it. Throws `plan_invalid` for a file that is none. */
export async function savedPlan(file: string): Promise<PlanView> {
  const { header, lines } = await readPlan(file)
  return {
    header,
    async *lines() {
      for await (const { value } of lines()) yield value
    },
  }
}
