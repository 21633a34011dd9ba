import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { settle } from '../../src/apply.ts'
import { RollcallError } from '../../src/errors.ts'
import { openLedger } from '../../src/state/ledger.ts'
import { migrate } from '../../src/state/schema.ts'
import { ada, addMembers, createUser, openChanges, person, planOf, rig, updateUser } from '../support/plans.ts'
import { fakeTarget, members } from '../support/target.ts'

const JOINERS = Array.from({ length: 300 }, (_, at) => createUser(`joiner-${at}`))

function interruption() {
  const controller = new AbortController()
  const stop = () => controller.abort(new RollcallError('interrupted', 'interrupted'))
  return { signal: controller.signal, stop }
}

test('an interrupted run lets requests in flight finish, sends no more, and goes on where it stopped', async () => {
  const target = fakeTarget()
  const { folder, apply, state, links } = rig(target)
  const file = await planOf(folder, JOINERS)
  const { signal, stop } = interruption()
  target.misbehave('POST user joiner-99', { meanwhile: stop })

  const first = await apply(file, { signal })
  expect(first).toMatchObject({ exitCode: 4, interrupted: true })
  expect(target.writes.length).toBeGreaterThanOrEqual(100)
  expect(target.writes.length).toBeLessThan(100 + target.dialect.concurrency)
  expect(first.counts).toEqual({ applied: target.writes.length })
  expect(openChanges(state)).toEqual([])
  expect(state.ledger.runs()).toMatchObject([{ exitCode: 4, counts: first.counts }])

  const second = await apply(file)
  expect(second).toMatchObject({ exitCode: 0, interrupted: false })
  expect(second.counts).toEqual({ applied: 300 - (first.counts.applied ?? 0) })
  expect(target.writes).toHaveLength(300)
  expect(Object.keys(links())).toHaveLength(300)
})

test('interrupted before any write is 130, and nothing is left open', async () => {
  const target = fakeTarget()
  const { folder, apply, state } = rig(target)
  const { signal, stop } = interruption()
  stop()
  expect(await apply(await planOf(folder, JOINERS), { signal })).toMatchObject({ exitCode: 130, interrupted: true })
  expect([target.writes, openChanges(state)]).toEqual([[], []])
})

test('an interruption that comes when everything is done interrupts nothing', async () => {
  const target = fakeTarget()
  const { folder, apply } = rig(target)
  const { signal, stop } = interruption()
  target.misbehave('POST', { meanwhile: stop })
  expect(await apply(await planOf(folder, [createUser('ada')]), { signal })).toMatchObject({
    exitCode: 0,
    interrupted: false,
  })
})

test('a request that does not end within the grace is cut off, and looked up by the next run', async () => {
  const target = fakeTarget()
  const { folder, apply, state, links } = rig(target)
  const file = await planOf(folder, [createUser('ada'), createUser('grace')])
  const { signal, stop } = interruption()
  const cut = {
    ...target,
    createUser: (user: Parameters<typeof target.createUser>[0], hard: AbortSignal) => {
      void target.createUser(user, AbortSignal.any([]))
      stop()
      return new Promise<never>((_, fail) => {
        hard.addEventListener('abort', () => fail(new RollcallError('unknown_outcome', 'cut off')))
      })
    },
  }
  expect(await apply(file, { target: cut, signal, graceMs: 20 })).toMatchObject({ exitCode: 4, interrupted: true })
  expect(openChanges(state).toSorted()).toEqual(['create-user ada@example.com', 'create-user grace@example.com'])

  await apply(file)
  expect(target.users.size).toBe(2)
  expect(Object.keys(links()).toSorted()).toEqual(['ada', 'grace'])
})

test.each(['denied', 'unavailable'] as const)(
  'a target that is %s stops the run; what was done is recorded',
  async how => {
    const target = fakeTarget()
    const { folder, apply, state, links } = rig(target)
    const file = await planOf(folder, JOINERS)
    target.misbehave('POST user joiner-50', how)
    await expect(apply(file)).rejects.toMatchObject({ code: `target_${how}` })
    expect(Object.keys(links()).length).toBe(target.users.size)
    expect(state.ledger.runs()).toMatchObject([{ exitCode: 1, counts: { applied: target.users.size } }])
    expect((await apply(file)).exitCode).toBe(0)
    expect(target.users.size).toBe(300)
  },
)

test('members of which an interruption left some undone are taken up again', async () => {
  const target = fakeTarget({ groups: { g1: { displayName: 'sales' } }, dialect: members({ maxPerRequest: 1 }) })
  const { folder, apply, link, run } = rig(target)
  link({ sales: 'g1' }, 'group')
  const names = Array.from({ length: 20 }, (_, at) => `p${at}`)
  await run(names.map(name => createUser(name)))
  const file = await planOf(folder, [addMembers('sales', names)])
  const { signal, stop } = interruption()
  target.misbehave('ADD', { meanwhile: stop })
  expect(await apply(file, { signal })).toMatchObject({ exitCode: 4, counts: {} })
  expect(target.groups.get('g1')?.members.size).toBe(1)
  expect(await apply(file)).toMatchObject({ exitCode: 0, counts: { applied: 1 } })
  expect(target.groups.get('g1')?.members.size).toBe(20)
})

test('what an earlier run may have sent stays uncertain where an interruption comes before its turn', async () => {
  const target = fakeTarget()
  const { folder, apply, state } = rig(target)
  const names = Array.from({ length: 12 }, (_, at) => `joiner-${at}`)
  const file = await planOf(
    folder,
    names.map(name => createUser(name)),
  )
  for (const name of names) target.misbehave(`POST user ${name}@`, 'lost-before', 'lost-before')
  expect((await apply(file)).counts).toEqual({ unknown: 12 })

  const { signal, stop } = interruption()
  target.misbehave('FIND', { meanwhile: stop })
  const { counts } = await apply(file, { signal })
  expect(counts.applied).toBeLessThan(12)
  expect(openChanges(state)).toHaveLength(12 - (counts.applied ?? 0))
})

test('what an earlier plan left open is settled by looking: done is recorded, not done is left to the next plan', async () => {
  const target = fakeTarget({ users: { u8: person('mover'), u9: person('stayer') } })
  const { folder, apply, state, link, links } = rig(target)
  link({ mover: 'u8', stayer: 'u9' })
  const file = await planOf(folder, [
    updateUser('mover', { title: null }, { title: 'Buyer' }),
    updateUser('stayer', { title: null }, { title: 'Nurse' }),
    createUser('ada'),
    createUser('grace'),
  ])
  for (const who of ['POST user ada', 'POST user grace', 'PATCH user u8', 'PATCH user u9'])
    target.misbehave(who, 'lost-before', 'lost-before')
  expect((await apply(file)).counts).toEqual({ unknown: 4 })
  target.users.set('late', ada())
  target.users.set('u8', person('mover', { title: 'Buyer' }))
  target.writes.length = 0

  const { signal } = new AbortController()
  await state.cache.keepCurrent('cloud', { user: [], group: [], members: true }, target.read({ signal }), new Date())
  await settle({ target, observed: state.cache.observed('cloud'), ledger: state.ledger, signal })
  expect(target.writes).toEqual([])
  expect(openChanges(state)).toEqual([])
  expect(links()).toEqual({ mover: 'u8', stayer: 'u9', ada: 'late' })
})

test('an open change stays open where the target will not answer the question', async () => {
  const target = fakeTarget()
  const { folder, apply, state } = rig(target)
  target.misbehave('POST', 'lost-before', 'lost-before')
  await apply(await planOf(folder, [createUser('ada')]))
  target.misbehave('FIND', 'rejected')
  const { signal } = new AbortController()
  await settle({ target, observed: state.cache.observed('cloud'), ledger: state.ledger, signal })
  expect(openChanges(state)).toEqual(['create-user ada@example.com'])
})

test('a full disk stops the run before anything is sent that is not in the journal', async () => {
  const target = fakeTarget()
  const { folder, apply } = rig(target)
  const file = await planOf(
    folder,
    Array.from({ length: 2_000 }, (_, at) => createUser(`joiner-${at}`)),
  )
  const db = new DatabaseSync(`${folder}/small.db`)
  migrate(db)
  const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count'])
  db.exec(`PRAGMA max_page_count = ${pages + 40}`)
  const ledger = openLedger(db, 'small.db')
  await expect(apply(file, { ledger })).rejects.toMatchObject({
    code: 'state_unusable',
    message: expect.stringContaining('the disk is full') as string,
  })
  const journaled = Number(
    db.prepare('SELECT COUNT(*) AS count FROM (SELECT line FROM l_intent UNION SELECT line FROM l_step)').get()?.[
      'count'
    ],
  )
  expect(target.users.size).toBeGreaterThan(0)
  expect(target.writes.length).toBeLessThanOrEqual(journaled)

  db.exec('PRAGMA max_page_count = 100000')
  expect((await apply(file, { ledger })).exitCode).toBe(0)
  expect(target.users.size).toBe(2_000)
  expect(target.writes).toHaveLength(2_000)
  db.close()
})

test('every intent is on disk before its request is sent', async () => {
  const target = fakeTarget()
  const { folder, apply, state } = rig(target)
  let missing = 0
  for (let at = 0; at < 300; at++) {
    target.misbehave(`POST user joiner-${at}@`, {
      meanwhile: () => {
        if (!openChanges(state).includes(`create-user joiner-${at}@example.com`)) missing++
      },
    })
  }
  await apply(await planOf(folder, JOINERS))
  expect([missing, target.users.size]).toEqual([0, 300])
})
