import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '../../src/model.ts'
import { GROUP } from '../../src/sandbox/attributes.ts'
import { memberDraft } from '../../src/sandbox/members.ts'
import { parsePatch, patch } from '../../src/sandbox/patch.ts'

const IDS = ['ada', 'ben', 'cho', 'dov', 'eve']
const RULES = {
  unknownMember: 404,
  removal: { pathFilter: true, valueArray: 'removes-all' },
  replaceMembers: true,
  partial: false,
  named: () => {},
  isKnown: (id: string) => IDS.includes(id),
  show: (id: string) => ({ value: id, type: 'User' }),
} as const

const ids = fc.array(fc.constantFrom(...IDS), { maxLength: 4 })
const list = ids.map(all => all.map(value => ({ value, type: 'User' })))
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom('add', 'replace'), path: fc.constantFrom('members', 'Members'), value: list }),
  fc.record({ op: fc.constantFrom('add', 'replace'), value: list.map(members => ({ members })) }),
  fc.constantFrom(...IDS).map(id => ({ op: 'remove', path: `members[value eq "${id}"]` })),
  fc.constantFrom(
    { op: 'remove', path: 'members' },
    { op: 'remove', path: 'members[value gt "b" and type eq "user"]' },
  ),
)

/** The PATCH engine, to which members are a list like any other. */
test('members change as the list they stand for would', () => {
  fc.assert(
    fc.property(ids, fc.array(operation, { minLength: 1, maxLength: 8 }), (before, all) => {
      const operations = parsePatch(
        { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: all as Json[] },
        GROUP,
      )
      const current = new Set(before)
      const draft = memberDraft(current, RULES)
      for (const one of operations) draft.apply(one)
      const { clear, add, remove } = draft.change() ?? { add: [], remove: [] }

      const members = [...current].map(value => ({ value, type: 'User' }))
      const after = patch({ displayName: 'g', members }, operations, '*')['members'] as { value: string }[] | undefined
      const wanted = new Set((after ?? []).map(({ value }) => value))

      const got = new Set(clear ? [] : current)
      for (const id of remove) expect(got.delete(id)).toBe(true) // nothing is removed that is not there
      for (const id of add) {
        expect(got.has(id)).toBe(false) // nor added that is
        got.add(id)
      }
      expect([...got].toSorted()).toEqual([...wanted].toSorted())
    }),
    { numRuns: 3_000 },
  )
})
