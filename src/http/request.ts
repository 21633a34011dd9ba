import { type Dispatcher, Pool, ProxyAgent } from 'undici'
import type { TlsMaterial } from './tls.ts'

export interface OriginOptions {
  /** Every request goes to this URL's origin, whatever an answer says. */
  readonly url: string
  /** Sent with every request; values in plain text. */
  readonly headers: Readonly<Record<string, string>>
  /** Content-Type of requests that carry a body. */
  readonly contentType: string
  /** Connections kept open; requests beyond wait for one. */
  readonly connections: number
  readonly tls?: TlsMaterial
  /** URL of a proxy. */
  readonly proxy?: string
  /** Milliseconds: for connecting, until the answer begins and between its pieces, and for the whole of it. */
  readonly deadlines?: Deadlines
  /** Bytes of the largest answer that is taken in. Default: 64 MiB. */
  readonly largest?: number
}

export interface Deadlines {
  readonly connect: number
  readonly silence: number
  readonly whole: number
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With the query, percent-encoded, from the root of the origin. */
  readonly path: string
  readonly body?: string
  /** Beside those of the origin; values in plain text. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What came of one attempt. Redirects are answers like any other and are never followed. */
export type Attempt =
  /** Of a body beyond 2xx, the first 64 KiB. */
  | { readonly came: 'answer'; readonly status: number; readonly headers: Headers; readonly text: string }
  /** No usable answer. `sent` is false where not a byte of the request can have arrived. */
  | { readonly came: 'nothing'; readonly sent: boolean; readonly error: Error }

export type Headers = Readonly<Record<string, string | string[] | undefined>>

export interface Origin {
  /** One attempt, no retry. Never throws for what the network does; throws the signal's reason when it is aborted. */
  send(request: Request, signal: AbortSignal): Promise<Attempt>
  close(): Promise<void>
}

const DEADLINES: Deadlines = { connect: 10_000, silence: 60_000, whole: 300_000 }
const MAX_ANSWER = 64 << 20
const MAX_ERROR = 64 << 10

/** An answer beyond what is taken in; asking for less of it may help. */
export class AnswerTooLarge extends Error {}

/** Opens nothing yet: connections are made by the first requests. */
export function openOrigin(options: OriginOptions): Origin {
  const { origin } = new URL(options.url)
  const { connect, silence, whole } = options.deadlines ?? DEADLINES
  const limits = { whole, largest: options.largest ?? MAX_ANSWER }
  const dispatcher = dispatcherOf(origin, options, connect, silence)
  const aborts = listeners()
  const plain = Object.entries(options.headers).flat()
  const withBody = [...plain, 'content-type', options.contentType]

  return {
    send: ({ method, path, body, headers: own }, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(reasonOf(signal))
          return
        }
        const receiver = new Receiver(limits, resolve, reject, aborts(signal))
        const shared = body === undefined ? plain : withBody
        const headers = own === undefined ? shared : [...shared, ...Object.entries(own).flat()]
        dispatcher.dispatch({ origin, method, path, headers, ...(body !== undefined && { body }) }, receiver)
      }),
    close: () => dispatcher.destroy(),
  }
}

interface Limits {
  readonly whole: number
  readonly largest: number
}

/** Takes in one answer, up to its limits; settles once. */
class Receiver implements Dispatcher.DispatchHandler {
  readonly #limits: Limits
  readonly #resolve: (attempt: Attempt) => void
  readonly #reject: (error: Error) => void
  readonly #aborts: Aborts
  #controller: Dispatcher.DispatchController | undefined
  #settled = false
  #until = 0
  #status = 0
  #headers: Headers = {}
  readonly #chunks: Buffer[] = []
  #size = 0

  constructor(limits: Limits, resolve: (attempt: Attempt) => void, reject: (error: Error) => void, aborts: Aborts) {
    this.#limits = limits
    this.#resolve = resolve
    this.#reject = reject
    this.#aborts = aborts
    aborts.waiting.add(this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#until = Date.now() + this.#limits.whole
    if (this.#settled) controller.abort(reasonOf(this.#aborts.signal))
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return
    this.#controller = controller
    this.#status = status
    this.#headers = headers
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const isError = this.#status >= 300
    if (isError && this.#size >= MAX_ERROR) {
      this.#answer()
      controller.abort(new Error('the rest is not wanted'))
    } else if (this.#size > this.#limits.largest) {
      this.#fail(new AnswerTooLarge(`an answer of more than ${this.#limits.largest} bytes`))
      controller.abort(new Error('too large'))
    } else if (Date.now() > this.#until) {
      this.#fail(new Error(`no end of the answer within ${this.#limits.whole / 1_000} s`))
      controller.abort(new Error('too slow'))
    }
  }

  onResponseEnd(): void {
    this.#answer()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #answer(): void {
    if (!this.#settle()) return
    const [only] = this.#chunks
    const bytes = this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks)
    const isError = this.#status >= 300
    const text = bytes.toString('utf8', 0, isError ? MAX_ERROR : bytes.length)
    this.#resolve({ came: 'answer', status: this.#status, headers: this.#headers, text })
  }

  #fail(error: Error): void {
    if (this.#settle()) this.#resolve({ came: 'nothing', sent: this.#controller !== undefined, error })
  }

  /** Ends it, as far as that can be done: what was sent was sent. */
  stop(reason: Error): void {
    if (!this.#settle()) return
    this.#controller?.abort(reason)
    this.#reject(reason)
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#aborts.waiting.delete(this)
    return true
  }
}

/** Who is to hear of a signal. One listener for all of them: to add and remove one costs as much as a small answer. */
interface Aborts {
  readonly signal: AbortSignal
  readonly waiting: Set<Receiver>
}

function listeners(): (signal: AbortSignal) => Aborts {
  const known = new WeakMap<AbortSignal, Aborts>()
  return signal => {
    const before = known.get(signal)
    if (before) return before
    const aborts: Aborts = { signal, waiting: new Set() }
    known.set(signal, aborts)
    signal.addEventListener('abort', () => {
      for (const receiver of aborts.waiting) receiver.stop(reasonOf(signal))
    })
    return aborts
  }
}

function dispatcherOf(origin: string, options: OriginOptions, connect: number, silence: number): Dispatcher {
  const { tls = {}, connections, proxy } = options
  const shared = { connections, headersTimeout: silence, bodyTimeout: silence, allowH2: false }
  if (proxy === undefined) return new Pool(origin, { ...shared, connect: { ...tls, timeout: connect } })
  return new ProxyAgent({ ...shared, uri: proxy, requestTls: { ...tls, timeout: connect } })
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted')
}
