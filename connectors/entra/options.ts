import * as z from 'zod'
import { endpoint, proxy } from '../../src/http/endpoint.ts'
import { tls } from '../../src/http/tls.ts'
import { secret } from '../../src/secret.ts'
import { GROUP_ATTRIBUTES, USER_ATTRIBUTES } from './schema.ts'

const name = z.string().min(1)
const yes = (what: string) => z.literal(true).describe(what)

const own = ({ pathname }: URL) =>
  /\/v1\.0\/*$/i.test(pathname) ? 'this address ends before /v1.0; cut it there' : undefined

const CREDENTIAL =
  'say { secret: SECRET }, { certificate: SECRET }, { workloadIdentity: true }, { managedIdentity: true } or { cli: true }'

/** An Entra ID tenant: which one, as which application, what of it. */
export const options = z
  .strictObject({
    tenant: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, 'a tenant is its id, or a domain of it: contoso.onmicrosoft.com')
      .refine(
        text => !/^(common|organizations|consumers)$/i.test(text),
        'name one tenant: its id, or a domain of it; this stands for any',
      )
      .describe('The directory (tenant) ID, or a domain of the tenant.'),
    client: name
      .optional()
      .describe('The application (client) ID. Without it, managedIdentity is the machine’s own; cli needs none.'),
    credential: z
      .union(
        [
          z.strictObject({ secret: secret.describe('A client secret: its Value, not its Secret ID.') }),
          z.strictObject({
            certificate: secret.describe('A certificate and its private key, PEM, in one; a chain may follow.'),
          }),
          z.strictObject({ workloadIdentity: yes('By the token that Kubernetes or a pipeline gives (federation).') }),
          z.strictObject({ managedIdentity: yes('As the managed identity of the Azure machine this runs on.') }),
          z.strictObject({ cli: yes('As whoever signed in with `az login`: for trying out.') }),
        ],
        { error: CREDENTIAL },
      )
      .describe('How the application proves who it is.'),
    cloud: z
      .enum(['global', 'us-gov', 'us-gov-dod', 'china'])
      .default('global')
      .describe('Which cloud the tenant is in: US Government L4 is us-gov, L5 is us-gov-dod.'),
    endpoints: z
      .strictObject({
        login: endpoint({ plain: false, own }).optional().describe('Where to sign in, in place of the cloud’s.'),
        graph: endpoint({ plain: true, own })
          .optional()
          .describe('Where Graph is, in place of the cloud’s: what stands before /v1.0.'),
      })
      .prefault({})
      .describe('Addresses of a gateway, or of another cloud.'),
    application: name
      .optional()
      .describe('Application (client) ID of an enterprise application: only the users and groups assigned to it.'),
    users: z
      .strictObject({
        filter: name.optional().describe('Which users, as OData $filter. Every reading is then a full one.'),
      })
      .prefault({})
      .describe('Which users.'),
    attributes: z
      .record(name, z.enum(['text', 'list', 'number', 'boolean']))
      .default({})
      .describe('Types of directory extensions, by their whole names, letter for letter.'),
    tls: tls.optional(),
    proxy: proxy.optional(),
  })
  .superRefine((given, { addIssue }) => {
    const fault = (path: string[], message: string) => addIssue({ code: 'custom', path, message })
    const { attributes, credential, client, endpoints, tls: certificates } = given
    const named = 'secret' in credential || 'certificate' in credential
    if (named && client === undefined) fault(['client'], 'is missing: name the application (client) ID')
    if (certificates?.startTls !== undefined) fault(['tls', 'startTls'], 'is for LDAP; take it out')
    for (const extension of Object.keys(attributes)) {
      if (!/^extension_[0-9A-Fa-f]{32}_\w+$/.test(extension))
        fault(['attributes', extension], 'is no directory extension; write it whole: extension_<32 hex digits>_<name>')
    }
    if (endpoints.login !== undefined && ('cli' in credential || 'managedIdentity' in credential))
      fault(['endpoints', 'login'], 'is not asked by this credential; take it out')
  })

export type EntraOptions = z.infer<typeof options>

/** Where a tenant signs in, and where it is read: as https://HOST, without a slash at the end. */
export function endpointsOf({ cloud, endpoints }: EntraOptions): { readonly login: string; readonly graph: string } {
  const usual = CLOUDS[cloud]
  return { login: endpoints.login ?? usual.login, graph: endpoints.graph ?? usual.graph }
}

/** https://learn.microsoft.com/graph/deployments */
const CLOUDS = {
  global: { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
  'us-gov': { login: 'https://login.microsoftonline.us', graph: 'https://graph.microsoft.us' },
  'us-gov-dod': { login: 'https://login.microsoftonline.us', graph: 'https://dod-graph.microsoft.us' },
  china: { login: 'https://login.chinacloudapi.cn', graph: 'https://microsoftgraph.chinacloudapi.cn' },
} as const

/** What expressions may name. */
export function declared({ attributes }: EntraOptions) {
  return {
    user: { ...USER_ATTRIBUTES, ...attributes },
    group: { ...GROUP_ATTRIBUTES, ...attributes },
    caseInsensitive: false,
    closed: true,
  }
}
