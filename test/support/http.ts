import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'

/** A request as a scripted server heard it. */
export interface Heard {
  readonly method: string
  /** Without the query, as it was sent. */
  readonly path: string
  /** The raw query, as it was sent. */
  readonly search: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Undefined where there is none. */
  readonly body: Body | undefined
}

/** JSON; PATCH bodies have operations. */
export interface Body {
  readonly Operations?: readonly { readonly value?: unknown }[]
  readonly [name: string]: unknown
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly text?: string
  /** Cuts the connection in place of an answer. */
  readonly drop?: true
  /** Says nothing at all. */
  readonly silence?: true
}

/** A server on the loopback that answers as the test says, and remembers what it heard. Gone when the test is. */
export async function scripted(answer: (heard: Heard, nth: number) => Reply | Promise<Reply>) {
  const heard: Heard[] = []
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const [path = '', search = ''] = (request.url ?? '').split('?')
    const one: Heard = {
      method: request.method ?? '',
      path,
      search,
      query: new URLSearchParams(search),
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
    heard.push(one)
    const reply = await answer(one, heard.length)
    if (reply.silence) return
    if (reply.drop) {
      request.socket.destroy()
      return
    }
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/scim+json', ...reply.headers })
    response.end(reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json)))
  }
  const server = createServer((request, response) => void respond(request, response))
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${port}`, heard }
}
