import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '../model.ts'
import { misdeed } from './misdeed.ts'
import { isObject, type JsonObject, parseJson, withMember } from './json.ts'
import { json, type Piece, type Reply } from './reply.ts'
import { decoded, MethodNotAllowed, questionIn, questionInBody, type Route, routeOf, unknownPath } from './route.ts'
import { bad, errorBody, ScimError } from './scim-error.ts'
import type { Site } from './site.ts'

/** What requests are answered from. */
export interface Desk {
  readonly site: Site
  readonly token: string
  /** Counted by method and kind. */
  readonly requests: Map<string, number>
  /** Discovery, by path. */
  readonly documents: ReadonlyMap<string, JsonObject>
}

/** Bytes of a body that are read at most. */
const LARGEST = 32 << 20

/** The answer to one request; undefined where the connection is to be dropped without one. */
export async function respond(request: IncomingMessage, desk: Desk): Promise<Reply | undefined> {
  const { site } = desk
  const { faults, behaviour } = site
  const method = request.method ?? 'GET'
  const [path, query] = split(request.url ?? '/')
  const below = path.startsWith(`${behaviour.base}/`) ? path.slice(behaviour.base.length) : undefined
  count(desk.requests, method, below)
  const slow = faults.number('slow')
  if (slow !== undefined) await sleep(slow)
  try {
    const wrong = misdeed(faults, request.url ?? '/')
    if (wrong !== undefined) return wrong
    if (below === undefined) throw unknownPath(path)
    const document = discoveryAt(below, desk)
    if (!(document !== undefined && behaviour.openDiscovery)) authorize(request, desk)
    if (document !== undefined) return discover(method, query, document)
    const route = routeOf(method, below, site)
    const asked = await askedBy(request, query, route, site)
    return answer(route, asked, site)
  } catch (thrown) {
    return refusal(thrown, site)
  }
}

function split(url: string): readonly [path: string, query: string] {
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

function count(requests: Map<string, number>, method: string, below: string | undefined): void {
  const [, kind = '', inner] = (below ?? '').split('/')
  const key = `${method} ${inner === '.search' ? `${kind}/.search` : kind}`
  requests.set(key, (requests.get(key) ?? 0) + 1)
}

function discoveryAt(path: string, { documents }: Desk): JsonObject | undefined {
  const found = documents.get(path)
  if (found !== undefined || !path.startsWith('/Schemas/')) return found
  return documents.get(decoded(path))
}

function authorize(request: IncomingMessage, { token }: Desk): void {
  const given = /^bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (given !== token) throw new ScimError(401, 'the token is missing or wrong')
}

/** RFC 7644 §4: discovery takes no filter. */
function discover(method: string, query: string, document: JsonObject): Reply {
  if (method !== 'GET') throw new MethodNotAllowed(method, ['GET'])
  if (new URLSearchParams(query).has('filter')) throw new ScimError(403, 'discovery takes no filter')
  return json(200, document)
}

async function askedBy(request: IncomingMessage, query: string, route: Route, { behaviour, dialect }: Site) {
  const described = dialect.paging.style === 'cursor' ? [...route.parameters, 'cursor'] : route.parameters
  const question = questionIn(query, behaviour.strictParameters ? described : undefined)
  if (!route.takesBody) return { question, body: null, bytes: 0 }
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/(scim\+)?json *(;|$)/i.test(type)) {
    throw new ScimError(415, 'the body is neither application/scim+json nor application/json')
  }
  const content = await contentOf(request)
  const body = parsed(content)
  return { question: route.writes ? question : questionInBody(body), body, bytes: content.length }
}

function contentOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((done, fail) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= LARGEST) chunks.push(chunk)
      else {
        fail(new ScimError(413, `a body has no more than ${LARGEST} bytes`))
        request.removeAllListeners('data').resume()
      }
    })
    request.on('end', () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
    request.on('error', fail)
    request.on('aborted', () => fail(new Error('the client went away')))
  })
}

function parsed(content: Buffer): Json {
  try {
    return parseJson(content.toString('utf8'))
  } catch {
    throw bad('invalidSyntax', 'the body is no JSON')
  }
}

/** Carries a request out, or what a fault makes of that. */
function answer(route: Route, asked: Parameters<Route['answer']>[0], site: Site): Reply | undefined {
  const { faults } = site
  if (route.writes && faults.due('drop-before-commit')) return undefined
  const reply = route.answer(asked, site)
  if (!route.writes) return reply
  if (faults.due('drop-after-commit')) return undefined
  if (faults.due('unavailable-after-commit')) return json(503, errorBody(503, 'come back later'))
  return reply.status === 201 && faults.due('create-without-id') ? withoutId(reply) : reply
}

function wholeOf(body: string | Iterable<Piece>): string {
  if (typeof body === 'string') return body
  return Array.from(body, piece => (typeof piece === 'string' ? piece : Buffer.from(piece).toString())).join('')
}

function withoutId(reply: Reply): Reply {
  const body = parseJson(wholeOf(reply.body ?? '{}'))
  return {
    ...reply,
    body: JSON.stringify(isObject(body) ? withMember(body, 'id', undefined) : body),
    ...(reply.location !== undefined && { location: reply.location.replace(/[^/]*$/, 'undefined') }),
  }
}

function refusal(thrown: unknown, { behaviour, faults }: Site): Reply {
  if (!(thrown instanceof ScimError))
    return json(500, errorBody(500, 'the sandbox failed; what was asked for has not taken place'))
  const { status, message, scimType } = thrown
  const headers =
    thrown instanceof MethodNotAllowed
      ? { Allow: thrown.allowed }
      : status === 401
        ? { 'WWW-Authenticate': 'Bearer realm="sandbox"' }
        : undefined
  const shown = status === 409 && faults.text('conflict-without-scimtype') !== undefined ? undefined : scimType
  const isTrace = behaviour.denial === 'trace' && (status === 401 || status === 403)
  const body = isTrace ? { error: message, traceId: randomUUID() } : errorBody(status, message, shown)
  return { ...json(status, body), ...(headers && { headers }) }
}

/** Sends an answer; what is long goes out as fast as it is taken. */
export async function send(reply: Reply | undefined, response: ServerResponse, { faults }: Site): Promise<void> {
  if (reply === undefined) return void response.destroy()
  const { status, body, location, headers } = reply
  const head = {
    ...(body !== undefined && { 'Content-Type': 'application/scim+json' }),
    ...(location !== undefined && { Location: location }),
    ...headers,
  }
  if (body === undefined) return void response.writeHead(status, head).end()
  if (faults.due('truncated-json')) {
    const whole = wholeOf(body)
    return void response.writeHead(status, head).end(whole.slice(0, whole.length >> 1))
  }
  if (typeof body === 'string') {
    return void response.writeHead(status, { ...head, 'Content-Length': Buffer.byteLength(body) }).end(body)
  }
  response.writeHead(status, head)
  let text = ''
  for (const piece of body) {
    if (typeof piece === 'string') text += piece
    if (typeof piece === 'string' && text.length < CHUNK) continue
    if (text !== '') response.write(text)
    text = ''
    if (typeof piece !== 'string') response.write(piece)
    if (response.writableNeedDrain) await room(response)
    if (response.destroyed) return
  }
  response.end(text)
}

/** Until there is room for more, or nobody takes it. */
function room(response: ServerResponse): Promise<void> {
  return new Promise(done => {
    const go = () => {
      response.off('drain', go).off('close', go)
      done()
    }
    response.on('drain', go).on('close', go)
  })
}

const CHUNK = 1 << 18
