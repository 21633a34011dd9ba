import type { admin_directory_v1 } from 'googleapis/build/src/apis/admin/directory_v1.js'
import type { ZodType } from 'zod'
import type { Place } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import { readProxy } from '../../src/http/endpoint.ts'
import { type Attempt, type Deadlines, openOrigin, type Origin } from '../../src/http/request.ts'
import type { Patience } from '../../src/http/retry.ts'
import { readTls } from '../../src/http/tls.ts'
import { ask, type Asked } from './ask.ts'
import { type Signer, signerByKey } from './credential.ts'
import { keylessSigner } from './keyless.ts'
import { laneOf } from './lane.ts'
import type { GoogleOptions } from './options.ts'
import { refusalOf } from './refusal.ts'
import { type Tokens, tokensOf } from './tokens.ts'

type Api = admin_directory_v1.Admin
/** What the library is given beside the parameters of a method. */
interface Seam {
  readonly fetchImplementation: typeof fetch
  readonly validateStatus: () => boolean
  /** Nothing is sent from there: no proxy is looked for. */
  readonly noProxy: RegExp[]
}

/** How long to wait for what. */
export interface Tuning {
  readonly patience: Patience
  readonly deadlines?: Deadlines
  /** How often to look again at users who lack a mark, and how many milliseconds to wait before each. */
  readonly look: { readonly times: number; readonly wait: number }
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Google asks for a doubling wait of a second and more: https://developers.google.com/workspace/admin/directory/v1/limits */
export const TUNING: Tuning = {
  patience: { attempts: 8, first: 1_000, longest: 15 * 60_000, giveUp: 45 * 60_000 },
  look: { times: 4, wait: 10_000 },
  now: Date.now,
}

export interface Call<T> {
  /** For messages: `page 3 of the users`. */
  readonly what: string
  /** A method of the library with its parameters. */
  readonly call: (api: Api, seam: Seam) => Promise<unknown>
  readonly shape: ZodType<T>
  readonly doubt?: (answer: T) => string | undefined
  /** The etag of what is known; the answer may then be `unchanged`. */
  readonly etag?: string
  /** Whether it goes before others. */
  readonly first?: boolean
  /** Whether a refusal is an answer, and no error. */
  readonly mayRefuse?: boolean
}

/** The Directory API, as one service account. */
export interface Client {
  readonly signer: Signer
  /**
   * One request, with every attempt that is worth it. The library builds it; it goes out by our own transport, to the
   * configured origin only. Throws `source_incomplete`, `source_denied` and the signal's reason.
   */
  request<T>(call: Call<T>, signal: AbortSignal): Promise<Reply<T>>
  /** Signs in, when nothing was asked yet. */
  signIn(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export type Reply<T> = Exclude<Asked<T>, { readonly judged: 'unauthorized' }>

/** Reads the secrets, and opens nothing yet. */
export async function openClient(
  options: GoogleOptions,
  scopes: readonly string[],
  place: Place,
  tuning: Tuning,
): Promise<Client> {
  const { credential, endpoints, concurrency } = options
  const { patience, deadlines, now } = tuning
  const [{ default: googleapis }, tls, proxy] = await Promise.all([
    import('googleapis/build/src/apis/admin/directory_v1.js'),
    readTls(options.tls, place.folder),
    readProxy(options.proxy, place.folder),
  ])
  const { admin_directory_v1: library } = googleapis
  const origins: Origin[] = []
  const open = (url: string, contentType: string, connections: number) => {
    const headers = { 'user-agent': 'rollcall' }
    const shared = { ...(proxy !== undefined && { proxy }), ...(deadlines && { deadlines }) }
    const origin = openOrigin({ url, headers, contentType, connections, tls, ...shared })
    origins.push(origin)
    return origin
  }
  const signer =
    'keyless' in credential
      ? keylessSigner(credential.keyless, open(endpoints.iam, 'application/json', 1), patience)
      : signerByKey(await ('key' in credential ? credential.key : credential.adminRole).read(place.folder))
  const origin = open(endpoints.token, 'application/x-www-form-urlencoded', 1)
  const tokens = tokensOf({ options, signer, scopes, origin, patience, now })
  const directory = open(endpoints.admin, 'application/json', concurrency)
  const lane = laneOf(options)
  const api = new library.Admin({ retry: false })

  return {
    signer,
    async request<T>(call: Call<T>, signal: AbortSignal): Promise<Reply<T>> {
      const { what, shape, doubt, first = false } = call
      const path = await pathOf(call, api)
      const send = sender(directory, tokens, { path, etag: call.etag })
      const question = { what, shape, send, lane, first, patience, ...(doubt && { doubt }) }
      const answer = await ask(question, signal)
      if (answer.judged === 'unauthorized' || (answer.judged === 'refused' && !call.mayRefuse))
        throw refusalOf(what, answer, options, signer)
      return answer
    },
    async signIn(signal) {
      await tokens.get(signal)
    },
    async close() {
      await Promise.all(origins.map(one => one.close()))
    },
  }
}

/** The library builds the address of a request out of its parameters; it gets no further than that. */
async function pathOf<T>({ what, call }: Call<T>, api: Api): Promise<string> {
  let built: URL | undefined
  const seam: Seam = {
    async fetchImplementation(address) {
      built = new URL(address instanceof Request ? address.url : address)
      return new Response(null, { status: 204 })
    },
    validateStatus: () => true,
    noProxy: [/./],
  }
  try {
    await call(api, seam)
  } catch (cause) {
    throw new RollcallError('source_incomplete', `${what}: there is no such request; is an id there that is none?`, {
      cause,
    })
  }
  if (built === undefined) throw new RollcallError('source_incomplete', `${what}: no request was made of it.`)
  return built.pathname + built.search
}

/** Sends with a token; with another one where that is not taken any more, once. */
function sender(
  directory: Origin,
  tokens: Tokens,
  { path, etag }: { readonly path: string; readonly etag: string | undefined },
): (signal: AbortSignal) => Promise<Attempt> {
  const once = async (token: string, signal: AbortSignal) => {
    const headers = { authorization: `Bearer ${token}`, ...(etag !== undefined && { 'if-none-match': etag }) }
    return directory.send({ method: 'GET', path, headers }, signal)
  }
  return async signal => {
    const token = await tokens.get(signal)
    const attempt = await once(token, signal)
    if (attempt.came !== 'answer' || attempt.status !== 401) return attempt
    tokens.renew(token)
    return once(await tokens.get(signal), signal)
  }
}
