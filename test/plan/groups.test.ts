import { afterEach, beforeEach, expect, test } from 'vitest'
import { EVERYONE, groupThere, label, MAPPING, type Person, stage, type Team, there } from '../support/scene.ts'

let on: Awaited<ReturnType<typeof stage>>
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.close())

const [ada, grace, taro, hana]: readonly Person[] = [{ id: 'ada' }, { id: 'grace' }, { id: 'taro' }, { id: 'hana' }]
const hq = (users: readonly (Person | undefined)[], groups: readonly Team[]) => ({
  hq: { users: users.filter(user => user !== undefined), groups },
})
const here = (...ids: string[]) => ids.map(id => there(`s-${id}`, { id }))
const linked = (...ids: string[]) => Object.fromEntries(ids.map(id => [`hq/${id}`, `s-${id}`]))

test('a new group comes with its users at any depth, of groups out of scope too, and no others', async () => {
  const { changes } = await on.planned({
    sources: hq(
      [ada, grace, taro, hana],
      [
        { id: 'g1', name: 'team-all', members: ['ada', 'g2'] },
        { id: 'g2', name: 'hidden', members: ['g3', 'taro', 'printer'] },
        { id: 'g3', name: 'loop', members: ['g1', 'grace'] },
      ],
    ),
  })
  expect(changes.map(label)).toEqual([
    '+ ada@example.com',
    '+ grace@example.com',
    '+ hana@example.com',
    '+ taro@example.com',
    '+ group team-all',
    'team-all + ada, grace, taro',
  ])
})

test('members: direct takes no nested ones', async () => {
  const { changes } = await on.planned({
    sources: hq(
      [ada, grace],
      [
        { id: 'g1', name: 'team-all', members: ['ada', 'g2'] },
        { id: 'g2', name: 'other', members: ['grace'] },
      ],
    ),
    profiles: { emea: EVERYONE.replace('users: all', 'users: all, members: direct') },
  })
  expect(changes.map(label)).toContain('team-all + ada')
})

test('the source decides who is in a managed group: one comes, one goes, one added by hand goes', async () => {
  const { changes } = await on.planned({
    sources: hq([ada, grace, taro], [{ id: 'g1', name: 'team-a', members: ['ada', 'taro'] }]),
    users: [...here('ada', 'grace', 'taro'), there('s-stranger', { id: 'stranger' })],
    links: linked('ada', 'grace', 'taro'),
    groups: [groupThere('t1', 'team-a', ['s-ada', 's-grace', 's-stranger'])],
    groupLinks: { 'hq/g1': 't1' },
  })
  expect(changes.map(label)).toEqual(['team-a + taro', 'team-a - grace, s-stranger'])
  expect(changes[1]).toMatchObject({
    members: ['grace'],
    strangers: ['s-stranger'],
    reason: expect.stringContaining('added at the target'),
  })
})

test('strangers: keep leaves those added by hand, and the protected are never removed', async () => {
  const scene = {
    sources: hq([ada], [{ id: 'g1', name: 'team-a', members: ['ada'] }]),
    users: [...here('ada'), there('s-stranger', { id: 'stranger' })],
    links: linked('ada'),
    groups: [groupThere('t1', 'team-a', ['s-ada', 's-stranger'])],
    groupLinks: { 'hq/g1': 't1' },
  }
  expect((await on.planned({ ...scene, profiles: { emea: `${EVERYONE}strangers: keep` } })).changes).toEqual([])
  const protect = { users: ['stranger@example.com'], groups: [] }
  expect((await on.planned({ ...scene, protect })).changes).toEqual([])
})

test('users: members takes the members of the groups, and whoever is in none is a leaver', async () => {
  const { changes, findings } = await on.planned({
    sources: hq([ada, grace, taro], [{ id: 'g1', name: 'team-a', members: ['ada'] }]),
    profiles: { emea: `scope: { groups: ["team-*"], users: members }${MAPPING}` },
    users: here('grace'),
    links: linked('grace'),
  })
  expect(changes.map(label)).toEqual(['- grace@example.com', '+ ada@example.com', '+ group team-a', 'team-a + ada'])
  expect(changes[0]?.reason).toBe('no longer in scope of any profile')
  expect(changes[1]?.reason).toBe('new in scope through group team-a')
  expect(findings).toEqual([])
})

test('members who are not in scope are left out, and counted', async () => {
  const { changes, findings } = await on.planned({
    sources: hq([ada, { id: 'robot', title: 'robot' }], [{ id: 'g1', name: 'team-a', members: ['ada', 'robot'] }]),
    profiles: { emea: EVERYONE.replace('users: all', `users: all, when: "user.title != 'robot'"`) },
  })
  expect(changes.map(label)).toEqual(['+ ada@example.com', '+ group team-a', 'team-a + ada'])
  expect(findings).toMatchObject([
    { finding: 'out-of-scope-members', message: expect.stringMatching(/^1 membership in 1 group /) },
  ])
})

test('a held user’s memberships stay as they are', async () => {
  const { changes } = await on.planned({
    sources: hq(
      [ada, { id: 'grace', mail: '' }, { id: 'taro', mail: '' }],
      [{ id: 'g1', name: 'team-a', members: ['ada', 'taro'] }],
    ),
    users: here('ada', 'grace', 'taro'),
    links: linked('ada', 'grace', 'taro'),
    groups: [groupThere('t1', 'team-a', ['s-ada', 's-grace'])],
    groupLinks: { 'hq/g1': 't1' },
  })
  expect(changes).toEqual([])
})

test('someone disabled who is there keeps the memberships the source gives; one who is not gets none', async () => {
  const { changes } = await on.planned({
    sources: hq(
      [
        { id: 'ada', enabled: false },
        { id: 'grace', enabled: false },
      ],
      [{ id: 'g1', name: 'team-a', members: ['ada', 'grace'] }],
    ),
    users: here('ada'),
    links: linked('ada'),
    groups: [groupThere('t1', 'team-a', ['s-ada'])],
    groupLinks: { 'hq/g1': 't1' },
  })
  expect(changes.map(label)).toEqual(['- ada@example.com'])
})

test('a group gone from its source is emptied and stays; or is kept; or deleted, irreversibly', async () => {
  const scene = {
    sources: hq([ada], []),
    users: here('ada'),
    links: linked('ada'),
    groups: [groupThere('t1', 'team-a', ['s-ada'])],
    groupLinks: { 'hq/g1': 't1' },
  }
  expect((await on.planned(scene)).changes.map(label)).toEqual(['team-a - ada'])
  expect((await on.planned({ ...scene, profiles: { emea: `${EVERYONE}goneGroups: keep` } })).changes).toEqual([])
  const { changes, header } = await on.planned({ ...scene, profiles: { emea: `${EVERYONE}goneGroups: delete` } })
  expect(changes).toMatchObject([
    { change: 'delete-group', reversible: 'irreversible', before: { displayName: 'team-a' }, after: null },
  ])
  expect(header.breaches.map(({ limit }) => limit)).toContain('delete-group')
})

test('the last member leaving a group of five is over a limit of its own', async () => {
  const ids = ['p1', 'p2', 'p3', 'p4', 'p5']
  const { header } = await on.planned({
    sources: hq(
      ids.map(id => ({ id })),
      [{ id: 'g1', name: 'team-a' }],
    ),
    users: here(...ids),
    links: linked(...ids),
    groups: [
      groupThere(
        't1',
        'team-a',
        ids.map(id => `s-${id}`),
      ),
    ],
    groupLinks: { 'hq/g1': 't1' },
    limits: { floor: 1000 },
  })
  expect(header.breaches).toMatchObject([
    { limit: 'empty-group', changes: 1, allowed: '0', scope: 'target directory' },
    { limit: 'empty-group', scope: 'profile emea' },
  ])
})

test('a renamed group is renamed where the target can; where it cannot, it keeps its name and its members go on', async () => {
  const scene = {
    sources: hq([ada], [{ id: 'g1', name: 'team-new', members: ['ada'] }]),
    users: here('ada'),
    links: linked('ada'),
    groups: [groupThere('t1', 'team-old')],
    groupLinks: { 'hq/g1': 't1' },
  }
  expect((await on.planned(scene)).changes.map(label)).toEqual(['~ group team-new displayName', 'team-new + ada'])
  const { changes, findings } = await on.planned({ ...scene, dialect: 'atlassian' })
  expect(changes.map(label)).toEqual(['team-new + ada'])
  expect(findings).toMatchObject([{ finding: 'rename-unsupported', message: expect.stringContaining('"team-old"') }])
  const again = await on.planned({ ...scene, dialect: 'atlassian', profiles: { emea: `${EVERYONE}rename: recreate` } })
  expect(again.changes.map(label)).toEqual(['+ group team-new', 'team-new + ada', 'x group team-new'])
  expect(again.changes).toMatchObject([
    { replaces: 't1', reversible: 'irreversible' },
    { members: ['ada'] },
    { scimId: 't1', before: { displayName: 'team-old' }, reversible: 'irreversible' },
  ])
})

test('a name passes on between groups: whoever gives it up is renamed first; in exchange it is held', async () => {
  const scene = {
    users: [],
    groups: [groupThere('t1', 'team-a'), groupThere('t2', 'team-b')],
    groupLinks: { 'hq/g1': 't1', 'hq/g2': 't2' },
  }
  const named = (one: string, other: string) =>
    hq(
      [],
      [
        { id: 'g1', name: one },
        { id: 'g2', name: other },
      ],
    )
  const { changes } = await on.planned({ ...scene, sources: named('team-b', 'team-c') })
  expect(changes.map(({ sourceId }) => sourceId)).toEqual(['g2', 'g1'])
  const exchange = await on.planned({ ...scene, sources: named('team-b', 'team-a') })
  expect(exchange.changes).toEqual([])
  expect(exchange.findings.map(({ finding }) => finding)).toEqual(['taken', 'taken'])
})

test('a name that is taken at the target is held; matchGroups adopts it', async () => {
  const scene = {
    sources: hq([ada], [{ id: 'g1', name: 'team-a', members: ['ada'] }]),
    users: [...here('ada'), there('s-other', { id: 'other' })],
    links: linked('ada'),
    groups: [groupThere('t1', 'Team-A', ['s-other'])],
  }
  const { changes, findings } = await on.planned(scene)
  expect(changes).toEqual([])
  expect(findings).toContainEqual(
    expect.objectContaining({ finding: 'taken', sourceId: 'g1', message: expect.stringContaining('matchGroups') }),
  )
  const adopted = await on.planned({ ...scene, profiles: { emea: `matchGroups: [displayName]${EVERYONE}` } })
  expect(adopted.changes.map(label)).toEqual(['= group team-a', 'team-a + ada', 'team-a - s-other'])
  expect(adopted.changes[0]).toMatchObject({
    scimId: 't1',
    before: { displayName: 'Team-A' },
    after: { displayName: 'team-a' },
  })
})

test('a group taken in by two profiles is one, mapped by the first, with the users of both', async () => {
  const { changes } = await on.planned({
    sources: hq(
      [
        { id: 'ada', department: 'emea' },
        { id: 'taro', department: 'apac' },
      ],
      [{ id: 'g1', name: 'team-a', members: ['ada', 'taro'] }],
    ),
    profiles: {
      emea: EVERYONE.replace('users: all', `users: all, when: "user.department == 'emea'"`),
      apac: EVERYONE.replace('users: all', `users: all, when: "user.department == 'apac'"`),
    },
  })
  expect(changes.map(label)).toEqual([
    '+ ada@example.com',
    '+ taro@example.com',
    '+ group team-a',
    'team-a + ada, taro',
  ])
  expect(changes[2]).toMatchObject({ profile: 'emea' })
})

test('two groups of one name are a collision, never merged silently', async () => {
  const { changes, findings } = await on.planned({
    sources: hq(
      [ada, grace],
      [
        { id: 'g1', name: 'team-a', members: ['ada'] },
        { id: 'g2', name: 'Team-A', members: ['grace'] },
      ],
    ),
  })
  expect(changes.map(label)).toEqual(['+ ada@example.com', '+ grace@example.com'])
  expect(findings.map(({ finding, sourceId }) => [finding, sourceId])).toEqual([
    ['collision', 'g1'],
    ['collision', 'g2'],
  ])
})

test('mergeGroups makes one of them, of one source or of several', async () => {
  const merging = `${EVERYONE}mergeGroups: true`
  const { changes } = await on.planned({
    sources: {
      hq: {
        users: [{ id: 'ada' }, { id: 'grace' }],
        groups: [
          { id: 'g1', name: 'team-a', members: ['ada'] },
          { id: 'g2', name: 'Team-A', members: ['grace'] },
        ],
      },
      tokyo: { users: [{ id: 'taro' }], groups: [{ id: 'g3', name: 'team-a', members: ['taro'] }] },
    },
    profiles: { emea: merging, apac: `source: tokyo\n${merging}` },
  })
  expect(changes.slice(3)).toMatchObject([
    { change: 'create-group', source: 'hq', sourceId: 'g1' },
    { change: 'add-members', source: 'hq', sourceId: 'g1', members: ['ada', 'grace'] },
    { change: 'add-members', source: 'tokyo', sourceId: 'g1', groupSource: 'hq', members: ['taro'] },
  ])
})

test('a merged group goes on under its link when the group that was linked is gone', async () => {
  const { changes } = await on.planned({
    sources: hq([ada, grace], [{ id: 'g2', name: 'team-a', members: ['ada', 'grace'] }]),
    profiles: { emea: `${EVERYONE}mergeGroups: true` },
    users: here('ada', 'grace'),
    links: linked('ada', 'grace'),
    groups: [groupThere('t1', 'team-a', ['s-ada'])],
    groupLinks: { 'hq/g1': 't1' },
  })
  expect(changes.map(label)).toEqual(['team-a + grace'])
  expect(changes[0]).toMatchObject({ sourceId: 'g1' })
})

test('a group whose members the source would not show loses nobody, nor does one above it', async () => {
  const scene = {
    users: here('ada', 'grace'),
    links: linked('ada', 'grace'),
    groups: [groupThere('t1', 'team-top', ['s-ada', 's-grace'])],
    groupLinks: { 'hq/top': 't1' },
    profiles: { emea: `scope: { groups: ["team-*"], users: members }${MAPPING}` },
  }
  const { changes, findings } = await on.planned({
    ...scene,
    sources: hq(
      [ada, grace],
      [
        { id: 'top', name: 'team-top', members: ['ada', 'low'] },
        { id: 'low', name: 'low', hidden: true },
      ],
    ),
  })
  expect(changes).toEqual([])
  expect(findings.map(({ finding }) => finding)).toEqual(['members-unknown', 'not-proven-gone'])
})

test('nobody is removed on the word of a reading that is not complete', async () => {
  const scene = {
    users: here('ada', 'grace'),
    links: linked('ada', 'grace'),
    groups: [groupThere('t1', 'team-a', ['s-ada', 's-grace'])],
    groupLinks: { 'hq/g1': 't1' },
  }
  const sources = hq([ada, grace], [{ id: 'g1', name: 'team-a', members: ['ada'] }])
  expect((await on.planned({ ...scene, sources })).changes.map(label)).toEqual(['team-a - grace'])
  expect((await on.planned({ ...scene, sources, failed: ['hq'] })).changes).toEqual([])
})

test('a group at the target that carries another’s externalId is not adopted unless the profile takes over', async () => {
  const mapping = EVERYONE.replace('group:\n', 'group:\n  externalId: "${group.id}"\n')
  const scene = {
    sources: hq([], [{ id: 'g1', name: 'team-a', members: [] }]),
    groups: [{ id: 't1', resource: { displayName: 'team-a', externalId: 'theirs' } }],
  }
  const held = await on.planned({ ...scene, profiles: { emea: `matchGroups: [displayName]${mapping}` } })
  expect(held.changes).toEqual([])
  expect(held.findings.find(({ finding }) => finding === 'taken')?.message).toContain('takeOver')
  const taken = await on.planned({
    ...scene,
    profiles: { emea: `matchGroups: [displayName]\ntakeOver: true${mapping}` },
  })
  expect(taken.changes.map(label)).toEqual(['= group team-a'])
})

test('protected groups are left alone', async () => {
  const { changes } = await on.planned({
    sources: hq(
      [ada],
      [
        { id: 'g1', name: 'team-a', members: ['ada'] },
        { id: 'g2', name: 'team-b', members: ['ada'] },
      ],
    ),
    users: here('ada'),
    links: linked('ada'),
    groups: [groupThere('t1', 'team-a'), groupThere('t2', 'team-b')],
    groupLinks: { 'hq/g1': 't1' },
    profiles: { emea: `matchGroups: [displayName]${EVERYONE}` },
    protect: { users: [], groups: ['TEAM-A', 'team-b'] },
  })
  expect(changes).toEqual([])
})

test('members come a thousand a line, sorted by their ids at the source', async () => {
  const ids = Array.from({ length: 2_500 }, (_, at) => `p${String(at).padStart(4, '0')}`)
  const { changes, header } = await on.planned({
    sources: hq(
      ids.toReversed().map(id => ({ id })),
      [{ id: 'g1', name: 'team-a', members: ids.toReversed() }],
    ),
  })
  const lines = changes.filter(({ change }) => change === 'add-members')
  expect(lines.map(line => 'members' in line && line.members.length)).toEqual([1000, 1000, 500])
  expect(lines.flatMap(line => ('members' in line ? line.members : []))).toEqual(ids)
  expect(header.counts).toEqual({ 'create-user': 2500, 'create-group': 1, 'add-members': 3 })
})
