import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Breach } from '../../src/model.ts'
import { readPlan } from '../../src/planfile.ts'
import { ada, createUser, deactivateUser, type PlanGiven, planOf, rig } from '../support/plans.ts'
import { fakeTarget } from '../support/target.ts'

const BREACH: Breach = {
  limit: 'deactivate-user',
  scope: 'target cloud',
  changes: 1,
  managed: 1,
  allowed: '0',
  message: '1 of 1 users would be deactivated at target cloud; allowed is 0',
}

/** One leaver, and a plan that deactivates her. */
async function leaving(given: PlanGiven = {}) {
  const target = fakeTarget({ users: { u1: ada() } })
  const self = rig(target)
  self.link({ ada: 'u1' })
  const file = await planOf(self.folder, [deactivateUser('ada')], given)
  return { ...self, target, file, digest: (await readPlan(file)).header.digest }
}

const REFUSALS: readonly (readonly [string, PlanGiven, Parameters<ReturnType<typeof rig>['apply']>[1], RegExp])[] = [
  ['of another target', { target: 'sandbox' }, {}, /is for target "sandbox", not "cloud"/],
  ['of another address', { url: 'https://old.example.com' }, {}, /was made for https:\/\/old\.example\.com/],
  [
    'older than a day',
    { createdAt: '2026-11-22T05:00:00Z' },
    { now: new Date('2026-11-24T06:00:00Z') },
    /is 49 hours old/,
  ],
  ['older than allowed', {}, { planAge: -1 }, /old, and plans are good for/],
  ['of a source that was read since', {}, { newerReading: source => source === 'hq' }, /last reading of source "hq"/],
  ['whose limits were changed since', {}, { breachesOf: () => [BREACH] }, /breaks other limits than it says/],
]

test.each(REFUSALS)('a plan %s is refused before anything is written', async (_, given, options, message) => {
  const { apply, file, target, state } = await leaving(given)
  await expect(apply(file, options)).rejects.toMatchObject({
    code: 'plan_invalid',
    message: expect.stringMatching(message) as string,
  })
  expect(target.writes).toEqual([])
  expect(state.ledger.runs()).toEqual([])
})

test('a plan with one letter changed is refused', async () => {
  const { apply, file, target } = await leaving()
  writeFileSync(file, readFileSync(file, 'utf8').replace('"sourceId":"ada"', '"sourceId":"ida"'))
  await expect(apply(file)).rejects.toMatchObject({ code: 'plan_invalid' })
  expect(target.writes).toEqual([])
})

test('a plan applied in full is refused the second time', async () => {
  const { apply, file, target } = await leaving()
  expect((await apply(file)).exitCode).toBe(0)
  await expect(apply(file)).rejects.toMatchObject({
    code: 'plan_invalid',
    message: expect.stringContaining('applied already') as string,
  })
  expect(target.writes).toHaveLength(1)
})

test('a plan with failed changes is done with all the same: what failed comes with the next plan', async () => {
  const { apply, file, target } = await leaving()
  target.misbehave('PATCH', 'rejected')
  expect((await apply(file)).exitCode).toBe(4)
  await expect(apply(file)).rejects.toMatchObject({ code: 'plan_invalid' })
})

test('a plan over its limits writes nothing without an approval, and tells how to give it', async () => {
  const { apply, file, target, digest } = await leaving({ breaches: [BREACH] })
  await expect(apply(file)).rejects.toMatchObject({
    code: 'over_limit',
    message: expect.stringMatching(new RegExp(`allowed is 0\\n[^]*--approve ${digest}`)) as string,
  })
  expect(target.writes).toEqual([])
  expect((await apply(file, { approve: digest })).exitCode).toBe(0)
  expect(target.users.get('u1')?.['active']).toBe(false)
})

test('an approval of another plan approves nothing, not even a plan within its limits', async () => {
  for (const breaches of [[BREACH], []]) {
    const { apply, file, target } = await leaving({ breaches })
    await expect(apply(file, { approve: `sha256:${'0'.repeat(64)}` })).rejects.toMatchObject({ code: 'over_limit' })
    expect(target.writes).toEqual([])
  }
})

test('an approval holds for the continuation of that plan, and for no other plan', async () => {
  const { apply, file, folder, target, digest, state } = await leaving({ breaches: [BREACH] })
  target.misbehave('PATCH', 'denied')
  await expect(apply(file, { approve: digest })).rejects.toMatchObject({ code: 'target_denied' })
  expect(state.ledger.runs()).toMatchObject([{ approved: true, exitCode: 1 }])

  const other = await planOf(folder, [deactivateUser('ada'), createUser('joiner')], { breaches: [BREACH] })
  await expect(apply(other)).rejects.toMatchObject({ code: 'over_limit' })
  expect((await apply(file)).exitCode).toBe(0)
  expect(target.users.get('u1')?.['active']).toBe(false)
})
