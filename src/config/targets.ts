import * as z from 'zod'
import { RollcallError } from '../errors.ts'
import { tls } from '../http/tls.ts'
import type { Dialect } from '../model.ts'
import type { Checked, Fault } from '../profile/document.ts'
import { Secret, secret } from '../secret.ts'
import { baseUrl } from './address.ts'

const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'this is no name of a header; correct it'),
    z.union([z.string().regex(/^[\t\x20-\x7e]*$/, 'a header holds printable ASCII only; leave the rest out'), secret], {
      error: 'a header is text, or { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT, …] }',
    }),
  )
  .superRefine((given, { addIssue }) => {
    for (const [name, value] of Object.entries(given)) {
      if (value instanceof Secret || !CREDENTIAL.test(name)) continue
      const message = `${name} holds a credential: write { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT, …] }; plain text is refused`
      addIssue({ code: 'custom', path: [name], message })
    }
  })

/** Names of headers that carry what nobody may read. */
const CREDENTIAL = /auth|cookie|token|secret|passw|credential|session|api-?key|subscription-key/i

const name = z.string().min(1)

const PROXY =
  'a proxy is http://HOST:PORT, or with a credential in it { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT, …] }'

/** One entry of `targets`. */
export const targetShape = z.strictObject({
  connector: z.literal('scim').describe('How it is spoken to: scim.'),
  dialect: name
    .default('generic')
    .describe(
      'What it can and cannot do: a built-in name (generic, atlassian), or a path to a dialect file. Default: generic.',
    ),
  url: baseUrl.describe('Its base address, https only unless the host is the loopback.').meta({ format: 'uri' }),
  token: secret.describe('The bearer token: { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT, …] }.'),
  headers: headers.optional().describe('Headers that every request carries: text, or a secret as for token.'),
  requestsPerMinute: z
    .int()
    .min(1)
    .optional()
    .describe('The most requests sent in a minute; default: as fast as it answers.'),
  protect: z
    .strictObject({
      users: z.array(name).default([]).describe('userNames or e-mail addresses.'),
      groups: z.array(name).default([]).describe('Names of groups.'),
    })
    .prefault({})
    .describe('Users and groups that are never adopted, changed or deactivated: the way back in.'),
  tls: tls.optional(),
  proxy: z
    .union([z.string().regex(/^https?:\/\/[^@/?#\s]+\/?$/, PROXY), secret], { error: PROXY })
    .optional()
    .describe('The proxy that requests go through: an address, or a secret as for token.'),
})

type TargetEntry = z.output<typeof targetShape>

/** One entry of `targets`, with its dialect; its secrets have not been asked for. */
export interface ConfiguredTarget extends Omit<TargetEntry, 'connector' | 'dialect'> {
  readonly name: string
  readonly dialect: Dialect
}

export type LoadDialect = (nameOrPath: string, folder: string) => Promise<Dialect>

/** The dialects of these targets, by target. One that cannot be loaded is a fault, and missing. */
export async function dialectsOf(
  targets: Readonly<Record<string, { readonly dialect: string } | null>>,
  loadDialect: LoadDialect,
  folder: string,
  at: Checked<unknown>['at'],
): Promise<{ readonly dialects: ReadonlyMap<string, Dialect>; readonly faults: readonly Fault[] }> {
  const dialects = new Map<string, Dialect>()
  const faults: Fault[] = []
  for (const [name, target] of Object.entries(targets)) {
    if (target === null) continue
    try {
      dialects.set(name, await loadDialect(target.dialect, folder))
    } catch (thrown) {
      if (!(thrown instanceof RollcallError && thrown.code === 'config_invalid')) throw thrown
      const place = at(['targets', name, 'dialect'])
      faults.push(...thrown.message.split('\n').map(line => faultOf(line) ?? { ...place, message: line }))
    }
  }
  return { dialects, faults }
}

export function configuredTargets(
  targets: Readonly<Record<string, TargetEntry>>,
  dialects: ReadonlyMap<string, Dialect>,
): ReadonlyMap<string, ConfiguredTarget> {
  return new Map(
    Object.entries(targets).flatMap(([name, { connector: _, ...target }]) => {
      const dialect = dialects.get(name)
      return dialect === undefined ? [] : [[name, { ...target, name, dialect }] as const]
    }),
  )
}

/** A line `file:line:column: message` of a dialect file's own faults. */
function faultOf(text: string): Fault | undefined {
  const [, file, line, column, message] = /^(.+?):(\d+):(\d+): (.*)$/.exec(text) ?? []
  if (file === undefined || message === undefined) return undefined
  return { file, line: Number(line), column: Number(column), message }
}
