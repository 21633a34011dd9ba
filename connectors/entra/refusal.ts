import { RollcallError } from '../../src/errors.ts'
import { endpointsOf, type EntraOptions } from './options.ts'

/** What to do about the refusals that admins meet (https://learn.microsoft.com/entra/identity-platform/reference-error-codes). */
const NOW: Readonly<Record<string, (options: EntraOptions) => string>> = {
  7000215: () =>
    'the client secret is not one of this application; take the secret’s Value (not its Secret ID), or make a new one',
  7000222: () => 'the client secret has expired; make a new one under Certificates & secrets',
  700016: ({ tenant, client }) =>
    `application ${client} is not known in tenant ${tenant}; correct client or tenant, or let an administrator of the tenant grant consent`,
  7000229: ({ client }) => `application ${client} has no service principal in the tenant; grant admin consent to it`,
  7000112: ({ client }) => `application ${client} is disabled; enable it under Enterprise applications`,
  90002: ({ tenant }) => `there is no tenant ${tenant}; correct tenant, or cloud`,
  900023: ({ tenant }) => `${tenant} is no tenant; name its id, or a domain of it`,
  700027: () => 'the certificate is not registered with this application; upload it under Certificates & secrets',
  1000502: () => 'the certificate has expired; make a new one and upload it under Certificates & secrets',
  700024: () => 'the assertion is not valid at this time; set this machine’s clock',
  700021: () => 'no federated credential of this application fits; add one with this issuer, subject and audience',
  700211: () => 'no federated credential of this application fits its issuer; correct it',
  700213: () => 'no federated credential of this application fits its subject; correct it',
  700212: () => 'no federated credential of this application fits its audience; correct it',
  70021: () => 'no federated credential of this application fits; add one with this issuer, subject and audience',
  53003: () => 'Conditional Access forbids it; let the application sign in from here',
  500011: () => 'Microsoft Graph is not known in this tenant under this address; correct cloud or endpoints',
}

/** Why signing in failed, in words that hold neither the credential nor what the service quotes of it. */
export function refusalOf(error: unknown, options: EntraOptions): RollcallError {
  if (error instanceof RollcallError) return error
  const message = error instanceof Error ? error.message : String(error)
  const host = new URL(endpointsOf(options).login).host
  const code = /AADSTS(\d+)/.exec(message)?.[1]
  if (code !== undefined) {
    const now = NOW[code]?.(options) ?? 'look this code up at https://login.microsoftonline.com/error'
    return denied(`signing in was refused (AADSTS${code}): ${now}.`)
  }
  if (/invalid_client|unauthorized_client|invalid_grant/.test(message))
    return denied('signing in was refused (invalid_client): correct client and credential.')
  if (/federated token|AZURE_FEDERATED_TOKEN_FILE|WorkloadIdentity/i.test(message))
    return denied(
      'workloadIdentity: there is no token of the workload here; set AZURE_FEDERATED_TOKEN_FILE and client, or use another credential.',
    )
  if (/ManagedIdentityCredential|managed identity/i.test(message))
    return denied(
      'managedIdentity: this machine has no managed identity that answers; give it one, or name client for a user-assigned one.',
    )
  if (/Azure CLI|az login|AzureCliCredential/i.test(message))
    return denied('cli: nobody is signed in with Azure CLI here; run `az login --tenant TENANT`.')
  if (/PEM|private key|asn1|DECODER|certificate does not contain/i.test(message))
    return new RollcallError(
      'secret_unavailable',
      'credential: the certificate cannot be used; put certificate and private key into one PEM, the key without a password.',
    )
  const network = /\b(E[A-Z]{4,}|CERT_[A-Z_]+|[A-Z_]*SELF_SIGNED[A-Z_]*|UNABLE_TO_[A-Z_]+|DEPTH_ZERO[A-Z_]+)\b/.exec(
    message,
  )?.[1]
  if (/endpoints_resolution_error|openid_config_error/.test(message)) {
    const { tenant } = options
    return new RollcallError(
      'source_incomplete',
      `signing in at ${host} failed: it does not know tenant ${tenant}, or cannot be reached. Correct tenant, or see whether ${host} can be reached from here (proxy, tls).`,
    )
  }
  const why = network ?? (/expiresOn|50\d/.test(message) ? 'it did not give a token' : 'no answer worth having')
  return new RollcallError(
    'source_incomplete',
    `signing in at ${host} failed (${why}). The last reading stands, nothing of it will be removed; see whether ${host} can be reached from here (proxy, tls), and run again.`,
  )
}

function denied(message: string): RollcallError {
  return new RollcallError('source_denied', message)
}
