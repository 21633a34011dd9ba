import * as z from 'zod'
import { endpoint, proxy } from '../../src/http/endpoint.ts'
import { tls } from '../../src/http/tls.ts'
import { secret } from '../../src/secret.ts'

const name = z.string().min(1)

const address = (usual: string, what: string) => endpoint({ plain: true }).default(usual).describe(what)

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
        admin: address('https://admin.googleapis.com', 'The Directory API: what stands before /admin/directory/v1.'),
        token: address('https://oauth2.googleapis.com/token', 'Where tokens are given.'),
        iam: address(
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
    proxy: proxy.optional(),
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
