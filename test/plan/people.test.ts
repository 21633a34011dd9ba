import { afterEach, beforeEach, expect, test } from 'vitest'
import { EVERYONE, groupThere, label, MAPPING, type Person, stage, there } from '../support/scene.ts'

let on: Awaited<ReturnType<typeof stage>>
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.close())

const ada: Person = { id: 'ada', title: 'Engineer' }
const grace: Person = { id: 'grace', title: 'Lead' }
const taro: Person = { id: 'taro' }
const hq = (...users: Person[]) => ({ hq: { users } })

test('a joiner is created, a stayer is not touched, and nobody else is', async () => {
  const { changes, findings, header } = await on.planned({
    sources: hq(ada, grace),
    users: [there('s1', grace), there('s9', { id: 'stranger' }, { externalId: '' })],
    links: { 'hq/grace': 's1' },
  })
  expect(changes.map(label)).toEqual(['+ ada@example.com'])
  expect(changes[0]).toMatchObject({
    profile: 'emea',
    source: 'hq',
    sourceId: 'ada',
    before: null,
    after: {
      userName: 'ada@example.com',
      externalId: 'ada',
      emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
      title: 'Engineer',
      active: true,
    },
    reversible: 'reversible',
  })
  expect(findings).toEqual([
    expect.objectContaining({ finding: 'strangers', message: expect.stringMatching(/^1 user /) }),
  ])
  expect(header).toMatchObject({ rollcall: 'plan/1', counts: { 'create-user': 1 }, first: false, breaches: [] })
})

test('a mover is updated: what differs and nothing else, absent values as null', async () => {
  const { changes } = await on.planned({
    sources: hq({ id: 'ada' }, { ...grace, title: 'Director' }),
    users: [there('s1', ada, { nickName: 'Countess' }), there('s2', grace)],
    links: { 'hq/ada': 's1', 'hq/grace': 's2' },
  })
  expect(changes).toMatchObject([
    { change: 'update-user', sourceId: 'ada', before: { title: 'Engineer' }, after: { title: null } },
    { change: 'update-user', sourceId: 'grace', before: { title: 'Lead' }, after: { title: 'Director' } },
  ])
  expect(changes.map(({ change }) => change)).toHaveLength(2)
})

test('a leaver is deactivated, and nobody else is touched', async () => {
  const { changes } = await on.planned({
    sources: hq(grace),
    users: [there('s1', ada), there('s2', grace)],
    links: { 'hq/ada': 's1', 'hq/grace': 's2' },
    limits: { floor: 100 },
  })
  expect(changes).toMatchObject([
    {
      change: 'deactivate-user',
      name: 'ada@example.com',
      before: { active: true },
      after: { active: false },
      reason: 'gone from source hq',
    },
  ])
})

test('a leaver who is inactive already is left as is, and the rule of the profile decides: keep, or delete', async () => {
  const scene = {
    sources: hq(grace),
    users: [there('s1', { ...ada, enabled: false }), there('s2', grace), there('s3', taro)],
    links: { 'hq/ada': 's1', 'hq/grace': 's2', 'hq/taro': 's3' },
  }
  expect((await on.planned({ ...scene, profiles: { emea: `${EVERYONE}leavers: keep` } })).changes).toEqual([])
  expect((await on.planned(scene)).changes.map(label)).toEqual(['- taro@example.com'])
  const deleting = await on.planned({ ...scene, profiles: { emea: `${EVERYONE}leavers: delete` } })
  expect(deleting.changes.map(label)).toEqual(['x ada@example.com', 'x taro@example.com'])
  expect(deleting.changes.map(({ reversible }) => reversible)).toEqual(['irreversible', 'irreversible'])
  expect(deleting.header.breaches).toMatchObject([
    { limit: 'delete-user', scope: 'target directory', changes: 2, allowed: '0' },
    { limit: 'delete-user', scope: 'profile emea' },
  ])
})

test('someone disabled is not created; one who is there is deactivated; one who comes back is reactivated, last', async () => {
  const { changes } = await on.planned({
    sources: hq({ ...ada, enabled: false }, { ...grace, enabled: false }, { ...taro, title: 'Chef' }),
    users: [there('s2', grace), there('s3', { ...taro, enabled: false })],
    links: { 'hq/grace': 's2', 'hq/taro': 's3' },
  })
  expect(changes.map(label)).toEqual(['- grace@example.com', '~ taro@example.com title', '^ taro@example.com'])
})

test('someone who cannot be mapped is held: not created, not changed, not taken for a leaver', async () => {
  const { changes, findings } = await on.planned({
    sources: hq({ ...ada, mail: '' }, { ...grace, mail: '', title: 'Director' }),
    users: [there('s2', grace)],
    links: { 'hq/grace': 's2' },
  })
  expect(changes).toEqual([])
  expect(findings.map(({ finding, sourceId, at }) => [finding, sourceId, at])).toEqual([
    ['held', 'ada', expect.stringMatching(/^profiles\/emea\.yaml:\d+:\d+$/)],
    ['held', 'grace', expect.stringMatching(/^profiles\/emea\.yaml:\d+:\d+$/)],
  ])
})

test('a held user who is disabled at the source is deactivated all the same', async () => {
  const { changes } = await on.planned({
    sources: hq({ ...grace, mail: '', enabled: false }),
    users: [there('s2', grace)],
    links: { 'hq/grace': 's2' },
  })
  expect(changes.map(label)).toEqual(['- grace@example.com'])
})

test('a rename is an update: people are recognised by the source id', async () => {
  const { changes } = await on.planned({
    sources: hq({ ...ada, mail: 'ada.king@example.com' }),
    users: [there('s1', ada)],
    links: { 'hq/ada': 's1' },
  })
  expect(changes.map(label)).toEqual(['~ ada.king@example.com userName,emails'])
})

test('from a reading that is not complete nothing destructive follows, and joiners still come', async () => {
  const scene = { users: [there('s1', ada), there('s2', grace), there('s3', { ...taro, enabled: false })] }
  const links = { 'hq/ada': 's1', 'hq/grace': 's2', 'hq/taro': 's3' }
  await on.planned({ sources: hq(ada, { id: 'grace' }, taro, { id: 'joiner' }), ...scene, links })
  const { changes, header, findings } = await on.planned({ sources: hq(), failed: ['hq'], ...scene, links })
  expect(changes.map(label)).toEqual(['+ joiner@example.com'])
  expect(header.readings).toMatchObject([{ source: 'hq', standIn: true, certificate: { complete: false } }])
  expect(findings.map(({ finding }) => finding)).toContain('stand-in')
})

test('one source’s trouble stays its own', async () => {
  const profiles = {
    emea: EVERYONE,
    apac: `source: tokyo\n${EVERYONE}`,
  }
  const scene = {
    profiles,
    users: [there('s1', ada), there('s2', taro)],
    links: { 'hq/ada': 's1', 'tokyo/taro/apac': 's2' },
  }
  await on.planned({ sources: { ...hq(ada), tokyo: { users: [taro] } }, ...scene })
  const { changes } = await on.planned({ sources: { ...hq(), tokyo: { users: [] } }, failed: ['tokyo'], ...scene })
  expect(changes.map(label)).toEqual(['- ada@example.com'])
})

test('a source that was never read completely leaves its profiles out', async () => {
  const { changes, findings } = await on.planned({
    sources: { hq: { users: [ada] }, tokyo: { users: [taro] } },
    failed: ['tokyo'],
    profiles: { emea: EVERYONE, apac: `source: tokyo\n${EVERYONE}` },
  })
  expect(changes.map(label)).toEqual(['+ ada@example.com'])
  expect(findings).toMatchObject([{ finding: 'profile-skipped', profile: 'apac' }])
})

test('two people of one source who claim one address are held, both, and the finding names both', async () => {
  const { changes, findings } = await on.planned({
    sources: hq({ ...ada, mail: 'Same@example.com' }, { ...grace, mail: 'same@EXAMPLE.com' }, taro),
  })
  expect(changes.map(label)).toEqual(['+ taro@example.com'])
  expect(findings.map(({ finding, sourceId, message }) => [finding, sourceId, message])).toEqual([
    ['collision', 'ada', expect.stringContaining('grace')],
    ['collision', 'grace', expect.stringContaining('ada')],
  ])
})

test('whoever is linked keeps the key that another claims', async () => {
  const { changes, findings } = await on.planned({
    sources: hq({ ...ada, mail: 'grace@example.com' }, grace),
    users: [there('s2', grace)],
    links: { 'hq/grace': 's2' },
  })
  expect(changes).toEqual([])
  expect(findings).toMatchObject([{ finding: 'collision', sourceId: 'ada' }])
})

test('between profiles the first profile’s people win', async () => {
  const { changes, findings } = await on.planned({
    sources: {
      hq: { users: [{ id: 'ada', mail: 'same@example.com' }] },
      tokyo: { users: [{ id: 'taro', mail: 'same@example.com' }] },
    },
    profiles: { apac: `source: tokyo\n${EVERYONE}`, emea: EVERYONE },
  })
  expect(changes).toMatchObject([{ change: 'create-user', profile: 'apac', sourceId: 'taro' }])
  expect(findings).toMatchObject([{ finding: 'collision', profile: 'emea', sourceId: 'ada' }])
})

test('a person in scope of two profiles belongs to the first, and the plan says so', async () => {
  const { changes, findings } = await on.planned({
    sources: hq(ada),
    profiles: { amer: EVERYONE, emea: EVERYONE },
  })
  expect(changes).toMatchObject([{ profile: 'amer', sourceId: 'ada' }])
  expect(findings).toMatchObject([{ finding: 'in-two-profiles', profile: 'amer', sourceId: 'ada' }])
})

test('moving from one profile to another is an update', async () => {
  const { changes } = await on.planned({
    sources: hq({ ...ada, department: 'amer' }),
    profiles: {
      emea: `scope: { groups: [], users: all, when: "user.department != 'amer'" }${MAPPING}`,
      amer: `scope: { groups: [], users: all }${MAPPING.replace('${user.title}', '${user.title}, Americas')}`,
    },
    users: [there('s1', ada)],
    links: { 'hq/ada/emea': 's1' },
  })
  expect(changes).toMatchObject([
    {
      change: 'update-user',
      profile: 'amer',
      after: { title: 'Engineer, Americas' },
      reason: expect.stringContaining('from profile emea to profile amer'),
    },
  ])
})

test('someone there already under a declared key is adopted; nobody who is somebody else’s', async () => {
  const scene = {
    sources: hq(ada, grace, taro),
    users: [
      there('s1', { ...ada, title: 'Old' }, { externalId: '' }),
      there('s2', grace, { externalId: 'other-tool' }),
      there('s3', taro, { userName: 'other@example.com', emails: [] }),
    ],
  }
  const { changes, findings } = await on.planned(scene)
  expect(changes.map(label)).toEqual(['= ada@example.com', '= taro@example.com'])
  expect(changes[0]).toMatchObject({
    scimId: 's1',
    before: { externalId: null, title: 'Old' },
    after: { externalId: 'ada', title: 'Engineer' },
  })
  expect(findings).toMatchObject([
    { finding: 'strangers' },
    { finding: 'taken', sourceId: 'grace', message: expect.stringContaining('takeOver') },
  ])
  const taken = await on.planned({ ...scene, profiles: { emea: `takeOver: true${EVERYONE}` } })
  expect(taken.changes.map(label)).toContain('= grace@example.com')
})

test('a key that a stranger holds and no match adopts is held, not created', async () => {
  const { changes, findings } = await on.planned({
    sources: hq(ada),
    users: [there('s1', ada, { externalId: '' })],
    profiles: { emea: EVERYONE.replace('match: [externalId, userName]', 'match: [externalId]') },
  })
  expect(changes).toEqual([])
  expect(findings.map(({ finding }) => finding)).toEqual(['strangers', 'taken'])
})

test('a newcomer whose key is held by the link of someone gone is relinked, never deactivated and created', async () => {
  const { changes, header } = await on.planned({
    sources: hq({ ...ada, id: 'ada-rehired', mail: 'ada@example.com' }),
    users: [there('s1', ada)],
    links: { 'hq/ada': 's1' },
  })
  expect(changes).toMatchObject([
    {
      change: 'relink-user',
      sourceId: 'ada-rehired',
      formerSourceId: 'ada',
      scimId: 's1',
      after: { externalId: 'ada-rehired' },
    },
  ])
  expect(header.breaches).toMatchObject([{ limit: 'relink-user' }, { limit: 'relink-user' }])
})

test('a userName passes on: the update that frees it comes before the one that takes it', async () => {
  const { changes } = await on.planned({
    sources: hq({ ...ada, mail: 'grace@example.com' }, { ...grace, mail: 'grace.new@example.com' }),
    users: [there('s1', ada), there('s2', grace)],
    links: { 'hq/ada': 's1', 'hq/grace': 's2' },
  })
  expect(changes.map(({ sourceId }) => sourceId)).toEqual(['grace', 'ada'])
})

test('two who exchange names are held, since no order does it', async () => {
  const { changes, findings } = await on.planned({
    sources: hq({ ...ada, mail: 'grace@example.com' }, { ...grace, mail: 'ada@example.com' }),
    users: [there('s1', ada), there('s2', grace)],
    links: { 'hq/ada': 's1', 'hq/grace': 's2' },
  })
  expect(changes).toEqual([])
  expect(findings.map(({ finding }) => finding)).toEqual(['taken', 'taken'])
})

test('someone protected who cannot be mapped and is disabled at the source is not deactivated', async () => {
  const { changes } = await on.planned({
    sources: hq({ ...grace, mail: '', enabled: false }),
    users: [there('s2', grace)],
    links: { 'hq/grace': 's2' },
    protect: { users: ['grace@example.com'], groups: [] },
  })
  expect(changes).toEqual([])
})

test('the protected are never adopted, changed or deactivated', async () => {
  const { changes } = await on.planned({
    sources: hq({ ...ada, title: 'Boss' }, { ...grace, enabled: false }, taro),
    users: [there('s1', ada), there('s2', grace), there('s3', taro, { externalId: '' }), there('s4', { id: 'gone' })],
    links: { 'hq/ada': 's1', 'hq/grace': 's2', 'hq/gone': 's4' },
    protect: { users: ['ADA@example.com', 's2', 'taro@example.com', 'gone@example.com'], groups: [] },
  })
  expect(changes).toEqual([])
})

test('people whose profile or source is no longer configured are untouched, and counted', async () => {
  const { changes, findings } = await on.planned({
    sources: hq(ada),
    users: [there('s1', ada), there('s2', grace), there('s3', taro)],
    links: { 'hq/ada': 's1', 'old/grace': 's2', 'hq/taro/removed': 's3' },
  })
  expect(changes).toEqual([])
  expect(findings).toMatchObject([{ finding: 'not-configured', message: expect.stringMatching(/^2 users /) }])
})

test('an attribute the source could not tell is neither set nor cleared', async () => {
  const { changes } = await on.planned({
    sources: hq({ id: 'ada', unknown: ['title'] }),
    users: [there('s1', ada)],
    links: { 'hq/ada': 's1' },
  })
  expect(changes).toEqual([])
})

test('someone deleted at the target is created again', async () => {
  const { changes } = await on.planned({ sources: hq(ada), users: [], links: { 'hq/ada': 's1' } })
  expect(changes).toMatchObject([
    { change: 'create-user', sourceId: 'ada', reason: expect.stringContaining('no longer at the target') },
  ])
})

test('a source that lost half its people is over its shrinkage limit, in plain words', async () => {
  const people = Array.from({ length: 40 }, (_, at) => ({ id: `p${at}` }))
  const users = people.map(person => there(`s-${person.id}`, person))
  const links = Object.fromEntries(people.map(({ id }) => [`hq/${id}`, `s-${id}`]))
  await on.planned({ sources: hq(...people), users, links })
  const half = { sources: hq(...people.slice(0, 20)), users, links }
  for (const { header } of [await on.planned(half), await on.planned(half)]) {
    expect(header.breaches.map(({ limit, scope }) => [limit, scope])).toEqual([
      ['shrink-users', 'source hq'],
      ['deactivate-user', 'target directory'],
      ['deactivate-user', 'profile emea'],
    ])
    expect(header.breaches[0]?.message).toContain('20 of its 40 users')
  }
})

test('the same inputs give the same plan, byte for byte but for ids and times', async () => {
  const scene = {
    sources: { hq: { users: [taro, ada, grace], groups: [{ id: 'team-a', members: ['taro', 'ada'] }] } },
    users: [there('s9', { id: 'leaver' })],
    links: { 'hq/leaver': 's9' },
  }
  const one = await on.planned(scene)
  const other = await stage()
  try {
    const turned = {
      ...scene,
      sources: { hq: { users: [grace, ada, taro], groups: [{ id: 'team-a', members: ['ada', 'taro'] }] } },
    }
    const two = await other.planned(turned)
    const rest = (text: string) => text.slice(text.indexOf('\n'))
    expect(rest(two.text)).toBe(rest(one.text))
    expect(two.header.digest).toBe(one.header.digest)
  } finally {
    other.close()
  }
})

test('only the named profile’s or user’s changes are kept; a name that nobody has is wrong usage', async () => {
  const scene = {
    sources: { hq: { users: [ada, grace], groups: [{ id: 'team-a', members: ['ada', 'grace'] }] } },
    groups: [groupThere('g1', 'team-a')],
    groupLinks: { 'hq/team-a': 'g1' },
  }
  expect((await on.planned({ ...scene, only: { users: ['Ada@example.com'] } })).changes.map(label)).toEqual([
    '+ ada@example.com',
    'team-a + ada',
  ])
  expect((await on.planned({ ...scene, only: { profiles: ['amer'] } })).changes).toEqual([])
  await expect(on.planned({ ...scene, only: { users: ['nobody'] } })).rejects.toMatchObject({ code: 'usage' })
})

test('a listing of the target that is incomplete gives no plan at all', async () => {
  await expect(on.planned({ sources: hq(ada), users: [there('s1', ada), there('s1', ada)] })).rejects.toMatchObject({
    code: 'target_incomplete',
  })
})

test('a first plan that was cut off can be taken up again: creates are limited once one came to its end', async () => {
  const scene = {
    sources: hq(...Array.from({ length: 30 }, (_, at) => ({ id: `p${at}` }))),
    users: [there('s0', { id: 'p0' })],
    links: { 'hq/p0': 's0' },
  }
  expect((await on.planned(scene)).header).toMatchObject({ first: false, breaches: [] })
  on.state.ledger.markApplied('some-plan', 'directory')
  expect((await on.planned(scene)).header.breaches.map(({ limit }) => limit)).toEqual(['create-user', 'create-user'])
})
