import { hash } from 'node:crypto'
import * as z from 'zod'
import { type EntraOptions, endpointsOf } from './options.ts'
import type { Others } from './members.ts'
import type { Run } from './session.ts'

/** What the next reading needs to ask for changes alone. Times in milliseconds since 1970. */
export interface Mark {
  /** Links to the changes after this reading: paths from the root of the origin. */
  readonly users: string
  readonly groups: string
  /** When everything was last read. */
  readonly full: number
  /** Whether every group of the tenant is in the reading. */
  readonly everyGroup: boolean
  /** Members that are neither users nor groups, by group and kind. */
  readonly others: Others
}

const VERSION = 1

const shape = z.object({
  version: z.literal(VERSION),
  key: z.string(),
  users: z.string(),
  groups: z.string(),
  full: z.number(),
  everyGroup: z.boolean(),
  others: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
})

const DAY = 24 * 60 * 60_000
/** Links are good for seven days; and what changes did not tell is found by reading everything now and then. */
const OLDEST_READING = 6 * DAY

export function writeMark(mark: Mark, run: Run): string {
  return JSON.stringify({ version: VERSION, key: keyOf(run), ...mark })
}

/** The mark, or why it does not serve: not ours, too old, or of a reading that asked for something else. */
export function readMark(checkpoint: string, run: Run): Mark | { readonly doubt: string } {
  const parsed = shape.safeParse(jsonOf(checkpoint))
  if (!parsed.success) return { doubt: 'the checkpoint is not one of this version' }
  const { key, version: _, ...mark } = parsed.data
  const now = run.tuning.now()
  if (key !== keyOf(run)) return { doubt: 'tenant, options, permissions, attributes or scope have changed' }
  if (!fresh(mark.full, now, OLDEST_READING)) return { doubt: 'the last full reading is too long ago' }
  return mark
}

/** A clock that was put back makes no link young. */
function fresh(then: number, now: number, oldest: number): boolean {
  return then <= now && now - then < oldest
}

function keyOf({ options, request, claims }: Run): string {
  const { tenant, client, attributes } = options
  const asked = [request.scope, request.allUsers, request.userAttributes, request.groupAttributes]
  const rights = claims?.roles?.toSorted() ?? null
  return hash('sha256', JSON.stringify([endpointsOf(options), tenant, claims?.tid, client, attributes, asked, rights]))
}

/** Why changes alone cannot be asked for, whatever the checkpoint. */
export function neverChanges(
  { application, users }: EntraOptions,
  userAttributes: readonly string[],
): string | undefined {
  if (application !== undefined) return 'who is assigned to an application is not told as changes'
  if (users.filter !== undefined) return 'users by a filter are not told as changes'
  if (userAttributes.includes('customSecurityAttributes')) return 'customSecurityAttributes are not told as changes'
  return undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
