import { expect, test } from 'vitest'
import { addMembers, createGroup, person, planOf, removeMembers, rig } from '../support/plans.ts'
import { fakeTarget, members } from '../support/target.ts'

/** `staff` people, person-0 … linked to u-0 …, and the group sales of the first `inGroup` of them. */
function company(staff: number, inGroup: number, more: Parameters<typeof fakeTarget>[0] = {}) {
  const names = Array.from({ length: staff }, (_, at) => String(at).padStart(5, '0'))
  const target = fakeTarget({
    users: Object.fromEntries(names.map(name => [`u${name}`, person(name)])),
    groups: { g1: { displayName: 'sales', members: names.slice(0, inGroup).map(name => `u${name}`) } },
    ...more,
  })
  const self = rig(target)
  self.link(Object.fromEntries(names.map(name => [name, `u${name}`])))
  self.link({ sales: 'g1' }, 'group')
  return { ...self, names, inSales: () => [...(target.groups.get('g1')?.members ?? [])] }
}

test('one changed member of a large group is one request with one member', async () => {
  const { run, target, inSales } = company(5_000, 4_999)
  await run([addMembers('sales', ['04999'])])
  expect(target.writes).toEqual(['ADD g1 u04999'])
  expect(target.reads).toEqual([])
  expect(inSales()).toHaveLength(5_000)
})

test('lines of a thousand become as few requests as the target allows, and none crosses from one line’s end', async () => {
  const { run, target, names, inSales } = company(2_350, 0)
  const lines = [0, 1_000, 2_000].map(from => addMembers('sales', names.slice(from, from + 1_000)))
  expect((await run(lines)).counts).toEqual({ applied: 3 })
  expect(target.writes).toHaveLength(24)
  expect(inSales()).toHaveLength(2_350)
})

test('who is in the group already, or out of it, is not sent', async () => {
  const { run, target, inSales, said } = company(4, 2)
  await run([addMembers('sales', ['00000', '00001', '00002']), removeMembers('sales', ['00000', '00003'])])
  expect(target.writes).toEqual(['ADD g1 u00002', 'REMOVE g1 u00000'])
  expect(inSales()).toEqual(['u00001', 'u00002'])
  expect((await run([addMembers('sales', ['00001'])])).counts).toEqual({ applied: 1 })
  expect(said()).toEqual(['applied add-members sales: was so already'])
})

test('a stranger is removed by the id at the target', async () => {
  const { run, inSales } = company(2, 2)
  await run([removeMembers('sales', [], ['u00001'])])
  expect(inSales()).toEqual(['u00000'])
})

test('a member whom the target refuses is found, and the others get in', async () => {
  const { run, target, names, inSales, said } = company(300, 0)
  target.users.delete('u00123')
  const { exitCode } = await run([addMembers('sales', names)])
  expect(exitCode).toBe(4)
  expect(inSales()).toHaveLength(299)
  expect(said()).toEqual([
    'failed add-members sales: 1 of 300 members were refused: the target said 400: no user u00123',
  ])
  expect(target.writes.length).toBeLessThanOrEqual(3 + 2 * Math.ceil(Math.log2(100)))
})

test('of two lines only the one with the refused member fails', async () => {
  const { run, target, names } = company(20, 0)
  target.users.delete('u00003')
  expect((await run([addMembers('sales', names.slice(0, 10)), addMembers('sales', names.slice(10))])).counts).toEqual({
    failed: 1,
    applied: 1,
  })
})

test('a request of unknown fate is repeated for those whom the group lacks', async () => {
  const { run, target, inSales } = company(3, 0)
  target.misbehave('ADD', 'lost-after')
  expect((await run([addMembers('sales', ['00000', '00001'])])).counts).toEqual({ applied: 1 })
  expect(target.writes).toEqual(['ADD g1 u00000 u00001'])

  target.misbehave('ADD', 'lost-before')
  await run([addMembers('sales', ['00002'])])
  expect(target.writes.slice(1)).toEqual(['ADD g1 u00002', 'ADD g1 u00002'])
  expect(inSales()).toHaveLength(3)
})

test('a request lost twice is unknown, and the next run makes good for it', async () => {
  const { apply, folder, target, inSales } = company(3, 0)
  const file = await planOf(folder, [addMembers('sales', ['00000'])])
  target.misbehave('ADD', 'lost-before', 'lost-before')
  expect(await apply(file)).toMatchObject({ exitCode: 4, counts: { unknown: 1 } })
  expect(await apply(file)).toMatchObject({ exitCode: 0, counts: { applied: 1 } })
  expect(inSales()).toEqual(['u00000'])
})

test('a group that is gone, before or under way, is stale; one that was never linked is skipped', async () => {
  const { run, target, said } = company(3, 0)
  target.misbehave('ADD', { meanwhile: () => void target.groups.delete('g1') })
  await run([addMembers('sales', ['00000']), addMembers('marketing', ['00000'])])
  expect(said()).toEqual([
    'stale add-members sales: the group is no longer at the target',
    'skipped add-members marketing: the group is not at the target',
  ])
  await run([addMembers('sales', ['00000'])])
  expect(said()).toEqual(['stale add-members sales: the group is no longer at the target'])
})

test('members who did not make it to the target are counted, and the others added', async () => {
  const { run, said, inSales } = company(1, 0)
  await run([addMembers('sales', ['00000', 'held']), addMembers('sales', ['nobody'])])
  expect(inSales()).toEqual(['u00000'])
  expect(said()).toEqual([
    'applied add-members sales: 1 of 2 members are not at the target',
    'skipped add-members sales: none of these members is at the target',
  ])
})

test('members of two sources get into one group, each by the link of its own source', async () => {
  const { run, state, inSales } = company(1, 0, {
    users: { u00000: person('00000'), t1: person('taro') },
    groups: { g1: { displayName: 'sales' } },
  })
  const taro = { kind: 'user', source: 'tokyo', sourceId: '00000', scimId: 't1', profile: 'apac' } as const
  state.ledger.putLinks('cloud', [{ ...taro, echo: undefined }])
  await run([
    addMembers('sales', ['00000']),
    addMembers('sales', ['00000'], { source: 'tokyo', groupSource: 'hq', profile: 'apac' }),
  ])
  expect(inSales()).toEqual(['u00000', 't1'])
})

test('members of a group made in the same run are added without a look at it', async () => {
  const { run, target } = company(3, 0)
  await run([createGroup('nurses'), addMembers('nurses', ['00000', '00001', '00002'])])
  expect(target.reads).toEqual([])
  expect(target.writes).toEqual(['POST group nurses', 'ADD g2 u00000 u00001 u00002'])
})

test('where members are not shown, those written are remembered, and what is in doubt is, too', async () => {
  const { run, target, state } = company(4, 0, { dialect: members({ readable: 'never', maxPerRequest: 1 }) })
  const written = () => [...state.ledger.writtenMembers('cloud')]
  target.misbehave('ADD g1 u00001', 'lost-before', 'lost-after')
  await run([addMembers('sales', ['00000', '00001', '00002'])])
  expect(written()).toEqual([{ group: 'g1', members: ['u00000', 'u00002'], unsure: ['u00001'] }])

  target.writes.length = 0
  await run([addMembers('sales', ['00000', '00001']), removeMembers('sales', ['00002', '00003'])])
  expect(target.writes).toEqual(['ADD g1 u00001', 'REMOVE g1 u00002', 'REMOVE g1 u00003'])
  expect(written()).toEqual([{ group: 'g1', members: ['u00000', 'u00001'], unsure: [] }])
})
