import { expect, test } from 'vitest'
import { normalDn } from '../src/dn.ts'

test.for([
  ['case', 'UID=Ada,DC=Example', 'uid=ada,dc=example'],
  ['blanks around commas and signs', 'uid = ada , dc=example', 'uid=ada,dc=example'],
  ['blanks within', 'cn=Ada   Lovelace', 'cn=ada lovelace'],
  ['escapes in hex', 'cn=J\\c3\\bcrgen', 'cn=Jürgen'],
  ['escapes of what needs none', 'cn=\\A\\64\\61', 'cn=ada'],
  ['quotes as of old', 'cn="Lovelace, Ada"', 'cn=Lovelace\\, Ada'],
  ['hex and backslash', 'cn=Lovelace\\2c Ada', 'cn=Lovelace\\, Ada'],
  ['composed and decomposed', 'cn=Zoe\u0308', 'cn=Zoë'],
  ['the order of pairs in one part', 'cn=ada+uid=1,dc=x', 'uid=1+cn=ada,dc=x'],
])('%s do not make another name', ([, one = '', other = '']) => {
  expect(normalDn(one)).toBe(normalDn(other))
})

test.for([
  ['an escaped comma and one that divides', 'cn=a\\,b', 'cn=a,b'],
  ['an escaped plus and one that joins', 'cn=a\\+b=c', 'cn=a+b=c'],
  ['a backslash and none', 'cn=a\\\\b', 'cn=ab'],
  ['accents', 'cn=Zoë', 'cn=Zoe'],
  ['order of parts', 'cn=a,cn=b', 'cn=b,cn=a'],
])('%s do', ([, one = '', other = '']) => {
  expect(normalDn(one)).not.toBe(normalDn(other))
})
