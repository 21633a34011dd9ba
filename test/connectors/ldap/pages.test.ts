import { afterEach, describe, expect, test } from 'vitest'
import { RollcallError } from '../../../src/errors.ts'
import {
  type FakeLdap,
  fakeLdap,
  type FakeOptions,
  entryBytes,
  message,
  noticeOfDisconnection,
  tlv,
} from '../../support/fake-ldap.ts'
import { reading } from '../../support/reading.ts'
import { BASES, people, person, sourceAt, sourceOf, team, TREE } from './given.ts'

let fake: FakeLdap | undefined
afterEach(() => fake?.close())

const served = async (options: Partial<FakeOptions>) => {
  fake = await fakeLdap({ entries: [...BASES, ...people(25)], ...options })
  return fake
}

/** Of the searches for whole users, not of those that count. */
const isRead = ({ dn, scope, attributes }: { dn: string; scope: string; attributes: readonly string[] }) =>
  dn === 'ou=people,o=x' && scope === 'sub' && !attributes.includes('1.1')

describe('pages', () => {
  test('are asked for until the server has no more, and a cookie of "0" is a cookie', async () => {
    const server = await served({})
    const { users, certificate } = await reading(sourceAt(server, { pageSize: 10 }))
    expect([users.size, certificate.complete]).toEqual([25, true])
    const cookies = server.requests.filter(isRead).map(({ page }) => page?.cookie.toString())
    expect(cookies).toEqual(['', '0', '1'])
  })

  test('that are empty are not the last', async () => {
    const all = people(4)
    const server = await served({
      entries: [...BASES, ...all],
      search: (request, peer) => {
        if (request.dn !== 'ou=people,o=x' || request.scope !== 'sub') return false
        const page = Number(request.page?.cookie.toString() || 0)
        if (page % 3 === 0) for (const entry of all.slice((page / 3) * 2, (page / 3) * 2 + 2)) peer.entry(entry)
        peer.done({ cookie: Buffer.from(page < 5 ? String(page + 1) : '') })
        return true
      },
    })
    const { users, certificate } = await reading(sourceAt(server))
    expect([users.size, certificate.complete]).toEqual([4, true])
  })

  test('that are empty for ever are an error', async () => {
    const server = await served({
      search: (request, peer) => {
        if (!isRead(request)) return false
        peer.done({ cookie: Buffer.from('again') })
        return true
      },
    })
    await expect(reading(sourceAt(server))).rejects.toThrow(/empty pages came one after another/)
  })

  test('that come a second time are an error', async () => {
    const server = await served({
      search: (request, peer) => {
        if (!isRead(request)) return false
        for (const entry of people(10)) peer.entry(entry)
        peer.done({ cookie: Buffer.from(`${request.id}`) })
        return true
      },
    })
    await expect(reading(sourceAt(server))).rejects.toThrow(/sent a page again/)
  })

  test('of which the server loses track are an error', async () => {
    const server = await served({
      search: (request, peer) => {
        if (!isRead(request) || request.page?.cookie.length === 0) return false
        peer.done()
        return true
      },
    })
    await expect(reading(sourceAt(server, { pageSize: 10 }))).rejects.toThrow(/did not say whether more pages follow/)
  })

  test('are not asked of a server that does not know them', async () => {
    const server = await served({ root: { supportedControl: ['1.2.3'] } })
    const { users, certificate } = await reading(sourceAt(server))
    expect([users.size, certificate.complete]).toEqual([25, true])
    expect(server.requests.filter(({ page }) => page)).toEqual([])
  })

  test('no limit is asked for, no alias is followed, and only what is needed is asked for', async () => {
    const server = await served({})
    await reading(sourceAt(server), { userAttributes: ['mail'] })
    const searches = server.requests.filter(({ op }) => op === 'search')
    expect(new Set(searches.flatMap(({ limits, derefAliases }) => [...limits, derefAliases]))).toEqual(new Set([0]))
    expect(searches.find(isRead)?.attributes).toEqual([
      'entryUUID',
      'pwdAccountLockedTime',
      'displayName',
      'cn',
      'uid',
      'sAMAccountName',
      'mail',
    ])
  })

  test('go over one connection, one search after another', async () => {
    const server = await served({})
    await reading(sourceAt(server, { pageSize: 3 }))
    expect(new Set(server.requests.map(({ connection }) => connection))).toEqual(new Set([0]))
    await expect.poll(() => server.requests.at(-1)?.op).toBe('unbind')
  })
})

describe('a search that does not end well is an error that says what to do', () => {
  const ends = async (code: number, more = {}) => {
    const server = await served({
      root: { objectClass: ['OpenLDAProotDSE'] },
      search: (request, peer) => {
        if (!isRead(request)) return false
        for (const entry of people(3)) peer.entry(entry)
        peer.done({ code, ...more })
        return true
      },
    })
    return reading(sourceAt(server)).then(
      () => 'read',
      (error: unknown) => (error instanceof RollcallError ? `${error.code}: ${error.message}` : error),
    )
  }
  test.each([
    [
      4,
      /^source_incomplete: ldap "hq": the users below ou=people,o=x: .*limits dn.exact="cn=reader,dc=example,dc=com" size=unlimited/,
    ],
    [3, /^source_incomplete: .*time=unlimited/],
    [11, /^source_incomplete: .*administrative limit/],
    [8, /^source_denied: .*startTls/],
    [32, /^source_incomplete: .*correct the base/],
    [50, /^source_denied: .*may not read this/],
    [51, /^source_incomplete: .*busy.*run again later/],
    [52, /^source_incomplete: .*unavailable.*run again later/],
    [53, /^source_incomplete: .*unwilling/],
    [80, /^source_incomplete: .*code 80/],
  ])('code %i', async (code, message) => {
    expect(await ends(code)).toMatch(message)
  })
  test('a referral, which names the other server', async () => {
    expect(await ends(10, { referrals: ['ldap://other.example.com/o=x'] })).toMatch(
      /^source_incomplete: .*\(ldap:\/\/other.example.com\/o=x\)/,
    )
  })
  test('what the server says about it, in one line and cut', async () => {
    const said = await ends(80, { said: `\u001b[31mone\n two ${'x'.repeat(500)}` })
    expect(said).toMatch(/code 80, "\[31mone two x{150,200}…"/)
  })
})

describe('a connection that breaks', () => {
  const breaking = async (
    how: (peer: Parameters<NonNullable<FakeOptions['search']>>[1], id: number) => void,
    more = {},
  ) => {
    const server = await served({
      search: (request, peer) => {
        if (!isRead(request)) return false
        peer.entry(person('p0'))
        how(peer, request.id)
        return true
      },
    })
    return reading(sourceAt(server, more))
  }
  test('in the middle of a message is an error', async () => {
    const half = message(9, tlv(0x64, tlv(0x04, Buffer.from('uid=half')))).subarray(0, 12)
    await expect(breaking(({ socket }) => socket.end(half))).rejects.toThrow(/closed the connection/)
    await expect(breaking(({ socket }) => socket.write(half, () => socket.resetAndDestroy()))).rejects.toThrow(
      /broke|closed/,
    )
  })
  test('after notice is an error that tells what the server said', async () => {
    await expect(breaking(({ socket }) => socket.end(noticeOfDisconnection(52, 'going down')))).rejects.toThrow(
      /closed the connection \(code 52, "going down"\)/,
    )
  })
  test('without a word is an error once it has been silent for too long', async () => {
    await expect(breaking(() => {}, { timeouts: { idle: 0.2 } })).rejects.toThrow(/no answer for 0.2 s/)
  })
  test('by a trickle that never ends is an error when all of it takes too long', async () => {
    const trickle = breaking(
      ({ entry, socket }) => {
        let nth = 1
        const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : entry(person(`p${nth++}`))), 20)
      },
      { timeouts: { idle: 5, read: 0.5 } },
    )
    await expect(trickle).rejects.toThrow(/took longer than 0.5 s/)
  })
  test.each([
    ['an indefinite length', Buffer.from([0x30, 0x80, 0x02, 0x01, 0x05])],
    ['a length of five bytes', Buffer.from([0x30, 0x85, 1, 0, 0, 0, 0])],
    ['a message of a gigabyte', Buffer.from([0x30, 0x84, 0x40, 0, 0, 0])],
    ['a number of nine bytes', tlv(0x30, tlv(0x02, Buffer.alloc(9, 1)))],
    ['an empty message', Buffer.from([0x30, 0])],
    ['a web page', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('off by %s is an error, and the connection is given up', async (_, bytes) => {
    await expect(breaking(({ socket }) => socket.write(bytes))).rejects.toThrow(/is not LDAP/)
  })
  test.each([
    ['an entry whose DN is longer than it', tlv(0x64, Buffer.from([0x04, 0x7f, 0x61]))],
    ['an entry without attributes', tlv(0x64, tlv(0x04))],
    ['an end without a code', tlv(0x65, tlv(0x04))],
    ['a reference that is none', tlv(0x73, tlv(0x02, Buffer.from([1])))],
  ])('off by %s is an error', async (_, bytes) => {
    await expect(breaking(({ socket }, id) => socket.write(message(id, bytes)))).rejects.toThrow(/is not LDAP/)
  })
  test('off by an operation that answers something else is an error', async () => {
    await expect(breaking(({ socket }, id) => socket.write(message(id, tlv(0x6b, Buffer.alloc(0)))))).rejects.toThrow(
      /is not LDAP/,
    )
  })
  test('is not one where late answers and intermediate ones come in between', async () => {
    const { users } = await breaking(({ socket, done }, id) => {
      socket.write(message(id - 1, tlv(0x65, Buffer.alloc(0))))
      socket.write(message(id, tlv(0x79, Buffer.alloc(0))))
      for (const entry of people(25).slice(1)) socket.write(message(id, entryBytes(entry)))
      done()
    })
    expect(users.size).toBe(25)
  })
})

describe('several servers', () => {
  test('the first that answers is read', async () => {
    const server = await served({})
    const { users } = await reading(sourceOf({ url: ['ldap://127.0.0.1:1', server.url], ...TREE }))
    expect(users.size).toBe(25)
  })
  test('one that is busy is passed over as well', async () => {
    const busy = await fakeLdap({ entries: [], bind: () => 51 })
    const server = await served({})
    const { users } = await reading(sourceOf({ url: [busy.url, server.url], ...TREE }))
    await busy.close()
    expect(users.size).toBe(25)
  })
  test('a wrong password is not tried at the next', async () => {
    const refusing = await fakeLdap({ entries: [], bind: () => 49 })
    const server = await served({})
    const read = reading(sourceOf({ url: [refusing.url, server.url], ...TREE }))
    await expect(read).rejects.toMatchObject({
      code: 'source_denied',
      message: expect.stringContaining('password in bind'),
    })
    await refusing.close()
    expect(server.requests).toEqual([])
  })
  test('none that answers: each is told with what is wrong', async () => {
    const read = reading(sourceOf({ url: ['ldap://127.0.0.1:1', 'ldap://localhost:2'], ...TREE }))
    await expect(read).rejects.toThrow(
      /no server answers. ldap:\/\/127.0.0.1:1: .*refused.* ldap:\/\/localhost:2: .*refused/,
    )
  })
})

test('called off, the search under way is abandoned', async () => {
  const server = await served({ entries: [...BASES, ...people(25), team('all', [])] })
  const controller = new AbortController()
  const reason = new RollcallError('interrupted', 'called off')
  const source = sourceAt(server, { pageSize: 5 })
  const stop = async () => {
    const request = {
      userAttributes: [],
      groupAttributes: [],
      inScope: () => true,
      scope: 'everything',
      allUsers: true,
    }
    for await (const { part } of source.read({ ...request, signal: controller.signal })) {
      if (part === 'users') controller.abort(reason)
    }
  }
  await expect(stop()).rejects.toBe(reason)
  await expect.poll(() => server.requests.slice(-2).map(({ op }) => op)).toEqual(['abandon', 'unbind'])
})
