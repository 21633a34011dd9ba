import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, denied, JSON_TYPE, raw, Refused, refusal } from './answer.ts'
import { type BatchItem, parseBatch } from './batch.ts'
import { bucketOf, costOf } from './budget.ts'
import { deltasOf } from './delta.ts'
import { directoryOf } from './directory.ts'
import { faulted, type Faulted } from './faults.ts'
import { startLogin, TENANT } from './login.ts'
import type { Fault, GraphDouble, GraphOptions, GraphRequest } from './model.ts'
import { answerTo, type Tenant } from './routes.ts'

export type {
  Fault,
  FaultName,
  GraphDouble,
  GraphGroup,
  GraphOptions,
  GraphRequest,
  GraphUser,
} from './model.ts'

const ROLES = ['User.Read.All', 'GroupMember.Read.All', 'Organization.Read.All']

/** Microsoft Graph v1.0 on the loopback, stateful and strict, as far as reading users and groups goes. It takes no write. */
export async function startGraph(options: GraphOptions = {}): Promise<GraphDouble> {
  const now = options.now ?? Date.now
  const directory = directoryOf(options)
  const deltas = deltasOf(now, options.delta ?? {})
  let requests: GraphRequest[] = []
  let writes = 0
  let misbehaving: ((request: GraphRequest) => Fault | undefined) | undefined

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void serve(request, response).catch(() => response.destroy())
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const lifetime = options.tokenLifetime ?? 3_600
  const login = await startLogin({ roles: options.roles ?? ROLES, graph: root, lifetime, now })
  const bucket = bucketOf(options.budget?.unitsPer10s, `Tenant_Application/ReadWrite/${login.client}/${TENANT}`)
  const tenant: Tenant = {
    root,
    id: TENANT,
    name: options.tenantName ?? 'Example',
    directory,
    deltas,
    extensions: new Set(options.extensions),
    pageSizes: options.pageSizes ?? {},
    listDeleted: options.listDeletedMembers === true,
  }

  /** One read, charged and answered, or what a fault makes of it. */
  const read = (request: GraphRequest, roles: ReadonlySet<string>): Faulted => {
    const { path } = request
    const eventual = String(request.headers['consistencylevel']).toLowerCase() === 'eventual'
    const right = (asked: string): Answer => {
      try {
        if (request.method !== 'GET') throw denied()
        return answerTo(tenant, { path: asked, roles, eventual })
      } catch (error) {
        if (error instanceof Refused) return error.answer
        throw error
      }
    }
    const fault = misbehaving?.(request)
    if (fault !== undefined) return faulted(fault, { path, root, right: () => right(path), again: right })
    const { refused, headers } = bucket.charge(costOf(path))
    const answer = refused ?? right(path)
    return { does: 'answer', answer: { ...answer, headers: { ...headers, ...answer.headers } } }
  }

  const note = (method: string, path: string, headers: GraphRequest['headers'], inBatch: boolean): GraphRequest => {
    const request = { method, path, headers, inBatch, nth: requests.length }
    requests.push(request)
    if (method !== 'GET' && !(method === 'POST' && path === '/v1.0/$batch')) writes++
    return request
  }

  const item = ({ id, method, path, headers }: BatchItem, roles: ReadonlySet<string>): string | undefined => {
    const what = read(note(method, path, headers, true), roles)
    if (what.does !== 'answer') return undefined
    const { status, headers: own, text, broken } = what.answer
    const isJson = !broken && (own['content-type'] === JSON_TYPE['content-type'] || /^\d+$/.test(text))
    const body = text === '' ? '' : `,"body":${isJson ? text : JSON.stringify(text)}`
    return `{"id":${JSON.stringify(id)},"status":${status},"headers":${JSON.stringify(named(own))}${body}}`
  }

  const batch = (request: GraphRequest, text: string, roles: ReadonlySet<string>): Faulted => {
    const right = (): Answer => {
      try {
        const responses = parseBatch(text).flatMap(one => item(one, roles) ?? [])
        return raw(`{"responses":[${responses.toReversed().join(',')}]}`)
      } catch (error) {
        if (error instanceof Refused) return error.answer
        throw error
      }
    }
    const fault = misbehaving?.(request)
    if (fault === undefined) return { does: 'answer', answer: right() }
    return faulted(fault, { path: request.path, root, right, again: right })
  }

  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    let text = ''
    for await (const chunk of incoming) text += chunk
    const { method = '', url: path = '', headers } = incoming
    const request = note(method, path, headers, false)
    const judged = login.judge(headers.authorization)
    const isBatch = method === 'POST' && path === '/v1.0/$batch'
    const what: Faulted = !judged.valid
      ? { does: 'answer', answer: refusal(401, 'InvalidAuthenticationToken', judged.message) }
      : isBatch
        ? batch(request, text, judged.roles)
        : read(request, judged.roles)
    if (options.latencyMs) await sleep(options.latencyMs)
    send(what, response)
  }

  return {
    url: root,
    login: login.url,
    ca: login.ca,
    tenant: TENANT,
    client: login.client,
    secret: login.secret,
    get certificate() {
      return login.certificate
    },
    federated: login.federated,
    get tokenRequests() {
      return login.requests
    },
    token: login.issue,
    grant: login.grant,
    refuseSignIn: login.refuse,
    revokeTokens: login.revoke,
    putUser: directory.putUser,
    putGroup: directory.putGroup,
    putOther: directory.putOther,
    addMember: directory.addMember,
    removeMember: directory.removeMember,
    softDelete: directory.softDelete,
    hardDelete: directory.hardDelete,
    restore: directory.restore,
    assign: directory.assign,
    misbehave: fault => void (misbehaving = fault),
    manners: deltas.manners,
    get requests() {
      return requests
    },
    get writes() {
      return writes
    },
    get units() {
      return bucket.units
    },
    get throttled() {
      return bucket.throttled
    },
    reset() {
      requests = []
      writes = 0
      misbehaving = undefined
      bucket.forget()
      login.forget()
    },
    async close() {
      server.closeAllConnections()
      await Promise.all([new Promise(done => server.close(done)), login.close()])
    },
  }
}

function send(what: Faulted, response: ServerResponse): void {
  switch (what.does) {
    case 'silence':
      return
    case 'drop':
      response.destroy()
      return
    case 'cut':
    case 'answer': {
      const { status, headers, text } = what.answer
      const bytes = Buffer.from(text)
      response.writeHead(status, {
        'odata-version': '4.0',
        'request-id': REQUEST,
        ...headers,
        'content-length': bytes.length,
      })
      if (what.does === 'answer') response.end(bytes)
      else response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy())
    }
  }
}

const REQUEST = '63f2093c-0000-4000-8000-000000000000'

/** Headers inside a batch are written as the documentation has them. */
function named(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replaceAll(/(^|-)[a-z]/g, start => start.toUpperCase()),
      value,
    ]),
  )
}
