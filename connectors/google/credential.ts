import { createPrivateKey, sign } from 'node:crypto'
import * as z from 'zod'
import { RollcallError } from '../../src/errors.ts'

/** Who asks for tokens: a service account, and how it signs that. */
export interface Signer {
  /** The service account's address. */
  readonly account: string
  /** Its numeric id, under which delegation is granted; a key file tells it. */
  readonly clientId: string | undefined
  /** The project it belongs to, where a key file tells. */
  readonly project: string | undefined
  /** A JWT with these claims, signed (RFC 7523). */
  sign(claims: Readonly<Record<string, string | number>>, signal: AbortSignal): Promise<string>
}

const keyShape = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  client_id: z.string().optional(),
  project_id: z.string().optional(),
  private_key_id: z.string().optional(),
  private_key: z.string().min(1),
})

/** A service account's key file. Throws `secret_unavailable` for anything else, without a word of what it holds. */
export function signerByKey(text: string): Signer {
  const key = parseKey(text)
  if (key === undefined) {
    throw new RollcallError(
      'secret_unavailable',
      'credential: that is no key of a service account; put the whole JSON file there that Google Cloud made (IAM → Service accounts → Keys → Add key → JSON).',
    )
  }
  const { file, privateKey } = key
  const header = encoded({ alg: 'RS256', typ: 'JWT', ...(file.private_key_id && { kid: file.private_key_id }) })
  return {
    account: file.client_email,
    clientId: file.client_id,
    project: file.project_id,
    async sign(claims) {
      const signed = `${header}.${encoded(claims)}`
      return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`
    },
  }
}

function parseKey(text: string) {
  try {
    const file = keyShape.parse(JSON.parse(text))
    return { file, privateKey: createPrivateKey(file.private_key) }
  } catch {
    return undefined
  }
}

function encoded(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url')
}

/** Seconds that an assertion is good for: an hour at most, by Google's rule. */
const ASSERTION_SECONDS = 3_600

/** The claims that ask for a token: for `scopes`, as `admin` where delegation is used. `now` in milliseconds. */
export function claimsOf(
  account: string,
  admin: string | undefined,
  scopes: readonly string[],
  now: number,
): Readonly<Record<string, string | number>> {
  const issued = Math.floor(now / 1_000)
  return {
    iss: account,
    ...(admin !== undefined && { sub: admin }),
    scope: scopes.join(' '),
    aud: AUDIENCE,
    iat: issued,
    exp: issued + ASSERTION_SECONDS,
  }
}

/** Whatever gateway it is sent through. */
const AUDIENCE = 'https://oauth2.googleapis.com/token'
