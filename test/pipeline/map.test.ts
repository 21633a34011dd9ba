import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Dialect, Evaluated, Mapping, Profile, SourceGroup, SourceUser, Value } from '../../src/model.ts'
import { inScope, mapGroup, mapUser } from '../../src/pipeline/map.ts'
import type { DeclaredAttributes } from '../../src/connector.ts'
import { compileProfile, parseProfile } from '../../src/profile/load.ts'
import { loadDialect } from '../../src/scim/dialect.ts'

const atlassian = await loadDialect('atlassian', '.')
const generic = await loadDialect('generic', '.')
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const declared: DeclaredAttributes = {
  user: {
    mail: 'text',
    givenName: 'text',
    sn: 'text',
    title: 'text',
    ou: 'text',
    status: 'text',
    type: 'text',
    phones: 'list',
    mails: { listOf: { object: { address: 'text', type: 'text', primary: 'boolean' } } },
    extra: 'any',
  },
  group: { label: 'text' },
  caseInsensitive: false,
  closed: true,
}

function profileOf(lines: Record<string, string>, more = ''): Profile {
  const user = Object.entries(lines).map(([path, text]) => `  ${JSON.stringify(path)}: ${JSON.stringify(text)}`)
  const text = `version: 1\nsource: tokyo\ntarget: t\n${more || 'scope: { users: all }'}\nuser:\n${user.join('\n')}\n`
  const parsed = parseProfile('profiles/apac.yaml', 'apac', text)
  if (!parsed.profile) throw new Error(JSON.stringify(parsed.faults))
  const { profile, faults } = compileProfile(parsed.profile, declared, undefined)
  if (!profile) throw new Error(JSON.stringify(faults))
  return profile
}

const LINES = {
  userName: '${lower(user.mail)}',
  emails: '${lower(user.mail)}',
  'name.givenName': '${user.givenName}',
  'name.familyName': '${user.sn}',
  displayName: '${user.sn} ${user.givenName}',
  title: '${user.title}',
  active: '${user.enabled}',
  [`${ENTERPRISE}:department`]: '${user.ou}',
}

function person(attributes: SourceUser['attributes'], more: Partial<SourceUser> = {}): SourceUser {
  return { id: 'u1', name: 'Ada', enabled: true, attributes: { mail: 'ada@example.com', ...attributes }, ...more }
}

function resourceOf(user: SourceUser, lines: Record<string, string> = LINES, dialect: Dialect = generic, more = '') {
  const mapped = mapUser(user, profileOf(lines, more), dialect)
  if (mapped.outcome === 'held') throw new Error(mapped.findings.map(({ message }) => message).join('\n'))
  return mapped.resource
}

function heldFor(user: SourceUser, lines: Record<string, string> = LINES, dialect: Dialect = generic, more = '') {
  const mapped = mapUser(user, profileOf(lines, more), dialect)
  return mapped.outcome === 'held' ? mapped.findings.map(({ message }) => message) : []
}

test('people in Japan go by their family name first', () => {
  expect(
    resourceOf(
      person({ mail: 'Haruto.Sato@example.com', givenName: '陽翔', sn: '佐藤', title: 'エンジニア', ou: '開発' }),
    ),
  ).toEqual({
    userName: 'haruto.sato@example.com',
    emails: [{ value: 'haruto.sato@example.com', type: 'work', primary: true }],
    name: { givenName: '陽翔', familyName: '佐藤' },
    displayName: '佐藤 陽翔',
    title: 'エンジニア',
    active: true,
    [ENTERPRISE]: { department: '開発' },
  })
})

test('people with one name have no other, and no blank beside it', () => {
  const resource = resourceOf(person({ givenName: 'Suharto' }))
  expect(resource).toMatchObject({ displayName: 'Suharto', name: { givenName: 'Suharto' } })
  expect(resource).not.toHaveProperty('title')
  expect(resource['name']).not.toHaveProperty('familyName')
})

test('names are sent as they are written, in every script', () => {
  for (const [givenName, sn] of [
    ['Łukasz', 'Żółć'],
    ['محمد', 'الفاتح'],
    ['Ольга', 'Ильина'],
    ['Zoe\u0308', "O'Brien-Smith"],
    ['நா. முத்து', 'குமார்'],
    ['🐧', 'a\u200db'],
  ]) {
    expect(resourceOf(person({ givenName: givenName!, sn: sn! }))['name']).toEqual({ givenName, familyName: sn })
  }
})

test('guests and robots are told apart by a condition', () => {
  const profile = profileOf(
    LINES,
    "scope: { users: all, when: \"user.type != 'robot' && !user.mail.contains('#EXT#')\" }",
  )
  expect(inScope(person({}), profile)).toBe(true)
  expect(inScope(person({ type: 'robot' }), profile)).toBe(false)
  expect(inScope(person({ mail: 'bob_partner.example#EXT#@example.com' }), profile)).toBe(false)
  expect(inScope(person({}), profileOf(LINES))).toBe(true)
})

test('someone of whom scope cannot be told is held, not taken for a leaver', () => {
  const profile = profileOf(LINES, 'scope: { users: all, when: "user.type != \'robot\' && user.enabled" }')
  expect(inScope(person({}, { unknown: ['type'] }), profile)).toEqual({
    held: {
      finding: 'held',
      profile: 'apac',
      source: 'tokyo',
      sourceId: 'u1',
      name: 'Ada',
      at: 'profiles/apac.yaml:4:29',
      message:
        'whether this user is in scope cannot be told: the source could not tell type; grant the permission to read it',
    },
  })
  expect(inScope(person({}, { enabled: undefined }), profile)).toHaveProperty('held')
  expect(inScope(person({ type: 'robot' }, { enabled: undefined }), profile)).toBe(false)
})

test('what the source could not tell is neither set nor cleared', () => {
  const mapped = mapUser(person({ sn: 'Byron' }, { unknown: ['title'] }), profileOf(LINES), generic)
  expect(mapped).toMatchObject({ outcome: 'mapped', unknown: ['title'] })
  expect(mapped).not.toHaveProperty('resource.title')
})

test('what is required is held where it is empty, and where it could not be told', () => {
  expect(heldFor(person({ mail: '' }), LINES, atlassian)).toEqual([
    'userName came out empty, and the target requires it; fill it in at the source, or map it to something that is never empty',
    'emails came out empty, and the target requires it; fill it in at the source, or map it to something that is never empty',
  ])
  expect(heldFor({ id: 'u1', name: 'Ada', enabled: true, attributes: {}, unknown: ['mail'] })).toEqual([
    'userName could not be told by the source, and the target requires it; grant the permission to read it',
  ])
})

test('a finding says who is held, and where the line stands', () => {
  const mapped = mapUser(person({ mail: '' }), profileOf(LINES), generic)
  expect(mapped.findings[0]).toMatchObject({
    finding: 'held',
    profile: 'apac',
    source: 'tokyo',
    sourceId: 'u1',
    name: 'Ada',
    at: 'profiles/apac.yaml:6:3',
  })
})

test('a held leaver is still known to be inactive', () => {
  const profile = profileOf(LINES)
  expect(mapUser(person({ mail: '' }, { enabled: false }), profile, generic)).toMatchObject({
    outcome: 'held',
    active: false,
  })
  expect(mapUser(person({ mail: '' }), profile, generic)).toMatchObject({ outcome: 'held', active: true })
  expect(mapUser(person({ mail: '' }, { enabled: undefined }), profile, generic)).toMatchObject({
    outcome: 'held',
    active: undefined,
  })
})

test('whoever is neither enabled nor disabled is held', () => {
  expect(heldFor(person({}, { enabled: undefined }))).toEqual([
    'active cannot be told: the source did not say whether this user is enabled',
  ])
  expect(heldFor(person({}, { unknown: ['status'] }), { ...LINES, active: "${user.status == 'A'}" })).toEqual([
    'active cannot be told: the source could not tell status; grant the permission to read it',
  ])
})

test.each([
  ['true', true],
  ['FALSE', false],
  [' True ', true],
])('active from the text %s of a file is %s', (status, active) => {
  expect(resourceOf(person({ status }), { ...LINES, active: '${user.status}' })['active']).toBe(active)
})

test.each(['', 'yes', '1', 'inactive'])('active from the text "%s" holds', status => {
  expect(heldFor(person({ status }), { ...LINES, active: '${user.status}' })[0]).toMatch(
    /^active came out as neither true nor false; /,
  )
})

test('of several values the first in byte order is taken, and a finding names the attribute', () => {
  for (const ou of [
    ['b', 'a'],
    ['a', 'b'],
  ]) {
    const mapped = mapUser(person({ ou }), profileOf(LINES), generic)
    expect(mapped).toMatchObject({ outcome: 'mapped', resource: { [ENTERPRISE]: { department: 'a' } } })
    expect(mapped.findings).toMatchObject([
      {
        finding: 'several-values',
        at: 'profiles/apac.yaml:13:3',
        message: expect.stringMatching(/^ou has several values/),
      },
    ])
  }
  const phones = mapUser(
    person({ phones: ['2', '1'] }),
    profileOf({ ...LINES, phoneNumbers: '${user.phones}' }),
    generic,
  )
  expect(phones).toMatchObject({
    resource: { phoneNumbers: [{ value: '1', type: 'work' }] },
    findings: [{ finding: 'several-values' }],
  })
})

test('phone numbers and e-mails may be a list of objects', () => {
  const lines = {
    ...LINES,
    phoneNumbers: "${user.phones.map(p, {'value': p, 'type': 'mobile'})}",
    emails: "${user.mails.map(m, {'value': m.address, 'type': m.type, 'primary': m.primary})}",
  }
  const mails = [
    { address: 'b@example.com', type: 'home', primary: false },
    { address: 'a@example.com', type: 'work', primary: true },
    { address: '', type: 'other', primary: false },
  ]
  expect(resourceOf(person({ phones: ['1', '2'], mails }), lines)).toMatchObject({
    phoneNumbers: [
      { value: '1', type: 'mobile' },
      { value: '2', type: 'mobile' },
    ],
    emails: [
      { value: 'b@example.com', type: 'home', primary: false },
      { value: 'a@example.com', type: 'work', primary: true },
    ],
  })
  expect(resourceOf(person({}), lines)).not.toHaveProperty('emails')
  expect(resourceOf(person({}), lines)).not.toHaveProperty('phoneNumbers')
})

test('one e-mail is primary where the target insists on one, and the only one where it takes one', () => {
  const lines = { ...LINES, emails: "${user.mails.map(m, {'value': m.address, 'primary': m.primary})}" }
  const primaries = (flags: readonly boolean[], emails: Dialect['users']['emails']) => {
    const mails = flags.map((primary, at) => ({ address: `${at}@example.com`, primary }))
    const dialect = { ...generic, users: { ...generic.users, emails } }
    const value = resourceOf(person({ mails }), lines, dialect)['emails'] as { value: string; primary: boolean }[]
    return value.map(email => `${email.value[0]}${email.primary ? '!' : ''}`).join(' ')
  }
  expect(primaries([false, false], 'one-primary')).toBe('0! 1')
  expect(primaries([true, true], 'one-primary')).toBe('0! 1')
  expect(primaries([false, true], 'one-primary')).toBe('0 1!')
  expect(primaries([false, false], 'many')).toBe('0 1')
  expect(primaries([true, true], 'many')).toBe('0! 1')
  expect(primaries([false], 'many')).toBe('0!')
  expect(primaries([false, true], 'one')).toBe('1!')
})

test('whoever has a userName or an e-mail of another domain is held', () => {
  const domains = 'addresses: [example.com]\nscope: { users: all }'
  const held = (mail: string, lines: Record<string, string> = LINES) =>
    heldFor(person({ mail }), lines, generic, domains)
  expect(held('ada@EXAMPLE.com')).toEqual([])
  expect(held('ada@evil.example')).toEqual([
    'userName is outside example.com; correct it at the source, or add its domain to addresses',
    'emails is outside example.com; correct it at the source, or add its domain to addresses',
  ])
  expect(held('ada@example.com@evil.example')).toHaveLength(2)
  expect(held('ada@evilexample.com')).toHaveLength(2)
  expect(held('ada@sub.example.com')).toHaveLength(2)
  expect(held('ada', { ...LINES, emails: 'ada@example.com' })).toEqual([])
  expect(held('ada')).toEqual([
    'emails is outside example.com; correct it at the source, or add its domain to addresses',
  ])
})

test.each(['ada\n@example.com', 'ada\0@example.com', 'ada\u202egro.elpmaxe@x', 'ada\u2028', 'ada\ud800@example.com'])(
  'a userName with what cannot be seen is held (%j)',
  mail => {
    expect(heldFor(person({ mail }))).toEqual([
      'userName holds characters that cannot be seen; remove them at the source',
    ])
  },
)

test('half a character is replaced before it is sent, so that it is stored as sent', () => {
  expect(resourceOf(person({ title: 'a\ud83d' }))['title']).toBe('a\ufffd')
})

test('a group is mapped to its name, or held', () => {
  const group: SourceGroup = { id: 'g1', name: 'atlassian-users', attributes: {} }
  const profile = profileOf(LINES)
  expect(mapGroup(group, profile, generic)).toEqual({
    outcome: 'mapped',
    resource: { displayName: 'atlassian-users' },
    unknown: [],
    findings: [],
  })
  expect(mapGroup({ ...group, name: '' }, profile, generic)).toMatchObject({
    outcome: 'held',
    findings: [{ finding: 'held', sourceId: 'g1', message: expect.stringMatching(/^displayName came out empty/) }],
  })
  expect(mapGroup({ ...group, name: 'a\nb' }, profile, generic).outcome).toBe('held')
})

test('mapping does not change what it is given, and gives the same twice', () => {
  const profile = profileOf({ ...LINES, emails: "${[{'value': user.mail}]}", roles: '${user.phones}' })
  const user = Object.freeze(
    person(Object.freeze({ phones: Object.freeze(['b', 'a']), ou: Object.freeze(['d', 'c']) })),
  )
  const once = mapUser(user, profile, atlassian)
  expect(mapUser(user, profile, atlassian)).toEqual(once)
  expect(once).toMatchObject({ resource: { roles: [{ value: 'a' }, { value: 'b' }] } })
})

test('whatever lines yield, everyone is mapped or held, and JSON carries it', () => {
  const paths = [
    'userName',
    'emails',
    'phoneNumbers',
    'active',
    'name.givenName',
    'name',
    'photos',
    'roles',
    'addresses',
    `${ENTERPRISE}:manager`,
  ]
  const at = { file: 'p.yaml', line: 1, column: 1 }
  const evaluated: fc.Arbitrary<Evaluated> = fc.oneof(
    fc
      .anything({ values: [fc.string({ unit: 'binary' }), fc.integer(), fc.boolean()], maxDepth: 3 })
      .map(value => ({ value: value as Value })),
    fc.constant({ fault: 'a fault; mend it' }),
    fc.constant({ unknown: 'x' }),
  )
  const line = fc.tuple(fc.constantFrom(...paths), evaluated).map(([path, result]): Mapping => {
    return { path, at, expression: { text: '', at, reads: [], evaluate: () => result } }
  })
  const base = profileOf(LINES)
  fc.assert(
    fc.property(fc.uniqueArray(line, { selector: ({ path }) => path.split('.')[0] }), fc.boolean(), (user, domains) => {
      const mapped = mapUser(person({}), { ...base, user, addresses: domains ? ['example.com'] : [] }, atlassian)
      expect(JSON.parse(JSON.stringify(mapped))).toEqual(mapped)
    }),
  )
})
