import { createHash, randomUUID, verify } from 'node:crypto'
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { selfSigned } from './certificate.ts'
import type { SignInFault } from './model.ts'

/** Where access tokens come from: an authority of its own with one tenant and one application (client credentials alone). */
export interface Login {
  readonly url: string
  readonly ca: string
  readonly tenant: string
  readonly client: string
  readonly secret: string
  readonly certificate: string
  readonly federated: string
  readonly requests: number
  issue(): string
  /** What a request's Authorization is worth. */
  judge(authorization: string | undefined): Judged
  grant(roles: readonly string[]): void
  refuse(fault: SignInFault | undefined): void
  revoke(): void
  forget(): void
  close(): Promise<void>
}

export type Judged =
  | { readonly valid: true; readonly roles: ReadonlySet<string> }
  | { readonly valid: false; readonly message: string }

export const TENANT = '7c1f6f0a-5d5e-4d52-9a53-3f0f2b6c1d01'
const CLIENT = '2d9a4c11-8a0b-4b0e-9a43-64b1c7e5aa02'
const SECRET = 'not~a.real_secret-of-anyone'
const SERVER = selfSigned('rollcall test authority', 'ec')
let registered: ReturnType<typeof selfSigned> | undefined

export async function startLogin(options: {
  readonly roles: readonly string[]
  /** Where the tokens are good for. */
  readonly graph: string
  readonly lifetime: number
  readonly now: () => number
}): Promise<Login> {
  let { roles } = options
  let fault: SignInFault | undefined
  let requests = 0
  const issued = new Map<string, { readonly roles: ReadonlySet<string>; readonly until: number }>()
  const certificate = () => (registered ??= selfSigned('rollcall test client', 'rsa'))
  const federated = jwt({ iss: 'https://workloads.example.com', sub: 'rollcall', aud: 'api://AzureADTokenExchange' })

  const issue = () => {
    const seconds = Math.floor(options.now() / 1_000)
    const until = seconds + options.lifetime
    const token = jwt({
      aud: options.graph,
      iss: `https://sts.windows.net/${TENANT}/`,
      iat: seconds,
      nbf: seconds,
      exp: until,
      appid: CLIENT,
      app_displayname: 'rollcall',
      idtyp: 'app',
      roles,
      tid: TENANT,
      uti: randomUUID(),
      ver: '1.0',
    })
    issued.set(token, { roles: new Set(roles), until: until * 1_000 })
    return token
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const say = (status: number, json: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(json))
    }
    const refuse = (status: number, error: string, code: number, text: string) =>
      say(status, {
        error,
        error_description: `AADSTS${code}: ${text} Trace ID: 00000000-0000-4000-8000-000000000000`,
        error_codes: [code],
        timestamp: '2026-11-25 06:00:00Z',
        trace_id: '00000000-0000-4000-8000-000000000000',
        correlation_id: '00000000-0000-4000-8000-000000000001',
      })
    const [, tenant = '', rest = ''] = /^\/([^/]+)\/(.*)$/.exec(request.url ?? '') ?? []
    if (request.method === 'GET' && rest.startsWith('v2.0/.well-known/openid-configuration')) {
      if (tenant !== TENANT) return refuse(400, 'invalid_tenant', 90002, `Tenant '${tenant}' not found.`)
      return say(200, {
        token_endpoint: `${url}/${tenant}/oauth2/v2.0/token`,
        authorization_endpoint: `${url}/${tenant}/oauth2/v2.0/authorize`,
        jwks_uri: `${url}/${tenant}/discovery/v2.0/keys`,
        issuer: `${url}/${tenant}/v2.0`,
      })
    }
    if (request.method !== 'POST' || !rest.startsWith('oauth2/v2.0/token')) return say(404, {})
    requests++
    if (fault === 'dropped') return void request.socket.destroy()
    if (fault === 'unavailable') return say(503, {})
    if (tenant !== TENANT) {
      const text = `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID.`
      return refuse(400, 'invalid_request', 90002, text)
    }
    const form = new URLSearchParams(body)
    const client = form.get('client_id')
    if (client !== CLIENT || fault === 'no-consent') {
      const text = `Application with identifier '${client}' was not found in the directory 'Example'.`
      return refuse(400, 'unauthorized_client', 700016, text)
    }
    const scope = form.get('scope') ?? ''
    if (!scope.split(' ').some(one => one === `${options.graph}/.default` || GRAPHS.has(one))) {
      return refuse(
        400,
        'invalid_resource',
        500011,
        `The resource principal named ${scope} was not found in the tenant.`,
      )
    }
    const secret = form.get('client_secret')
    const assertion = form.get('client_assertion')
    if (form.get('grant_type') !== 'client_credentials') {
      return refuse(400, 'unsupported_grant_type', 70003, 'The app requested an unsupported grant type.')
    }
    if (secret !== null && fault === 'expired-secret') {
      return refuse(401, 'invalid_client', 7000222, `The provided client secret keys for app '${CLIENT}' are expired.`)
    }
    if (secret !== null && secret !== SECRET) {
      return refuse(401, 'invalid_client', 7000215, 'Invalid client secret provided.')
    }
    if (assertion !== null && assertion !== federated && !signedBy(assertion, certificate(), tenant)) {
      const text = 'The certificate with identifier used to sign the client assertion is not registered on application.'
      return refuse(401, 'invalid_client', 700027, text)
    }
    if (secret === null && assertion === null) {
      return refuse(
        401,
        'invalid_client',
        7000218,
        "The request body must contain 'client_assertion' or 'client_secret'.",
      )
    }
    return say(200, {
      token_type: 'Bearer',
      expires_in: options.lifetime,
      ext_expires_in: options.lifetime,
      access_token: issue(),
    })
  }

  const server = createServer({ cert: SERVER.certificate, key: SERVER.key }, (request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    ca: SERVER.certificate,
    tenant: TENANT,
    client: CLIENT,
    secret: SECRET,
    federated,
    get certificate() {
      return certificate().key + certificate().certificate
    },
    get requests() {
      return requests
    },
    issue,
    judge(authorization) {
      const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
      if (token === undefined) return { valid: false, message: 'Access token is empty.' }
      const known = issued.get(token)
      if (known === undefined) return { valid: false, message: 'Access token validation failure. Invalid audience.' }
      if (known.until <= options.now()) {
        return { valid: false, message: 'Lifetime validation failed, the token is expired.' }
      }
      return { valid: true, roles: known.roles }
    },
    grant: given => void (roles = given),
    refuse: given => void (fault = given),
    revoke: () => issued.clear(),
    forget() {
      requests = 0
      fault = undefined
    },
    async close() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

const GRAPHS = new Set(
  ['graph.microsoft.com', 'graph.microsoft.us', 'dod-graph.microsoft.us', 'microsoftgraph.chinacloudapi.cn'].map(
    host => `https://${host}/.default`,
  ),
)

/** Unsigned: whoever holds it does not check it, and this double knows its own. */
function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ typ: 'JWT', alg: 'none' })}.${part(claims)}.`
}

/** A client assertion (RFC 7523), signed with the key of a certificate that its header names by thumbprint. */
function signedBy(assertion: string, by: ReturnType<typeof selfSigned>, tenant: string): boolean {
  const [head = '', body = '', signature = ''] = assertion.split('.')
  try {
    const parse = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>
    const { alg, x5t, 'x5t#S256': x5t256 } = parse(head)
    const { iss, sub, aud, exp } = parse(body)
    const thumbprint = (hash: string) => createHash(hash).update(by.der).digest('base64url')
    const named = x5t256 === thumbprint('sha256') || (typeof x5t === 'string' && sameBytes(x5t, thumbprint('sha1')))
    const key = { key: by.publicKey, ...(alg === 'PS256' && { padding: PSS, saltLength: 32 }) }
    return (
      named &&
      iss === CLIENT &&
      sub === CLIENT &&
      String(aud).includes(tenant) &&
      Number(exp) > Date.now() / 1_000 &&
      verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))
    )
  } catch {
    return false
  }
}

/** RSA_PKCS1_PSS_PADDING. */
const PSS = 6

function sameBytes(one: string, other: string): boolean {
  return Buffer.from(one, 'base64url').equals(Buffer.from(other, 'base64url'))
}
