import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directory, errorOf, failures } from './given.ts'

const PERSON = 'objectClass: top\nobjectClass: inetOrgPerson\n'
const GROUP = 'objectClass: groupOfNames\n'
const ADA = `dn: uid=ada,ou=people,dc=example,dc=com\n${PERSON}entryUUID: u-ada\nuid: ada\ncn: Ada Lovelace\n`
const GRACE = `dn: uid=grace,ou=people,dc=example,dc=com\n${PERSON}entryUUID: u-grace\nuid: grace\ncn: Grace Hopper\n`

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')

test('entries of people and groups, and nothing else, are read', async () => {
  const read = await directory(
    `version: 1

# the suffix
dn: dc=example,dc=com
objectClass: dcObject

${ADA}
dn: cn=printer,dc=example,dc=com
objectClass: device

dn: cn=PC1,dc=example,dc=com
objectClass: user
objectClass: computer
entryUUID: u-pc

dn: cn=Someone in the address book,dc=example,dc=com
objectClass: person
objectClass: contact
entryUUID: u-contact

dn: cn=all,ou=groups,dc=example,dc=com
${GROUP}entryUUID: g-all
cn: all
member: uid=ada,ou=people,dc=example,dc=com
`,
  ).read()
  expect([...read.users.keys(), ...read.groups.keys()]).toEqual(['u-ada', 'g-all'])
  expect(read.members.get('g-all')).toEqual(['u-ada'])
  expect(read.certificate.complete).toBe(true)
})

test('lines are unfolded, base64 is decoded, comments and carriage returns are passed over', async () => {
  const text = `version: 1
dn:: ${base64('uid=ada,ou=people,dc=example,dc=com')}
objectClass: inetOrg
 Person
entryUUID: u-ada
# a comment that goes on
  on the next line
cn:: ${base64('東雲 結衣')}
title:Count
 es
 s
description:   two  blanks
street: Łódź, raw UTF-8
`
  for (const lineBreak of ['\n', '\r\n']) {
    const { users } = await directory(text.replaceAll('\n', lineBreak)).read({
      userAttributes: ['title', 'description', 'street'],
    })
    expect(users.get('u-ada')).toMatchObject({
      name: '東雲 結衣',
      attributes: { title: 'Countess', description: 'two  blanks', street: 'Łódź, raw UTF-8' },
    })
  }
})

test('attributes are asked for in any spelling, and told in the one asked for', async () => {
  const { users } = await directory(`${ADA}GivenName: Ada\n`).read({ userAttributes: ['givenName', 'GIVENNAME'] })
  expect(users.get('u-ada')?.attributes).toEqual({ givenName: 'Ada', GIVENNAME: 'Ada' })
})

test('the file declares what anyone has, lists by nature and lists by configuration', async () => {
  const hq = directory(`${ADA}mail: a@example.com\nproxyAddresses: smtp:a@example.com\nnick: x\n`, { NICK: 'list' })
  expect(await hq.attributes()).toEqual({
    user: {
      objectClass: 'list',
      entryUUID: 'text',
      uid: 'text',
      cn: 'text',
      mail: 'text',
      proxyAddresses: 'list',
      nick: 'list',
    },
    group: {},
    caseInsensitive: true,
    closed: true,
  })
})

test('of several values the first in byte order is taken, and told; a list keeps all', async () => {
  const text = `${ADA}mail: z@example.com\nmail: Z@example.com\nmail: a@example.com\nproxyAddresses: 2\nproxyAddresses: 1\n`
  const read = await directory(text).read({ userAttributes: ['mail', 'proxyAddresses'] })
  expect(read.users.get('u-ada')?.attributes).toEqual({ mail: 'Z@example.com', proxyAddresses: ['2', '1'] })
  expect(read.findings).toEqual([
    {
      finding: 'several-values',
      source: 'hq',
      message:
        'mail has several values in 1 entry; the first in byte order is taken. To have them all, set attributes: { mail: list } on the source',
    },
  ])
  const listed = await directory(text, { mail: 'list' }).read({ userAttributes: ['mail'] })
  expect(listed.users.get('u-ada')?.attributes['mail']).toEqual(['z@example.com', 'Z@example.com', 'a@example.com'])
})

test('a value that is not UTF-8 is one that cannot be told, not one that is absent', async () => {
  const { users } = await directory(`${ADA}sn:: ${base64(Buffer.from('Müller', 'latin1'))}\ntitle: x\n`).read({
    userAttributes: ['sn', 'title'],
  })
  expect(users.get('u-ada')).toMatchObject({ attributes: { title: 'x' }, unknown: ['sn'] })
})

test('members are found whatever the spelling of their names, and by uid', async () => {
  const read = await directory(`dn: cn=all,dc=example,dc=com
objectClass: groupOfUniqueNames
entryUUID: g-all
cn: all
uniqueMember: UID=Ada, OU=People , dc=EXAMPLE,dc=com
uniqueMember: uid=gr\\61ce,ou=people,dc=example,dc=com#'0101'B
uniqueMember: cn=unix,dc=example,dc=com
uniqueMember: uid=nobody,dc=example,dc=com

dn: cn=unix,dc=example,dc=com
objectClass: posixGroup
entryUUID: g-unix
cn: unix
memberUid: ada
memberUid: stranger

${ADA}
${GRACE}`).read()
  expect(read.members.get('g-all')).toEqual(['u-ada', 'u-grace', 'g-unix', 'uid=nobody,dc=example,dc=com'])
  expect(read.members.get('g-unix')).toEqual(['u-ada', 'uid:stranger'])
})

test('one uid of two people cannot say which of them is a member: not certified', async () => {
  const twin = ADA.replace('ou=people', 'ou=guests').replace('u-ada', 'u-other')
  const read = await directory(`${ADA}\n${twin}\ndn: cn=unix,dc=example,dc=com
objectClass: posixGroup\nentryUUID: g\ncn: unix\nmemberUid: ada\n`).read()
  expect(failures(read)).toEqual([
    'uid-unique: 1 memberUid values mean several users: make uid unique, or export one branch',
  ])
})

test('people are known by what lasts: entryUUID, nsUniqueId, ipaUniqueID, objectGUID', async () => {
  const entry = (id: string) => `dn: cn=a,dc=example,dc=com\n${PERSON}${id}\ncn: a\n`
  const guid = base64(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))
  const ids = async (id: string) => [...(await directory(entry(id)).read()).users.keys()]
  expect(await ids('entryUUID: 1\nnsUniqueId: 2')).toEqual(['1'])
  expect(await ids('nsUniqueId: 2-2')).toEqual(['2-2'])
  expect(await ids('ipaUniqueID: 3-3')).toEqual(['3-3'])
  expect(await ids(`objectGUID:: ${guid}`)).toEqual(['33221100-5544-7766-8899-aabbccddeeff'])
  expect(await ids(`objectGUID:: ${base64('only ASCII bytes')}`)).toEqual(['796c6e6f-4120-4353-4949-206279746573'])
})

test('without any lasting id the name is the id, and a change of that sort is not certified', async () => {
  const byName = ADA.replace('entryUUID: u-ada\n', '')
  const first = await directory(ADA).read()
  const second = await directory(byName).read({ previous: first.certificate })
  expect([...second.users.keys()]).toEqual(['uid=ada,ou=people,dc=example,dc=com'])
  expect(failures(second)).toEqual([
    'ids-by-DN: people were known by entryUUID before, and are by DN now: export the same attributes as before',
  ])
  const before = await directory(byName).read()
  const third = await directory(byName).read({ previous: before.certificate })
  expect(failures(third)).toEqual([])
})

test('who may sign in is told only by exports that can know it', async () => {
  const enabled = async (lines: string, id = 'entryUUID: 1') =>
    [...(await directory(`dn: cn=a,dc=example,dc=com\n${PERSON}${id}\ncn: a\n${lines}`).read()).users.values()][0]
      ?.enabled
  expect(await enabled('')).toBe(true)
  expect(await enabled('pwdAccountLockedTime: 000001010000Z\n')).toBe(false)
  expect(await enabled('pwdAccountLockedTime: 20260504101500Z\n')).toBe(true)
  expect(await enabled('nsAccountLock: TRUE\n', 'nsUniqueId: 1')).toBe(false)
  expect(await enabled('', 'ipaUniqueID: 1')).toBe(undefined)
  expect(await enabled('nsAccountLock: true\n', 'ipaUniqueID: 1')).toBe(false)
  expect(await enabled('userAccountControl: 512\n', 'objectGUID: 1')).toBe(true)
  expect(await enabled('userAccountControl: 66050\n', 'objectGUID: 1')).toBe(false)
  expect(await enabled('userAccountControl: many\n', 'objectGUID: 1')).toBe(undefined)
  expect(await enabled('', 'objectGUID: 1')).toBe(undefined)
  expect(await enabled('', 'description: no id')).toBe(undefined)
})

test('what ldapsearch says at the end is held against the entries', async () => {
  const end = (result: string, count: number) =>
    `\n# search result\nsearch: 2\nresult: ${result}\n\n# numResponses: 9\n# numEntries: ${count}\n`
  expect(failures(await directory(`${ADA}\n${GRACE}${end('0 Success', 2)}`).read())).toEqual([])
  expect(failures(await directory(`${ADA}\n${GRACE}${end('4 Size limit exceeded', 2)}`).read())).toEqual([
    'search-result: hq.ldif: the search that wrote it ended with "4 Size limit exceeded"; export again without that limit',
  ])
  expect(failures(await directory(`${ADA}${end('0 Success', 2)}`).read())).toEqual([
    'entries-announced: hq.ldif: 1 entries, 2 announced by ldapsearch',
  ])
  // Two searches in one file: one that failed fails it, and counts add up.
  const both = `${ADA}${end('4 Size limit exceeded', 1)}\n${GRACE}${end('0 Success', 1)}`
  expect(failures(await directory(both).read()).map(text => text.split(':')[0])).toEqual(['search-result'])
})

test('a part that lies on another server is missing: not certified', async () => {
  const read = await directory(
    `${ADA}\n# search reference\nref: ldap://other.example.com/ou=x,dc=example,dc=com??sub\n`,
  ).read()
  expect(failures(read)).toEqual([
    'no-referrals: hq.ldif: 1 parts of the directory are on another server; export from one that holds all',
  ])
})

test('an empty file says nothing, and one with its version says that nobody is there', async () => {
  expect(failures(await directory('').read())).toEqual([
    'has-header: hq.ldif is empty: its first line is "version: 1" when there really is nobody',
  ])
  expect(failures(await directory('# nothing\n').read()).length).toBe(1)
  const nobody = directory('version: 1\n\n')
  expect((await nobody.read()).certificate).toMatchObject({ complete: true, users: 0 })
  expect(await nobody.attributes().catch((error: unknown) => error)).toMatchObject({ user: {}, closed: false })
})

test('two exports in one file, each with its version, are one directory', async () => {
  expect((await directory(`version: 1\n\n${ADA}\nversion: 1\n${GRACE}\n`).read()).users.size).toBe(2)
})

test('a link to another file is refused and never opened', async () => {
  const hq = directory('')
  const secret = join(hq.folder, 'secret')
  writeFileSync(secret, 'must not be read')
  writeFileSync(join(hq.folder, 'hq.ldif'), `${ADA}description:< file://${secret}\n`)
  const message = await errorOf(hq.read({ userAttributes: ['description'] }))
  expect(message).toContain('hq.ldif:7:13: a link to another file (":<"), which is never followed')
  expect(message).not.toContain('must not be read')
})

test.for([
  ['a change', `dn: uid=a,dc=x\nchangetype: modify\nreplace: cn\ncn: b\n-\n`, 'hq.ldif:5:1: not LDIF'],
  ['a deletion', `${ADA}\ndn: uid=a,dc=x\nchangetype: delete\n`, 'hq.ldif:9:1: a record of changes'],
  ['an addition', `dn: uid=a,dc=x\nchangetype: add\n${PERSON}`, 'hq.ldif:2:1: a record of changes'],
  ['cut off in a line', `${ADA}\n${GRACE.slice(0, -4)}`, 'hq.ldif:13:1: the file ends in the middle of a line'],
  ['cut off behind a dn', `${ADA}\ndn: uid=grace,dc=example,dc=com\n`, 'hq.ldif:8:1: a dn and nothing after it'],
  ['cut off in base64', `${ADA}sn:: QUJ\n`, 'hq.ldif:7:6: not base64'],
  ['no dn', `${PERSON}cn: a\n`, 'hq.ldif:1:1: a record must begin with its dn'],
  ['no colon', `${ADA}what is this\n`, 'hq.ldif:7:1: not LDIF'],
  ['another version', `version: 2\n${ADA}`, 'hq.ldif:1:1: an LDIF version other than 1'],
  ['a fold of nothing', ` x\n${ADA}`, 'hq.ldif:1:1: a folded line with nothing before it'],
  ['one dn twice', `${ADA}\n${ADA.toUpperCase().replaceAll('DN: ', 'dn: ')}`, 'hq.ldif:8:1: this dn stands'],
  ['a group without a name', `dn: cn=a,dc=x\n${GROUP}entryUUID: g\n`, 'hq.ldif:1:1: a group without a cn'],
  ['no objectClass', 'dn: cn=a,dc=x\ncn: a\n', 'hq.ldif:1:1: an entry without objectClass'],
  [
    'a part of the members',
    `dn: cn=a,dc=x\n${GROUP}cn: a\nmember;range=0-1499: cn=b,dc=x\n`,
    'hq.ldif:4:1: a group of which',
  ],
  [
    'someone without an id',
    `${ADA}\n${GRACE.replace('entryUUID: u-grace\n', '')}`,
    'hq.ldif:8:1: an entry with no lasting id',
  ],
  ['someone with an id', `${ADA.replace('entryUUID: u-ada\n', '')}\n${GRACE}`, 'hq.ldif:7:1: an entry with entryUUID'],
])('%s is an error with its place', async ([, text = '', message]) => {
  expect(await errorOf(directory(text).read())).toContain(`source_incomplete: file "hq": ${message}`)
})

test('a file that used to end in a blank line and does not is cut off between two lines', async () => {
  const whole = await directory(`${ADA}\n${GRACE}\n`).read()
  const cut = await directory(`${ADA}\n${GRACE}`).read({ previous: whole.certificate })
  expect(failures(cut)).toEqual([
    'ends-in-blank-line: hq.ldif: no blank line at the end, where there was one before. Cut off? Write it again, or add the blank line',
  ])
})

test('an attribute called __proto__ is an attribute', async () => {
  // RFC 4512 names have no underscore; the file is refused rather than read half.
  expect(await errorOf(directory(`${ADA}__proto__: x\n`).read())).toContain('hq.ldif:7:1: not LDIF')
  const { users } = await directory(`${ADA}constructor: x\n`).read({ userAttributes: ['constructor', '__proto__'] })
  expect(Object.entries(users.get('u-ada')?.attributes ?? {})).toEqual([['constructor', 'x']])
})

test('any text comes back as it was, wherever lines are folded and the file is cut into pieces', async () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', ':', '<', '\n', '\r', '\\', 'é', '\u{1F431}'),
    minLength: 1,
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 20 }),
      fc.integer({ min: 2, max: 80 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 0, max: 8 }),
      async (titles, width, lineBreak, shift) => {
        // The first entry is so long that the others lie around the border of two pieces (256 KiB).
        const filler = 'x'.repeat(256 * 1024 - 800 - shift)
        const lines = [filler, ...titles].flatMap((title, at) => [
          `dn: uid=${at},dc=example,dc=com`,
          'objectClass: person',
          `entryUUID: ${at}`,
          at === 0
            ? `title: ${title}`
            : (`title:: ${base64(title)}`.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(`${lineBreak} `),
          '',
        ])
        const { users } = await directory(lines.join(lineBreak) + lineBreak).read({ userAttributes: ['title'] })
        expect([...users.values()].map(({ attributes }) => attributes['title'])).toEqual([filler, ...titles])
      },
    ),
    { numRuns: 60 },
  )
})
