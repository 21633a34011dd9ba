import fc from 'fast-check'
import { BerWriter, Filter, FilterParser } from 'ldapts'
import { describe, expect, test } from 'vitest'
import { filterBytes } from '../../../connectors/ldap/filter.ts'

/** As ldapts writes it, which is right where everything is ASCII. */
function byLdapts(text: string): string {
  const writer = new BerWriter()
  FilterParser.parseString(text).write(writer)
  return writer.buffer.toString('hex')
}

describe('a filter', () => {
  test.each([
    '(cn=Babs Jensen)',
    '(!(cn=Tim Howes))',
    '(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))',
    '(o=univ*of*mich*)',
    '(cn=*)',
    '(a=*b)',
    '(age>=5)',
    '(age<=5)',
    '(cn~=jon)',
    '(cn:caseExactMatch:=Fred Flintstone)',
    '(userAccountControl:1.2.840.113556.1.4.803:=2)',
    '(cn:=Betty Rubble)',
    '(sn:dn:2.4.6.8.10:=Barney)',
    '(o:dn:=Ace Industry)',
    '(:caseExactMatch:=Wilma)',
    '(cn=\\2a\\28\\29\\5c)',
    `(description=${'long '.repeat(100)})`,
  ])('%s is what ldapts makes of it', text => {
    expect(filterBytes(text).toString('hex')).toBe(byLdapts(text))
  })

  test('has bytes for its escapes, not characters', () => {
    const bytes = filterBytes('(objectGUID=\\26\\0f\\ff\\80)')
    expect(bytes.subarray(-4).toString('hex')).toBe('260fff80')
    expect(filterBytes('(cn=Jos\\c3\\a9)')).toEqual(filterBytes('(cn=José)'))
  })

  test('may have blanks and line breaks between its parts', () => {
    expect(filterBytes(' ( & (a=b)\n  (| (c=*) (d=e f ) ) ) ')).toEqual(filterBytes('(&(a=b)(|(c=*)(d=e f )))'))
  })

  test('of no conditions is one that is always met, or never (RFC 4526)', () => {
    expect([filterBytes('(&)').toString('hex'), filterBytes('(|)').toString('hex')]).toEqual(['a000', 'a100'])
  })

  test.each([
    ['', '"(" expected, at character 1'],
    ['cn=x', '"(" expected, at character 1'],
    ['(cn=x', '")" expected, at character 6'],
    ['(cn=x))', 'something follows'],
    ['(cn=a(b)', '")" expected, at character 6'],
    ['(cn)', 'an attribute and one of'],
    ['(=x)', 'an attribute expected'],
    ['(cn=\\zz)', 'two hexadecimal digits'],
    ['(cn>=a*)', '"*" has a meaning after = only'],
    ['(cn:a:b:=x)', 'attribute:rule:=value'],
    ['(!)', '"(" expected'],
    ['('.repeat(5_000), 'expected'],
    ['(!'.repeat(5_000), 'nested too deeply'],
  ])('%s is refused, and says where', (text, message) => {
    expect(() => filterBytes(text)).toThrow(message)
  })

  test('takes whatever text is escaped as one value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const value = Buffer.from(text)
        const bytes = filterBytes(`(cn=${Filter.escape(text)})`)
        expect(bytes.subarray(bytes.length - value.length)).toEqual(value)
        expect(bytes[0]).toBe(0xa3)
      }),
    )
  })
})
