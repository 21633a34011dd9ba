import { afterEach, describe, expect, test } from 'vitest'
import { type FakeEntry, type FakeLdap, fakeLdap, type FakeOptions } from '../../support/fake-ldap.ts'
import { reading } from '../../support/reading.ts'
import { BASES, people, person, sourceAt, team } from './given.ts'

let fake: FakeLdap | undefined
afterEach(() => fake?.close())

const served = async (entries: readonly FakeEntry[], options: Partial<FakeOptions> = {}) => {
  fake = await fakeLdap({ entries: [...BASES, ...entries], ...options })
  return fake
}
const failing = ({ certificate }: Awaited<ReturnType<typeof reading>>) =>
  certificate.checks.filter(({ passed }) => !passed).map(({ check }) => check)

describe('Active Directory', () => {
  const AD = {
    supportedCapabilities: ['1.2.840.113556.1.4.800'],
    dsServiceName: ['CN=DC1'],
    highestCommittedUSN: ['900'],
  }
  const guid = (nth: number) => Buffer.from(`260f70d595918b4fb92f7eeb17b9cb${nth.toString(16).padStart(2, '0')}`, 'hex')
  const idOf = (nth: number) => `d5700f26-9195-4f8b-b92f-7eeb17b9cb${nth.toString(16).padStart(2, '0')}`
  const account = (nth: number, more: FakeEntry['attributes'] = {}): FakeEntry => ({
    dn: `CN=P${nth},ou=people,o=x`,
    attributes: { objectGUID: [guid(nth)], cn: [`P${nth}`], userAccountControl: ['512'], ...more },
  })
  const group = (nth: number, member: readonly string[], more: FakeEntry['attributes'] = {}): FakeEntry => ({
    dn: `CN=G${nth},ou=groups,o=x`,
    attributes: { objectGUID: [guid(nth)], cn: [`G${nth}`], member, uSNChanged: ['7'], ...more },
  })

  test('people are known by objectGUID, as its tools write it, and disabled by bit 2', async () => {
    const accounts = [
      account(0x35),
      account(2, { userAccountControl: ['514'] }),
      account(3, { userAccountControl: [] }),
    ]
    const { users } = await reading(sourceAt(await served(accounts, { root: AD })))
    expect([...users.values()].map(({ id, enabled }) => [id, enabled])).toEqual([
      ['d5700f26-9195-4f8b-b92f-7eeb17b9cb35', true],
      [idOf(2), false],
      [idOf(3), undefined],
    ])
  })

  test('a group with more members than come at once is read range by range', async () => {
    const accounts = Array.from({ length: 23 }, (_, nth) => account(nth))
    const groups = [
      group(
        100,
        accounts.map(({ dn }) => dn),
      ),
      group(101, [accounts[3]!.dn]),
    ]
    const server = await served([...accounts, ...groups], { root: AD, range: 5 })
    const { members, certificate } = await reading(sourceAt(server))
    expect(members.get(idOf(100))).toEqual(accounts.map((_, nth) => idOf(nth)))
    expect(members.get(idOf(101))).toEqual([idOf(3)])
    expect([certificate.complete, certificate.members]).toEqual([true, 24])
  })

  test('a group that changes between two ranges is read again', async () => {
    const accounts = Array.from({ length: 12 }, (_, nth) => account(nth))
    const names = accounts.map(({ dn }) => dn)
    let ranges = 0
    const server = await served(accounts, {
      root: AD,
      search: (request, peer) => {
        const from = Number(/range=(\d+)-/.exec(request.attributes[0] ?? '')?.[1] ?? -1)
        if (request.scope !== 'base' && request.dn === 'ou=groups,o=x') {
          peer.entry(group(100, [], { 'member;range=0-4': names.slice(0, 5) }))
          peer.done()
          return true
        }
        if (from < 0) return false
        ranges++
        const version = ranges < 3 ? `${ranges}` : 'settled' // someone leaves after the first range
        const now = ranges < 2 ? names : names.slice(1)
        const last = from + 5 >= now.length
        const option = `member;range=${from}-${last ? '*' : from + 4}`
        peer.entry(group(100, [], { [option]: now.slice(from, from + 5), uSNChanged: [version] }))
        peer.done()
        return true
      },
    })
    const { members } = await reading(sourceAt(server))
    expect(members.get(idOf(100))).toEqual(accounts.map((_, nth) => idOf(nth)).slice(1))
  })

  test('a group that never stops changing, and one whose ranges do not add up, are errors', async () => {
    const changing = (option: string) =>
      served([account(0)], {
        root: AD,
        search: (request, peer) => {
          if (request.scope !== 'base' && request.dn === 'ou=groups,o=x') {
            peer.entry(group(100, [], { 'member;range=0-0': ['CN=P0,ou=people,o=x'] }))
            peer.done()
            return true
          }
          const [, from] = /range=(\d+)/.exec(request.attributes[0] ?? '') ?? []
          if (from === undefined) return false
          peer.entry(
            group(100, [], {
              [option.replaceAll('FROM', from)]: ['CN=P0,ou=people,o=x'],
              uSNChanged: [`${request.id}`],
            }),
          )
          peer.done()
          return true
        },
      })
    await expect(reading(sourceAt(await changing('member;range=FROM-FROM')))).rejects.toThrow(
      /changed while they were read/,
    )
    await fake?.close()
    await expect(reading(sourceAt(await changing('member;range=FROM-7')))).rejects.toThrow(/says 0 to 7 and gives 1/)
    await fake?.close()
    await expect(reading(sourceAt(await changing('member;range=all')))).rejects.toThrow(/changed while they were read/)
  })

  test('members by primary group are members', async () => {
    const accounts = [account(1, { primaryGroupID: ['513'] }), account(2, { primaryGroupID: ['514'] })]
    const groups = [group(100, [accounts[1]!.dn], { primaryGroupToken: ['513'] })]
    const { members } = await reading(sourceAt(await served([...accounts, ...groups], { root: AD })))
    expect(new Set(members.get(idOf(100)))).toEqual(new Set([idOf(1), idOf(2)]))
  })

  test('its own partitions hold no people; another domain does', async () => {
    const referring = (...urls: string[]) =>
      served([account(1)], {
        root: AD,
        search: (request, peer) => {
          if (request.scope !== 'base') peer.reference(...urls)
          return false
        },
      })
    const own = await referring(
      'ldap://x/CN=Configuration,o=x',
      'ldap://x/DC=ForestDnsZones,o=x',
      'ldap://x/dc%3DDomainDnsZones,o=x',
    )
    expect(failing(await reading(sourceAt(own)))).toEqual([])
    await fake?.close()
    const child = await referring('ldap://child.x.example.com/DC=child,o=x')
    expect(failing(await reading(sourceAt(child)))).toEqual(['no-references'])
    expect(failing(await reading(sourceAt(child, { references: 'ignore' })))).toEqual([])
  })

  test('a server that went back in time is not believed, another one is', async () => {
    const server = await served([account(1)], { root: AD })
    const { certificate } = await reading(sourceAt(server))
    expect([certificate.server, certificate.asOf]).toEqual(['CN=DC1', '900'])
    const later = { ...certificate, asOf: '1000' }
    expect(failing(await reading(sourceAt(server), { previous: later }))).toEqual(['not-older'])
    expect(failing(await reading(sourceAt(server), { previous: { ...later, server: 'CN=DC2' } }))).toEqual([])
    expect(failing(await reading(sourceAt(server), { previous: { ...certificate, asOf: '99' } }))).toEqual([])
  })
})

test.each([
  ['389', { vendorVersion: ['389-Directory/2.3.1'] }, 'nsUniqueId'],
  ['freeipa', { vendorVersion: ['389-Directory/2.3.1'], ipaTopologyPluginVersion: ['1.0'] }, 'ipaUniqueID'],
])('%s: ids are those of the server, nsAccountLock disables', async (_, root, attribute) => {
  const one = (uid: string, more: FakeEntry['attributes']) => person(uid, { [attribute]: [`${uid}-ID`], ...more })
  const entries = [one('ada', { nsAccountLock: ['TRUE'] }), one('grace', { nsAccountLock: ['false'] }), one('alan', {})]
  const { users } = await reading(sourceAt(await served(entries, { root })))
  expect([...users.values()].map(({ id, enabled }) => [id, enabled])).toEqual([
    ['ada-id', false],
    ['grace-id', true],
    ['alan-id', true],
  ])
})

describe('what a server does not show', () => {
  test('an id: an error that says what to grant', async () => {
    const server = await served([person('ada'), person('grace', { entryUUID: [] })])
    await expect(reading(sourceAt(server))).rejects.toMatchObject({
      code: 'source_incomplete',
      message: expect.stringMatching(
        /uid=grace,ou=people,o=x shows no entryUUID.*let cn=reader,dc=example,dc=com read entryUUID/,
      ),
    })
  })
  test('whom a search that is a group finds: its members stay as they were', async () => {
    const search = team('dynamic', [], {
      memberURL: ['ldap:///o=x??sub?(title=Countess)'],
      objectClass: ['groupOfURLs'],
    })
    const { member: _, ...attributes } = search.attributes
    const { groups } = await reading(sourceAt(await served([{ dn: search.dn, attributes }])))
    expect(groups.get('id-of-dynamic')?.membersUnknown).toBe(true)
  })
  test('all of a long list of values: it is unknown', async () => {
    const long = person('ada', { memberOf: ['a', 'b', 'c', 'd'] })
    const server = await served([long], { range: 3 })
    const { users, findings } = await reading(sourceAt(server), { userAttributes: ['memberOf'] })
    expect(users.get('id-of-ada')).toMatchObject({ attributes: {}, unknown: ['memberOf'] })
    expect(findings.map(({ finding }) => finding)).toEqual(['ranged-values'])
  })
  test('a base: an error, and not a directory without anyone', async () => {
    const server = await served([])
    const read = reading(sourceAt(server, { users: { base: 'ou=elsewhere,o=x' } }))
    await expect(read).rejects.toMatchObject({
      code: 'source_denied',
      message: expect.stringContaining('shows nothing there'),
    })
  })
  test('the members of a group that cannot be without: they stay as they were', async () => {
    const classes = { objectClass: ['top', 'groupOfNames'] }
    const { member: _, ...hidden } = team('hidden', []).attributes
    const entries = [
      person('ada'),
      { dn: 'cn=hidden,ou=groups,o=x', attributes: { ...hidden, ...classes } },
      team('shown', ['uid=ada,ou=people,o=x'], classes),
    ]
    const server = await served(entries, { root: { objectClass: ['OpenLDAProotDSE'] } })
    const { groups, findings } = await reading(sourceAt(server))
    expect([...groups.values()].map(({ name, membersUnknown }) => [name, membersUnknown])).toEqual([
      ['hidden', true],
      ['shown', undefined],
    ])
    expect(findings.map(({ finding }) => finding)).toEqual(['members-hidden'])
  })
  test('a part of the answer, in silence: not certified', async () => {
    const server = await served(people(30), {
      search: (request, peer) => {
        if (request.scope === 'base' || request.dn !== 'ou=people,o=x' || request.attributes.includes('1.1'))
          return false
        for (const entry of people(12)) peer.entry(entry)
        peer.done({ cookie: Buffer.alloc(0) })
        return true
      },
    })
    const read = await reading(sourceAt(server))
    expect(failing(read)).toEqual(['users-counted-twice'])
    expect(read.certificate.complete).toBe(false)
  })
})

test('someone who joins while everybody is read does no harm', async () => {
  let joined = false
  const server = await served(people(3), {
    search: (request, peer) => {
      if (request.scope === 'base' || request.dn !== 'ou=people,o=x') return false
      if (!request.attributes.includes('1.1')) joined = true
      for (const entry of people(joined ? 4 : 3)) peer.entry(entry)
      peer.done({ cookie: Buffer.alloc(0) })
      return true
    },
  })
  const read = await reading(sourceAt(server))
  expect([read.users.size, failing(read)]).toEqual([4, []])
})

describe('members', () => {
  test('are found whatever the spelling of their names', async () => {
    const entries = [
      { dn: 'uid=Ada,OU=People,o=x', attributes: { entryUUID: ['ada'] } },
      { dn: 'cn=Hopper\\, Grace,ou=people,o=x', attributes: { entryUUID: ['grace'] } },
      { dn: 'cn=Jürgen,ou=people,o=x', attributes: { entryUUID: ['juergen'] } },
      { dn: 'cn=a+uid=b,ou=people,o=x', attributes: { entryUUID: ['pair'] } },
      team('all', [
        'UID=ada, ou=people, O=X',
        'cn=hopper\\2c  grace,ou=people,o=x',
        'CN=J\\C3\\BCrgen,ou=people,o=x',
        'uid=b + cn=A,ou=people,o=x',
      ]),
    ]
    const { members } = await reading(sourceAt(await served(entries)))
    expect(members.get('id-of-all')).toEqual(['ada', 'grace', 'juergen', 'pair'])
  })
  test('named by uid, and by uniqueMember with a number behind it, are members too', async () => {
    const entries = [
      person('ada'),
      person('grace'),
      team('posix', [], { memberUid: ['ada', 'GRACE', 'nobody'] }),
      team('unique', [], { uniqueMember: ["uid=ada,ou=people,o=x#'0110'B", 'uid=grace,ou=people,o=x'] }),
    ]
    const { members, certificate } = await reading(sourceAt(await served(entries)))
    expect(members.get('id-of-posix')).toEqual(['id-of-ada', 'id-of-grace', 'uid:nobody'])
    expect(members.get('id-of-unique')).toEqual(['id-of-ada', 'id-of-grace'])
    expect(certificate.members).toBe(5)
  })
  test('named by a uid that two users have: not certified', async () => {
    const twin = { dn: 'uid=ada,ou=more,ou=people,o=x', attributes: { entryUUID: ['twin'], uid: ['ada'] } }
    const read = await reading(sourceAt(await served([person('ada'), twin, team('posix', [], { memberUid: ['ada'] })])))
    expect(failing(read)).toEqual(['members-unambiguous'])
  })
  test('beyond the bases are told by name', async () => {
    const { members } = await reading(sourceAt(await served([team('all', ['uid=robot,ou=machines,o=x'])])))
    expect(members.get('id-of-all')).toEqual(['uid=robot,ou=machines,o=x'])
  })
  test('that a profile asks for as an attribute are members all the same', async () => {
    const server = await served([person('ada'), team('all', ['uid=ada,ou=people,o=x'])])
    const { members, groups } = await reading(sourceAt(server), { groupAttributes: ['member'] })
    expect(members.get('id-of-all')).toEqual(['id-of-ada'])
    expect(groups.get('id-of-all')?.attributes).toEqual({ member: ['uid=ada,ou=people,o=x'] })
  })
})

test('a group of a million members is read, which comes as one message', async () => {
  const names = Array.from({ length: 1_000_000 }, (_, nth) => `uid=someone${nth},ou=people,o=x`)
  const server = await served([person('someone7'), team('all', names)])
  let members = 0
  let mine = 0
  const request = { userAttributes: [], groupAttributes: [], inScope: () => true, scope: 'everything', allUsers: true }
  for await (const part of sourceAt(server).read({ ...request, signal: new AbortController().signal })) {
    if (part.part !== 'members') continue
    members += part.members.length
    mine += part.members.filter(id => id === 'id-of-someone7').length
  }
  expect([members, mine]).toEqual([1_000_000, 1])
})

describe('values', () => {
  test('several, where one is asked for: the first in byte order, with a finding', async () => {
    const server = await served([person('ada', { mail: ['b@example.com', 'a@example.com', ''] })])
    const { users, findings } = await reading(sourceAt(server), { userAttributes: ['mail'] })
    expect(users.get('id-of-ada')?.attributes).toEqual({ mail: 'a@example.com' })
    expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining('attributes: { mail: list }')])
    const all = await reading(sourceAt(server, { attributes: { Mail: 'list' } }), { userAttributes: ['mail'] })
    expect(all.users.get('id-of-ada')?.attributes).toEqual({ mail: ['b@example.com', 'a@example.com'] })
  })
  test('that are not what they should be are unknown, and not absent', async () => {
    const server = await served([
      person('ada', {
        title: [Buffer.from([0xc3, 0x28])],
        age: ['x'],
        robot: ['maybe'],
        big: ['9007199254740993'],
        sn: ['\ufffd'],
      }),
    ])
    const attributes = { age: 'number', robot: 'boolean', big: 'number' }
    const { users, findings } = await reading(sourceAt(server, { attributes }), {
      userAttributes: ['title', 'age', 'robot', 'big', 'sn'],
    })
    expect(users.get('id-of-ada')).toMatchObject({
      attributes: { sn: '\ufffd' },
      unknown: ['title', 'age', 'robot', 'big'],
    })
    expect(findings).toHaveLength(4)
  })
  test('of declared types come as such', async () => {
    const server = await served([
      person('ada', { shoeSize: ['38'], robot: ['FALSE'], jpegPhoto: [Buffer.from([0xff, 0xd8])] }),
    ])
    const { users } = await reading(sourceAt(server, { attributes: { shoeSize: 'number', robot: 'boolean' } }), {
      userAttributes: ['shoeSize', 'robot', 'jpegPhoto'],
    })
    expect(users.get('id-of-ada')?.attributes).toEqual({ shoeSize: 38, robot: false, jpegPhoto: '/9g=' })
  })
  test('under names that mean something else elsewhere are values', async () => {
    const server = await served([person('ada', { __proto__x: ['1'], dn: ['not a name'], constructor: ['2'] })])
    const { users } = await reading(sourceAt(server, { attributes: { dn: 'text', constructor: 'text' } }), {
      userAttributes: ['dn', 'constructor', '__proto__'],
    })
    expect(Object.entries(users.get('id-of-ada')?.attributes ?? {})).toEqual([
      ['dn', 'not a name'],
      ['constructor', '2'],
    ])
  })
  test('in another language or another transfer are not mixed in', async () => {
    const server = await served(
      [person('ada', { 'cn;lang-fr': ['Comtesse'], 'userCertificate;binary': [Buffer.from([1])] })],
      {
        search: (request, peer) => {
          if (request.scope === 'base' || request.dn !== 'ou=people,o=x' || request.attributes.includes('1.1'))
            return false
          peer.entry(person('ada', { 'cn;lang-fr': ['Comtesse'], 'userCertificate;binary': [Buffer.from([1])] }))
          peer.done({ cookie: Buffer.alloc(0) })
          return true
        },
      },
    )
    const { users } = await reading(sourceAt(server), { userAttributes: ['cn', 'userCertificate'] })
    expect(users.get('id-of-ada')?.attributes).toEqual({ cn: 'ada', userCertificate: ['AQ=='] })
  })
})

describe('who is disabled', () => {
  const enabled = async (attributes: FakeEntry['attributes'], more = {}) => {
    const { users } = await reading(sourceAt(await served([person('ada', attributes)]), more))
    await fake?.close()
    return users.get('id-of-ada')?.enabled
  }
  test('a lock for good is, one after wrong passwords is not', async () => {
    expect(await enabled({ pwdAccountLockedTime: ['000001010000Z'] })).toBe(false)
    expect(await enabled({ pwdAccountLockedTime: ['20261125033453Z'] })).toBe(true)
    expect(await enabled({})).toBe(true)
  })
  test('as the config declares', async () => {
    const closed = { disabled: { attribute: 'accountStatus', equals: ['Closed', 'left'] } }
    expect(await enabled({ accountStatus: ['closed'] }, closed)).toBe(false)
    expect(await enabled({ accountStatus: ['open'], pwdAccountLockedTime: ['000001010000Z'] }, closed)).toBe(true)
    const marked = { disabled: { attribute: 'leftOn', present: true } }
    expect([await enabled({ leftOn: ['x'] }, marked), await enabled({}, marked)]).toEqual([false, true])
    const unmarked = { disabled: { attribute: 'contract', present: false } }
    expect([await enabled({ contract: ['x'] }, unmarked), await enabled({}, unmarked)]).toEqual([true, false])
  })
})
