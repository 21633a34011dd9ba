import { keyOf } from '../pipeline/canonical.ts'
import { RollcallError } from '../errors.ts'
import type { Change } from '../model.ts'
import type { Population } from '../state.ts'
import { holdersOf, keyText, sameKey } from './holders.ts'
import { KeySet } from './keys.ts'
import type { PeoplePlan } from './people.ts'
import type { Comparing } from './planning.ts'

/** What `--profile` and `--user` leave of a finished plan; everyone else stays as they are. */
export interface Only {
  readonly profiles?: readonly string[]
  readonly users?: readonly string[]
}

/** Returns what is left of a change, or undefined. A user NAME that nobody has is a `usage` error. */
export function filterOf(
  planning: Comparing,
  people: Population,
  who: PeoplePlan,
  { profiles, users }: Only,
): (change: Change) => Change | undefined {
  const named = users && new Set(users.flatMap(name => keysNamed(planning, people, who, name)))
  return change => {
    if (profiles && !profiles.includes(change.profile)) return undefined
    if (!named) return change
    if (change.change === 'add-members' || change.change === 'remove-members') {
      const { strangers: _, ...rest } = change
      const members = change.members.filter(id => named.has(`${change.source}\0${id}`))
      return members.length > 0 ? { ...rest, members } : undefined
    }
    if (change.change.endsWith('-group')) return undefined
    return named.has(`${change.source}\0${change.sourceId}`) ? change : undefined
  }
}

/** `source\0id` of everyone called so: by source id, userName or e-mail address, at the source or at the target. */
function keysNamed(
  { cache, target, desired }: Comparing,
  people: Population,
  { roles }: PeoplePlan,
  name: string,
): string[] {
  const wanted = new KeySet()
  wanted.add(keyOf(name))
  const found = new Set<number>()
  const key = keyOf(name)
  for (let node = 0; node < people.nodes; node++) {
    if (people.keyName[node] !== key && people.keyMail[node] !== key) continue
    const resource = desired(node).resource ?? {}
    if (['userName', 'emails'].some(attribute => sameKey(attribute, keyText(resource, attribute) ?? '', name)))
      found.add(node)
  }
  const holders = holdersOf(cache, target, 'user', wanted)
  for (const at of [...holders.of('userName', name), ...holders.of('emails', name)])
    if (people.linkOf[at] !== 0) found.add(people.linkOf[at]!)
  for (const [node, id] of cache.ids().entries()) if (id === name) found.add(node)
  if (found.size === 0)
    throw new RollcallError(
      'usage',
      `--user ${JSON.stringify(name)}: nobody has this userName, e-mail address or source id. \`rollcall explain user\` looks for one.`,
    )
  return [...found].map(node => `${roles.sourceOf(node)}\0${cache.idOf('user', node)}`)
}
