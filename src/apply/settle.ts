import type { MembersChange } from '../model.ts'
import { parseChange } from '../planfile.ts'
import type { Intent, WrittenMembers } from '../state.ts'
import { carryOut } from './carry-out.ts'
import { type Context, codeOf, type Settled, userLookup } from './context.ts'
import { membersOf } from './members.ts'
import type { Resources } from './resources.ts'
import { groupSource, isMembers, type SingleChange } from './units.ts'

/**
 * Settles what earlier runs left open, by looking and never by writing to the target: a change that took place
 * gets its outcome and its link; any other is forgotten, for the next plan to make anew, and where the target
 * rejects the question the intent stays open. Members are forgotten, too: adding and removing them is computed
 * from what the group has, or, where the target does not show that, from the ledger, which is told of the doubt.
 */
export async function settleIntents(context: Context, intents: readonly Intent[]): Promise<void> {
  const looking = { ...context, users: lookOnly(context.users), groups: lookOnly(context.groups) }
  for (const { planId, line, step, runId, target, change: text } of intents) {
    const at = { planId, line, step }
    const change = parseChange(text)
    const found = change && !isMembers(change) ? await tookPlace(looking, change) : 'not'
    if (found === 'unclear') continue
    if (found === 'not') {
      const members = change && isMembers(change) ? doubt(context, change) : []
      context.ledger.journal({ intents: [], outcomes: [], withdrawn: [at], members })
      continue
    }
    const { scimId, link, unlink } = found
    context.ledger.journal({
      intents: [],
      outcomes: [{ ...at, runId, outcome: 'applied', ...(scimId === undefined ? {} : { scimId }) }],
      links: link ? [{ target, link }] : [],
      unlinks: unlink ? [unlink] : [],
    })
  }
}

async function tookPlace(context: Context, change: SingleChange): Promise<Settled | 'not' | 'unclear'> {
  try {
    const settled = await carryOut(context, change, true)
    return settled.outcome === 'applied' ? settled : 'not'
  } catch (error) {
    if (error instanceof WouldWrite) return 'not'
    if (codeOf(error) === 'target_rejected') return 'unclear'
    throw error
  }
}

function doubt({ target, ledger }: Context, change: MembersChange): readonly WrittenMembers[] {
  if (target.dialect.members.readable === 'full') return []
  const group = ledger.link(target.name, 'group', groupSource(change), change.sourceId)
  if (!group) return []
  const written = ledger.writtenMembersOf(target.name, group.scimId)
  const isOpen = (id: string) => written.has(id) !== (change.change === 'add-members')
  const unsure = membersOf(change, userLookup(ledger, target.name)).ids.filter(isOpen)
  return [{ target: target.name, group: group.scimId, unsure }]
}

/** Thrown in place of a request that writes. */
class WouldWrite extends Error {}

function lookOnly(resources: Resources): Resources {
  const refuse = async () => {
    throw new WouldWrite()
  }
  return { ...resources, create: refuse, update: refuse, remove: refuse }
}
