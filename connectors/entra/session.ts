import { setMaxListeners } from 'node:events'
import type { Place, ReadRequest } from '../../src/connector.ts'
import type { Deadlines } from '../../src/http/request.ts'
import type { Patience } from '../../src/http/retry.ts'
import { readTls } from '../../src/http/tls.ts'
import { readProxy } from '../../src/http/endpoint.ts'
import { type Graph, openGraph } from './client.ts'
import { type Wanted, wantedOf } from './convert.ts'
import { type Claims, signInWith } from './credential.ts'
import { declared, endpointsOf, type EntraOptions } from './options.ts'
import { HIDDEN_MEMBERS, isGranted, type Need, needsOf } from './permissions.ts'
import { openTransport } from './transport.ts'

/** What tests turn: how long to wait, and the time. */
export interface Tuning {
  readonly patience?: Patience
  readonly deadlines?: Deadlines
  /** Times the budget that Graph grants. */
  readonly haste?: number
  /** Milliseconds before counts that disagree are looked at again. */
  readonly secondLook?: number
  readonly now?: () => number
}

/** A tenant, signed in to. */
export interface Session {
  readonly options: EntraOptions
  readonly source: string
  readonly graph: Graph
  readonly claims: Claims | undefined
  readonly tuning: Required<Pick<Tuning, 'secondLook' | 'now'>>
}

/** One reading of it. */
export interface Run extends Session {
  readonly request: Omit<ReadRequest, 'signal'>
  readonly signal: AbortSignal
  readonly wanted: { readonly user: readonly Wanted[]; readonly group: readonly Wanted[] }
  readonly needs: readonly Need[]
  /** Attributes of users that the application may not read. */
  readonly denied: ReadonlySet<string>
  /** Whether members of groups that hide them are hidden from the application. */
  readonly hides: boolean
}

export async function openSession(
  options: EntraOptions,
  place: Place,
  signal: AbortSignal,
  tuning: Tuning,
): Promise<Session> {
  signal.throwIfAborted()
  const { patience, deadlines, haste = 1, secondLook = 5_000, now = Date.now } = tuning
  const { endpoints, proxy } = options
  const signIn = await signInWith(options, place, { first: patience?.first ?? 1_000 })
  const own = endpoints.graph !== undefined || endpoints.login === undefined
  const [tls, through] = await Promise.all([
    own ? readTls(options.tls, place.folder) : {},
    readProxy(proxy, place.folder),
  ])
  const transport = await openTransport({
    url: endpointsOf(options).graph,
    tls,
    ...(through !== undefined && { proxy: through }),
    ...(deadlines && { deadlines }),
  })
  const graph = openGraph({ transport, signIn, haste, ...(patience && { patience }) })
  try {
    const { claims } = await graph.token(signal)
    return { options, source: place.name, graph, claims, tuning: { secondLook, now } }
  } catch (error) {
    await graph.close()
    throw error
  }
}

export function runOf(session: Session, request: ReadRequest, signal: AbortSignal): Run {
  setMaxListeners(0, signal)
  const types = declared(session.options)
  const needs = needsOf(session.options, request.userAttributes)
  const missing = needs.filter(({ permission }) => isGranted(permission, session.claims) === false)
  return {
    ...session,
    request,
    signal,
    wanted: {
      user: wantedOf(request.userAttributes, types.user),
      group: wantedOf(request.groupAttributes, types.group),
    },
    needs,
    denied: new Set(missing.flatMap(({ attribute }) => attribute ?? [])),
    hides: isGranted(HIDDEN_MEMBERS, session.claims) !== true,
  }
}
