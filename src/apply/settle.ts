import { parseChange } from '../planfile.ts'
import type { Intent } from '../state.ts'
import { carryOut } from './carry-out.ts'
import type { Context, Settled } from './context.ts'
import type { Resources } from './resources.ts'
import { isMembers } from './units.ts'

/**
 * Settles what earlier runs left open, by looking and never by writing to the target: a change that took place
 * gets its outcome and its link; any other is forgotten, for the next plan to make anew, and where the target
 * rejects the question the intent stays open. Members are forgotten, too: adding and removing them is computed
 * from what the group has.
 */
export async function settleIntents(context: Context, intents: readonly Intent[]): Promise<void> {
  const looking = { ...context, users: lookOnly(context.users), groups: lookOnly(context.groups) }
  for (const { planId, line, step, runId, target, change } of intents) {
    const settled = await tookPlace(looking, change)
    const at = { planId, line, step }
    if (!settled) {
      context.ledger.journal({ intents: [], outcomes: [], withdrawn: [at] })
      continue
    }
    const { scimId, link, unlink } = settled
    context.ledger.journal({
      intents: [],
      outcomes: [{ ...at, runId, outcome: 'applied', ...(scimId === undefined ? {} : { scimId }) }],
      links: link ? [{ target, link }] : [],
      unlinks: unlink ? [unlink] : [],
    })
  }
}

async function tookPlace(context: Context, text: string): Promise<Settled | undefined> {
  const change = parseChange(text)
  if (!change || isMembers(change)) return undefined
  try {
    const settled = await carryOut(context, change, true)
    return settled.outcome === 'applied' ? settled : undefined
  } catch (error) {
    if (error instanceof WouldWrite) return undefined
    throw error
  }
}

/** Thrown in place of a request that writes. */
class WouldWrite extends Error {}

function lookOnly(resources: Resources): Resources {
  const refuse = async () => {
    throw new WouldWrite()
  }
  return { ...resources, create: refuse, update: refuse, remove: refuse }
}
