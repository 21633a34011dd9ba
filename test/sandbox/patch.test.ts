import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, ScimResource } from '../../src/model.ts'
import { GROUP, USER } from '../../src/sandbox/attributes.ts'
import { parsePatch, patch } from '../../src/sandbox/patch.ts'
import { ScimError } from '../../src/sandbox/scim-error.ts'
import { fixture } from './open.ts'

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

function patched(user: ScimResource, ...operations: object[]) {
  return patch(user, parsePatch({ schemas: [PATCH], Operations: operations as Json[] }, USER), '*')
}
function refused(scimType: string) {
  return expect.objectContaining({ status: 400, scimType })
}

const babs = {
  userName: 'bjensen',
  name: { givenName: 'Barbara', familyName: 'Jensen' },
  emails: [
    { value: 'bjensen@example.com', type: 'work', primary: true },
    { value: 'babs@jensen.org', type: 'home' },
  ],
  addresses: [
    { type: 'work', streetAddress: '100 Universal City Plaza', locality: 'Hollywood', country: 'USA', primary: true },
    { type: 'home', streetAddress: '456 Hollywood Blvd' },
  ],
}
const tour = {
  displayName: 'Tour Guides',
  members: [{ value: '2819c223-7f76-...413861904646' }, { value: '2819c223...919d-413861904646' }],
}

describe('the samples of RFC 7644 §3.5.2 do what the RFC says', () => {
  const group = (name: string) => patch(tour, parsePatch(fixture(name), GROUP), '*')['members']
  const user = (name: string, before: ScimResource = babs) => patch(before, parsePatch(fixture(name), USER), '*')

  test('members', () => {
    const [first, second] = tour.members
    expect(group('rfc7644-s3.5.2-patch-add-member-fig6')).toHaveLength(3)
    expect(group('rfc7644-s3.5.2.1-patch-add-member')).toHaveLength(3)
    expect(group('rfc7644-s3.5.2.2-patch-remove-one-member')).toEqual([second])
    expect(group('rfc7644-s3.5.2.2-patch-remove-all-members')).toBeUndefined()
    expect(group('rfc7644-s3.5.2.2-patch-remove-and-add-member')).toEqual([
      first,
      expect.objectContaining({ display: 'James Smith' }),
    ])
    for (const name of ['patch-remove-all-then-add-members', 'patch-replace-members']) {
      const section = name === 'patch-replace-members' ? '3.5.2.3' : '3.5.2.2'
      expect(group(`rfc7644-s${section}-${name}`)).toEqual([
        expect.objectContaining({ display: 'Babs Jensen' }),
        expect.objectContaining({ display: 'James Smith' }),
      ])
    }
  })

  test('attributes without a path', () => {
    expect(user('rfc7644-s3.5.2.1-patch-add-no-path')).toEqual({ ...babs, nickName: 'Babs' })
    expect(user('rfc7644-s3.5.2.3-patch-replace-no-path', { ...babs, emails: [] })).toEqual({
      ...babs,
      nickName: 'Babs',
    })
  })

  test('values chosen by a filter', () => {
    expect(user('rfc7644-s3.5.2.2-patch-remove-emails-filter')['emails']).toEqual([babs.emails[1]])
    const [, home] = babs.addresses
    expect(user('rfc7644-s3.5.2.3-patch-replace-work-address')['addresses']).toEqual([
      expect.objectContaining({ type: 'work', streetAddress: '911 Universal City Plaza', postalCode: '91608' }),
      home,
    ])
    expect(user('rfc7644-s3.5.2.3-patch-replace-street-address')['addresses']).toEqual([
      { ...babs.addresses[0], streetAddress: '1010 Broadway Ave' },
      home,
    ])
  })
})

describe('one operation', () => {
  test('adds, replaces and removes what it names, whatever the case', () => {
    expect(patched(babs, { op: 'Add', path: 'TITLE', value: 'Guide' })).toEqual({ ...babs, title: 'Guide' })
    expect(patched(babs, { op: 'replace', path: 'name.middleName', value: 'Jane' })['name']).toEqual({
      ...babs.name,
      middleName: 'Jane',
    })
    expect(patched({ userName: 'a' }, { op: 'replace', path: 'name.givenName', value: 'A' })).toEqual({
      userName: 'a',
      name: { givenName: 'A' },
    })
    expect(patched(babs, { op: 'remove', path: 'name' })).not.toHaveProperty('name')
    expect(patched({ userName: 'a', name: { givenName: 'A' } }, { op: 'remove', path: 'name.givenName' })).toEqual({
      userName: 'a',
    })
    expect(patched(babs, { op: 'remove', path: 'title' })).toEqual(babs)
    expect(patched({ userName: 'a', title: 'x' }, { op: 'replace', path: 'title', value: null })).toEqual({
      userName: 'a',
    })
  })

  test('reaches into extensions, and takes the last of them away with what is in it', () => {
    const path = `${ENTERPRISE}:department`
    const made = patched(babs, { op: 'add', path, value: 'R&D' })
    expect(made[ENTERPRISE]).toEqual({ department: 'R&D' })
    expect(patched(made, { op: 'remove', path })).toEqual(babs)
    expect(patched(made, { op: 'remove', path: ENTERPRISE })).toEqual(babs)
    expect(patched(babs, { op: 'add', value: { [ENTERPRISE.toUpperCase()]: { Department: 'R&D' } } })).toEqual(made)
  })

  test('adds to a list what is not in it already', () => {
    const home = { type: 'home', value: 'babs@jensen.org' } // the same, in another order
    expect(patched(babs, { op: 'add', path: 'emails', value: [home] })).toEqual(babs)
    expect(patched(babs, { op: 'add', path: 'emails', value: { value: 'b@example.com' } })['emails']).toHaveLength(3)
  })

  test('makes one value primary, and the others not', () => {
    const value = [{ value: 'new@example.com', primary: true }]
    expect(patched(babs, { op: 'add', path: 'emails', value })['emails']).toEqual([
      { ...babs.emails[0], primary: false },
      babs.emails[1],
      value[0],
    ])
    expect(patched(babs, { op: 'replace', path: 'emails[type eq "home"].primary', value: true })['emails']).toEqual([
      { ...babs.emails[0], primary: false },
      { ...babs.emails[1], primary: true },
    ])
    const two = [value[0], { value: 'other@example.com', primary: true }]
    expect(() => patched(babs, { op: 'replace', path: 'emails', value: two })).toThrow(refused('invalidValue'))
  })

  test.each([
    ['replaces a value that is not there', { op: 'replace', path: 'emails[type eq "x"]', value: {} }, 'noTarget'],
    ['removes without saying what', { op: 'remove' }, 'noTarget'],
    ['removes what is required', { op: 'remove', path: 'userName' }, 'mutability'],
    ['writes an id', { op: 'replace', path: 'id', value: 'mine' }, 'mutability'],
    ['writes an id without a path', { op: 'add', value: { ID: 'mine' } }, 'mutability'],
    ['writes meta', { op: 'replace', path: 'meta.created', value: '2026-01-01' }, 'mutability'],
    ['writes groups', { op: 'add', path: 'groups', value: [{ value: 'g' }] }, 'mutability'],
    ['filters what is no list', { op: 'remove', path: 'name[givenName eq "x"]' }, 'invalidPath'],
    ['names no path', { op: 'remove', path: 'emails[type eq "work"' }, 'invalidPath'],
    ['names no filter', { op: 'remove', path: 'emails[type eq]' }, 'invalidFilter'],
    ['goes too deep', { op: 'remove', path: 'a.b.c' }, 'invalidPath'],
    ['dots a name', { op: 'add', value: { 'name.givenName': 'x' } }, 'invalidPath'],
    ['has no value', { op: 'add', path: 'title' }, 'invalidValue'],
    ['has another type', { op: 'replace', path: 'active', value: 'False' }, 'invalidValue'],
    ['gives text a sub-attribute', { op: 'add', path: 'title.x', value: 'y' }, 'invalidPath'],
    ['is none', { op: 'move', path: 'title' }, 'invalidSyntax'],
  ])('is refused when it %s', (_, operation, scimType) => {
    expect(() => patched(babs, operation)).toThrow(refused(scimType))
  })
})

test('names that mean something to JavaScript are names of nothing', () => {
  const value = JSON.parse('{"__proto__": {"polluted": true}}')
  expect(() => patched(babs, { op: 'add', value })).not.toThrow(TypeError)
  expect(() => patched(babs, { op: 'add', path: 'x', value: JSON.parse('{"1 2": 3}') })).toThrow(
    refused('invalidSyntax'),
  )
  const after = patched(babs, { op: 'add', path: 'constructor.prototype', value: { polluted: true } })
  expect(Object.hasOwn(after, 'constructor')).toBe(true)
  expect({}).not.toHaveProperty('polluted')
})

// Any operations on a user, some of them at fault.
const value = fc.oneof(
  fc.constantFrom<Json>('a', 'B', true, null, 5, [], {}, [{ value: 'w@example.com', type: 'work', primary: true }]),
  fc.record({ value: fc.constantFrom('x', 'y'), type: fc.constantFrom('work', 'home'), primary: fc.boolean() }),
  fc.constantFrom<Json>({ title: 'T', userName: 'other' }, { name: { givenName: 'G' } }, { id: 'x' }),
)
const path = fc.constantFrom(
  'userName',
  'title',
  'active',
  'name',
  'name.givenName',
  'emails',
  'emails.type',
  'emails[type eq "work"]',
  'emails[value sw "b"].type',
  'emails[type eq "work" or primary pr].primary',
  'nothing',
  `${ENTERPRISE}:department`,
)
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom('add', 'replace'), path, value }),
  fc.record({ op: fc.constantFrom('add', 'replace'), value }),
  fc.record({ op: fc.constant('remove'), path }),
)
const operations = fc.array(operation, { minLength: 1, maxLength: 6 })

/** What comes of the work, or why it was refused. */
function outcomeOf(work: () => ScimResource): { readonly after: ScimResource } | { readonly refused: string } {
  try {
    return { after: work() }
  } catch (thrown) {
    if (thrown instanceof ScimError && thrown.status === 400) return { refused: thrown.scimType ?? '' }
    throw thrown
  }
}

test('all operations take place or none, and what was given is never changed', () => {
  fc.assert(
    fc.property(operations, all => {
      const before = structuredClone(babs)
      const outcome = outcomeOf(() => patched(before, ...all))
      expect(before).toEqual(babs)
      // One after another gives the same, and fails where the whole failed.
      const oneByOne = outcomeOf(() => all.reduce<ScimResource>((one, operation) => patched(one, operation), before))
      expect('refused' in oneByOne).toBe('refused' in outcome)
      const [after, again] = [outcome, oneByOne].map(one => ('after' in one ? one.after : {}))
      expect(again).toEqual(after)
      const emails = (after?.['emails'] ?? []) as readonly { readonly primary?: boolean }[]
      expect(emails.filter(({ primary }) => primary).length).toBeLessThan(2)
    }),
    { numRuns: 3_000 },
  )
})

test('the same operation a second time changes nothing', () => {
  fc.assert(
    fc.property(operation, one => {
      const first = outcomeOf(() => patched(babs, one))
      const after = 'after' in first ? first.after : babs
      const second = outcomeOf(() => patched(after, one))
      // What it chose by a filter may be gone after the first.
      const allowed = 'refused' in first ? [first] : [first, { refused: 'noTarget' }]
      expect(allowed).toContainEqual(second)
    }),
    { numRuns: 3_000 },
  )
})
