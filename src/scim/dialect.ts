import { readFile } from 'node:fs/promises'
import { basename, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { RollcallError } from '../errors.ts'
import type { Dialect } from '../model.ts'
import { checkDocument } from './document.ts'

/** Dialects that a config may name without having a file of them. */
export const BUILT_IN_DIALECTS = ['generic', 'atlassian'] as const

const text = z.string().min(1)
const paths = z.array(text)
const count = z.int().min(1)

const base = z
  .strictObject({
    discovery: z
      .enum(['optional', 'none'])
      .default('optional')
      .describe('Whether /ServiceProviderConfig is asked for by check; what it says never overrides this file.'),
    contentType: text.default('application/scim+json').describe('Content-Type and Accept of requests.'),
  })
  .prefault({})

const users = z
  .strictObject({
    filter: paths
      .default(['userName', 'externalId'])
      .describe('Attributes that GET /Users?filter=ATTRIBUTE eq "…" can find; [] where it cannot filter.'),
    unique: z
      .strictObject({
        attrs: paths.default(['userName']).describe('Attributes of which no two users may hold the same value.'),
        case: z
          .enum(['insensitive', 'exact'])
          .default('insensitive')
          .describe('Whether values that differ in case count as the same.'),
      })
      .prefault({}),
    required: paths.default(['userName']).describe('Paths without which a user is refused; who lacks one is held.'),
    writable: z
      .union([paths, z.literal('*')])
      .default('*')
      .describe('Paths that may be written, with all below them; "*" for all. Others in a profile are a fault.'),
    update: z
      .enum(['patch', 'put', 'none'])
      .default('patch')
      .describe('How users change: the paths that differ by PATCH, the whole user by PUT, or not at all.'),
    clear: z
      .enum(['remove-op', 'null', 'empty-string'])
      .default('remove-op')
      .describe('How an attribute is cleared: operation remove, or replace with null or with "".'),
    emails: z
      .enum(['many', 'one-primary', 'one'])
      .default('many')
      .describe('E-mail addresses of one user: any number, several with exactly one primary, or one.'),
    deactivate: z
      .strictObject({
        how: z
          .enum(['active-false', 'delete', 'none'])
          .default('active-false')
          .describe('How a leaver is deactivated: active is set to false, the user is deleted, or it cannot be done.'),
        reversible: z
          .enum(['reversible', 'costly', 'irreversible'])
          .default('reversible')
          .describe('What it takes to bring a deactivated user back; shown in plans.'),
      })
      .prefault({}),
    delete: z
      .strictObject({
        means: z
          .enum(['deactivate', 'permanent', 'irreversible'])
          .default('permanent')
          .describe('What DELETE of a user does: no more than deactivate, remove it, or remove it beyond recreation.'),
      })
      .prefault({}),
  })
  .prefault({})

const groups = z
  .strictObject({
    filter: paths
      .default(['displayName'])
      .describe('Attributes that GET /Groups?filter=ATTRIBUTE eq "…" can find; [] where it cannot filter.'),
    create: z
      .strictObject({
        withMembers: z.boolean().default(false).describe('Whether a POST may carry members.'),
        maxMembers: z.int().min(0).default(0).describe('How many members a POST may carry.'),
      })
      .prefault({}),
    rename: z
      .enum(['patch', 'put', 'never'])
      .default('patch')
      .describe('How displayName of a group changes: by PATCH, by PUT, or never.'),
    delete: z
      .strictObject({
        means: z
          .enum(['permanent', 'irreversible'])
          .default('permanent')
          .describe('What DELETE of a group does: remove it, or remove with it what cannot be made anew.'),
      })
      .prefault({}),
    writable: z
      .union([paths, z.literal('*')])
      .default('*')
      .describe('Paths that may be written; "*" for all.'),
  })
  .prefault({})

const members = z
  .strictObject({
    readable: z
      .union([z.enum(['full', 'never']), z.strictObject({ truncated: count })])
      .default('full')
      .describe('Whether a group shows all its members, none, or no more than { truncated: NUMBER }.'),
    remove: z
      .enum(['path-filter', 'value-array'])
      .default('path-filter')
      .describe('How members are removed: path members[value eq "…"], or path members with a list as value.'),
    replace: z
      .enum(['forbidden', 'allowed'])
      .default('forbidden')
      .describe('Whether replacing a whole list of members does that. rollcall changes members one by one either way.'),
    maxPerRequest: count.default(100).describe('Members that one PATCH may add or remove.'),
    maxBytes: z.int().min(1_000).default(100_000).describe('Bytes that the body of one PATCH may have.'),
  })
  .prefault({})

const paging = z
  .strictObject({
    style: z
      .enum(['index', 'cursor'])
      .default('index')
      .describe('How listings go on: by startIndex (RFC 7644), or by cursor (RFC 9865).'),
    max: count.default(100).describe('Resources asked for in one page.'),
  })
  .prefault({})

/** A dialect file. What it leaves out is as careful as a target of which nothing is known demands. */
export const dialectShape = z.strictObject({
  name: text.optional().describe('What messages call it; default: the name of the file.'),
  base,
  users,
  groups,
  members,
  paging,
  concurrency: z.int().min(1).max(64).default(4).describe('Requests in flight at one time.'),
  visibilityDelaySeconds: z
    .number()
    .min(0)
    .max(600)
    .default(0)
    .describe('Seconds until a read shows what a write did; waited before looking up an unknown outcome.'),
  echo: z
    .enum(['trusted', 'distrusted'])
    .default('trusted')
    .describe('Whether the answer to a write shows what was stored; where not, a GET follows.'),
  conflicts: z
    .array(z.strictObject({ status: z.int().min(400).max(599), detail: z.string() }))
    .default([])
    .describe(
      'Answers to a POST that mean *exists already*, beside 409 and scimType uniqueness: status, part of detail.',
    ),
})

/**
 * A built-in dialect by its name, or one from a file, whose path is relative to `folder`. Throws `config_invalid`,
 * with every fault as `file:line:column: …`.
 */
export async function loadDialect(nameOrPath: string, folder: string): Promise<Dialect> {
  const builtIn = BUILT_IN_DIALECTS.find(name => name === nameOrPath)
  const file = builtIn
    ? fileURLToPath(new URL(`./dialects/${builtIn}.yaml`, import.meta.url))
    : resolve(folder, nameOrPath)
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (cause) {
    throw new RollcallError(
      'config_invalid',
      `dialect ${nameOrPath} is neither built in nor a file that can be read; name one of ${BUILT_IN_DIALECTS.join(', ')}, or correct the path.`,
      { cause },
    )
  }
  const { name, ...knobs } = checkDocument(builtIn ?? nameOrPath, content, dialectShape)
  return { name: name ?? basename(file, extname(file)), ...knobs }
}
