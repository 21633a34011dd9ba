import { RollcallError } from '../errors.ts'
import { type Answer, paced } from '../http/pace.ts'
import { type Deadlines, openOrigin, type Request } from '../http/request.ts'
import type { Patience } from '../http/retry.ts'
import type { TlsMaterial } from '../http/tls.ts'
import type { Dialect, ScimResource } from '../model.ts'
import type { Created } from '../target.ts'
import { isConflict, isRecord, parseJson, refusalOf, toldBy } from './answer.ts'
import { bodyOf, echoOf, type Kind, type Parsed, parseResource } from './resource.ts'

export interface ClientOptions {
  readonly name: string
  /** The base URL, below which /Users and /Groups are. */
  readonly url: string
  readonly token: string
  readonly dialect: Dialect
  readonly headers?: Readonly<Record<string, string>>
  readonly requestsPerMinute?: number
  readonly tls?: TlsMaterial
  readonly proxy?: string
  /** Default: `rollcall`; some targets refuse requests without any. */
  readonly userAgent?: string
  readonly patience?: Patience
  readonly deadlines?: Deadlines
  /** Bytes of the largest answer that is taken in. Default: 64 MiB. */
  readonly largest?: number
}

/** One page of a listing, as the answer has it (RFC 7644 §3.4.2, RFC 9865 §2). */
export interface Page {
  readonly resources: readonly unknown[]
  readonly total: number | undefined
  readonly startIndex: number | undefined
  readonly nextCursor: string | undefined
  /** Length of the answer's text. */
  readonly length: number
}

/** The SCIM requests, each one request with its retries. Errors as `Target` promises them. */
export interface Client {
  /** `query` is percent-encoded. Throws `target_incomplete` where the answer is no listing. */
  list(kind: Kind, query: string, signal: AbortSignal): Promise<Page>
  /** Undefined where there is none. */
  get(kind: Kind, id: string, signal: AbortSignal): Promise<Parsed | undefined>
  /** `stored` is the very `resource` where the answer shows all of it, unchanged. */
  post(kind: Kind, resource: ScimResource, signal: AbortSignal): Promise<Created>
  /** What the answer says is stored, where it says so. */
  write(method: 'PATCH' | 'PUT', kind: Kind, id: string, body: string, signal: AbortSignal): Promise<Parsed | undefined>
  remove(kind: Kind, id: string, signal: AbortSignal): Promise<void>
  /** /ServiceProviderConfig; undefined where there is none. */
  discover(signal: AbortSignal): Promise<unknown>
  close(): Promise<void>
}

/** How often an answer that is no JSON, or no SCIM, is asked for again. */
const READINGS = 3

export function openClient(options: ClientOptions): Client {
  const { dialect, token } = options
  const where = `target "${options.name}"`
  const base = new URL(options.url).pathname.replace(/\/+$/, '')
  const headers = headersOf(options)
  const secrets = [token, ...Object.values(options.headers ?? {}).filter(value => value.length >= 8)]
  const origin = openOrigin({
    url: options.url,
    headers,
    contentType: dialect.base.contentType,
    connections: dialect.concurrency,
    ...(options.tls && { tls: options.tls }),
    ...(options.proxy !== undefined && { proxy: options.proxy }),
    ...(options.deadlines && { deadlines: options.deadlines }),
    ...(options.largest !== undefined && { largest: options.largest }),
  })
  const send = paced(origin, {
    name: where,
    concurrency: dialect.concurrency,
    ...(options.requestsPerMinute !== undefined && { requestsPerMinute: options.requestsPerMinute }),
    ...(options.patience && { patience: options.patience }),
  })
  const pathOf = (kind: Kind, id?: string) =>
    `${base}/${kind === 'user' ? 'Users' : 'Groups'}${id === undefined ? '' : `/${encodeURIComponent(id)}`}`
  const whatOf = ({ method, path }: Request) => `${where}: ${method} ${path.split('?')[0]}`

  /** A GET, parsed; undefined for 404. Asked again where what came cannot be read. */
  const read = async (path: string, signal: AbortSignal) => {
    const request = { method: 'GET', path } as const
    for (let reading = 1; ; reading++) {
      const answer = await send(request, signal)
      if (answer.status === 404) return undefined
      if (!isDone(answer)) throw refusalOf(whatOf(request), answer, secrets, false)
      const body = parseJson(answer.text)
      if (isRecord(body)) return { body, length: answer.text.length }
      if (reading === READINGS)
        throw new RollcallError(
          'target_incomplete',
          `${whatOf(request)} was answered with ${answer.text === '' ? 'nothing' : isPage(answer) ? 'a web page' : 'broken JSON'} (${answer.status}), not with SCIM. Nothing was changed; see whether the target's url is right and nothing stands in between.`,
        )
    }
  }
  /** A write; its answer is a 2xx of the target itself. */
  const write = async (request: Request, signal: AbortSignal): Promise<Answer> => {
    const answer = await send(request, signal)
    if (!isDone(answer)) throw refusalOf(whatOf(request), answer, secrets, true)
    return ownAnswer(request, answer)
  }
  const ownAnswer = (request: Request, answer: Answer): Answer => {
    if (isPage(answer))
      throw new RollcallError(
        'unknown_outcome',
        `${whatOf(request)} was answered with a web page (${answer.status}); it is not known what became of it.`,
      )
    return answer
  }

  return {
    async list(kind, query, signal) {
      const path = `${pathOf(kind)}?${query}`
      const answer = await read(path, signal)
      const page = answer && pageOf(answer.body, answer.length)
      if (page) return page
      const what = whatOf({ method: 'GET', path })
      if (!answer) throw new RollcallError('target_unavailable', `${what}: not there (404); correct the target's url.`)
      throw new RollcallError(
        'target_incomplete',
        `${what} was answered with JSON that is no SCIM listing. Nothing was changed; see whether the target's url is right.`,
      )
    },
    async get(kind, id, signal) {
      const path = pathOf(kind, id)
      const answer = await read(path, signal)
      if (!answer) return undefined
      const parsed = parseResource(answer.body, kind)
      if (parsed?.id.toLowerCase() === id.toLowerCase()) return { ...parsed, id }
      throw new RollcallError(
        'target_incomplete',
        `${whatOf({ method: 'GET', path })} was answered with ${parsed ? 'another one' : `JSON that is no ${kind}`}. Nothing was changed; ask the provider.`,
      )
    },
    async post(kind, resource, signal) {
      const request = { method: 'POST', path: pathOf(kind), body: bodyOf(resource, kind) } as const
      const answer = await send(request, signal)
      if (!isDone(answer)) {
        const told = toldBy(answer, secrets)
        if (isConflict(answer, told, dialect))
          return { outcome: 'conflict', detail: told.detail || `status ${answer.status}` }
        throw refusalOf(whatOf(request), answer, secrets, false)
      }
      ownAnswer(request, answer)
      const body = answer.status === 202 ? undefined : parseJson(answer.text)
      const parsed = echoOf(body, resource) ?? parseResource(body, kind)
      if (!parsed) return { outcome: 'unlinked' }
      return { outcome: 'created', scimId: parsed.id, stored: parsed.resource }
    },
    async write(method, kind, id, body, signal) {
      const answer = await write({ method, path: pathOf(kind, id), body }, signal)
      return answer.text === '' ? undefined : parseResource(parseJson(answer.text), kind)
    },
    async remove(kind, id, signal) {
      await write({ method: 'DELETE', path: pathOf(kind, id) }, signal)
    },
    async discover(signal) {
      if (dialect.base.discovery === 'none') return undefined
      return (await read(`${base}/ServiceProviderConfig`, signal))?.body
    },
    close: () => origin.close(),
  }
}

function headersOf({
  token,
  dialect,
  headers,
  userAgent = 'rollcall',
}: ClientOptions): Readonly<Record<string, string>> {
  const own = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  return {
    accept: dialect.base.contentType,
    authorization: `Bearer ${token}`,
    'user-agent': userAgent,
    ...Object.fromEntries(own),
  }
}

function pageOf(body: Readonly<Record<string, unknown>>, length: number): Page | undefined {
  const byName = new Map(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]))
  const resources = byName.get('resources')
  const total = wholeNumber(byName.get('totalresults'))
  if (!Array.isArray(resources) && total === undefined) return undefined
  const cursor = byName.get('nextcursor')
  return {
    resources: Array.isArray(resources) ? resources : [],
    total,
    startIndex: wholeNumber(byName.get('startindex')),
    nextCursor: typeof cursor === 'string' && cursor !== '' ? cursor : undefined,
    length,
  }
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

function isDone({ status }: Answer): boolean {
  return status >= 200 && status < 300
}

function isPage({ text, headers }: Answer): boolean {
  return text !== '' && (/^\s*</.test(text) || String(headers['content-type']).includes('html'))
}
