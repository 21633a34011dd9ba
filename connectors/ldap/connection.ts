import { once } from 'node:events'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AbandonRequest, UnbindRequest } from 'ldapts'
import { RollcallError } from '../../src/errors.ts'
import type { TlsMaterial } from '../../src/http/tls.ts'
import { Malformed } from './ber.ts'
import { Frames, type Message } from './frames.ts'
import { broken } from './refusal.ts'
import { resultOf } from './result.ts'
import type { Server } from './server.ts'

/** An operation, as ldapts writes it; `messageId` is the connection's to give. */
export type Request = (messageId: number) => { write(): Buffer }

export const SEARCH_ENTRY = 0x64
export const SEARCH_DONE = 0x65
export const SEARCH_REFERENCE = 0x73
const EXTENDED_RESPONSE = 0x78
const INTERMEDIATE_RESPONSE = 0x79
/** A server that is about to close says so, out of turn (RFC 4511 §4.4.1). */
const NOTICE_OF_DISCONNECTION = '1.3.6.1.4.1.1466.20036'

/**
 * One connection to one server, one operation at a time. Bytes are read as they are asked for, so a slow reader slows
 * the server down and nothing piles up. After an error, a timeout or `signal` it is destroyed.
 */
export class Connection {
  readonly server: Server
  readonly #signal: AbortSignal
  #socket: Socket
  #chunks: AsyncIterator<unknown, unknown>
  #frames = new Frames()
  #idle: NodeJS.Timeout | undefined
  #lastId = 0
  #pending = 0

  private constructor(server: Server, socket: Socket, signal: AbortSignal) {
    this.server = server
    this.#socket = socket
    this.#signal = signal
    this.#chunks = chunksOf(socket)
    signal.addEventListener('abort', this.#stop, { once: true })
  }

  /** Connects, in TLS from the first byte where the URL says so. Throws `source_incomplete`, or the signal's reason. */
  static async open(server: Server, tls: TlsMaterial, ms: number, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted()
    const { host, port, path, protocol } = server
    const socket =
      path !== undefined
        ? connectPlain({ path })
        : protocol === 'ldaps'
          ? connectTls({ host, port, ...forHost(host, tls) })
          : connectPlain({ host, port })
    await ready(socket, protocol === 'ldaps' ? 'secureConnect' : 'connect', server, ms, signal)
    return new Connection(server, socket, signal)
  }

  /** From here on in TLS; the server must have agreed. */
  async encrypt(tls: TlsMaterial, ms: number): Promise<void> {
    // What came in the clear after the server's consent could be anyone's.
    if (!this.#frames.empty) throw this.#fail(new Malformed('bytes after the consent to TLS'))
    await this.#chunks.return?.()
    const { host } = this.server
    const socket = connectTls({ socket: this.#socket, host, ...forHost(host, tls) })
    await ready(socket, 'secureConnect', this.server, ms, this.#signal)
    this.#socket = socket
    this.#frames = new Frames()
    this.#chunks = chunksOf(socket)
  }

  /** Sends a request. The one before it must have been answered. */
  send(request: Request): void {
    this.#pending = ++this.#lastId
    this.#socket.write(request(this.#lastId).write())
  }

  /**
   * What has come back for the last request, as many messages as there are, none now and then. Throws
   * `source_incomplete` when nothing comes for `ms` milliseconds, when the server hangs up or says what is not LDAP;
   * throws the signal's reason.
   */
  async receive(ms: number): Promise<readonly Message[]> {
    const messages = (await this.#arrived(ms)).filter(message => this.#isFor(this.#lastId, message))
    const last = messages.at(-1)
    if (last && last.op !== SEARCH_ENTRY && last.op !== SEARCH_REFERENCE) this.#pending = 0
    return messages
  }

  /** The message that answers a request, of an operation that has one answer. */
  async answer(request: Request, ms: number): Promise<Message> {
    this.send(request)
    for (;;) {
      const [message] = await this.receive(ms)
      if (message) return message
    }
  }

  /** Runs `parse` on what the server sent. What is not LDAP ends the connection. */
  understand<T>(parse: () => T): T {
    try {
      return parse()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** Abandons what is under way, signs off, and closes. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#stop)
    this.#farewell()
    this.#socket.destroy()
  }

  /** Ends everything with this error. */
  destroy(error: Error): void {
    this.#farewell()
    this.#socket.destroy(error)
  }

  readonly #stop = () => this.destroy(new Error('called off'))

  #farewell(): void {
    if (!this.#socket.writable) return
    const [abandonId, messageId] = [this.#pending, this.#lastId + 1]
    if (abandonId > 0) this.#socket.write(new AbandonRequest({ messageId, abandonId }).write())
    this.#socket.write(new UnbindRequest({ messageId: messageId + 1 }).write())
  }

  async #arrived(ms: number): Promise<Message[]> {
    this.#signal.throwIfAborted()
    this.#idle = setTimeout(() => this.destroy(silent(this.server, ms)), ms)
    try {
      const { value, done } = await this.#chunks.next()
      if (done || !Buffer.isBuffer(value)) throw closed(this.server, '')
      return this.#frames.push(value)
    } catch (error) {
      throw this.#fail(error)
    } finally {
      clearTimeout(this.#idle)
    }
  }

  /** Answers to what was abandoned, and intermediate ones (RFC 4511 §4.13), are passed over. */
  #isFor(id: number, message: Message): boolean {
    if (message.id === 0 && message.op === EXTENDED_RESPONSE) {
      const { oid, code, said } = this.understand(() => resultOf(message))
      if (oid === NOTICE_OF_DISCONNECTION || oid === undefined) {
        throw this.#fail(closed(this.server, ` (code ${code}${said === '' ? '' : `, "${said}"`})`))
      }
    }
    return message.id === id && message.op !== INTERMEDIATE_RESPONSE
  }

  /** The error to throw; nobody uses the connection after it. */
  #fail(error: unknown): Error {
    if (this.#signal.aborted) return asError(this.#signal.reason)
    this.#socket.destroy()
    if (!(error instanceof Malformed)) return broken(this.server.url, error)
    return new RollcallError(
      'source_incomplete',
      `${this.server.url}: what the server sent is not LDAP (${error.message}); see whether something stands in between.`,
      { cause: error },
    )
  }
}

/** Of bytes. */
function chunksOf(socket: Socket): AsyncIterator<unknown, unknown> {
  return socket.iterator({ destroyOnReturn: false })
}

/** A name goes along for the server to choose its certificate by; an address must not (RFC 6066 §3). Both are checked. */
function forHost(host: string, { servername, ...material }: TlsMaterial): TlsMaterial {
  const name = servername ?? (isIP(host) === 0 ? host : undefined)
  return { ...material, ...(name !== undefined && { servername: name }) }
}

async function ready(socket: Socket, event: string, server: Server, ms: number, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(ms)
  try {
    await once(socket, event, { signal: AbortSignal.any([signal, late]) })
  } catch (error) {
    socket.on('error', () => {}).destroy()
    signal.throwIfAborted()
    throw late.aborted ? silent(server, ms) : broken(server.url, error)
  }
  socket.setNoDelay().on('error', () => {}) // whoever reads next is told
}

function silent({ url }: Server, ms: number): RollcallError {
  return new RollcallError(
    'source_incomplete',
    `${url}: no answer for ${ms / 1000} s; nothing of it will be removed. Run again later, or set timeouts on the source.`,
  )
}

function closed({ url }: Server, why: string): RollcallError {
  return new RollcallError(
    'source_incomplete',
    `${url}: the server closed the connection${why}; nothing of it will be removed; run again later.`,
  )
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason })
}
