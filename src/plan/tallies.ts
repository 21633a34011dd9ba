import type { Limits } from '../model.ts'
import { count, type Countable, type Counted, type Managed, type Tally } from '../pipeline/guard.ts'
import type { Planning } from './planning.ts'

/** Counts changes for the target and for each profile: limits hold for both. */
export function talliesOf({ target, profiles }: Planning) {
  const whole: Tally = {}
  const byProfile = new Map<string, Tally>()
  const of = (profile: string): Tally => {
    const known = byProfile.get(profile) ?? {}
    byProfile.set(profile, known)
    return known
  }
  return {
    count(change: Countable): void {
      count(whole, change)
      count(of(change.profile), change)
    },
    empty(profile: string): void {
      for (const tally of [whole, of(profile)]) tally['empty-group'] = (tally['empty-group'] ?? 0) + 1
    },
    counted: (
      managed: { readonly whole: Managed; of(profile: string): Managed },
      limits: Limits,
    ): readonly Counted[] => [
      { scope: `target ${target}`, tally: whole, managed: managed.whole, limits },
      ...profiles.map(({ name, limits: own }) => ({
        scope: `profile ${name}`,
        tally: of(name),
        managed: managed.of(name),
        limits: { ...limits, ...own },
      })),
    ],
  }
}
