import type { Finding } from '../../src/model.ts'
import type { Others } from './members.ts'

const KINDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  device: ['a device', 'devices'],
  orgContact: ['a contact', 'contacts'],
  servicePrincipal: ['an application', 'applications'],
}

/** Members that can be at no target: counted, a finding for each kind. */
export function othersIn(others: Others, source: string): Finding[] {
  const sums = new Map<string, number>()
  for (const kinds of Object.values(others)) {
    for (const [kind, ids] of Object.entries(kinds)) sums.set(kind, (sums.get(kind) ?? 0) + ids.length)
  }
  return [...sums]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([kind, count]) => {
      const [one, many] = KINDS[kind] ?? [`of kind ${kind}`, `of kind ${kind}`]
      const message = `${count === 1 ? `one member of a group is ${one}` : `${count} members of groups are ${many}`}, neither user nor group, and left out`
      return { finding: 'other-members', source, message }
    })
}
