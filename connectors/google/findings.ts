import type { Finding } from '../../src/model.ts'
import type { LeftOut } from './memberships.ts'

interface Seen {
  readonly archived: number
  readonly outside: number
  readonly unsaid: number
}

/** What a person should know about one reading; each kind once, with its number. */
export function findingsOf(source: string, { archived, outside, unsaid }: Seen, leftOut: LeftOut): Finding[] {
  const say = (count: number, finding: string, message: string): Finding[] =>
    count > 0 ? [{ finding, source, message: `${count} ${message}` }] : []
  return [
    ...say(
      unsaid,
      'state-unknown',
      'users do not say whether they are suspended or archived, as new users may not for some minutes; they are held until they do',
    ),
    ...say(archived, 'archived', 'users are archived, and count as disabled'),
    ...say(
      outside,
      'outside-org-units',
      'users belong to organisational units that are not in orgUnits, and are left out',
    ),
    ...say(
      leftOut.external,
      'external-members',
      'memberships are of people or addresses outside this customer, and are left out',
    ),
    ...say(leftOut.foreign, 'external-groups', 'memberships are of groups of other organisations, and are left out'),
    ...say(
      leftOut.ambiguous,
      'ambiguous-members',
      'memberships are under an address that is an alias of several users or groups, and are left out; give each alias to one',
    ),
    ...say(leftOut.outside, 'out-of-scope-members', 'memberships are of users outside orgUnits, and are left out'),
  ]
}
