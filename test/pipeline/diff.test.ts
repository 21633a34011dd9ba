import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json, ScimResource } from '../../src/model.ts'
import { canonical, pick, valueAt } from '../../src/pipeline/canonical.ts'
import { diff, narrow } from '../../src/pipeline/diff.ts'

const DEPARTMENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department'
const PATHS = ['userName', 'name.givenName', 'title', 'emails', 'active', DEPARTMENT]

test('what differs stands on both sides, nested, and what nobody manages is left out', () => {
  const desired = { userName: 'ada@example.com', name: { givenName: 'Ada' }, title: 'Lead' }
  const current = { userName: 'ada@example.com', name: { givenName: 'Augusta', familyName: 'King' }, nickName: 'A' }
  expect(diff({ desired, current, paths: PATHS })).toEqual({
    paths: ['name.givenName', 'title'],
    before: { name: { givenName: 'Augusta' }, title: null },
    after: { name: { givenName: 'Ada' }, title: 'Lead' },
  })
})

test('absent, null, empty text and an empty list are the same', () => {
  const current = { userName: '', title: null, emails: [], [DEPARTMENT.slice(0, -11)]: { department: '' } }
  expect(diff({ desired: {}, current, paths: PATHS })).toBeUndefined()
})

test('a user of whom the target does not say is active', () => {
  expect(diff({ desired: { active: true }, current: {}, paths: ['active'] })).toBeUndefined()
  expect(diff({ desired: { active: false }, current: {}, paths: ['active'] })?.after).toEqual({ active: false })
})

test('what a target adds to an address is no difference, another primary one is', () => {
  const mail = { value: 'ada@example.com', type: 'work', primary: true }
  const desired = { emails: [mail] }
  const paths = ['emails']
  expect(diff({ desired, current: { emails: [{ ...mail, display: 'Ada' }] }, paths })).toBeUndefined()
  expect(diff({ desired, current: { emails: [{ ...mail, primary: false }] }, paths })).toBeDefined()
  expect(diff({ desired, current: { emails: [mail, { value: 'b@example.com' }] }, paths })).toBeDefined()
})

test('a target that keeps a value in its own way is taken at its word, until either side moves', () => {
  const echo = { userName: { sent: 'Ada@example.com', kept: 'ada@example.com' } }
  const desired = { userName: 'Ada@example.com' }
  const paths = ['userName']
  expect(diff({ desired, current: { userName: 'ada@example.com' }, paths, echo })).toBeUndefined()
  expect(diff({ desired, current: { userName: 'eve@example.com' }, paths, echo })).toBeDefined()
  expect(
    diff({ desired: { userName: 'ADA@example.com' }, current: { userName: 'ada@example.com' }, paths, echo }),
  ).toBeDefined()
})

test('a path that the source could not tell is neither set nor cleared', () => {
  expect(diff({ desired: {}, current: { title: 'Lead' }, paths: PATHS, unknown: ['title'] })).toBeUndefined()
})

test('of a difference some paths alone can be kept', () => {
  const found = diff({ desired: { title: 'Lead', userName: 'a' }, current: {}, paths: PATHS })!
  expect(narrow(found, path => path === 'title')).toEqual({
    paths: ['title'],
    before: { title: null },
    after: { title: 'Lead' },
  })
  expect(narrow(found, () => false)).toBeUndefined()
})

const text = fc.oneof(fc.constant(''), fc.string({ maxLength: 6 }))
const resource: fc.Arbitrary<ScimResource> = fc.record(
  {
    userName: text,
    name: fc.record({ givenName: text, familyName: text }, { requiredKeys: [] }),
    title: fc.oneof(text, fc.constant(null)),
    active: fc.boolean(),
    emails: fc.array(fc.record({ value: text, type: fc.constantFrom('work', 'home'), primary: fc.boolean() }), {
      maxLength: 3,
    }),
  },
  { requiredKeys: [] },
)

test('applying what differs leaves nothing that differs, and before is what was there', () => {
  fc.assert(
    fc.property(resource, resource, (desired, current) => {
      const found = diff({ desired, current, paths: PATHS })
      const after: Record<string, Json> = { ...current }
      const paths = found?.paths ?? []
      for (const path of paths) {
        const [outer = path] = path.split('.')
        const value = found?.after[outer] ?? null
        after[outer] = path === outer ? value : { ...(after[outer] as object), ...(value as object) }
      }
      expect(paths.map(path => canonical(valueAt(found?.before ?? {}, path)))).toEqual(
        paths.map(path => canonical(valueAt(current, path))),
      )
      expect(diff({ desired, current: after, paths: PATHS })).toBeUndefined()
      expect(diff({ desired: current, current, paths: PATHS })).toBeUndefined()
      expect(diff({ desired: pick(PATHS, path => valueAt(current, path)), current, paths: PATHS })).toBeUndefined()
    }),
  )
})
