import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { flat } from '../../support/flat.ts'
import { largeCompany } from '../../support/large.ts'
import { GROUPS, ldifEntry, PEOPLE } from '../../support/ldif.ts'
import { checking, type Reading, reading } from '../../support/reading.ts'
import {
  LDAPSEARCH,
  certificates,
  READER,
  type Slapd,
  slapdAvailable,
  startSlapd,
  SUFFIX,
} from '../../support/slapd.ts'
import { sourceOf } from './given.ts'

const TREE = { users: { base: PEOPLE }, groups: { base: GROUPS } }
const uuid = (nth: number) => `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`

const ADA = ldifEntry(`uid=ada,${PEOPLE}`, {
  objectClass: ['inetOrgPerson', 'colleague'],
  uid: 'ada',
  cn: ['Ada', 'Ada Lovelace'],
  sn: 'Lovelace',
  givenName: 'José',
  mail: ['ada@example.com', 'countess@example.com'],
  shoeSize: '38',
  robot: 'FALSE',
  badge: Buffer.from([0xff, 0x00, 0x80]),
  jpegPhoto: Buffer.from([0xff, 0xd8, 0xff]),
  entryUUID: uuid(1),
})
const GRACE = ldifEntry(`cn=Hopper\\, Grace+uid=grace,${PEOPLE}`, {
  objectClass: 'inetOrgPerson',
  uid: 'grace',
  cn: 'Hopper, Grace',
  sn: 'Hopper',
  entryUUID: uuid(2),
})
const TEAMS = [
  ldifEntry(`cn=names,${GROUPS}`, {
    objectClass: 'groupOfNames',
    cn: 'names',
    member: `UID=Ada,${PEOPLE}`,
    entryUUID: uuid(11),
  }),
  ldifEntry(`cn=unique,${GROUPS}`, {
    objectClass: 'groupOfUniqueNames',
    cn: 'unique',
    uniqueMember: [`uid=grace + cn=hopper\\2C grace,${PEOPLE}`, `uid=ada,${PEOPLE}#'01'B`],
    entryUUID: uuid(12),
  }),
  ldifEntry(`cn=posix,${GROUPS}`, {
    objectClass: 'posixGroup',
    cn: 'posix',
    gidNumber: '1',
    memberUid: ['ada', 'grace'],
    entryUUID: uuid(13),
  }),
]

const failing = ({ certificate }: Reading) =>
  certificate.checks.filter(({ passed }) => !passed).map(({ check }) => check)
const lines = (source: ReturnType<typeof sourceOf>) => checking(source)

describe.skipIf(!slapdAvailable)('a real OpenLDAP server', () => {
  let server: Slapd
  const at = (more: object = {}) => sourceOf({ url: server.url, ...TREE, ...more })
  beforeAll(async () => {
    server = await startSlapd({ ldif: [ADA, GRACE, ...TEAMS], tls: true })
  })
  afterAll(() => server?.stop())

  test('values of every sort arrive as declared', async () => {
    const userAttributes = ['mail', 'shoeSize', 'robot', 'jpegPhoto', 'badge', 'givenName', 'modifyTimestamp', 'title']
    const attributes = { mail: 'list', shoeSize: 'number', robot: 'boolean' }
    const { users } = await reading(at({ attributes }), { userAttributes })
    expect(users.get(uuid(1))).toEqual({
      id: uuid(1),
      enabled: true,
      name: 'Ada',
      attributes: {
        mail: ['ada@example.com', 'countess@example.com'],
        shoeSize: 38,
        robot: false,
        jpegPhoto: '/9j/',
        givenName: 'José',
        modifyTimestamp: expect.stringMatching(/^\d{14}Z$/),
      },
      unknown: ['badge'],
    })
  })

  test('members by name, by unique name and by uid are members', async () => {
    const { members } = await reading(at())
    expect(new Set(members.get(uuid(11)))).toEqual(new Set([uuid(1)]))
    expect(new Set(members.get(uuid(12)))).toEqual(new Set([uuid(2), uuid(1)]))
    expect(new Set(members.get(uuid(13)))).toEqual(new Set([uuid(1), uuid(2)]))
  })

  test.each([
    ['(givenName=Jos\\c3\\a9)', 1],
    ['(givenName=José)', 1],
    ['(& (objectClass=person) (!(uid=grace)) )', 1],
    ['(|(uid=gr*ce)(cn=*lovelace))', 2],
    ['(uid:caseExactMatch:=ADA)', 0],
    ['(&(modifyTimestamp>=20200101000000Z)(uid=*))', 2],
    ['(cn=\\2a)', 0],
  ])('the filter %s finds what ldapsearch finds', async (filter, count) => {
    const how = ['-x', '-LLL', '-H', server.url, '-D', READER.dn, '-w', READER.password, '-b', PEOPLE, filter, '1.1']
    const { stdout } = spawnSync(LDAPSEARCH, how, { encoding: 'utf8' })
    expect(stdout.match(/^dn:/gm)?.length ?? 0).toBe(count)
    expect((await reading(at({ users: { base: PEOPLE, filter } }))).users.size).toBe(count)
  })

  test('a scope of one level leaves out what is below', async () => {
    const { users } = await reading(
      at({ users: { base: SUFFIX, scope: 'one', filter: '(objectClass=*)' }, groups: undefined }),
    )
    expect(users.size).toBe(3) // the account, and the two branches
  })

  describe('over TLS', () => {
    const tls = (more: object = {}) => ({ tls: { ca: server.tls?.ca, ...more } })
    const startTls = (more: object = {}) => at(tls({ startTls: true, ...more }))

    test('from the first byte and by StartTLS, by name and by address', async () => {
      const byAddress = server.tlsUrl.replace('localhost', '127.0.0.1')
      for (const source of [at({ url: server.tlsUrl, ...tls() }), at({ url: byAddress, ...tls() }), startTls()]) {
        expect((await reading(source)).users.size).toBe(2)
      }
    })
    test('an authority that is not known here is refused', async () => {
      await expect(reading(at({ url: server.tlsUrl }))).rejects.toThrow(
        /not from an authority known here.*tls: { ca: FILE }/,
      )
      const folder = mkdtempSync(join(tmpdir(), 'rollcall-other-'))
      const { ca } = certificates(folder)
      await expect(reading(at({ tls: { startTls: true, ca } }))).rejects.toThrow(/authority/)
      rmSync(folder, { recursive: true })
    })
    test('a certificate for another name is refused', async () => {
      const other = { serverName: 'dc1.example.com' }
      await expect(reading(startTls(other))).rejects.toThrow(/certificate is for another name/)
      await expect(reading(at({ url: server.tlsUrl, ...tls(other) }))).rejects.toThrow(/another name/)
    })
    test('the client certificate signs in', async () => {
      const { clientCert, clientKey } = server.tls ?? {}
      const source = startTls({ cert: clientCert, key: clientKey })
      const external = sourceOf({
        url: server.url,
        ...TREE,
        bind: { external: true },
        ...tls({ startTls: true, cert: clientCert, key: clientKey }),
      })
      expect([(await reading(source)).users.size, (await reading(external)).users.size]).toEqual([2, 2])
    })
    test('a port that speaks plainly is told', async () => {
      const url = server.url.replace('ldap:', 'ldaps:')
      await expect(reading(at({ url, ...tls() }))).rejects.toMatchObject({ code: 'source_incomplete' })
    })
  })

  test('through the socket, the user that runs this signs in', async () => {
    const source = at({ url: server.socketUrl, bind: { external: true } })
    expect((await reading(source)).users.size).toBe(2)
    expect((await lines(source))[0]).toEqual({ ok: true, what: `connects to ${server.socketUrl}` })
  })

  test('a wrong password, and one that is empty, do not get in', async () => {
    const bind = (value: string) => {
      process.env['LDAP_TEST_WRONG'] = value
      return at({ bind: { dn: READER.dn, password: { env: 'LDAP_TEST_WRONG' } } })
    }
    await expect(reading(bind('wrong'))).rejects.toMatchObject({ code: 'source_denied' })
    await expect(reading(bind(''))).rejects.toMatchObject({ code: 'secret_unavailable' })
  })

  test('whoever may not see the base is told so', async () => {
    await expect(reading(at({ bind: { anonymous: true } }))).rejects.toThrow(/may not see it.*let anonymous read it/)
    await expect(reading(at({ users: { base: `ou=nowhere,${SUFFIX}` } }))).rejects.toThrow(/no such entry/)
  })

  test('the connection test says what it found, and what to do', async () => {
    expect((await lines(at())).map(({ ok, what }) => `${ok} ${what}`)).toEqual([
      `true connects to ${server.url}`,
      `true signs in as ${READER.dn}`,
      'true the server is OpenLDAP: people are known by entryUUID',
      'true the base of the users is there',
      'true the first page of the users has 2',
      'true the base of the groups is there',
      'true the first page of the groups has 3',
    ])
    const wrong = await lines(at({ groups: { base: 'ou=nowhere,dc=example,dc=com' } }))
    expect(wrong.at(-1)).toMatchObject({ ok: false, now: expect.stringContaining('no such entry') })
    const ids = await lines(at({ vendor: 'ad', users: { base: PEOPLE, filter: '(uid=*)' }, groups: undefined }))
    expect(ids.at(-1)).toMatchObject({
      ok: false,
      now: expect.stringContaining('let cn=reader,dc=example,dc=com read objectGUID'),
    })
    expect(await lines(at({ url: 'ldap://127.0.0.1:1' }))).toMatchObject([
      { ok: false, now: expect.stringContaining('refused') },
    ])
  })

  test('a change moves what the certificate says the data is as of; a server that went back is not believed', async () => {
    const before = (await reading(at())).certificate
    server.modify(`dn: uid=ada,${PEOPLE}\nchangetype: modify\nreplace: title\ntitle: Countess\n`)
    const after = await reading(at(), { previous: before })
    expect(failing(after)).toEqual([])
    expect(after.certificate.asOf! > before.asOf!).toBe(true)
    expect(
      failing(
        await reading(at(), { previous: { ...after.certificate, asOf: '29991231235959.000000Z#000000#000#000000' } }),
      ),
    ).toEqual(['not-older'])
  })
})

describe.skipIf(!slapdAvailable)('a real OpenLDAP server with less to give', () => {
  let server: Slapd
  const people = Array.from({ length: 30 }, (_, nth) =>
    ldifEntry(`uid=p${nth},${PEOPLE}`, {
      objectClass: 'inetOrgPerson',
      uid: `p${nth}`,
      cn: 'x',
      sn: 'x',
      entryUUID: uuid(nth + 1),
    }),
  )
  afterAll(() => server?.stop())

  test('a size limit is an error with the line that lifts it, whatever the page size', async () => {
    server = await startSlapd({ ldif: people, limits: 'size.soft=20 size.hard=20' })
    for (const pageSize of [5, 1000]) {
      const read = reading(sourceOf({ url: server.url, ...TREE, pageSize }))
      await expect(read).rejects.toThrow(`limits dn.exact="${READER.dn}" size=unlimited time=unlimited`)
    }
    await server.stop()
  })

  test('members that the account may not see are unknown, and not none', async () => {
    const team = ldifEntry(`cn=all,${GROUPS}`, { objectClass: 'groupOfNames', cn: 'all', member: `uid=p1,${PEOPLE}` })
    const access = ['access to attrs=member by * none', `access to * by dn.exact="${READER.dn}" read by * none`]
    server = await startSlapd({ ldif: [...people, team], access })
    const { groups, findings } = await reading(sourceOf({ url: server.url, ...TREE }))
    expect([...groups.values()].map(({ membersUnknown }) => membersUnknown)).toEqual([true])
    expect(findings.map(({ finding }) => finding)).toEqual(['members-hidden'])
    await server.stop()
  })

  test('ids that the account may not see are an error', async () => {
    const access = ['access to attrs=entryUUID by * none', `access to * by dn.exact="${READER.dn}" read by * none`]
    server = await startSlapd({ ldif: people, access })
    await expect(reading(sourceOf({ url: server.url, ...TREE }))).rejects.toThrow(/shows no entryUUID/)
    await server.stop()
  })

  test('a company of thousands, with groups in circles, comes whole; flattened it is what was put in', async () => {
    const company = largeCompany({ users: 3_000, groups: 300, memberships: 9_000, seed: 7 })
    server = await startSlapd({ ldif: company.ldif })
    const { users, members, certificate } = await reading(sourceOf({ url: server.url, ...TREE, pageSize: 700 }))
    expect([users.size, certificate.members, certificate.complete]).toEqual([3_000, 9_000, true])
    const direct = new Map([...company.direct.keys()].map(group => [group, members.get(group) ?? []]))
    expect(flat(direct)).toEqual(flat(company.direct))
  })
})
