import { RollcallError } from '../../src/errors.ts'
import type { Asked } from './ask.ts'
import type { Signer } from './credential.ts'
import type { GoogleOptions } from './options.ts'

/** Where to click so that a service account may act for an administrator. */
export function delegationOf({ account, clientId }: Signer, scopes: readonly string[]): string {
  const client =
    clientId ?? `the numeric OAuth 2 client ID of ${account} (Google Cloud console → IAM & Admin → Service Accounts)`
  return `in the Admin console, Security → Access and data control → API controls → Manage domain-wide delegation → Add new, give client ID ${client} these scopes, and let a few minutes pass: ${scopes.join(',')}`
}

type Refused = Extract<Asked<never>, { readonly judged: 'refused' | 'unauthorized' }>

/** What a refusal for good comes to: whose door it is, and what to do there. */
export function refusalOf(what: string, refused: Refused, options: GoogleOptions, signer: Signer): RollcallError {
  const { why } = refused
  const who = options.admin ?? signer.account
  const said = (now: string) => new RollcallError('source_denied', `${what}: ${why}; ${now}`)
  if (refused.judged === 'unauthorized')
    return said('the API does not take the token it was given just now: look whether the service account is disabled.')
  switch (refused.reason) {
    case 'accessNotConfigured':
    case 'SERVICE_DISABLED':
      return said(
        `the Admin SDK API is not enabled in the project ${signer.project ?? 'of the service account'}: Google Cloud console → APIs & Services → Library → Admin SDK API → Enable, and let a few minutes pass.`,
      )
    case 'domainCannotUseApis':
      return said(
        'the customer does not let APIs in: Admin console → Security → Access and data control → API controls → App access control.',
      )
    case 'dailyLimitExceeded':
      return said(
        'the project has used up its requests of today: run again tomorrow, or raise the quota (Google Cloud console → APIs & Services → Admin SDK API → Quotas).',
      )
    case 'insufficientPermissions':
    case 'ACCESS_TOKEN_SCOPE_INSUFFICIENT':
      return said(`a scope is missing: ${delegationOf(signer, [])}`)
    case 'forbidden':
    case 'PERMISSION_DENIED':
      return said(
        `${who} may not read this: Admin console → Account → Admin roles, give it a role with Admin API privileges Users → Read and Groups → Read${options.orgUnits ? ' and Organization Units → Read' : ''} over all organisational units.`,
      )
    default:
      return refused.status === 400
        ? said(
            `the request makes no sense to Google: is customer (${options.customer}) right${'adminRole' in options.credential && options.customer === 'my_customer' ? ', which a service account without delegation has to name as C…' : ''}? Admin console → Account → Account settings shows it.`,
          )
        : said(`look whether ${who} may use the Admin SDK API.`)
  }
}
