import { hash } from 'node:crypto'
import { BindRequest, type BerWriter, ExtendedRequest, Filter, PagedResultsControl, SearchRequest } from 'ldapts'
import { RollcallError } from '../../src/errors.ts'
import type { TlsMaterial } from '../../src/http/tls.ts'
import { Malformed } from './ber.ts'
import { Connection, type Request, SEARCH_DONE, SEARCH_ENTRY, SEARCH_REFERENCE } from './connection.ts'
import { decoder, type Each, type Entry, type Slot } from './entry.ts'
import { filterBytes } from './filter.ts'
import type { Message } from './frames.ts'
import { type Asked, refusal } from './refusal.ts'
import { referencesOf, resultOf } from './result.ts'
import type { Server } from './server.ts'

/** The directory's API: signing in, searching, pages. Nothing here knows what the entries mean. */

/** As whom. */
export type Credential =
  | { readonly dn: string; readonly password: string }
  | { readonly external: true }
  | { readonly anonymous: true }

export interface Timeouts {
  /** Milliseconds. */
  readonly connect: number
  readonly idle: number
}

export interface SignIn {
  readonly servers: readonly Server[]
  readonly credential: Credential
  readonly tls: TlsMaterial
  readonly startTls: boolean
  readonly timeouts: Timeouts
  readonly signal: AbortSignal
}

const START_TLS = '1.3.6.1.4.1.1466.20037'

export function accountOf(credential: Credential): string {
  if ('dn' in credential) return credential.dn
  return 'external' in credential ? 'the account of the client certificate' : 'anonymous'
}

/**
 * A connection to the first server that answers and lets us in, each attempt a connection of its own. A credential
 * that one server refuses is not tried at the next: accounts are locked that way.
 */
export async function signIn(how: SignIn): Promise<Connection> {
  const errors: unknown[] = []
  for (const server of how.servers) {
    try {
      return await signInAt(server, how)
    } catch (error) {
      how.signal.throwIfAborted()
      if (!(error instanceof RollcallError) || error.code === 'source_denied') throw error
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  const messages = errors.map(error => (error instanceof Error ? error.message : String(error)))
  throw new RollcallError('source_incomplete', `no server answers. ${messages.join(' ')}`, {
    cause: new AggregateError(errors),
  })
}

async function signInAt(server: Server, { credential, tls, startTls, timeouts, signal }: SignIn): Promise<Connection> {
  const ms = timeouts.connect
  const connection = await Connection.open(server, tls, ms, signal)
  try {
    const account = accountOf(credential)
    if (startTls) {
      const answer = await connection.answer(messageId => new ExtendedRequest({ messageId, oid: START_TLS }), ms)
      accept(connection, answer, `${server.url}, StartTLS`, account)
      await connection.encrypt(tls, ms)
    }
    accept(connection, await connection.answer(binding(credential), ms), `${server.url}, signing in`, account)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

function binding(credential: Credential): Request {
  if ('dn' in credential) return messageId => new BindRequest({ messageId, ...credential })
  if ('external' in credential) return messageId => new BindRequest({ messageId, mechanism: 'EXTERNAL' })
  return messageId => new BindRequest({ messageId })
}

function accept(connection: Connection, answer: Message, what: string, account: string): void {
  const result = connection.understand(() => resultOf(answer))
  if (result.code !== 0) throw refusal(result, { what, account, unlimited: 'ask its administrator' })
}

export interface Search {
  readonly base: string
  readonly scope: 'sub' | 'one' | 'base'
  /** RFC 4515. */
  readonly filter: string
  readonly attributes: readonly string[]
}

/** What a search came to, a piece at a time. */
export interface Found<Item> {
  readonly items: readonly Item[]
  /** URLs of servers that hold other parts of it. */
  readonly references: readonly string[]
  /** Whether a page ended with this piece. */
  readonly page: boolean
}

export interface Paging {
  /** Undefined for servers that do not know pages. */
  readonly size: number | undefined
  /** Milliseconds. */
  readonly idle: number
}

/**
 * Everything that a search finds, as it streams in, page after page until the server says that there are no more,
 * whatever a page holds. Throws rather than end early: on any result but success, on pages that repeat, on a server
 * that forgets that it was paging. No limit is asked for, aliases are not followed (RFC 4511 §4.5.1, RFC 2696).
 */
export async function* search<Item>(
  connection: Connection,
  wanted: Search,
  { size, idle }: Paging,
  asked: Asked,
  decode: (message: Message) => Item,
): AsyncGenerator<Found<Item>> {
  const pages = new Pages(asked.what)
  connection.send(searching(wanted, size))
  for (;;) {
    const messages = await connection.receive(idle)
    const first = messages.find(({ op }) => op === SEARCH_ENTRY)
    if (first) pages.take(first)
    const last = messages.at(-1)
    const result = last?.op === SEARCH_DONE ? connection.understand(() => resultOf(last)) : undefined
    if (result && result.code !== 0) throw refusal(result, asked)
    const cookie = result && pages.next(result.cookie)
    // The server looks for the next page while we look at this one.
    if (cookie) connection.send(searching(wanted, size, cookie))
    yield { ...connection.understand(() => partsOf(messages, decode)), page: result !== undefined }
    if (result && !cookie) return
  }
}

function partsOf<Item>(messages: readonly Message[], decode: (message: Message) => Item) {
  const items: Item[] = []
  const references: string[] = []
  for (const message of messages) {
    if (message.op === SEARCH_ENTRY) items.push(decode(message))
    else if (message.op === SEARCH_REFERENCE) references.push(...referencesOf(message))
    else if (message.op !== SEARCH_DONE || message !== messages.at(-1)) {
      throw new Malformed(`operation 0x${message.op.toString(16)} in answer to a search`)
    }
  }
  return { items, references }
}

/** The entries of a search that finds few. */
export async function entries(
  connection: Connection,
  wanted: Search,
  idle: number,
  asked: Asked,
  slots: readonly Slot[],
  each?: Each,
): Promise<Entry[]> {
  const found: Entry[] = []
  const decode = decoder(slots, each)
  for await (const { items } of search(connection, wanted, { size: undefined, idle }, asked, decode))
    found.push(...items)
  return found
}

/** Pages that get nowhere. */
const IDLE_PAGES = 10_000
const SAME_PAGES = 100

class Pages {
  readonly #what: string
  readonly #firsts = new Set<string>()
  #cookie: Buffer | undefined
  /** Whether the page that is coming in has an entry. */
  #any = false
  #empty = 0
  #same = 0

  constructor(what: string) {
    this.#what = what
  }

  /** Takes note of the first entry of a page, as it stands in the message. */
  take({ bytes, start, end }: Message): void {
    if (this.#any) return
    this.#any = true
    const first = hash('sha256', bytes.subarray(start, end), 'base64')
    if (this.#firsts.has(first)) throw this.#wrong('the server sent a page again')
    this.#firsts.add(first)
  }

  /** With which cookie to go on, if any: an empty page is not the last one, and what is in a cookie is the server's business. */
  next(cookie: Buffer | undefined): Buffer | undefined {
    if (!cookie && this.#cookie) throw this.#wrong('the server did not say whether more pages follow')
    this.#same = !this.#any && cookie && this.#cookie?.equals(cookie) ? this.#same + 1 : 0
    this.#empty = this.#any ? 0 : this.#empty + 1
    if (this.#same >= SAME_PAGES || this.#empty >= IDLE_PAGES) {
      throw this.#wrong(`${this.#empty} empty pages came one after another`)
    }
    this.#any = false
    this.#cookie = cookie
    return cookie && cookie.length > 0 ? cookie : undefined
  }

  #wrong(why: string): RollcallError {
    return new RollcallError(
      'source_incomplete',
      `${this.#what}: ${why}; nothing of it will be removed; run again, and if it stays so try another pageSize or server.`,
    )
  }
}

function searching({ base, scope, filter, attributes }: Search, size: number | undefined, cookie?: Buffer): Request {
  const bytes = new Bytes(filterBytes(filter))
  return messageId =>
    new SearchRequest({
      messageId,
      baseDN: base,
      scope,
      filter: bytes,
      attributes: [...attributes],
      sizeLimit: 0,
      timeLimit: 0,
      ...(size !== undefined && {
        controls: [new PagedResultsControl({ critical: true, value: { size, ...(cookie && { cookie }) } })],
      }),
    })
}

/** A filter that is bytes already. */
class Bytes extends Filter {
  readonly type = 0x87
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    super()
    this.#bytes = bytes
  }

  override write(writer: BerWriter): void {
    for (const byte of this.#bytes) writer.writeByte(byte)
  }

  override toString(): string {
    return this.#bytes.toString('hex')
  }
}
