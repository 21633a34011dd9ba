import { copyFileSync, chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { usable } from './unusable.ts'

const KEPT = 20
const SUFFIX = '.ndjson'

/** Where the state folder keeps the plan with this id; its folder is made, 0700. */
export function planPath(folder: string, planId: string): string {
  const plans = join(folder, 'plans')
  usable(plans, () => mkdirSync(plans, { recursive: true, mode: 0o700 }))
  return join(plans, basename(planId) + SUFFIX)
}

/** Keeps a copy of a plan file, 0600, and the last 20 of them in all; returns where it is kept. */
export function keepPlan(folder: string, planId: string, file: string): string {
  const kept = planPath(folder, planId)
  usable(kept, () => {
    if (file !== kept) copyFileSync(file, kept)
    chmodSync(kept, 0o600)
  })
  prunePlans(folder)
  return kept
}

/** The plans kept, newest first; none where no plan was ever made here. */
export function keptPlans(folder: string): readonly { readonly planId: string; readonly file: string }[] {
  const plans = join(folder, 'plans')
  if (!existsSync(plans)) return []
  return usable(plans, () => readdirSync(plans, { withFileTypes: true }))
    .filter(entry => entry.isFile() && entry.name.endsWith(SUFFIX))
    .map(entry => join(plans, entry.name))
    .map(file => ({ planId: basename(file, SUFFIX), file, at: statSync(file).mtimeMs }))
    .sort((one, other) => other.at - one.at || (one.planId < other.planId ? 1 : -1))
    .map(({ planId, file }) => ({ planId, file }))
}

/** Removes all but the newest 20. */
export function prunePlans(folder: string): void {
  for (const { file } of keptPlans(folder).slice(KEPT)) usable(file, () => rmSync(file, { force: true }))
}
