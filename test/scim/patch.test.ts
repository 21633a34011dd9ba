import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json, ScimResource } from '../../src/model.ts'
import {
  additions,
  memberBatches,
  merged,
  type Operation,
  operationsOf,
  patchBody,
  removals,
} from '../../src/scim/patch.ts'
import { dialectWith } from './scim.ts'

const URN = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** RFC 7644 §3.5.2 as far as our operations go, one at a time. */
function apply(resource: ScimResource, { op, path, value = null }: Operation): ScimResource {
  const cut = path.startsWith('urn:') ? path.lastIndexOf(':') : path.indexOf('.')
  if (cut < 0) {
    const { [path]: _, ...others } = resource
    return op === 'remove' ? others : { ...others, [path]: value }
  }
  const outer = path.slice(0, cut)
  return {
    ...resource,
    [outer]: apply((resource[outer] ?? {}) as ScimResource, { op, path: path.slice(cut + 1), value }),
  }
}

/** Without what is absent: null, "", [] and objects of nothing else (RFC 7643 §2.5). */
function tidy(resource: ScimResource): ScimResource {
  return Object.fromEntries(
    Object.entries(resource).flatMap(([name, value]): [string, Json][] => {
      if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return []
      if (typeof value !== 'object' || Array.isArray(value)) return [[name, value]]
      const inner = tidy(value as ScimResource)
      return Object.keys(inner).length > 0 ? [[name, inner]] : []
    }),
  )
}

const text = fc.string({ unit: 'grapheme', maxLength: 4 })
const absentOr = (value: fc.Arbitrary<Json>): fc.Arbitrary<Json> => fc.oneof(fc.constant(null), value)
const resource: fc.Arbitrary<ScimResource> = fc.record({
  displayName: absentOr(text),
  active: fc.boolean(),
  emails: absentOr(fc.array(fc.record({ value: text, primary: fc.boolean() }), { maxLength: 3 })),
  name: fc.record({ givenName: absentOr(text), familyName: absentOr(text) }),
  [URN]: fc.record({ department: absentOr(text), costCenter: absentOr(text) }),
})

test('carrying out the operations on what was gives what is wanted, whatever the way of clearing', () => {
  fc.assert(
    fc.property(resource, resource, fc.constantFrom('remove-op', 'null', 'empty-string'), (before, after, clear) => {
      const result = operationsOf(before, after, clear).reduce(apply, before)
      expect(tidy(result)).toEqual(tidy(after))
    }),
  )
})

test('a path that does not differ has no operation, and none has two', () => {
  fc.assert(
    fc.property(resource, resource, (before, after) => {
      expect(operationsOf(before, before, 'remove-op')).toEqual([])
      const paths = operationsOf(before, after, 'remove-op').map(({ path }) => path)
      expect(new Set(paths).size).toBe(paths.length)
    }),
  )
})

test('a PUT is what was with what is wanted over it', () => {
  fc.assert(
    fc.property(resource, resource, (before, after) => {
      const whole = merged({ ...before, keep: 'me' }, after)
      expect(tidy(whole)).toEqual(tidy({ ...after, keep: 'me' }))
    }),
  )
  expect(merged({ title: 'Boss' }, { title: null })).toEqual({ title: null })
})

test('clearing is said in the way of the dialect', () => {
  const before = { title: 'Boss', emails: [{ value: 'a@example.com' }] }
  const after = { title: null, emails: null }
  expect(operationsOf(before, after, 'remove-op')).toEqual([
    { op: 'remove', path: 'title' },
    { op: 'remove', path: 'emails' },
  ])
  expect(operationsOf(before, after, 'null').map(({ value }) => value)).toEqual([null, null])
  expect(operationsOf(before, after, 'empty-string').map(({ value }) => value)).toEqual(['', []])
})

test('members go in as few requests as count and bytes allow, none of them over', async () => {
  const { members } = await dialectWith()
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1_000, max: 3_000 }),
      fc.constantFrom('path-filter' as const, 'value-array' as const),
      (ids, maxPerRequest, maxBytes, remove) => {
        const batches = memberBatches(ids, { ...members, maxPerRequest, maxBytes, remove })
        expect(batches.flat()).toEqual(ids)
        const bytes = (batch: readonly string[]) =>
          Math.max(
            Buffer.byteLength(patchBody(additions(batch))),
            Buffer.byteLength(patchBody(removals(batch, remove))),
          )
        for (const [index, batch] of batches.entries()) {
          expect(batch.length).toBeLessThanOrEqual(maxPerRequest)
          expect(bytes(batch)).toBeLessThanOrEqual(maxBytes)
          const [next] = batches[index + 1] ?? []
          const fits = next !== undefined && batch.length < maxPerRequest && bytes([...batch, next]) <= maxBytes - 120
          expect(fits).toBe(false)
        }
      },
    ),
  )
  const ids = Array.from({ length: 1_000 }, (_, n) => `id-${n}`)
  expect(memberBatches(ids, members).map(batch => batch.length)).toEqual(Array.from({ length: 10 }, () => 100))
  const tight = memberBatches(ids, { ...members, maxPerRequest: 1_000, maxBytes: 2_000 })
  expect(tight.length).toBeGreaterThan(20)
  for (const batch of tight)
    expect(Buffer.byteLength(patchBody(removals(batch, 'path-filter')))).toBeLessThanOrEqual(2_000)
  expect(memberBatches([], members)).toEqual([])
})
