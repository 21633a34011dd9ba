import * as z from 'zod'
import { RollcallError } from '../../src/errors.ts'
import type { Origin } from '../../src/http/request.ts'
import type { Patience } from '../../src/http/retry.ts'
import { ask } from './ask.ts'
import { claimsOf, type Signer } from './credential.ts'
import type { GoogleOptions } from './options.ts'
import { delegationOf } from './refusal.ts'

export interface Tokens {
  /** One request however many ask at once; got anew before it expires. Throws `source_denied` where none is given. */
  get(signal: AbortSignal): Promise<string>
  /** The API does not take this one any more: the next is got anew. */
  renew(stale: string): void
}

export interface TokenQuestion {
  readonly options: GoogleOptions
  readonly signer: Signer
  readonly scopes: readonly string[]
  /** Where tokens are given. */
  readonly origin: Origin
  readonly patience: Patience
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const tokenShape = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })

/** Milliseconds before it expires that a token is not used any more, but half of its life at most. */
const MARGIN_MS = 300_000

interface Token {
  readonly text: string
  readonly until: number
}

export function tokensOf(question: TokenQuestion): Tokens {
  let current: Promise<Token> | undefined
  let last: Token | undefined
  const fresh = (signal: AbortSignal) => {
    const asked = exchange(question, signal)
    current = asked
    asked.then(
      token => (last = token),
      () => {
        if (current === asked) current = undefined
      },
    )
    return asked
  }
  return {
    async get(signal) {
      if (last !== undefined && question.now() >= last.until) last = current = undefined
      return (await (current ?? fresh(signal))).text
    },
    renew(stale) {
      if (last?.text === stale) last = current = undefined
    },
  }
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
async function exchange(question: TokenQuestion, signal: AbortSignal): Promise<Token> {
  const { options, signer, scopes, origin, patience, now } = question
  const asked = now()
  const assertion = await signer.sign(claimsOf(signer.account, options.admin, scopes, asked), signal)
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString()
  const { pathname } = new URL(options.endpoints.token)
  const send = () => origin.send({ method: 'POST', path: pathname, body }, signal)
  const answer = await ask({ what: 'signing in', send, shape: tokenShape, patience }, signal)
  if (answer.judged === 'fine') {
    const lives = answer.value.expires_in * 1_000
    return { text: answer.value.access_token, until: asked + lives - Math.min(MARGIN_MS, lives / 2) }
  }
  const said = 'text' in answer ? errorOf(answer.text) : undefined
  throw new RollcallError('source_denied', deniedBy(said, question))
}

const errorShape = z.object({ error: z.string(), error_description: z.string().optional() })

function errorOf(text: string): z.output<typeof errorShape> | undefined {
  try {
    return errorShape.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function deniedBy(said: z.output<typeof errorShape> | undefined, { options, signer, scopes }: TokenQuestion): string {
  const { account } = signer
  switch (said?.error) {
    case 'unauthorized_client':
    case 'access_denied':
    case 'invalid_scope':
      return options.admin === undefined
        ? `${account} was given no token (${said.error}): the service account may be disabled, or its key deleted.`
        : `${account} may not act for ${options.admin} (${said.error}): ${delegationOf(signer, scopes)}`
    case 'invalid_grant':
      return /audience|token|iat|exp|clock|lived|time/i.test(said.error_description ?? '')
        ? 'signing in was refused (invalid_grant): the clock of this machine is wrong, or the key was deleted; set the clock, or make a new key (Google Cloud console → IAM & Admin → Service Accounts → Keys).'
        : options.admin === undefined
          ? `${account} was not let in (invalid_grant): its key was deleted, or it is disabled; make a new key (Google Cloud console → IAM & Admin → Service Accounts → Keys).`
          : `signing in as ${options.admin} was refused (invalid_grant): there is no such user, or it is suspended, or the key of ${account} was deleted; correct admin, or make a new key (Google Cloud console → IAM & Admin → Service Accounts → Keys).`
    default:
      return `${account} was given no token (${said?.error ?? 'for no reason told'}); look at the service account in the Google Cloud console (IAM & Admin → Service Accounts).`
  }
}
