import { expect, test } from 'vitest'
import { ada, createGroup, createUser, person, planOf, rig } from '../support/plans.ts'
import { fakeTarget } from '../support/target.ts'

test('a POST that took place and was not answered is found again and linked, not repeated', async () => {
  const target = fakeTarget()
  const { run, links } = rig(target)
  target.misbehave('POST user ada', 'lost-after')
  target.misbehave('POST group sales', 'lost-after')
  const { exitCode } = await run([createUser('ada'), createGroup('sales')])
  expect(exitCode).toBe(0)
  expect(target.writes).toEqual(['POST user ada@example.com', 'POST group sales'])
  expect({ ...links(), ...links('group') }).toEqual({ ada: 'u1', sales: 'g2' })
})

test('a POST that did not take place is sent once more', async () => {
  const target = fakeTarget()
  const { run, links } = rig(target)
  target.misbehave('POST', 'lost-before')
  expect((await run([createUser('ada')])).counts).toEqual({ applied: 1 })
  expect(target.writes).toHaveLength(2)
  expect(links()).toEqual({ ada: 'u1' })
})

test('a POST lost twice is unknown; the next run looks it up, finds it and sends nothing', async () => {
  const target = fakeTarget()
  const { folder, apply, state, links } = rig(target)
  const file = await planOf(folder, [createUser('ada')])
  target.misbehave('POST', 'lost-before', 'lost-after')
  const first = await apply(file)
  expect(first).toMatchObject({ exitCode: 4, counts: { unknown: 1 } })
  expect(state.ledger.appliedInFull(first.planId)).toBe(false)

  expect(await apply(file)).toMatchObject({ exitCode: 0, counts: { applied: 1 } })
  expect(target.writes).toHaveLength(2)
  expect(target.users.size).toBe(1)
  expect(links()).toEqual({ ada: 'u1' })
  expect(state.ledger.appliedInFull(first.planId)).toBe(true)
})

test('a POST accepted without an id is found by its keys', async () => {
  const target = fakeTarget()
  const { run, links } = rig(target)
  target.misbehave('POST', 'unlinked')
  expect((await run([createUser('ada')])).counts).toEqual({ applied: 1 })
  expect(links()).toEqual({ ada: 'u1' })
})

test('a POST accepted without an id, and not to be found, is unknown and not repeated', async () => {
  const target = fakeTarget({ hidden: ['u1'] })
  const { run, said } = rig(target)
  target.misbehave('POST', 'unlinked')
  expect((await run([createUser('ada')])).counts).toEqual({ unknown: 1 })
  expect(target.writes).toHaveLength(1)
  expect(said()[0]).toContain('was accepted without an id, and cannot be found')
})

test('a name taken by a stranger is left to the stranger, even after a conflict', async () => {
  const target = fakeTarget({ users: { s1: { userName: 'ADA@example.com', externalId: 'someone-else' } } })
  const { run, said, links } = rig(target)
  expect((await run([createUser('ada')])).exitCode).toBe(4)
  expect(said()).toEqual([
    'stale create-user ada@example.com: is taken at the target: userName is held by s1, which rollcall does not manage',
  ])
  expect(target.writes).toEqual([])
  expect(links()).toEqual({})
})

test('one who appeared since the reading is claimed if ours, by externalId, and left alone if not', async () => {
  const target = fakeTarget()
  const { run, said, links } = rig(target)
  target.misbehave('POST user ada', { meanwhile: () => void target.users.set('m1', ada()) })
  target.misbehave('POST user grace', {
    meanwhile: () => void target.users.set('m2', { userName: 'grace@example.com' }),
  })
  await run([createUser('ada'), createUser('grace')])
  expect(links()).toEqual({ ada: 'm1' })
  expect(said()).toEqual([
    'applied create-user ada@example.com',
    'failed create-user grace@example.com: is taken at the target: userName is held by m2, which rollcall does not manage',
  ])
})

test('nobody is claimed whom another link holds', async () => {
  const target = fakeTarget({ users: { u1: ada() } })
  const { run, link, said, links } = rig(target)
  link({ grace: 'u1' })
  await run([createUser('ada')])
  expect(said()[0]).toContain('externalId and userName is held by u1, linked to hq grace')
  expect(links()).toEqual({ grace: 'u1' })
})

test('after a POST of unknown fate someone with our name and no externalId is ours; with another one not', async () => {
  const bare = fakeTarget({ stores: ({ externalId: _, ...rest }) => rest })
  const one = rig(bare)
  bare.misbehave('POST', 'lost-after')
  expect((await one.run([createUser('ada')])).counts).toEqual({ applied: 1 })
  expect(one.links()).toEqual({ ada: 'u1' })

  const other = fakeTarget()
  const two = rig(other)
  other.misbehave('POST', {
    meanwhile: () => void other.users.set('m1', { userName: 'ada@example.com', externalId: 'someone-else' }),
  })
  expect((await two.run([createUser('ada')])).counts).toEqual({ failed: 1 })
  expect(two.links()).toEqual({})
})

test('two at the target who could both be ours are nobody’s guess', async () => {
  const target = fakeTarget({ users: { a: person('x', { externalId: 'ada' }), b: person('y', { externalId: 'ada' }) } })
  const { run, said } = rig(target)
  expect((await run([createUser('ada')])).counts).toEqual({ failed: 1 })
  expect(said()[0]).toContain('the target holds 2 of it: a, b. Delete all but one there.')
})

test('a conflict with someone whom the target hides says where to look', async () => {
  const target = fakeTarget({ hidden: ['h1'] })
  const { run, said } = rig(target)
  target.misbehave('POST', { meanwhile: () => void target.users.set('h1', ada()) })
  expect((await run([createUser('ada')])).counts).toEqual({ failed: 1 })
  expect(said()[0]).toContain('Look there for a hidden or deleted user.')
})

test('who was linked meanwhile is skipped, and who was deleted at the target is made anew', async () => {
  const target = fakeTarget({ users: { u1: ada() } })
  const { run, link, links } = rig(target)
  link({ ada: 'u1', grace: 'u7' })
  expect((await run([createUser('ada'), createUser('grace')])).counts).toEqual({ skipped: 1, applied: 1 })
  expect(links()).toEqual({ ada: 'u1', grace: 'u2' })
})
