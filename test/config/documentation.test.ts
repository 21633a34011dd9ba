import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { configShape } from '../../src/config/shape.ts'
import { targetShape } from '../../src/config/targets.ts'
import type { Limit } from '../../src/model.ts'
import { DEFAULT_LIMITS } from '../../src/pipeline/guard.ts'
import { limitsShape } from '../../src/profile/limits.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')

/** First and last cells of the table below a heading; of a first cell its words in backticks. */
function table(heading: string): (readonly [string, string])[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const rows = (section.split('\n## ')[0] ?? '').split('\n').filter(line => line.startsWith('| `'))
  return rows.flatMap(row => {
    const cells = row.split('|').map(cell => cell.trim())
    const keys = [...(cells[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, key = '']) => key)
    return keys.map(key => [key, cells.at(-2) ?? ''] as const)
  })
}

/** Keys of a shape as an editor sees them, `protect.users` for what is below. */
function keys(shape: z.ZodType): string[] {
  const { properties = {} } = z.toJSONSchema(shape, { io: 'input' })
  return Object.entries(properties).flatMap(([key, inner]) => {
    const below = typeof inner === 'object' ? Object.keys(inner.properties ?? {}) : []
    return key === 'tls' || key === 'protect' ? below.map(name => `${key}.${name}`) : [key]
  })
}

function shown(limit: Limit | number): string {
  if (typeof limit === 'number') return String(limit)
  return 'percent' in limit ? `${limit.percent}%` : String(limit.count)
}

test('every key of rollcall.yaml is documented, and no other', () => {
  expect(table('rollcall.yaml').map(([key]) => key)).toEqual(keys(configShape([], () => '')))
})

test('every key of a target is documented, and no other', () => {
  const documented = table('targets').map(([key]) => key)
  expect(documented.toSorted()).toEqual(
    keys(targetShape)
      .filter(key => key !== 'tls.startTls')
      .toSorted(),
  )
})

test('every limit is documented with its default', () => {
  const defaults: Readonly<Record<string, Limit | number | undefined>> = DEFAULT_LIMITS
  expect(Object.fromEntries(table('limits'))).toEqual(
    Object.fromEntries(
      keys(limitsShape).map(key => {
        const limit = defaults[key]
        return [key, limit === undefined ? 'no limit' : shown(limit)]
      }),
    ),
  )
})
