import { RollcallError } from '../errors.ts'
import type { Breach } from '../model.ts'
import { canonicalJson, type PlanFile } from '../planfile.ts'
import type { Ledger } from '../state.ts'
import type { Target } from '../target.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** Everything that speaks against applying this plan, before the first write (I4). Throws `plan_invalid` or `over_limit`. */
export async function refuse(
  plan: PlanFile,
  options: {
    readonly file: string
    readonly target: Pick<Target, 'name' | 'url'>
    readonly ledger: Pick<Ledger, 'appliedInFull' | 'approved'>
    readonly approve?: string
    readonly planAge?: number
    readonly now: Date
    newerReading(source: string, reading: number): boolean
    breachesOf?(plan: PlanFile): readonly Breach[] | Promise<readonly Breach[]>
  },
): Promise<void> {
  const { header } = plan
  const { target, ledger, now, approve, planAge = DAY_MS } = options
  const invalid = (what: string, next = 'make a new plan') =>
    new RollcallError('plan_invalid', `plan ${options.file} ${what}. Nothing was changed; ${next}.`)

  if (header.target !== target.name)
    throw invalid(`is for target "${header.target}", not "${target.name}"`, 'name that target, or make a new plan')
  if (header.url !== target.url) throw invalid(`was made for ${header.url}, and "${target.name}" is ${target.url} now`)
  if (ledger.appliedInFull(header.id)) throw invalid('was applied already')
  const age = now.getTime() - Date.parse(header.createdAt)
  if (age > planAge) throw invalid(`is ${hours(age)} old, and plans are good for ${hours(planAge)}`)
  const newer = header.readings.find(({ source, reading }) => options.newerReading(source, reading))
  if (newer) throw invalid(`is older than the last reading of source "${newer.source}"`)
  if (options.breachesOf) {
    const found = await options.breachesOf(plan)
    if (canonicalJson(found) !== canonicalJson(header.breaches))
      throw invalid('breaks other limits than it says it does, or the limits were changed since')
  }

  if (approve !== undefined && approve !== header.digest)
    throw new RollcallError(
      'over_limit',
      `the approval is for ${approve}, and plan ${options.file} has the digest ${header.digest}. Nothing was changed; look at this plan and approve its own digest.`,
    )
  if (header.breaches.length > 0 && approve === undefined && !ledger.approved(header.id, header.digest)) {
    const breaches = header.breaches.map(({ message }) => `  ${message}`).join('\n')
    throw new RollcallError(
      'over_limit',
      `plan ${options.file} is over its limits:\n${breaches}\nNothing was changed. If that is what you want: rollcall apply ${options.file} --approve ${header.digest}`,
    )
  }
}

function hours(ms: number): string {
  const rounded = Math.round(ms / 3_600_000)
  return rounded === 1 ? '1 hour' : `${rounded} hours`
}
