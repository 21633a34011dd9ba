import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Malformed } from '../../../connectors/ldap/ber.ts'
import { decoder, dnOf } from '../../../connectors/ldap/entry.ts'
import { Frames } from '../../../connectors/ldap/frames.ts'
import { referencesOf, resultOf } from '../../../connectors/ldap/result.ts'
import { entryBytes, message, result, tlv } from '../../support/fake-ldap.ts'

const SLOTS = ['cn', 'mail'].map(name => ({ name, as: 'text' as const }))

const sent = fc.record({
  id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  dn: fc.string({ unit: 'binary' }),
  cn: fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 3 }),
  other: fc.array(fc.string()),
})

test('entries are the same however the bytes are cut on the way', () => {
  fc.assert(
    fc.property(fc.array(sent, { minLength: 1, maxLength: 8 }), fc.array(fc.nat(3_000)), (entries, cuts) => {
      const bytes = Buffer.concat(
        entries.map(({ id, dn, cn, other }) => message(id, entryBytes({ dn, attributes: { CN: cn, other } }))),
      )
      const frames = new Frames()
      const decode = decoder(SLOTS)
      const at = [0, ...cuts.map(cut => cut % bytes.length).sort((one, two) => one - two), bytes.length]
      const found = at.slice(1).flatMap((end, nth) =>
        frames.push(Buffer.from(bytes.subarray(at[nth], end))).map(message => {
          const entry = decode(message)
          return { id: message.id, dn: dnOf(entry), cn: entry.values[0] ?? [] }
        }),
      )
      expect(found).toEqual(entries.map(({ id, dn, cn }) => ({ id, dn, cn })))
      expect(frames.empty).toBe(true)
    }),
  )
})

/** Whatever is sent, it is understood or it is refused; nothing else happens, and it ends. */
function outcome(bytes: Buffer): string {
  try {
    for (const message of new Frames(1 << 16).push(bytes)) {
      for (const read of [decoder(SLOTS), resultOf, referencesOf]) {
        try {
          read(message)
        } catch (error) {
          if (!(error instanceof Malformed)) throw error
        }
      }
    }
    return 'understood'
  } catch (error) {
    return error instanceof Malformed ? 'refused' : String(error)
  }
}
const ENDS = /^(understood|refused)$/

describe('bytes that are not LDAP are refused and do no harm', () => {
  test('any', () => {
    const any = fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))
    const within = any.map(bytes => message(1, tlv(0x64, bytes)))
    fc.assert(
      fc.property(fc.oneof(any, within), bytes => {
        expect(outcome(bytes)).toMatch(ENDS)
      }),
      { numRuns: 2_000 },
    )
  })
  test('almost right', () => {
    const whole = [
      message(7, entryBytes({ dn: 'uid=ada', attributes: { cn: ['Ada'], mail: ['a@example.com', 'b'] } })),
      message(7, tlv(0x65, result({ code: 10, referrals: ['ldap://x'] }))),
      message(7, tlv(0x73, tlv(0x04, Buffer.from('ldap://x')))),
    ]
    fc.assert(
      fc.property(fc.constantFrom(...whole), fc.nat(), fc.nat(255), (bytes, at, byte) => {
        const altered = Buffer.from(bytes)
        altered[at % altered.length] = byte
        expect(outcome(altered)).toMatch(ENDS)
      }),
      { numRuns: 3_000 },
    )
  })
})

test('values are what their attribute is: text, an id, a security id, bytes', () => {
  const slots = [
    { name: 'objectGUID', as: 'guid' },
    { name: 'objectSid', as: 'sid' },
    { name: 'photo', as: 'base64' },
    { name: 'cn', as: 'text' },
  ] as const
  const attributes = {
    OBJECTGUID: [Buffer.from('260f70d595918b4fb92f7eeb17b9cb35', 'hex')],
    objectSid: [Buffer.from('010500000000000515000000a065cf7e784b9b5fe77c8770091c0100', 'hex')],
    photo: [Buffer.from([0, 255])],
    cn: ['Zoë', '結衣', Buffer.from([0xff]), '\ufffd'],
  }
  const [only] = new Frames().push(message(1, entryBytes({ dn: '', attributes })))
  const { values, garbled } = decoder(slots)(only!)
  expect(values).toEqual([
    ['d5700f26-9195-4f8b-b92f-7eeb17b9cb35'],
    ['S-1-5-21-2127521184-1604012920-1887927527-72713'],
    ['AP8='],
    ['Zoë', '結衣', '\ufffd'],
  ])
  expect(garbled).toEqual([3])
})

test('an id that has not the length of one is none', () => {
  const [only] = new Frames().push(message(1, entryBytes({ dn: '', attributes: { objectGUID: ['short'] } })))
  const { values, garbled } = decoder([{ name: 'objectGUID', as: 'guid' }])(only!)
  expect([values, garbled]).toEqual([[undefined], [0]])
})
