import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressesOf,
  groupFields,
  groupOf,
  userFields,
  userOf,
  type WireUser,
} from '../../../connectors/google/convert.ts'

const ada = (more: Readonly<Record<string, unknown>> = {}): WireUser => ({
  id: '100000000000000000001',
  primaryEmail: 'ada@example.com',
  name: { givenName: 'Ada', familyName: 'Lovelace', fullName: 'Ada Lovelace' },
  suspended: false,
  archived: false,
  ...more,
})
const attribute = (name: string, more: Readonly<Record<string, unknown>>) =>
  userOf(ada(more), [name], {}).attributes[name]

describe('who may sign in', () => {
  test.each([
    [{ suspended: false, archived: false }, true],
    [{ suspended: true, archived: false }, false],
    [{ suspended: false, archived: true }, false],
    [{ suspended: true, archived: undefined }, false],
    [{ suspended: undefined, archived: false }, undefined],
    [{ suspended: false, archived: undefined }, undefined],
    [{ suspended: 'false', archived: false }, undefined],
  ])('%j: %s', (marks, enabled) => {
    expect(userOf(ada(marks), [], {}).enabled).toBe(enabled)
  })
})

describe('names', () => {
  test('someone with one name has a zero-width space for the other, and then has none', () => {
    const madonna = ada({ name: { givenName: '\u200b', familyName: 'Madonna', fullName: '\u200b Madonna' } })
    expect(userOf(madonna, ['givenName', 'familyName', 'fullName'], {})).toMatchObject({
      name: 'Madonna',
      attributes: { familyName: 'Madonna', fullName: 'Madonna' },
    })
    expect(userOf(madonna, ['givenName'], {}).attributes).toEqual({})
  })

  test('who is shown without a name is known by address, and their names are unknown, not absent', () => {
    const user = userOf(ada({ name: undefined }), ['givenName', 'primaryEmail'], {})
    expect(user).toMatchObject({
      name: 'ada@example.com',
      attributes: { primaryEmail: 'ada@example.com' },
      unknown: ['givenName'],
    })
  })

  test('a group without a name is known by address', () => {
    const group = { id: '01abc', email: 'crew@example.com', name: '', description: '' }
    expect(groupOf(group, ['description', 'email'])).toEqual({
      id: '01abc',
      name: 'crew@example.com',
      attributes: { email: 'crew@example.com' },
    })
  })
})

describe('what is picked out of lists', () => {
  const two = [
    { title: 'Poet', department: 'Letters' },
    { title: 'Countess', primary: true, costCenter: '42' },
  ]
  test.each([
    ['title', { organizations: two }, 'Countess'],
    ['department', { organizations: two }, 'Letters'],
    ['costCenter', { organizations: two }, '42'],
    ['title', { organizations: { title: 'Alone' } }, 'Alone'],
    ['title', { organizations: [] }, undefined],
    [
      'phone',
      {
        phones: [
          { value: '1', type: 'home' },
          { value: '2', type: 'work' },
        ],
      },
      '2',
    ],
    ['mobile', { phones: [{ value: '3', type: 'mobile' }] }, '3'],
    [
      'manager',
      {
        relations: [
          { value: 'x', type: 'spouse' },
          { value: 'boss@example.com', type: 'manager' },
        ],
      },
      'boss@example.com',
    ],
    [
      'employeeId',
      {
        externalIds: [
          { value: 'net', type: 'network' },
          { value: 'E7', type: 'organization' },
        ],
      },
      'E7',
    ],
    [
      'preferredLanguage',
      {
        languages: [
          { languageCode: 'fr', preference: 'not_preferred' },
          { languageCode: 'ja', preference: 'preferred' },
        ],
      },
      'ja',
    ],
  ])('%s of %j is %s', (name, more, value) => {
    expect(attribute(name, more)).toBe(value)
  })

  test('a list that is none is unknown: neither set nor cleared', () => {
    expect(userOf(ada({ organizations: 'Countess' }), ['title', 'organizations'], {})).toMatchObject({
      attributes: {},
      unknown: ['title', 'organizations'],
    })
  })

  test('entries say whether they are the primary one, and come in the same order whatever the server’s', () => {
    const entries = [{ value: '2', type: 'work' }, { value: '1', type: 'home', primary: true }, { value: '3' }]
    const inOrder = attribute('phones', { phones: entries })
    expect(inOrder).toEqual([
      { primary: false, type: 'work', value: '2' },
      { primary: false, value: '3' },
      { primary: true, type: 'home', value: '1' },
    ])
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: 3 }), phones => {
        expect(attribute('phones', { phones })).toEqual(inOrder)
      }),
    )
  })
})

test('custom fields come under their schema, of the types declared, whether one value or several', () => {
  const schemas = { Work: { zone: 'text', skills: 'list', level: 'number', remote: 'boolean', none: 'text' } } as const
  const customSchemas = {
    Work: {
      zone: 'Asia/Tokyo',
      skills: [{ value: 'sql', type: 'work' }, { value: 'c' }],
      level: '7',
      remote: true,
      other: 'x',
    },
    Other: { secret: 'x' },
  }
  expect(userOf(ada({ customSchemas }), ['customSchemas'], schemas).attributes).toEqual({
    customSchemas: { Work: { zone: 'Asia/Tokyo', skills: ['c', 'sql'], level: 7, remote: true } },
  })
  expect(userOf(ada(), ['customSchemas'], schemas).attributes).toEqual({})
})

test('fields are asked for whole, each once, and the unit where it decides', () => {
  expect(userFields(['title', 'department', 'givenName', 'customSchemas'], {}).split(',')).toEqual([
    'id',
    'primaryEmail',
    'name',
    'suspended',
    'archived',
    'aliases',
    'nonEditableAliases',
    'organizations',
    'customSchemas',
  ])
  expect(userFields([], { orgUnits: ['/Sales'] })).toContain('orgUnitPath')
  expect(groupFields(['description', 'email']).split(',')).toEqual([
    'id',
    'email',
    'name',
    'directMembersCount',
    'aliases',
    'nonEditableAliases',
    'description',
  ])
})

test('addresses are compared in lower case, the primary one first', () => {
  const user = ada({
    primaryEmail: 'Ada@Example.com',
    aliases: ['A@example.org'],
    nonEditableAliases: ['ada@test-google-a.com'],
  })
  expect(addressesOf(user)).toEqual(['ada@example.com', 'a@example.org', 'ada@test-google-a.com'])
})

test('whatever a list holds, converting it never throws and tells no null', () => {
  const names = [
    'organizations',
    'title',
    'phones',
    'emails',
    'gender',
    'notes',
    'aliases',
    'customSchemas',
    'orgUnitPath',
  ]
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), more => {
      const user = userOf(ada(more), names, { Work: { zone: 'text' } })
      expect(JSON.stringify(user.attributes)).not.toMatch(/[:[,]null/)
    }),
  )
})
