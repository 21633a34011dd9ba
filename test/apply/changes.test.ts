import { expect, test } from 'vitest'
import {
  ada,
  addMembers,
  adoptGroup,
  adoptUser,
  createGroup,
  createUser,
  deactivateUser,
  deleteGroup,
  deleteUser,
  person,
  planOf,
  reactivateUser,
  relinkUser,
  removeMembers,
  rig,
  updateGroup,
  updateUser,
} from '../support/plans.ts'
import { fakeTarget, usersAre } from '../support/target.ts'

test('a plan with a change of every kind comes out as it says, phase after phase', async () => {
  const target = fakeTarget({
    dialect: { concurrency: 1 },
    users: {
      u1: person('leaver'),
      u2: person('mover', { title: 'Buyer' }),
      u3: { userName: 'local@example.com', active: true },
      u4: person('former', { title: 'Nurse' }),
      u5: person('returner', { active: false }),
      u6: person('erased'),
    },
    groups: {
      g1: { displayName: 'old-name', members: ['u1'] },
      g2: { displayName: 'theirs' },
      g3: { displayName: 'unused' },
    },
  })
  const { run, link, said, links } = rig(target)
  link({ leaver: 'u1', mover: 'u2', former: 'u4', returner: 'u5', erased: 'u6' })
  link({ sales: 'g1', unused: 'g3' }, 'group')

  const { exitCode, counts } = await run([
    deactivateUser('leaver'),
    updateUser('mover', { title: 'Buyer' }, { title: 'Team Lead' }),
    adoptUser('local', 'u3', { externalId: null }, { externalId: 'local' }),
    relinkUser('rehired', 'former', 'u4', { externalId: 'former' }, { externalId: 'rehired' }),
    createUser('joiner'),
    createGroup('nurses'),
    adoptGroup('theirs', 'g2'),
    updateGroup('sales', { displayName: 'old-name' }, { displayName: 'sales' }),
    addMembers('nurses', ['joiner', 'rehired']),
    removeMembers('sales', ['leaver']),
    reactivateUser('returner'),
    deleteUser('erased', { userName: 'erased@example.com' }),
    deleteGroup('unused', { displayName: 'unused' }),
  ])

  expect(said().filter(line => !line.startsWith('applied'))).toEqual([])
  expect({ exitCode, counts }).toEqual({ exitCode: 0, counts: { applied: 13 } })
  expect(Object.fromEntries(target.users)).toEqual({
    u1: person('leaver', { active: false }),
    u2: person('mover', { title: 'Team Lead' }),
    u3: { userName: 'local@example.com', active: true, externalId: 'local' },
    u4: person('former', { externalId: 'rehired', title: 'Nurse' }),
    u5: person('returner'),
    u7: person('joiner'),
  })
  expect([...target.groups].map(([id, { resource, members }]) => [id, resource['displayName'], [...members]])).toEqual([
    ['g1', 'sales', []],
    ['g2', 'theirs', []],
    ['g8', 'nurses', ['u7', 'u4']],
  ])
  expect(links()).toEqual({ leaver: 'u1', mover: 'u2', local: 'u3', rehired: 'u4', returner: 'u5', joiner: 'u7' })
  expect(links('group')).toEqual({ theirs: 'g2', sales: 'g1', nurses: 'g8' })
  expect(target.writes.map(line => line.split(' ', 2).join(' '))).toEqual([
    'PATCH user',
    'PATCH user',
    'PATCH user',
    'PATCH user',
    'POST user',
    'POST group',
    'PATCH group',
    'ADD g8',
    'REMOVE g1',
    'PATCH user',
    'DELETE user',
    'DELETE group',
  ])
})

test('a phase begins when the one before is done, however slow a request of it is', async () => {
  const target = fakeTarget({ users: { u1: person('leaver') } })
  const { run, link } = rig(target)
  link({ leaver: 'u1' })
  target.misbehave('PATCH', { meanwhile: () => new Promise(done => void setTimeout(done, 50)) })
  let activeAtCreate: unknown
  target.misbehave('POST', { meanwhile: () => void (activeAtCreate = target.users.get('u1')?.['active']) })
  await run([deactivateUser('leaver'), createUser('joiner')])
  expect(activeAtCreate).toBe(false)
})

test('within a phase as many requests are in flight as the target takes, and no more', async () => {
  const target = fakeTarget({ dialect: { concurrency: 3 } })
  await rig(target).run(Array.from({ length: 200 }, (_, at) => createUser(`joiner-${at}`)))
  expect([target.users.size, target.busiest()]).toEqual([200, 3])
})

test('what has moved since the plan was made is left alone, and the outcome says what', async () => {
  const target = fakeTarget({ users: { u1: ada({ title: 'Countess' }), u2: person('grace') } })
  const { run, link, said } = rig(target)
  link({ ada: 'u1', grace: 'u2' })
  const { exitCode } = await run([
    updateUser('ada', { title: 'Analyst', department: null }, { title: 'Engineer', department: 'R&D' }),
    updateUser('grace', { title: null }, { title: 'Admiral' }),
  ])
  expect(target.users.get('u1')).toEqual(ada({ title: 'Countess' }))
  expect(target.users.get('u2')).toEqual(person('grace', { title: 'Admiral' }))
  expect(exitCode).toBe(4)
  expect(said()).toEqual([
    'stale update-user ada@example.com: has moved since the plan was made: title. The next plan takes it as it is.',
    'applied update-user grace@example.com',
  ])
})

test('of an update that is half there only the other half is sent', async () => {
  const target = fakeTarget({ users: { u1: ada({ title: 'Engineer' }) } })
  const { run, link } = rig(target)
  link({ ada: 'u1' })
  await run([updateUser('ada', { title: 'Analyst', department: null }, { title: 'Engineer', department: 'R&D' })])
  expect(target.writes).toEqual(['PATCH user u1 department'])
})

test('what is there already takes no request, and the link takes on the profile all the same', async () => {
  const target = fakeTarget({ users: { u1: ada({ title: 'Engineer' }) } })
  const { run, link, said, state } = rig(target)
  link({ ada: 'u1' })
  expect((await run([updateUser('ada', { title: 'Analyst' }, { title: 'Engineer' }, 'apac')])).exitCode).toBe(0)
  expect(target.writes).toEqual([])
  expect(said()).toEqual(['applied update-user ada@example.com: was so already'])
  expect(state.ledger.link('cloud', 'user', 'hq', 'ada')?.profile).toBe('apac')
})

test('someone who is gone from the target, or no longer linked, is stale and not made anew', async () => {
  const target = fakeTarget({ users: { u9: person('stayer') } })
  const { run, link, said } = rig(target)
  link({ ada: 'u1' })
  await run([updateUser('ada', { title: null }, { title: 'Engineer' }), updateUser('grace', {}, { title: 'Admiral' })])
  expect(said()).toEqual([
    'stale update-user ada@example.com: is no longer at the target',
    'stale update-user grace@example.com: is no longer linked',
  ])
  expect(target.writes).toEqual([])
})

test('someone who vanishes between the reading and the request is stale, too', async () => {
  const target = fakeTarget({ users: { u1: ada() } })
  const { run, link, said } = rig(target)
  link({ ada: 'u1' })
  target.misbehave('PATCH user u1', { meanwhile: () => void target.users.delete('u1') })
  await run([updateUser('ada', { title: null }, { title: 'Engineer' })])
  expect(said()).toEqual(['stale update-user ada@example.com: is no longer at the target'])
})

test('a change that the target refuses fails alone', async () => {
  const target = fakeTarget({ users: { u1: ada(), u2: person('grace') } })
  const { run, link, said } = rig(target)
  link({ ada: 'u1', grace: 'u2' })
  target.misbehave('PATCH user u1', 'rejected')
  const { exitCode } = await run([
    updateUser('ada', { title: null }, { title: 'Engineer' }),
    updateUser('grace', { title: null }, { title: 'Admiral' }),
  ])
  expect(exitCode).toBe(4)
  expect(said()).toEqual([
    'failed update-user ada@example.com: the target said 400',
    'applied update-user grace@example.com',
  ])
})

test('an update of unknown fate is looked at, and sent again only where it did not take place', async () => {
  const target = fakeTarget({ users: { u1: ada(), u2: person('grace') } })
  const { run, link, said } = rig(target)
  link({ ada: 'u1', grace: 'u2' })
  target.misbehave('PATCH user u1', 'lost-after')
  target.misbehave('PATCH user u2', 'lost-before')
  await run([
    updateUser('ada', { title: null }, { title: 'Engineer' }),
    updateUser('grace', { title: null }, { title: 'Admiral' }),
  ])
  expect(said()).toEqual(['applied update-user ada@example.com', 'applied update-user grace@example.com'])
  expect(target.writes.toSorted()).toEqual(['PATCH user u1 title', 'PATCH user u2 title', 'PATCH user u2 title'])
})

test('an update lost twice is unknown, the plan is not done with it, and the next run finishes it', async () => {
  const target = fakeTarget({ users: { u1: ada() } })
  const { apply, link, said, state, folder } = rig(target)
  link({ ada: 'u1' })
  target.misbehave('PATCH', 'lost-before', 'lost-before')
  const file = await planOf(folder, [updateUser('ada', { title: null }, { title: 'Engineer' })])
  const { exitCode, counts, planId } = await apply(file)
  expect({ exitCode, counts }).toEqual({ exitCode: 4, counts: { unknown: 1 } })
  expect(state.ledger.appliedInFull(planId)).toBe(false)
  expect(said()[0]).toMatch(/^unknown update-user .*: was sent, and the target did not say/)
  expect((await apply(file)).counts).toEqual({ applied: 1 })
  expect(target.users.get('u1')).toEqual(ada({ title: 'Engineer' }))
})

test('a target that rewrites values has that remembered with the link', async () => {
  const target = fakeTarget({
    stores: resource => ({ ...resource, userName: 'ada@example.com' }),
  })
  const { run, state } = rig(target)
  await run([createUser('ada', { userName: 'Ada@Example.com' })])
  expect(state.ledger.link('cloud', 'user', 'hq', 'ada')?.echo).toEqual({
    userName: { sent: 'Ada@Example.com', kept: 'ada@example.com' },
  })
})

test('where an answer has no body, or is not to be trusted, a look at the resource tells what was kept', async () => {
  for (const options of [{ answers: 'without-body' }, { dialect: { echo: 'distrusted' } }] as const) {
    const target = fakeTarget({ ...options, stores: resource => ({ ...resource, title: 'Engineer' }) })
    const { run, state } = rig(target)
    await run([createUser('ada', { title: 'engineer' })])
    expect(target.reads).toContain('GET user u1')
    expect(state.ledger.link('cloud', 'user', 'hq', 'ada')?.echo).toEqual({
      title: { sent: 'engineer', kept: 'Engineer' },
    })
  }
})

test('nobody is adopted whom another link holds by now', async () => {
  const target = fakeTarget({ users: { u1: ada() } })
  const { run, link, said, links } = rig(target)
  link({ grace: 'u1' })
  await run([adoptUser('ada', 'u1', { externalId: 'ada' }, { externalId: 'ada' })])
  expect(said()).toEqual(['stale adopt-user ada@example.com: is linked to hq grace by now'])
  expect(links()).toEqual({ grace: 'u1' })
})

test('nobody is adopted for someone who is linked to another by now', async () => {
  const target = fakeTarget({ users: { u1: person('old'), u2: ada() } })
  const { run, link, said } = rig(target)
  link({ ada: 'u1' })
  await run([adoptUser('ada', 'u2', { externalId: 'ada' }, { externalId: 'ada' })])
  expect(said()).toEqual(['stale adopt-user ada@example.com: is linked to another user at the target by now'])
})

test('a newcomer takes over only from whom the plan says', async () => {
  const target = fakeTarget({ users: { u1: ada() } })
  const { run, link, said, links } = rig(target)
  link({ other: 'u1' })
  await run([relinkUser('rehired', 'ada', 'u1', { externalId: 'ada' }, { externalId: 'rehired' })])
  expect(said()).toEqual(['stale relink-user rehired: is no longer linked to whom the plan took over from'])
  expect(links()).toEqual({ other: 'u1' })
})

test('a relink that fails leaves the link with whom it was', async () => {
  const target = fakeTarget({ users: { u1: ada() } })
  const { run, link, links } = rig(target)
  link({ ada: 'u1' })
  target.misbehave('PATCH', 'rejected')
  await run([relinkUser('rehired', 'ada', 'u1', { externalId: 'ada' }, { externalId: 'rehired' })])
  expect(links()).toEqual({ ada: 'u1' })
})

test('deleting whom somebody deleted already is done, and the link ends', async () => {
  const target = fakeTarget({ users: { u2: person('grace') } })
  const { run, link, links, said } = rig(target)
  link({ ada: 'u1', grace: 'u2' })
  target.misbehave('DELETE user u2', 'lost-after')
  await run([deleteUser('ada', {}), deleteUser('grace', {})])
  expect(said()).toEqual(['applied delete-user ada: was gone already', 'applied delete-user grace'])
  expect(links()).toEqual({})
})

test('someone who has moved since is not deleted', async () => {
  const target = fakeTarget({ users: { u1: ada({ active: true }) } })
  const { run, link, said } = rig(target)
  link({ ada: 'u1' })
  await run([deleteUser('ada', { active: false })])
  expect(said()[0]).toMatch(/^stale delete-user ada: has moved since the plan was made: active/)
  expect(target.users.size).toBe(1)
})

test('deactivating is deleting where the target knows nothing else, and nothing where it cannot', async () => {
  const deleting = fakeTarget({
    users: { u1: ada() },
    dialect: usersAre({ deactivate: { how: 'delete', reversible: 'irreversible' } }),
  })
  const one = rig(deleting)
  one.link({ ada: 'u1' })
  await one.run([deactivateUser('ada')])
  expect([deleting.users.size, one.links()]).toEqual([0, {}])

  const unable = fakeTarget({
    users: { u1: ada() },
    dialect: usersAre({ deactivate: { how: 'none', reversible: 'reversible' } }),
  })
  const other = rig(unable)
  other.link({ ada: 'u1' })
  expect((await other.run([deactivateUser('ada')])).counts).toEqual({ skipped: 1 })
  expect(unable.users.get('u1')).toEqual(ada())
})

test('a name goes from one user to the next within one plan, whichever request is slow', async () => {
  const target = fakeTarget({ users: { u1: ada(), u2: person('grace'), u3: person('jun') } })
  const { run, link, said } = rig(target)
  link({ ada: 'u1', grace: 'u2', jun: 'u3' })
  target.misbehave('PATCH user u1', { meanwhile: () => new Promise(done => void setTimeout(done, 30)) })
  await run([
    updateUser('ada', { userName: 'ada@example.com' }, { userName: 'ada.l@example.com' }),
    updateUser('grace', { userName: 'grace@example.com' }, { userName: 'ada@example.com' }),
    updateUser('jun', { userName: 'jun@example.com' }, { userName: 'grace@example.com' }),
    createUser('new', { userName: 'jun@example.com' }),
  ])
  expect(said().filter(line => !line.startsWith('applied'))).toEqual([])
  expect([...target.users.values()].map(user => user['userName'])).toEqual([
    'ada.l@example.com',
    'ada@example.com',
    'grace@example.com',
    'jun@example.com',
  ])
})

test('a group is made anew in place of one that cannot be renamed, and the old one goes last', async () => {
  const target = fakeTarget({ users: { u1: ada() }, groups: { g1: { displayName: 'Sales', members: ['u1'] } } })
  const { run, link, links, said } = rig(target)
  link({ ada: 'u1' })
  link({ sales: 'g1' }, 'group')
  await run([
    createGroup('sales', { after: { displayName: 'Sales EMEA' }, replaces: 'g1' }),
    addMembers('sales', ['ada']),
    deleteGroup('sales', { displayName: 'Sales' }, 'g1'),
  ])
  expect(said().filter(line => !line.startsWith('applied'))).toEqual([])
  expect(links('group')).toEqual({ sales: 'g2' })
  expect([...target.groups].map(([id, { members }]) => [id, [...members]])).toEqual([['g2', ['u1']]])
})
