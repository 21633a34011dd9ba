import { createServer, type Socket } from 'node:net'
import { BerReader } from 'ldapts'

/** An LDAP server that does on demand what real ones do on a bad day. Speaks plainly, on the loopback. */
export interface FakeLdap {
  readonly url: string
  /** Every request, in order. */
  readonly requests: readonly FakeRequest[]
  close(): Promise<void>
}

export type Values = readonly (string | Buffer)[]
export interface FakeEntry {
  readonly dn: string
  readonly attributes: Readonly<Record<string, Values>>
}

export interface FakeRequest {
  readonly op: 'bind' | 'search' | 'abandon' | 'unbind' | 'other'
  readonly id: number
  /** Which connection, from 0. */
  readonly connection: number
  /** Of a bind: the DN; of a search: the base. */
  readonly dn: string
  readonly scope: 'base' | 'one' | 'sub'
  /** As asked for; sizeLimit and timeLimit as numbers. */
  readonly attributes: readonly string[]
  readonly limits: readonly [size: number, time: number]
  readonly derefAliases: number
  readonly page: { readonly size: number; readonly cookie: Buffer } | undefined
}

/** How a search ends. Without a cookie there is no paged results control. */
export interface Done {
  readonly code?: number
  readonly said?: string
  readonly referrals?: readonly string[]
  readonly cookie?: Buffer
}

/** What can be sent to whoever asked. */
export interface Peer {
  readonly socket: Socket
  entry(entry: FakeEntry): void
  done(done?: Done): void
  reference(...urls: string[]): void
}

export interface FakeOptions {
  /** The root entry. */
  readonly root?: Readonly<Record<string, Values>>
  readonly entries: readonly FakeEntry[]
  /** Answers a search itself and returns true, or leaves it to what is usual. */
  readonly search?: (request: FakeRequest, peer: Peer) => boolean
  /** The result code of a bind. */
  readonly bind?: (dn: string) => number
  /** Values of one attribute given at once; more come as ranges. */
  readonly range?: number
  readonly maxPage?: number
}

export async function fakeLdap(options: FakeOptions): Promise<FakeLdap> {
  const requests: FakeRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer(socket => {
    const connection = connections++
    let pending = Buffer.alloc(0)
    sockets.add(socket)
    socket
      .setNoDelay()
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
    socket.on('data', chunk => {
      pending = Buffer.concat([pending, chunk])
      for (let size = sizeOf(pending); size > 0 && size <= pending.length; size = sizeOf(pending)) {
        const request = requestOf(pending.subarray(0, size), connection)
        pending = pending.subarray(size)
        requests.push(request)
        respond(request, peerOf(socket, request.id), options)
      }
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  return {
    url: `ldap://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    requests,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function respond(request: FakeRequest, peer: Peer, options: FakeOptions): void {
  if (request.op === 'bind') {
    const code = options.bind?.(request.dn) ?? 0
    peer.socket.write(message(request.id, tlv(0x61, result({ code }))))
  } else if (request.op === 'search' && !options.search?.(request, peer)) usual(request, peer, options)
}

/** Entries below the base and not the base itself, whatever the filter; in pages, whose first cookie is "0". */
function usual(request: FakeRequest, peer: Peer, { root = {}, entries, range, maxPage = 1e9 }: FakeOptions): void {
  const base = request.dn.toLowerCase()
  const give = ({ dn, attributes }: FakeEntry) => peer.entry({ dn, attributes: shown(attributes, request, range) })
  if (request.scope === 'base') {
    if (base === '') give({ dn: '', attributes: root })
    else for (const entry of entries) if (entry.dn.toLowerCase() === base) give(entry)
    return peer.done()
  }
  const found = entries.filter(({ dn }) => dn.toLowerCase().endsWith(`,${base}`))
  if (!request.page) {
    found.forEach(give)
    return peer.done()
  }
  const { cookie } = request.page
  const size = Math.min(request.page.size, maxPage)
  const page = cookie.length > 0 ? Number(cookie.toString()) + 1 : 0
  found.slice(page * size, (page + 1) * size).forEach(give)
  peer.done({ cookie: Buffer.from((page + 1) * size < found.length ? String(page) : '') })
}

/** The attributes asked for, as the server spells them; too many values as a range. */
function shown(attributes: FakeEntry['attributes'], request: FakeRequest, range = Infinity): FakeEntry['attributes'] {
  const asked = request.attributes.map(name => name.toLowerCase())
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, values]): [string, Values][] => {
      const ranged = asked.find(other => other.startsWith(`${name.toLowerCase()};range=`))
      if (ranged === undefined && !asked.includes(name.toLowerCase())) return []
      if (values.length <= range) return [[name, values]]
      const from = Number(/range=(\d+)/.exec(ranged ?? '')?.[1] ?? 0)
      const last = from + range >= values.length
      const part = values.slice(from, from + range)
      const option = `${name};Range=${from}-${last ? '*' : from + range - 1}`
      return ranged === undefined
        ? [
            [name, []],
            [option, part],
          ]
        : [[option, part]]
    }),
  )
}

function peerOf(socket: Socket, id: number): Peer {
  return {
    socket,
    entry: entry => socket.write(message(id, entryBytes(entry))),
    done: (done = {}) => socket.write(message(id, tlv(0x65, result(done)), ...pagedControl(done.cookie))),
    reference: (...urls) => socket.write(message(id, tlv(0x73, ...urls.map(octets)))),
  }
}

// ── bytes ──────────────────────────────────────────────────────────────────────────────────────────

export function entryBytes({ dn, attributes }: FakeEntry): Buffer {
  const list = Object.entries(attributes).map(([name, values]) =>
    tlv(0x30, octets(name), tlv(0x31, Buffer.concat(values.map(octets)))),
  )
  return tlv(0x64, octets(dn), tlv(0x30, ...list))
}

/** A whole LDAPMessage. */
export function message(id: number, ...parts: readonly Buffer[]): Buffer {
  const number = Buffer.alloc(4)
  number.writeInt32BE(id)
  return tlv(0x30, tlv(0x02, number), ...parts)
}

/** A server's word that it is about to close (RFC 4511 §4.4.1). */
export function noticeOfDisconnection(code: number, said: string): Buffer {
  return message(0, tlv(0x78, result({ code, said }), tlv(0x8a, Buffer.from('1.3.6.1.4.1.1466.20036'))))
}

export function result({ code = 0, said = '', referrals = [] }: Done): Buffer {
  const urls = referrals.length > 0 ? [tlv(0xa3, ...referrals.map(octets))] : []
  return Buffer.concat([tlv(0x0a, Buffer.from([code])), octets(''), octets(said), ...urls])
}

function pagedControl(cookie: Buffer | undefined): Buffer[] {
  if (!cookie) return []
  const value = tlv(0x30, tlv(0x02, Buffer.from([0])), tlv(0x04, cookie))
  return [tlv(0xa0, tlv(0x30, octets('1.2.840.113556.1.4.319'), tlv(0x04, value)))]
}

function octets(value: string | Buffer): Buffer {
  const length = Buffer.byteLength(value)
  if (typeof value !== 'string' || length >= 0x80) return tlv(0x04, Buffer.from(value as string))
  const short = Buffer.allocUnsafe(2 + length)
  short[0] = 0x04
  short[1] = length
  short.write(value, 2)
  return short
}

export function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const length = contents.reduce((sum, content) => sum + content.length, 0)
  const header = Buffer.from(length < 0x80 ? [tag, length] : [tag, 0x84, 0, 0, 0, 0])
  if (length >= 0x80) header.writeUInt32BE(length, 2)
  return Buffer.concat([header, ...contents])
}

function sizeOf(bytes: Buffer): number {
  const [, form = 0] = bytes
  if (bytes.length < 2) return 0
  const count = form & 0x7f
  return form < 0x80 ? 2 + form : bytes.length < 2 + count ? 0 : 2 + count + bytes.readUIntBE(2, count)
}

const OPS: Readonly<Record<number, FakeRequest['op']>> = {
  0x60: 'bind',
  0x63: 'search',
  0x50: 'abandon',
  0x42: 'unbind',
}

/** Read with ldapts' reader: not with what is being tested. */
function requestOf(bytes: Buffer, connection: number): FakeRequest {
  const reader = new BerReader(Buffer.from(bytes))
  reader.readSequence()
  const id = reader.readInt() ?? 0
  const op = OPS[reader.readSequence() ?? 0] ?? 'other'
  const end = reader.offset + reader.length
  const none = {
    op,
    id,
    connection,
    dn: '',
    scope: 'base',
    attributes: [],
    limits: [0, 0],
    derefAliases: 0,
    page: undefined,
  } as const
  if (op === 'bind') {
    reader.readInt()
    return { ...none, dn: reader.readString() ?? '' }
  }
  if (op !== 'search') return none
  const dn = reader.readString() ?? ''
  const scope = (['base', 'one', 'sub'] as const)[reader.readEnumeration() ?? 0] ?? 'sub'
  const derefAliases = reader.readEnumeration() ?? 0
  const limits = [reader.readInt() ?? 0, reader.readInt() ?? 0] as const
  reader.readBoolean()
  reader.readSequence() // the filter
  reader.offset += reader.length
  reader.readSequence()
  const attributes: string[] = []
  while (reader.offset < end) attributes.push(reader.readString() ?? '')
  let page: FakeRequest['page']
  if (reader.remain > 0) {
    reader.readSequence(0xa0)
    reader.readSequence()
    reader.readString()
    reader.readBoolean()
    reader.readSequence(0x04)
    reader.readSequence()
    page = { size: reader.readInt() ?? 0, cookie: Buffer.from(reader.readString(0x04, true) ?? Buffer.alloc(0)) }
  }
  return { op, id, connection, dn, scope, attributes, limits, derefAliases, page }
}
