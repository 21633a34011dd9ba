import type { Profile } from '../model.ts'
import { HELD, INACTIVE, MAPPED, OWNER_SHIFT, type Population } from '../state.ts'
import type { Planning } from './planning.ts'

/** What the columns of a population say about one user, in words. */
export interface Roles {
  /** By number: the source's name. */
  sourceOf(node: number): string
  /** Whose mapping this user has; undefined where nobody takes the user in. */
  ownerOf(node: number): Profile | undefined
  /** The owner's place in the order of precedence, from 0. */
  rankOf(node: number): number
  /** Whose link this user has: undefined where that profile is no longer configured for this target. */
  linkProfileOf(node: number): Profile | undefined
  isMapped(node: number): boolean
  isHeld(node: number): boolean
  /** Disabled at the source. */
  isInactive(node: number): boolean
  /** Linked, and still at the target. */
  isHere(node: number): boolean
  /** Whether anything destructive may be planned for this user or group (I1, I13). */
  isCertain(node: number): boolean
  /** Whether the source is among those of the profiles. */
  isConfigured(node: number): boolean
  /** Gone from the last certified reading of a source that is configured. */
  isGone(node: number): boolean
}

export function rolesOf({ profiles, certified }: Planning, people: Population): Roles {
  const names: string[] = []
  for (const [name, num] of people.sources) names[num] = name
  const configured = new Set(profiles.map(({ source }) => source))
  const byName = new Map(profiles.map(profile => [profile.name, profile]))
  const sourceOf = (node: number) => names[people.source[node]!] ?? ''
  const stateOf = (node: number) => (people.live[node] === USER ? people.state[node]! : 0)
  return {
    sourceOf,
    ownerOf: node => profiles[(stateOf(node) >>> OWNER_SHIFT) - 1],
    rankOf: node => (stateOf(node) >>> OWNER_SHIFT) - 1,
    linkProfileOf: node => byName.get(people.profileNames[people.linkProfile[node]!] ?? ''),
    isMapped: node => (stateOf(node) & MAPPED) !== 0,
    isHeld: node => (stateOf(node) & HELD) !== 0,
    isInactive: node => (stateOf(node) & INACTIVE) !== 0,
    isHere: node => people.link[node] !== 0 && people.liveAt[people.link[node]!] === 1,
    isCertain: node => certified.has(sourceOf(node)),
    isConfigured: node => configured.has(sourceOf(node)),
    isGone: node => people.live[node] === 0 && configured.has(sourceOf(node)),
  }
}

export const USER = 1
export const GROUP = 2
