import type { Context } from '@microsoft/microsoft-graph-client'
import { type Attempt, type Deadlines, type Headers, openOrigin } from '../../src/http/request.ts'
import type { TlsMaterial } from '../../src/http/tls.ts'

export interface TransportOptions {
  /** What stands before /v1.0. */
  readonly url: string
  readonly tls?: TlsMaterial
  readonly proxy?: string
  readonly deadlines?: Deadlines
}

export interface Sent {
  /** From the root of the origin, percent-encoded. */
  readonly path: string
  readonly token: string
  readonly eventual?: boolean
  /** Makes it a POST: the items of a batch. */
  readonly batch?: { readonly requests: readonly unknown[] }
}

/** One attempt of one request to Graph. */
export interface Transport {
  /** The path of the root and the version: `/v1.0`. */
  readonly base: string
  readonly origin: string
  send(sent: Sent, signal: AbortSignal): Promise<Attempt>
  close(): Promise<void>
}

const CONNECTIONS = 16

/**
 * Microsoft's client makes the requests, and ours sends them: its own way of sending attaches the token to any host of a
 * list, rewrites links onwards, gives up on a cut connection and retries what it should not wait for, all of which is
 * decided here. So its chain is one link long, and what it says of the address is not heeded: the path goes out as given.
 */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  const { Client, ResponseType } = await import('@microsoft/microsoft-graph-client')
  const { origin, pathname } = new URL(options.url)
  const root = pathname.replace(/\/+$/, '')
  const link = openOrigin({
    url: options.url,
    headers: { accept: 'application/json', 'user-agent': 'rollcall', 'x-ms-throttle-priority': 'Low' },
    contentType: 'application/json',
    connections: CONNECTIONS,
    ...(options.tls && { tls: options.tls }),
    ...(options.proxy !== undefined && { proxy: options.proxy }),
    ...(options.deadlines && { deadlines: options.deadlines }),
  })
  const client = Client.initWithMiddleware({
    baseUrl: `${origin}${root}/`,
    defaultVersion: 'v1.0',
    middleware: {
      async execute(context: Context) {
        const errand = context.middlewareControl?.getMiddlewareOptions(Errand)
        if (errand instanceof Errand) await errand.run(context)
        context.response = new Response(null)
      },
    },
  })

  class Errand {
    attempt: Attempt | undefined
    /** The client wraps what is thrown into an error of its own. */
    thrown: Error | undefined
    readonly #path: string
    readonly #signal: AbortSignal
    constructor(path: string, signal: AbortSignal) {
      this.#path = path
      this.#signal = signal
    }

    async run({ options: made }: Context): Promise<void> {
      const body = typeof made?.body === 'string' ? made.body : undefined
      const method = made?.method === 'POST' ? 'POST' : 'GET'
      const headers = headersOf(made?.headers)
      try {
        const request = { method, path: this.#path, headers } as const
        this.attempt = await link.send(body === undefined ? request : { ...request, body }, this.#signal)
      } catch (error) {
        this.thrown = error instanceof Error ? error : new Error(String(error))
      }
    }
  }

  return {
    base: `${root}/v1.0`,
    origin,
    async send({ path, token, eventual, batch }, signal) {
      const errand = new Errand(path, signal)
      const request = client
        .api(path.slice(root.length + '/v1.0'.length))
        .header('Authorization', `Bearer ${token}`)
        .responseType(ResponseType.RAW)
        .middlewareOptions([errand])
      if (eventual) request.header('ConsistencyLevel', 'eventual')
      await (batch === undefined ? request.get() : request.post(batch))
      if (errand.thrown) throw errand.thrown
      return errand.attempt ?? { came: 'nothing', sent: false, error: new Error('the request was not made') }
    },
    close: () => link.close(),
  }
}

/** Those of the client, but for the type of the content, which is the origin's. */
function headersOf(made: unknown): Readonly<Record<string, string>> {
  const entries = typeof made === 'object' && made !== null ? Object.entries(made) : []
  return Object.fromEntries(
    entries.filter(
      (entry): entry is [string, string] => entry[0].toLowerCase() !== 'content-type' && typeof entry[1] === 'string',
    ),
  )
}

/** What Microsoft asks for when a request is reported to them. */
export function requestId(headers: Headers): string | undefined {
  const id = headers['request-id']
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : undefined
}
