import type * as Identity from '@azure/identity'
import * as z from 'zod'
import type { Place } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import { readTls } from '../../src/http/tls.ts'
import { readProxy } from '../../src/http/endpoint.ts'
import { endpointsOf, type EntraOptions } from './options.ts'
import { refusalOf } from './refusal.ts'

/** What an access token says of itself; undefined for one that does not (they are Graph's, and may be opaque). */
export interface Claims {
  readonly tid?: string | undefined
  readonly appid?: string | undefined
  /** Permissions of an application. */
  readonly roles?: readonly string[] | undefined
  /** Permissions of a user. */
  readonly scp?: string | undefined
}

export interface Token {
  readonly text: string
  readonly claims: Claims | undefined
}

export interface SignIn {
  /** One request however many ask at once; got anew before it expires. */
  token(signal: AbortSignal): Promise<Token>
  /** Graph does not take this one any more: the next is got anew. */
  renew(stale: Token): void
}

const claimsShape = z.object({
  tid: z.string().optional(),
  appid: z.string().optional(),
  roles: z.array(z.string()).optional(),
  scp: z.string().optional(),
})

/** Milliseconds of the first wait before signing in is tried again. */
export interface SignInPatience {
  readonly first: number
}

/** Loads @azure/identity; signs in when a token is first asked for. */
export async function signInWith(options: EntraOptions, place: Place, patience: SignInPatience): Promise<SignIn> {
  const identity = await import('@azure/identity')
  // What AZURE_LOG_LEVEL would have it write names accounts; what went wrong is told by the error.
  const { error, warning, info, verbose } = identity.logger
  for (const level of [error, warning, info, verbose]) level.enabled = false
  const make = await credentialOf(identity, options, place, patience)
  const scope = `${endpointsOf(options).graph}/.default`
  const provider = () => {
    const made: { readonly get: () => Promise<string>; last: Token | undefined } = {
      get: identity.getBearerTokenProvider(make(), scope),
      last: undefined,
    }
    return made
  }
  let current: ReturnType<typeof provider>
  try {
    current = provider()
  } catch (error) {
    throw refusalOf(error, options)
  }
  return {
    async token(signal) {
      const from = current
      let text: string
      try {
        text = await unlessAborted(from.get(), signal)
      } catch (error) {
        signal.throwIfAborted()
        throw refusalOf(error, options)
      }
      if (from.last?.text !== text) from.last = { text, claims: claimsOf(text) }
      return from.last
    },
    renew(stale) {
      if (current.last === stale) current = provider()
    },
  }
}

async function credentialOf(
  identity: typeof Identity,
  options: EntraOptions,
  place: Place,
  patience: SignInPatience,
): Promise<() => Identity.TokenCredential> {
  const { tenant, client = '', credential } = options
  const general = await generalOptions(options, place, patience)
  if ('secret' in credential) {
    const secret = await credential.secret.read(place.folder)
    return () => new identity.ClientSecretCredential(tenant, client, secret, general)
  }
  if ('certificate' in credential) {
    const certificate = await credential.certificate.read(place.folder)
    const sendCertificateChain = certificate.split('-----BEGIN CERTIFICATE-----').length > 2
    if (!certificate.includes('-----BEGIN CERTIFICATE-----') || !certificate.includes('PRIVATE KEY-----'))
      throw new RollcallError(
        'secret_unavailable',
        'credential: the certificate is not PEM with its private key; put both into one, certificate and key.',
      )
    return () =>
      new identity.ClientCertificateCredential(tenant, client, { certificate }, { ...general, sendCertificateChain })
  }
  const named = options.client === undefined ? {} : { clientId: options.client }
  if ('workloadIdentity' in credential)
    return () => new identity.WorkloadIdentityCredential({ ...general, tenantId: tenant, ...named })
  if ('managedIdentity' in credential) return () => new identity.ManagedIdentityCredential(named)
  return () => new identity.AzureCliCredential({ tenantId: tenant })
}

async function generalOptions(options: EntraOptions, { folder }: Place, { first }: SignInPatience) {
  const { endpoints, proxy } = options
  const { ca, cert, key } =
    endpoints.login !== undefined || endpoints.graph === undefined ? await readTls(options.tls, folder) : {}
  const tlsOptions = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
  const through = await readProxy(proxy, folder)
  return {
    authorityHost: endpointsOf(options).login,
    disableInstanceDiscovery: endpoints.login !== undefined,
    retryOptions: { maxRetries: 3, retryDelayInMs: first },
    ...(Object.keys(tlsOptions).length > 0 && { tlsOptions }),
    ...(through !== undefined && { proxyOptions: proxyOf(through) }),
  }
}

function proxyOf(text: string) {
  const { protocol, hostname, port, username, password } = new URL(text)
  return {
    host: `${protocol}//${hostname}`,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    ...(username !== '' && { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
  }
}

function claimsOf(token: string): Claims | undefined {
  const payload = token.split('.')[1]
  if (payload === undefined) return undefined
  try {
    return claimsShape.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).data
  } catch {
    return undefined
  }
}

/** The work goes on by itself where the signal is aborted; what becomes of it then is nobody's concern. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const stop = () => aborted.reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', stop)
    work.catch(() => {})
  }
}
