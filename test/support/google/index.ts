import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, answer } from './answers.ts'
import { asked } from './contract.ts'
import { Directory } from './directory.ts'
import { altered, distorted, refusedBy } from './faults.ts'
import { projection } from './fields.ts'
import type { Fault, FaultName, GoogleDouble, GoogleOptions, GoogleRequest } from './model.ts'
import { quota } from './quota.ts'
import { Refusal, REFUSALS } from './refusal.ts'
import { type Reply, SignIn } from './signin.ts'

export type {
  Fault,
  FaultName,
  GoogleDouble,
  GoogleGroup,
  GoogleOptions,
  GoogleUser,
} from './model.ts'

/** Google's Directory API on the loopback, stateful and strict; see model.ts for what it can be told. */
export async function startGoogle(given: GoogleOptions = {}): Promise<GoogleDouble> {
  const directory = new Directory(given)
  const bucket = quota(given.perMinute ?? 2_400)
  const state: State = { requests: [], refused: new Map(), writes: 0, notModified: 0, misbehave: undefined }
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else
        send(response, { status: 500, body: { error: { code: 500, message: `the double itself: ${String(error)}` } } })
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const url = `http://127.0.0.1:${port}`
  const signIn = new SignIn(directory, given, url)

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = incoming
    let text = ''
    if (method !== 'GET') for await (const chunk of incoming) text += String(chunk)
    const request: GoogleRequest = { service: serviceOf(path), method, path, headers, nth: state.requests.length }
    state.requests.push(request)
    const fault = state.misbehave?.(request)
    const reply = replyTo(request, text, typeof fault === 'string' ? fault : undefined)
    const wait = (given.latencyMs ?? 0) + (typeof fault === 'object' && fault.fault === 'slow' ? fault.milliseconds : 0)
    if (wait > 0) await sleep(wait, undefined, { ref: false })
    deliver(incoming, response, reply, fault)
  }

  function replyTo(request: GoogleRequest, text: string, fault: FaultName | undefined): Reply {
    const { service, path, headers, method } = request
    switch (service) {
      case 'token':
        return shaped(
          method === 'POST' ? signIn.exchange(String(headers['content-type'] ?? ''), text) : NOT_FOUND,
          fault,
        )
      case 'iam':
        return shaped(method === 'POST' ? signIn.signJwt(path, headers, text) : NOT_FOUND, fault)
      case 'sts':
        return shaped(signIn.sts(path, text), fault)
      case 'metadata':
        return shaped(signIn.metadata(path, headers), fault)
      case 'directory':
        try {
          return read(request, fault)
        } catch (error) {
          if (error instanceof Refusal) return error
          throw error
        }
    }
  }

  function read({ method, path, headers }: GoogleRequest, fault: FaultName | undefined): Reply {
    if (method !== 'GET') {
      state.writes++
      throw REFUSALS.insufficientScope()
    }
    const parsed = new URL(path, url)
    const question = asked(parsed.pathname, parsed.searchParams)
    if (!question) return NOT_FOUND
    const caller = signIn.caller(headers, question.method.scopes, REFUSALS)
    if (!bucket.take()) {
      state.refused.set(path, (state.refused.get(path) ?? 0) + 1)
      throw REFUSALS.overQuota()
    }
    const take = projection(question.parameters['fields'], question.method.response)
    const answered = answer(question, directory, given, caller)
    const unchanged = headers['if-none-match']
    if (given.etags && typeof unchanged === 'string' && unchanged === answered.body['etag']) {
      state.notModified++
      return { status: 304, headers: { etag: unchanged }, body: '' }
    }
    return { status: 200, body: fault === undefined ? take(answered.body) : faulty(answered, take, fault) }
  }

  return {
    url,
    tokenUrl: `${url}/token`,
    iamUrl: url,
    metadataHost: `127.0.0.1:${port}`,
    get workload() {
      return signIn.workload
    },
    get key() {
      return signIn.key
    },
    customer: directory.customer,
    admin: directory.admin,
    get tokenRequests() {
      return signIn.requests
    },
    token: () => signIn.token(),
    revokeTokens: () => signIn.revoke(),
    delegate: scopes => signIn.delegate(scopes),
    letSign(allowed) {
      signIn.maySign = allowed
    },
    putUser: user => directory.putUser(user),
    removeUser: id => directory.removeUser(id),
    putGroup: group => directory.putGroup(group),
    removeGroup: id => directory.removeGroup(id),
    addMember: (group, member) => directory.addMember(group, member),
    removeMember: (group, member) => directory.removeMember(group, member),
    reindex: () => directory.reindex(),
    misbehave(fault) {
      state.misbehave = fault
    },
    get requests() {
      return state.requests
    },
    get refusedForQuota() {
      return [...state.refused.values()].reduce((sum, count) => sum + count, 0)
    },
    get refusedOften() {
      return Math.max(0, ...state.refused.values())
    },
    get writes() {
      return state.writes
    },
    get notModified() {
      return state.notModified
    },
    reset() {
      Object.assign(state, { requests: [], refused: new Map(), writes: 0, notModified: 0, misbehave: undefined })
      signIn.requests = 0
    },
    close() {
      server.closeAllConnections()
      return new Promise(done => server.close(() => done()))
    },
  }
}

interface State {
  requests: GoogleRequest[]
  /** How often, by path. */
  refused: Map<string, number>
  writes: number
  notModified: number
  misbehave: ((request: GoogleRequest) => Fault | undefined) | undefined
}

const NOT_FOUND: Reply = { status: 404, body: '<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>' }

function serviceOf(path: string): GoogleRequest['service'] {
  if (path === '/token') return 'token'
  if (path.startsWith('/v1/projects/')) return 'iam'
  if (path.startsWith('/sts/')) return 'sts'
  return path.startsWith('/computeMetadata') ? 'metadata' : 'directory'
}

function faulty(answered: Answer, take: (value: unknown) => unknown, fault: FaultName): unknown {
  return distorted(take(altered(answered, fault)), answered.list?.key, fault)
}

function shaped(reply: Reply, fault: FaultName | undefined): Reply {
  return fault === undefined || reply.status !== 200
    ? reply
    : { ...reply, body: distorted(reply.body, undefined, fault) }
}

function deliver(incoming: IncomingMessage, response: ServerResponse, reply: Reply, fault: Fault | undefined): void {
  if (fault === undefined) return send(response, reply)
  const refused = refusedBy(fault)
  if (typeof fault === 'object') {
    if (refused && fault.fault === 'throttled') {
      return send(response, {
        status: refused.status,
        body: refused.body,
        headers: { 'retry-after': String(fault.retryAfter) },
      })
    }
    if (fault.fault === 'answer') return send(response, { body: '', ...fault })
    return send(response, reply)
  }
  if (refused) return send(response, refused)
  const whole = Buffer.from(textOf(reply.body))
  switch (fault) {
    case 'dropped':
      incoming.socket.destroy()
      return
    case 'silent':
      return
    case 'bad-gateway':
      return send(response, { status: 502, body: '<html><title>Error 502 (Server Error)!!1</title></html>' })
    case 'cut':
      response.writeHead(reply.status, { 'content-type': JSON_TYPE, 'content-length': whole.length })
      response.write(whole.subarray(0, whole.length >> 1), () => incoming.socket.destroy())
      return
    case 'truncated':
      response.writeHead(reply.status, { 'content-type': JSON_TYPE })
      response.end(whole.subarray(0, whole.length >> 1))
      return
    case 'empty':
      return send(response, { ...reply, body: '' })
    default:
      return send(response, reply)
  }
}

const JSON_TYPE = 'application/json; charset=UTF-8'

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  const text = textOf(body)
  const type = text.startsWith('<') ? 'text/html; charset=UTF-8' : JSON_TYPE
  if (status === 304) {
    response.writeHead(304, headers)
    response.end()
    return
  }
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers })
  response.end(text)
}
