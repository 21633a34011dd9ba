import { type ErrorCode, RollcallError } from '../../src/errors.ts'
import type { Result } from './result.ts'

/** What was asked, and by whom, for the message. */
export interface Asked {
  /** `the users below ou=people,dc=example`: what was being read. */
  readonly what: string
  /** The DN of the account; undefined before signing in. */
  readonly account: string
  /** What to do about a limit on what a search may return. */
  readonly unlimited: string
}

/** The server understood, and said no. The connection is as good as before. */
export class Refusal extends RollcallError {}

/** The error that a result code other than success comes to: where, what, and what now (RFC 4511 §4.1.9, appendix A). */
export function refusal({ code, said, referrals }: Result, { what, account, unlimited }: Asked): Refusal {
  const words = said === '' ? '' : `, "${said}"`
  const failed = (error: ErrorCode, why: string, now: string) =>
    new Refusal(error, `${what}: ${why} (code ${code}${words}); ${now}.`)
  const stands = 'nothing of it will be removed'
  switch (code) {
    case 3:
      return failed('source_incomplete', 'the server ran out of time', unlimited)
    case 4:
      return failed('source_incomplete', 'the server cut the answer off at its size limit', unlimited)
    case 11:
      return failed('source_incomplete', 'the server stopped at an administrative limit', unlimited)
    case 7:
    case 8:
    case 13:
      return failed(
        'source_denied',
        'the server wants encryption or stronger authentication',
        'use ldaps://, or tls: { startTls: true }',
      )
    case 10:
      return failed(
        'source_incomplete',
        `this part of the directory is on another server${referrals.length > 0 ? ` (${referrals.join(', ')})` : ''}`,
        'name that server in url',
      )
    case 12:
      return failed(
        'source_incomplete',
        'the server cannot give its answer in pages',
        'ask its administrator to allow the paged results control',
      )
    case 32:
      return failed(
        'source_incomplete',
        'there is no such entry, or the account may not see it',
        `correct the base, or let ${account} read it`,
      )
    case 34:
      return failed('source_incomplete', 'the server does not take this for a DN', 'correct it')
    case 48:
    case 49:
      return failed('source_denied', 'the server refused the credential', 'check the DN and the password in bind')
    case 50:
      return failed(
        'source_denied',
        `${account} may not read this`,
        'let it read the entries and the attributes named in the profiles',
      )
    case 51:
    case 52:
      return failed(
        'source_incomplete',
        `the server is ${code === 51 ? 'busy' : 'unavailable'}`,
        `${stands}; run again later`,
      )
    case 53:
      return failed('source_incomplete', 'the server is unwilling to answer this', 'see its log for why')
    default:
      return failed('source_incomplete', 'the server refused', `${stands}; see the server’s log for why`)
  }
}

/** What stopped a connection, as an error with what to do now. */
export function broken(where: string, cause: unknown): RollcallError {
  if (cause instanceof RollcallError) return cause
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const message = cause instanceof Error ? cause.message : String(cause)
  return new RollcallError('source_incomplete', `${where}: ${whatOf(code, message)}.`, { cause })
}

function whatOf(code: string, message: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing answers there (connection refused); check host and port in url, and that the server runs'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name is not known (DNS); check the host in url'
    case 'ENOENT':
      return 'there is no such socket; check the path in url'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `it cannot be reached (${code}); check the network, and firewalls on the way`
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'the connection broke; nothing of it will be removed; run again later'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another name; use that name in url, or set tls: { serverName: NAME }'
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired; have it renewed'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `its certificate is not from an authority known here (${code}); name the authority’s certificate in tls: { ca: FILE }`
    default:
      return /ssl|tls|certificate/i.test(`${code} ${message}`)
        ? `TLS failed (${code || message}); is this the port for ldaps://?`
        : `it failed (${code || message}); run again later`
  }
}
