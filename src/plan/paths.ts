import type { Profile } from '../model.ts'
import type { ManagedPaths } from '../state.ts'
import type { Target } from '../target.ts'

/** The attributes that some profile of one target manages, and whether the target shows members. */
export function managedPaths(profiles: readonly Profile[], { dialect }: Pick<Target, 'dialect'>): ManagedPaths {
  const all = (of: (profile: Profile) => readonly { readonly path: string }[]) =>
    [...new Set(profiles.flatMap(of).map(({ path }) => path))].sort()
  return {
    user: all(({ user }) => user),
    group: all(({ group }) => group),
    members: dialect.members.readable === 'full',
  }
}
