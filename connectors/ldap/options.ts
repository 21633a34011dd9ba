import * as z from 'zod'
import { tls } from '../../src/http/tls.ts'
import { secret } from '../../src/secret.ts'
import { filterBytes } from './filter.ts'
import { faultOf, serverOf } from './server.ts'
import { VENDORS } from './vendors.ts'

const name = z.string().min(1)

const url = z.string().superRefine((text, context) => {
  const fault = faultOf(text)
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})

const filter = z.string().superRefine((text, context) => {
  try {
    filterBytes(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'not a filter' })
  }
})

const branch = (what: string) =>
  z.strictObject({
    base: name.describe(`Where ${what} are: a DN.`),
    filter: filter
      .optional()
      .describe(`Which entries there are ${what} (RFC 4515). Left out: what is usual for the server.`),
    scope: z
      .enum(['sub', 'one', 'base'])
      .default('sub')
      .describe('How far below the base: all of it, one level, none.'),
  })

const seconds = (usual: number, what: string) => z.number().positive().max(86_400).default(usual).describe(what)

const attribute = name.describe('The attribute that tells.')
const disabled = z.union(
  [
    z.strictObject({
      attribute,
      equals: z.union([z.string(), z.array(z.string()).min(1)]).describe('Its value, or values, of who is disabled.'),
    }),
    z.strictObject({ attribute, present: z.boolean().describe('Whether who is disabled has it, or has it not.') }),
  ],
  { error: 'say { attribute: NAME, equals: VALUE } (or a list of values), or { attribute: NAME, present: true }' },
)

/** An LDAP directory: which server, as whom, which entries. */
export const options = z
  .strictObject({
    url: z
      .union([url, z.array(url).min(1)], { error: 'an ldaps:// URL, or a list of them' })
      .describe('The server, or several that hold the same: the first that answers is read.'),
    bind: z
      .union(
        [
          z.strictObject({ dn: name.describe('Its DN.'), password: secret.describe('Its password.') }),
          z.strictObject({ external: z.literal(true).describe('By the client certificate in tls (SASL EXTERNAL).') }),
          z.strictObject({ anonymous: z.literal(true).describe('As nobody, where the server lets nobody read.') }),
        ],
        {
          error:
            'say { dn: DN, password: SECRET }, { external: true } (by the client certificate in tls) or { anonymous: true }',
        },
      )
      .describe('Who asks: an account of its own, which may read and nothing else.'),
    users: branch('the users').describe('Which entries are users.'),
    groups: branch('the groups').optional().describe('Which entries are groups. Left out: no groups are read.'),
    attributes: z
      .record(name, z.enum(['text', 'list', 'number', 'boolean']))
      .default({})
      .describe('Types of attributes that the standard schemas do not have, or have otherwise.'),
    vendor: z
      .union([z.enum(VENDORS), z.literal(389).transform(() => '389' as const)])
      .optional()
      .describe('What kind of server it is. Left out: recognised by what the server says of itself.'),
    disabled: disabled
      .optional()
      .describe('Which users may not sign in, where the server’s own mark of it is not what you use.'),
    allowPlain: z
      .boolean()
      .default(false)
      .describe('Talk without encryption to another machine than this one. Passwords can be read on the way.'),
    references: z
      .enum(['fail', 'ignore'])
      .default('fail')
      .describe('What to make of parts of the directory that the server says are elsewhere.'),
    pageSize: z.int().min(1).max(1_000_000).default(1_000).describe('Entries in one page of an answer.'),
    timeouts: z
      .strictObject({
        connect: seconds(10, 'Until a server has answered and signed us in.'),
        idle: seconds(120, 'Without a byte from the server.'),
        read: seconds(7_200, 'For all of a reading.'),
      })
      .prefault({})
      .describe('In seconds.'),
    tls: tls.optional(),
  })
  .superRefine((given, context) => {
    const fault = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    const list = Array.isArray(given.url) ? given.url : [given.url]
    for (const [nth, text] of list.entries()) {
      if (faultOf(text) !== undefined) continue
      const path = Array.isArray(given.url) ? ['url', nth] : ['url']
      const { protocol, near, port } = serverOf(text)
      const startTls = given.tls?.startTls === true
      if (protocol === 'ldap' && !startTls && !near && !given.allowPlain) {
        fault(path, 'is not encrypted: use ldaps://, or tls: { startTls: true }; allowPlain: true does without')
      }
      if (protocol === 'ldap' && !startTls && given.tls !== undefined) {
        fault(path, 'has tls beside it, and ldap:// does without: use ldaps://, or tls: { startTls: true }')
      }
      if (protocol !== 'ldap' && startTls) fault(path, 'cannot be with startTls: that is for ldap://')
      if ((port === 3268 || port === 3269) && given.groups !== undefined) {
        fault(
          path,
          'is the global catalog, which does not show who is in most groups: use port 636 of a domain controller',
        )
      }
    }
    for (const own of Object.keys(given.attributes)) {
      if (/^(id|name|enabled)$/i.test(own))
        fault(['attributes', own], 'is told of every user already, and is not the attribute')
    }
    if ('external' in given.bind && given.tls?.cert === undefined && list.some(text => !text.startsWith('ldapi:'))) {
      fault(['bind', 'external'], 'signs in by a client certificate: name it in tls: { cert: FILE, key: FILE }')
    }
  })

export type LdapOptions = z.infer<typeof options>
