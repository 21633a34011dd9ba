import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import type { Directory } from './directory.ts'
import type { GoogleOptions, GoogleRequest, ServiceAccountKey } from './model.ts'
import { type Refusal, refusal } from './refusal.ts'

/** Who may ask: tokens for assertions, and signatures for those who hold no key. */

const ACCOUNT = 'rollcall@example-project.iam.gserviceaccount.com'
const CLIENT_ID = '104857600000000000001'
const READ_ONLY = ['user', 'group', 'group.member', 'orgunit', 'userschema', 'domain', 'customer']
const SCOPE = 'https://www.googleapis.com/auth/'
export const DELEGATED = READ_ONLY.map(name => `${SCOPE}admin.directory.${name}.readonly`)
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const AUDIENCE = 'https://oauth2.googleapis.com/token'
const SIGNER = `${SCOPE}cloud-platform`

let pair: { readonly publicKey: string; readonly privateKey: string } | undefined
function keys() {
  pair ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return pair
}

interface Granted {
  readonly subject: string | undefined
  readonly scopes: readonly string[]
  readonly until: number
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

export class SignIn {
  readonly #directory: Directory
  readonly #given: GoogleOptions
  readonly #tokens = new Map<string, Granted>()
  /** Tokens of identities that may sign as the service account. */
  readonly #sources = new Set<string>()
  readonly #url: string
  #delegated: readonly string[]
  maySign = true
  requests = 0

  constructor(directory: Directory, given: GoogleOptions, url: string) {
    this.#directory = directory
    this.#given = given
    this.#url = url
    this.#delegated = given.delegated ?? DELEGATED
  }

  get key(): ServiceAccountKey {
    return {
      type: 'service_account',
      project_id: 'example-project',
      private_key_id: '0123456789abcdef0123456789abcdef01234567',
      private_key: keys().privateKey,
      client_email: ACCOUNT,
      client_id: CLIENT_ID,
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: AUDIENCE,
      universe_domain: 'googleapis.com',
    }
  }

  get workload(): Readonly<Record<string, unknown>> {
    return {
      type: 'external_account',
      universe_domain: 'googleapis.com',
      audience:
        '//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/example/providers/example',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${this.#url}/sts/v1/token`,
      credential_source: { url: `${this.#url}/sts/identity`, format: { type: 'text' } },
    }
  }

  delegate(scopes: readonly string[]): void {
    this.#delegated = scopes
  }

  revoke(): void {
    this.#tokens.clear()
    this.#sources.clear()
  }

  token(): string {
    return this.#grant(this.#directory.admin, this.#delegated)
  }

  /** Throws 401 for a token that is none, and 403 for one that may not do this. */
  caller(headers: GoogleRequest['headers'], scopes: readonly string[], refusals: Refusals): Pick<Granted, 'subject'> {
    const granted = this.#tokens.get(bearer(headers))
    if (!granted || granted.until <= this.#directory.now()) throw refusals.unauthorized()
    if (!granted.scopes.some(scope => scopes.includes(scope))) throw refusals.insufficientScope()
    const { subject } = granted
    const isAdmin = subject === undefined ? this.#given.adminRole === true : same(subject, this.#directory.admin)
    if (!isAdmin) throw refusals.forbidden()
    return { subject }
  }

  /** POST at the token endpoint. */
  exchange(contentType: string, body: string): Reply {
    this.requests++
    const form = new URLSearchParams(body)
    if (!contentType.startsWith('application/x-www-form-urlencoded')) return no(400, 'invalid_request', 'Bad Request')
    if (form.get('grant_type') !== GRANT) return no(400, 'unsupported_grant_type', 'Invalid grant_type')
    const claims = claimsOf(form.get('assertion') ?? '')
    if (!claims) return no(400, 'invalid_grant', 'Invalid JWT Signature.')
    const { iss, sub, scope, aud, iat, exp } = claims
    if (iss !== ACCOUNT) return no(400, 'invalid_grant', 'Invalid grant: account not found')
    if (aud !== AUDIENCE && aud !== `${this.#url}/token`) return no(400, 'invalid_grant', 'Invalid JWT audience.')
    const now = this.#directory.now() / 1_000
    const isTimely =
      typeof iat === 'number' && typeof exp === 'number' && exp > now && exp - iat <= 3_600 && iat < now + 300
    if (!isTimely) {
      return no(
        400,
        'invalid_grant',
        'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      )
    }
    const scopes = typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []
    if (scopes.length === 0 || !scopes.every(one => one.startsWith(SCOPE))) {
      return no(400, 'invalid_scope', 'Invalid OAuth scope or ID token audience provided.')
    }
    if (sub === undefined) return this.#answered(undefined, scopes)
    if (typeof sub !== 'string' || !this.#exists(sub)) return no(400, 'invalid_grant', 'Invalid email or User ID')
    if (!scopes.every(one => this.#delegated.includes(one))) {
      return no(
        401,
        'unauthorized_client',
        'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
      )
    }
    return this.#answered(sub, scopes)
  }

  /** POST …/serviceAccounts/EMAIL:signJwt */
  signJwt(path: string, headers: GoogleRequest['headers'], body: string): Reply {
    const [, account] = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):signJwt$/.exec(decodeURIComponent(path)) ?? []
    const given = json(body)
    const payload = typeof given?.['payload'] === 'string' ? json(given['payload']) : undefined
    if (!this.#sources.has(bearer(headers)))
      return denied(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.')
    if (account !== ACCOUNT || !this.maySign) {
      return denied(
        403,
        'PERMISSION_DENIED',
        "Permission 'iam.serviceAccounts.signJwt' denied on resource (or it may not exist).",
      )
    }
    if (!payload) return denied(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.')
    const head = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'managed', typ: 'JWT' })).toString('base64url')
    const text = `${head}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`
    const signature = sign('RSA-SHA256', Buffer.from(text), keys().privateKey).toString('base64url')
    return { status: 200, body: { keyId: 'managed', signedJwt: `${text}.${signature}` } }
  }

  /** The metadata server of a machine in Google's cloud. */
  metadata(path: string, headers: GoogleRequest['headers']): Reply {
    const flavour = { 'metadata-flavor': 'Google' }
    if (headers['metadata-flavor'] !== 'Google') return { status: 403, headers: flavour, body: 'Missing header' }
    const [what = ''] = path.split('?')
    if (what.endsWith('/token')) return { status: 200, headers: flavour, body: this.#source() }
    if (what.endsWith('/universe-domain') || what.endsWith('/universe_domain')) {
      return { status: 200, headers: flavour, body: 'googleapis.com' }
    }
    if (what.endsWith('/project-id')) return { status: 200, headers: flavour, body: 'example-project' }
    if (what.endsWith('/email'))
      return { status: 200, headers: flavour, body: 'vm@example-project.iam.gserviceaccount.com' }
    return { status: 200, headers: flavour, body: 'instance/\nproject/\n' }
  }

  /** The token service for identities of elsewhere, and the place such an identity is had from. */
  sts(path: string, body: string): Reply {
    if (path.startsWith('/sts/identity')) return { status: 200, body: 'identity.of.elsewhere' }
    const token = new URLSearchParams(body).get('subject_token')
    if (token !== 'identity.of.elsewhere') return no(400, 'invalid_grant', 'The given credential is rejected.')
    return {
      status: 200,
      body: { ...this.#source(), issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
    }
  }

  #source() {
    const token = `ya29.s.${randomBytes(24).toString('base64url')}`
    this.#sources.add(token)
    return { access_token: token, expires_in: 3_599, token_type: 'Bearer', scope: SIGNER }
  }

  #answered(subject: string | undefined, scopes: readonly string[]): Reply {
    const seconds = this.#given.tokenLifetime ?? 3_600
    const token = this.#grant(subject, scopes)
    return { status: 200, body: { access_token: token, expires_in: Math.max(1, seconds - 1), token_type: 'Bearer' } }
  }

  #grant(subject: string | undefined, scopes: readonly string[]): string {
    const token = `ya29.c.${randomBytes(24).toString('base64url')}`
    const until = this.#directory.now() + (this.#given.tokenLifetime ?? 3_600) * 1_000
    this.#tokens.set(token, { subject, scopes, until })
    return token
  }

  #exists(address: string): boolean {
    return same(address, this.#directory.admin) || this.#directory.userBy(address) !== undefined
  }
}

interface Refusals {
  unauthorized(): Refusal
  insufficientScope(): Refusal
  forbidden(): Refusal
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

function bearer({ authorization }: GoogleRequest['headers']): string {
  return /^Bearer (\S+)$/i.exec(String(authorization ?? ''))?.[1] ?? ''
}

/** Of an assertion that the service account's key has signed. */
function claimsOf(assertion: string): Readonly<Record<string, unknown>> | undefined {
  const [head = '', payload = '', signature = ''] = assertion.split('.')
  if (json(Buffer.from(head, 'base64url').toString())?.['alg'] !== 'RS256') return undefined
  const key = createPublicKey(keys().publicKey)
  if (!verify('RSA-SHA256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url')))
    return undefined
  return json(Buffer.from(payload, 'base64url').toString())
}

function json(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function no(status: number, error: string, description: string): Reply {
  return { status, body: { error, error_description: description } }
}

function denied(code: number, status: string, message: string): Reply {
  return { status: code, body: refusal(code, 'forbidden', message, { status }).body }
}
