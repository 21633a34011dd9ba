import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalDn } from '../../../src/dn.ts'
import { Members } from '../../../connectors/ldap/members.ts'

const value = fc.oneof(
  fc.constantFrom(
    'ada',
    'Ada',
    'ADA',
    ' ada',
    'ada ',
    'a  d',
    'a d',
    'jürgen',
    'J\\C3\\BCRGEN',
    '"x,y"',
    'x\\,y',
    'x\\2Cy',
    '#01',
    'a=b',
    '\0',
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }).map(text => text.replace(/[\\",+=]/g, '')),
)
const pair = fc.tuple(fc.constantFrom('uid', 'UID', 'cn', ' cn', 'ou '), value).map(([name, text]) => `${name}=${text}`)
const rdn = fc.array(pair, { minLength: 1, maxLength: 2 }).map(pairs => pairs.join('+'))
const dn = fc
  .tuple(fc.array(rdn, { minLength: 1, maxLength: 3 }), fc.constantFrom(',', ', ', ' ,'))
  .map(([parts, by]) => parts.join(by))

test('names are the same member exactly where their normal forms are the same', () => {
  fc.assert(
    fc.property(fc.array(dn, { minLength: 1, maxLength: 60 }), names => {
      const members = new Members()
      const numbers = names.map(name => members.byDn(Buffer.from(name), 0, Buffer.byteLength(name)))
      const forms = [...new Set(names.map(normalDn))]
      expect(numbers).toEqual(names.map(name => forms.indexOf(normalDn(name))))
    }),
    { numRuns: 500 },
  )
})

test('a hundred thousand names keep their numbers, and are told as they were', () => {
  const members = new Members()
  const names = Array.from({ length: 100_000 }, (_, nth) => Buffer.from(`--uid=Person${nth},ou=people,o=x--`))
  const number = (name: Buffer) => members.byDn(name, 2, name.length - 2)
  expect(names.every((name, nth) => number(name) === nth)).toBe(true)
  for (const name of names) members.add(number(name))
  const group = members.endGroup()
  members.meetUser(names[7]!, 2, names[7]!.length - 2, 'the seventh')
  const [ids] = members.of(group, 1e9)
  expect([ids?.[6], ids?.[7], ids?.length]).toEqual(['uid=person6,ou=people,o=x', 'the seventh', 100_000])
})
