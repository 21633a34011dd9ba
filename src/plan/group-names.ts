import type { Profile, ScimResource } from '../model.ts'
import type { Population } from '../state.ts'
import { keyText } from './holders.ts'
import type { Planning } from './planning.ts'

/** One group as it is to be at the target. */
export interface DesiredGroup {
  /** The node whose link it is, or will be. */
  readonly node: number
  readonly profile: Profile
  readonly name: string
  readonly resource: ScimResource
  /** By index in the scope: one, or several where `mergeGroups` makes them one. */
  readonly from: readonly number[]
  /** The number at the target, of one that is linked or to be adopted. */
  readonly at: number
}

/** What a group is called at the target. */
export function nameAt({ cache }: Planning, at: number): string {
  const { id, resource } = cache.current('group', at)
  return keyText(resource, 'displayName') ?? id
}

/** The same with its id, for messages. */
export function holderName({ cache }: Planning, people: Population, at: number): string {
  const { id, resource } = cache.current('group', at)
  const name = keyText(resource, 'displayName') ?? id
  return `the group ${JSON.stringify(name)} (${id}${people.linkOf[at] === 0 ? ', not managed by rollcall' : ''})`
}
