import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { AttributeType, DeclaredAttributes } from '../connector.ts'
import { usable } from './unusable.ts'

/**
 * What sources declare, by name: kept beside the state, since a file that is not there today cannot tell which
 * columns it had. It may be lost at any time.
 */
export function remembered(folder: string): ReadonlyMap<string, DeclaredAttributes> {
  try {
    return new Map(Object.entries(Kept.parse(JSON.parse(readFileSync(join(folder, NAME), 'utf8')))))
  } catch {
    return new Map()
  }
}

/** Writes them, 0600, where they are not those that are kept already. */
export function remember(folder: string, declared: ReadonlyMap<string, DeclaredAttributes>): void {
  const file = join(folder, NAME)
  const text = `${JSON.stringify(Object.fromEntries(declared))}\n`
  usable(file, () => {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  })
}

const NAME = 'attributes.json'

const Type: z.ZodType<AttributeType> = z.lazy(() =>
  z.union([
    z.enum(['text', 'boolean', 'number', 'list', 'any']),
    z.object({ object: z.record(z.string(), Type) }),
    z.object({ listOf: Type }),
  ]),
)
const Kept = z.record(
  z.string(),
  z.object({
    user: z.record(z.string(), Type),
    group: z.record(z.string(), Type),
    caseInsensitive: z.boolean(),
    closed: z.boolean(),
  }),
)
