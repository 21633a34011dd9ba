import type { Managed } from '../pipeline/guard.ts'
import type { Population } from '../state.ts'
import type { Planning } from './planning.ts'
import { GROUP, type Roles, USER } from './roles.ts'

/** What is managed at the target, in all and by the profile of each link: linked active users, groups, their members. */
export function managedBy(
  { profiles }: Planning,
  people: Population,
  roles: Roles,
): { readonly whole: Managed; of(profile: string): Managed } {
  const none = () => ({ users: 0, groups: 0, memberships: 0 })
  const whole = none()
  const byProfile = new Map(profiles.map(({ name }) => [name, none()]))
  for (let at = 0; at < people.atTarget; at++) {
    const node = people.linkOf[at]!
    if (node === 0 || people.liveAt[at] !== 1) continue
    const own = byProfile.get(roles.linkProfileOf(node)?.name ?? '')
    for (const managed of own ? [whole, own] : [whole]) {
      if (people.kindAt[at] === USER) managed.users += people.activeAt[at]!
      else if (people.kindAt[at] === GROUP) {
        managed.groups++
        managed.memberships += people.memberCountAt[at]!
      }
    }
  }
  return { whole, of: profile => byProfile.get(profile) ?? none() }
}
