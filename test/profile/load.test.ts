import { expect, test } from 'vitest'
import * as z from 'zod'
import type { DeclaredAttributes } from '../../src/connector.ts'
import type { Dialect, SourceGroup } from '../../src/model.ts'
import { renderFaults } from '../../src/profile/document.ts'
import { compileProfile, parseProfile, profileShape } from '../../src/profile/load.ts'
import { loadDialect } from '../../src/scim/dialect.ts'

const atlassian = await loadDialect('atlassian', '.')

const declared: DeclaredAttributes = {
  user: {
    mail: 'text',
    givenName: 'text',
    sn: 'text',
    title: 'text',
    ou: 'text',
    employeeType: 'text',
    phones: 'list',
  },
  group: { kind: 'text', archived: 'boolean' },
  caseInsensitive: true,
  closed: true,
}

const APAC = `version: 1
source: tokyo
target: atlassian
addresses: [Example.co.jp]
scope:
  groups: ["atlassian-*", { id: g7 }, { when: "group.kind == 'team'" }]
  when: "user.employeeType != 'robot'"
match: [externalId, USERNAME]
user:
  userName: "\${lower(user.mail)}"
  externalId: \${user.id}
  emails: \${lower(user.mail)}
  NAME.givenname: \${user.givenName}
  displayName: \${user.sn} \${user.givenName}
  active: \${user.enabled}
  "URN:ietf:params:scim:schemas:extension:enterprise:2.0:User:Department": \${user.ou}
`

function compile(text: string, dialect: Dialect | 'none' = atlassian, attributes = declared) {
  const parsed = parseProfile('profiles/apac.yaml', 'apac', text)
  if (!parsed.profile) return { profile: undefined, faults: renderFaults(parsed.faults) }
  const { profile, faults } = compileProfile(parsed.profile, attributes, dialect === 'none' ? undefined : dialect)
  return { profile, faults: renderFaults(faults) }
}

const changed = (from: string, to: string) => {
  expect(APAC).toContain(from)
  return APAC.replace(from, () => to)
}

test('a profile comes out with the defaults, its paths in the spelling of the RFC', () => {
  const { profile, faults } = compile(APAC)
  expect(faults).toBe('')
  expect(profile).toMatchObject({
    name: 'apac',
    file: 'profiles/apac.yaml',
    source: 'tokyo',
    target: 'atlassian',
    addresses: ['example.co.jp'],
    scope: { users: 'members', members: 'nested' },
    match: ['externalId', 'userName'],
    matchGroups: [],
    takeOver: false,
    strangers: 'remove',
    leavers: 'deactivate',
    goneGroups: 'empty',
    rename: 'if-supported',
    mergeGroups: false,
    limits: {},
  })
  expect(profile?.user.map(({ path }) => path)).toEqual([
    'userName',
    'externalId',
    'emails',
    'name.givenName',
    'displayName',
    'active',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
  ])
  expect(profile?.user[3]?.at).toEqual({ file: 'profiles/apac.yaml', line: 13, column: 3 })
  expect(profile?.group.map(({ path, expression }) => [path, expression.text])).toEqual([
    ['displayName', '${group.name}'],
  ])
  expect(profile?.scope.when?.reads).toEqual(['employeeType'])
  expect(profile?.scope.groups.map(({ text, reads }) => [text, reads])).toEqual([
    ['atlassian-*', []],
    ['{ id: g7 }', []],
    ["{ when: group.kind == 'team' }", ['kind']],
  ])
})

test.each([
  ['a misspelt key', 'target: atlassian', 'tarket: atlassian', '3:1: there is no tarket here; did you mean target?'],
  [
    'a misspelt attribute',
    'lower(user.mail)}"\n  ext',
    'lower(user.mial)}"\n  ext',
    '10:27: the source has no attribute mial for a user; did you mean mail?',
  ],
  [
    'a misspelt attribute of a condition',
    'user.employeeType',
    'user.employeType',
    '7:15: the source has no attribute employeType for a user; did you mean employeeType?',
  ],
  [
    'a misspelt attribute of a group',
    'group.kind',
    'group.kinds',
    '6:54: the source has no attribute kinds for a group; did you mean kind?',
  ],
  [
    'a misspelt SCIM attribute',
    'displayName:',
    'displayNmae:',
    '14:3: SCIM has no attribute displayNmae for a user; did you mean displayName?',
  ],
  [
    'a misspelt attribute of the extension',
    ':Department',
    ':Departmant',
    '16:3: SCIM has no attribute URN:ietf:params:scim:schemas:extension:enterprise:2.0:User:Departmant for a user; did you mean urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department?',
  ],
  [
    'an attribute mapped twice',
    'displayName:',
    'USERNAME:',
    '14:3: userName is mapped by the line of userName already; remove one of the two',
  ],
  [
    'a whole beside its part',
    'displayName:',
    'name:',
    '14:3: name is mapped by the line of name.givenName already; remove one of the two',
  ],
  [
    'a value of several',
    'displayName:',
    'emails.value:',
    '14:3: emails has several values; map emails itself, to text or to a list like [{"value": …, "type": "work"}]',
  ],
  [
    'a password',
    'displayName:',
    'password:',
    '14:3: password cannot be mapped: rollcall sets no passwords; remove the line',
  ],
  [
    'members',
    'match:',
    'group: { displayName: x, members: y }\nmatch:',
    '8:26: members cannot be mapped: they follow from the source; remove the line',
  ],
  [
    'a boolean from a number',
    '${user.enabled}',
    '${size(user.sn)}',
    '15:13: this yields a whole number, where true or false is needed; compare it with something',
  ],
  [
    'a key that nobody has',
    'USERNAME]',
    'nickName]',
    '8:21: nobody can be recognised by nickName, since no line maps it; add one under user:',
  ],
  [
    'an @ in a domain',
    '[Example.co.jp]',
    '["@example.co.jp"]',
    '4:13: a domain is expected here, without @ and *; write it like example.com',
  ],
  [
    'an empty condition',
    `"user.employeeType != 'robot'"`,
    '# robots',
    '7:9: nothing stands here, where text is expected (# starts a comment); put it in quotes',
  ],
  [
    'a comment that cuts an expression',
    '${user.sn} ${user.givenName}',
    "${user.sn + ' # ' + user.givenName}",
    '14:16: this ${ is never closed; close it with }, and put the whole text in quotes, since YAML takes a # after a blank for a comment',
  ],
  [
    'a nested mapping',
    'NAME.givenname: ${user.givenName}',
    'name: { givenName: x }',
    '13:9: a mapping is text with ${…}; write it in quotes, and a part of name as name.givenName: …',
  ],
])('%s is a fault at its line and column', (_, from, to, fault) => {
  expect(compile(changed(from, to)).faults).toBe(`profiles/apac.yaml:${fault}`)
})

test('every fault of a profile is told at once', () => {
  const text = APAC.replaceAll('user.mail', 'user.mial')
    .replace('displayName:', 'displayNmae:')
    .replace('group.kind', 'group.kin')
  expect(compile(text).faults.split('\n')).toHaveLength(4)
})

test('what the target does not store, and what it requires and nobody maps, are faults', () => {
  expect(compile(changed('displayName:', 'userType:')).faults).toMatch(
    /^profiles\/apac.yaml:14:3: a target with dialect atlassian does not store userType; remove the line. It stores userName,/,
  )
  expect(compile(changed('emails: ${lower(user.mail)}', 'title: x')).faults).toBe(
    'profiles/apac.yaml:9:1: no line maps emails, which the target requires; add one, or everyone is held',
  )
  expect(
    compile(changed('displayName:', 'userType:'), { ...atlassian, users: { ...atlassian.users, writable: '*' } })
      .faults,
  ).toBe('')
  expect(compile(changed('displayName:', 'organization:')).faults).toBe('')
  expect(compile(changed('match:', 'group: { externalId: "${group.id}" }\nmatch:')).faults).toBe(
    'profiles/apac.yaml:8:1: no line maps displayName, which the target requires; add one, or everyone is held',
  )
})

test('without a dialect, userName is required all the same', () => {
  expect(
    compile(changed('userName: "${lower(user.mail)}"', 'title: x').replace(', USERNAME', ''), 'none').faults,
  ).toContain('no line maps userName')
})

test('a profile that takes nobody in is a fault', () => {
  const text = changed('groups: ["atlassian-*", { id: g7 }, { when: "group.kind == \'team\'" }]', 'groups: []')
  expect(compile(text).faults).toContain('5:1: nobody is in scope;')
  expect(compile(text.replace('groups: []', 'users: all')).faults).toBe('')
})

test('attributes of extensions go by their URN', () => {
  const urn = 'urn:example:params:scim:schemas:extension:badge:2.0:User:badgeColour'
  const { profile } = compile(changed('displayName:', `"${urn}":`), 'none')
  expect(profile?.user[4]?.path).toBe(urn)
  const core = changed('displayName:', '"urn:ietf:params:scim:schemas:core:2.0:User:nickname":')
  expect(compile(core).profile?.user[4]?.path).toBe('nickName')
})

test.each([
  ['atlassian-*', ['atlassian-users', 'ATLASSIAN-', 'Atlassian-a.b'], ['x-atlassian-users', 'atlassian']],
  ['team-?', ['team-1', 'TEAM-é'], ['team-', 'team-12']],
  ['a.b+(c)[d]', ['A.B+(C)[D]'], ['aXb+(c)[d]', 'a.bb(c)d']],
  ['*é*', ['caf\u00e9', 'cafe\u0301s'], ['cafe']],
  ['*', ['', 'anything'], []],
])('%s takes in the groups it names, whole and in any case', (glob, named, others) => {
  const { profile } = compile(changed('"atlassian-*"', JSON.stringify(glob)))
  const [selector] = profile!.scope.groups
  const takesIn = (name: string) => selector!.matches({ id: 'x', name, attributes: {} })
  expect(named.map(takesIn)).toEqual(named.map(() => true))
  expect(others.map(takesIn)).toEqual(others.map(() => false))
})

test('a pattern of many stars on a long name ends', () => {
  const { profile } = compile(changed('"atlassian-*"', `"${'a*'.repeat(50)}b"`))
  expect(profile?.scope.groups[0]?.matches({ id: 'x', name: 'a'.repeat(20_000), attributes: {} })).toBe(false)
})

test('groups are taken in by id and by condition; one that cannot be told ends the reading', () => {
  const group: SourceGroup = { id: 'g7', name: 'x', attributes: { kind: 'team' } }
  const [, byId, byCondition] = compile(APAC).profile!.scope.groups
  expect([byId!.matches(group), byCondition!.matches(group)]).toEqual([true, true])
  expect([byId!.matches({ ...group, id: 'g8' }), byCondition!.matches({ ...group, attributes: {} })]).toEqual([
    false,
    false,
  ])
  expect(() => byCondition!.matches({ id: 'g9', name: 'x', attributes: {}, unknown: ['kind'] })).toThrow(
    expect.objectContaining({
      code: 'source_incomplete',
      message: expect.stringMatching(
        /^profiles\/apac.yaml:6:\d+: whether group g9 is in scope cannot be told: the source could not tell kind. /,
      ),
    }),
  )
})

test('the hash changes with what the profile yields, and with nothing else', () => {
  const hash = (text: string, dialect = atlassian, attributes = declared) =>
    compile(text, dialect, attributes).profile!.hash
  const same = hash(APAC)
  expect(hash(`# for Tokyo\n\n${APAC.replace('target: atlassian', 'target:   "atlassian"   # theirs')}`)).toBe(same)
  expect(hash(`${APAC}leavers: deactivate\n`)).toBe(same)
  const others = [
    hash(changed('user.sn', 'user.title')),
    hash(changed('atlassian-*', 'jira-*')),
    hash(changed("'robot'", "'service'")),
    hash(`${APAC}leavers: keep\n`),
    hash(`${APAC}limits: { delete-user: 1 }\n`),
    hash(APAC, { ...atlassian, users: { ...atlassian.users, emails: 'many' } }),
    hash(APAC, atlassian, { ...declared, user: { ...declared.user, ou: 'list' } }),
  ]
  expect(new Set([same, ...others]).size).toBe(others.length + 1)
  expect(hash(APAC, atlassian, { ...declared, user: { ...declared.user, phones: 'text' } })).toBe(same)
})

test('editors can complete a profile from its JSON Schema, every key with a word on it', () => {
  const schema = z.toJSONSchema(profileShape, { io: 'input' })
  expect(schema.additionalProperties).toBe(false)
  const undescribed = Object.entries(schema.properties ?? {}).filter(
    ([, key]) => typeof key === 'object' && !key.description,
  )
  expect(undescribed).toEqual([])
})
