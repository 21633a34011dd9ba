import { z } from 'zod'
import { isLoopback } from '../../src/http/loopback.ts'
import { tls } from '../../src/http/tls.ts'
import { secret } from '../../src/secret.ts'

const name = z.string().min(1)

const endpoint = (usual: string, what: string) =>
  z
    .string()
    .superRefine((text, { addIssue }) => {
      const fault = faultOf(text)
      if (fault !== undefined) addIssue(fault)
    })
    .transform(text => text.trim().replace(/\/+$/, ''))
    .default(usual)
    .describe(what)

function faultOf(text: string): string | undefined {
  const url = URL.parse(text.trim())
  if (url === null || url.hostname === '') return 'this is no address; write it whole: https://HOST'
  if (url.username !== '' || url.password !== '') return 'a credential in an address shows in logs; take it out'
  if (text.includes('?') || text.includes('#')) return 'this address has a ? or a #; cut it there'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:' && isLoopback(url.hostname)) return undefined
  return 'this address is not encrypted; use https://'
}

const PROXY =
  'a proxy is http://HOST:PORT, or with a credential in it { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT, …] }'

const CREDENTIAL = 'say { key: SECRET }, { keyless: SERVICE-ACCOUNT-EMAIL } or { adminRole: SECRET }'

const orgUnit = z
  .string()
  .regex(
    /^\/(?:$|.*[^/]$)/,
    'an organisational unit is its path, as /Sales/Tokyo: from the root, without a / at its end',
  )

/** A Google Workspace or Cloud Identity account: which, as whom, what of it. */
export const options = z
  .strictObject({
    customer: z
      .string()
      .regex(/^(?:my_customer|C[0-9a-z]+)$/, 'a customer is its id, as C01abc23d: Admin console → Account settings')
      .default('my_customer')
      .describe('The customer id, as C01abc23d. Left out: that of the administrator.'),
    admin: z
      .string()
      .regex(/^[^\s@]+@[^\s@]+$/, 'an administrator is named by address: reader@example.com')
      .optional()
      .describe('The administrator whom delegation acts for: may read users and groups, and has signed in once.'),
    credential: z
      .union(
        [
          z.strictObject({ key: secret.describe('Key of a service account with domain-wide delegation: its JSON.') }),
          z.strictObject({
            keyless: z
              .string()
              .regex(
                /^[^\s@/]+@[^\s@/]+$/,
                'a service account is named by address: NAME@PROJECT.iam.gserviceaccount.com',
              )
              .describe(
                'A service account with domain-wide delegation, as whom the identity of this machine may sign.',
              ),
          }),
          z.strictObject({
            adminRole: secret.describe('Key of a service account that has an admin role itself: its JSON.'),
          }),
        ],
        { error: CREDENTIAL },
      )
      .describe('How rollcall proves who it is.'),
    endpoints: z
      .strictObject({
        admin: endpoint('https://admin.googleapis.com', 'The Directory API: what stands before /admin/directory/v1.'),
        token: endpoint('https://oauth2.googleapis.com/token', 'Where tokens are given.'),
        iam: endpoint(
          'https://iamcredentials.googleapis.com',
          'Where keyless signatures are made: what stands before /v1.',
        ),
      })
      .prefault({})
      .describe('Addresses in place of Google’s, as of a gateway.'),
    requestsPerMinute: z
      .int()
      .min(10)
      .max(1_000_000)
      .default(2_400)
      .describe(
        'The project’s quota, "Queries per minute per user" of the Admin SDK API, or the share of it that rollcall may use.',
      ),
    concurrency: z.int().min(1).max(200).default(40).describe('The most requests under way at once.'),
    orgUnits: z
      .array(orgUnit)
      .min(1)
      .optional()
      .describe('Paths of organisational units: only the users of these, and of those below them.'),
    miscounted: z
      .array(name)
      .default([])
      .describe(
        'Addresses of groups whose directMembersCount is wrong for good: it is not compared, they are read twice.',
      ),
    query: name
      .optional()
      .describe(
        'A search in Google’s query language that `check` counts, for comparison. It decides nothing: its index lags.',
      ),
    schemas: z
      .record(name, z.record(name, z.enum(['text', 'list', 'number', 'boolean'])))
      .default({})
      .describe('Custom schemas to be read, and the types of their fields: { Employment: { timezone: text } }.'),
    tls: tls.optional(),
    proxy: z
      .union([z.string().regex(/^https?:\/\/[^@/?#\s]+\/?$/, PROXY), secret], { error: PROXY })
      .optional()
      .describe('The proxy that requests go through: an address, or a secret.'),
  })
  .superRefine((given, { addIssue }) => {
    const fault = (path: string[], message: string) => addIssue({ code: 'custom', path, message })
    const { admin, credential, tls: certificates } = given
    if ('adminRole' in credential) {
      if (admin !== undefined)
        fault(['admin'], 'goes with delegation; a service account with an admin role acts for itself: take it out')
    } else if (admin === undefined) fault(['admin'], 'is missing: name the administrator whom delegation acts for')
    if (certificates?.startTls !== undefined) fault(['tls', 'startTls'], 'is for LDAP; take it out')
    for (const schema of Object.keys(given.schemas)) {
      if (schema.includes(','))
        fault(['schemas', schema], 'has a comma, which no schema’s name has: name each by itself')
    }
  })

export type GoogleOptions = z.infer<typeof options>
