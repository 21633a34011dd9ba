import { hash } from 'node:crypto'
import * as z from 'zod'
import type { Checkpoint, ReadRequest } from '../../src/connector.ts'
import type { GoogleOptions } from './options.ts'

/** What a reading leaves for the next one. */
export interface Left {
  /** Another text whenever other users, groups or attributes would be read. */
  readonly scope: string
  /** Of the members of groups, by the group's id. */
  readonly etags: ReadonlyMap<string, string>
}

const shape = z.object({
  google: z.literal(1),
  scope: z.string(),
  etags: z.record(z.string(), z.string()),
})

/** Characters of all etags together; those beyond are not kept, and their groups read in full. */
const LARGEST = 1_500_000

export function scopeOf({ scope }: Pick<ReadRequest, 'scope'>, { customer, orgUnits, schemas }: GoogleOptions): string {
  return hash('sha256', JSON.stringify([scope, customer, orgUnits ?? null, schemas]), 'base64url')
}

/** Undefined for what is not one of these. */
export function parseCheckpoint(checkpoint: Checkpoint | undefined): Left | undefined {
  if (checkpoint === undefined) return undefined
  try {
    const { scope, etags } = shape.parse(JSON.parse(checkpoint))
    return { scope, etags: new Map(Object.entries(etags)) }
  } catch {
    return undefined
  }
}

export function writeCheckpoint({ scope, etags }: Left): Checkpoint {
  let room = LARGEST
  const kept = [...etags].filter(([id, etag]) => (room -= id.length + etag.length + 8) >= 0)
  return JSON.stringify({ google: 1, scope, etags: Object.fromEntries(kept) })
}
