import type { ReadingPart } from '../../src/connector.ts'
import type { Remark } from './convert.ts'

/** What is remarkable about the values of a reading: counted, and told once for each attribute. */
export interface Remarks {
  take(remarks: readonly Remark[]): void
  hiddenMembers(): void
  findings(source: string): Iterable<ReadingPart>
}

const SAYS: Readonly<Record<Remark['remark'], (attribute: string, entries: string) => string>> = {
  'several-values': (attribute, entries) =>
    `${attribute} has several values in ${entries}; the first in byte order is taken. To have them all, set attributes: { ${attribute}: list } on the source`,
  'not-text': (attribute, entries) => `${attribute} is not text (UTF-8) in ${entries}, and taken as unknown there`,
  'not-a-number': (attribute, entries) =>
    `${attribute} is not a number that can be kept exactly in ${entries}, and taken as unknown there; set attributes: { ${attribute}: text } on the source`,
  'not-a-boolean': (attribute, entries) =>
    `${attribute} is neither TRUE nor FALSE in ${entries}, and taken as unknown there; set attributes: { ${attribute}: text } on the source`,
  'ranged-values': (attribute, entries) =>
    `${attribute} has more values in ${entries} than the server gives at once, and is taken as unknown there`,
}

export function remarks(): Remarks {
  const counts = new Map<Remark['remark'], Map<string, number>>()
  let hidden = 0
  return {
    take(remarks) {
      for (const { remark, attribute } of remarks) {
        const of = counts.get(remark) ?? new Map<string, number>()
        counts.set(remark, of.set(attribute, (of.get(attribute) ?? 0) + 1))
      }
    },
    hiddenMembers() {
      hidden++
    },
    *findings(source) {
      for (const [finding, of] of counts) {
        for (const [attribute, count] of of) {
          const message = SAYS[finding](attribute, count === 1 ? 'one entry' : `${count} entries`)
          yield { part: 'finding', finding: { finding, source, message } }
        }
      }
      if (hidden === 0) return
      const message = `${hidden === 1 ? 'one group shows' : `${hidden} groups show`} no members, though there must be some: their memberships stay as they were. Let the account read member, uniqueMember and memberURL`
      yield { part: 'finding', finding: { finding: 'members-hidden', source, message } }
    },
  }
}
