import { expect, onTestFinished, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { BUILT_IN_DIALECTS, loadDialect } from '../../src/scim/dialect.ts'
import { openTarget } from '../../src/scim/target.ts'
import { everything, signal } from './scim.ts'

async function sandboxed(name: string, faults: readonly string[] = []) {
  const dialect = await loadDialect(name, '.')
  const sandbox = await startSandbox({ dialect, port: 0, faults })
  const target = openTarget({
    name: 'sandbox',
    url: sandbox.url,
    token: sandbox.token,
    dialect,
    patience: { attempts: 8, first: 2, longest: 50, giveUp: 5_000 },
  })
  onTestFinished(async () => {
    await target.close()
    await sandbox.close()
  })
  const join = async (n: number) => {
    const created = await target.createUser(
      {
        userName: `person${n}@example.com`,
        externalId: `ext-${n}`,
        name: { givenName: 'P', familyName: String(n) },
        title: 'Clerk',
        emails: [{ value: `person${n}@example.com`, type: 'work', primary: true }],
      },
      signal,
    )
    if (created.outcome !== 'created') throw new Error(created.outcome)
    return created.scimId
  }
  return { sandbox, target, join }
}

for (const name of BUILT_IN_DIALECTS) {
  test(`${name}: someone joins, moves, leaves and comes back; a group fills and empties`, async () => {
    const { target, join } = await sandboxed(name)
    const ids = []
    for (let n = 1; n <= 230; n++) ids.push(await join(n))
    const [one = '', two = ''] = ids
    const group = await target.createGroup({ displayName: 'Sales + "R&D"', externalId: 'g-1' }, signal)
    if (group.outcome !== 'created') throw new Error(group.outcome)
    for (const batch of target.memberBatches(ids)) await target.addMembers(group.scimId, batch, signal)
    for (const batch of target.memberBatches(ids.slice(2))) await target.removeMembers(group.scimId, batch, signal)

    await target.updateUser(
      one,
      { title: 'Clerk', name: { givenName: 'P' }, displayName: null },
      { title: null, name: { givenName: 'Ada' }, displayName: 'Ada L' },
      signal,
    )
    await target.updateUser(one, { active: true }, { active: false }, signal)
    const left = await target.readUser(one, signal)
    expect(left?.resource).toMatchObject({
      active: false,
      displayName: 'Ada L',
      name: { givenName: 'Ada', familyName: '1' },
    })
    expect(left?.resource).not.toHaveProperty('title')
    await target.updateUser(one, { active: false }, { active: true }, signal)
    await target.deleteUser(two, signal)

    const read = await everything(target)
    expect(read.why).toEqual([])
    expect(read.users).toHaveLength(229)
    expect(read.members).toEqual({ [group.scimId]: [one] })
    expect((await target.findGroups('displayName', 'sales + "r&d"', signal)).map(({ id }) => id)).toEqual([
      group.scimId,
    ])
    expect((await target.findGroups('externalId', 'g-1', signal)).map(({ id }) => id)).toEqual([group.scimId])
    expect(await target.readUser(two, signal)).toBeUndefined()
    await expect(target.deleteUser(two, signal)).rejects.toMatchObject({ code: 'target_gone' })
    expect(
      (
        await target.createUser(
          { userName: 'PERSON3@example.com', emails: [{ value: 'x@example.com', primary: true }] },
          signal,
        )
      ).outcome,
    ).toBe('conflict')
  })
}

test('a target that is throttled all the time is served to the end', async () => {
  const { target, join } = await sandboxed('atlassian', ['rate-limit=5'])
  for (let n = 1; n <= 40; n++) await join(n)
  expect((await everything(target)).certificate).toMatchObject({ complete: true, users: 40 })
})

test('a listing that repeats its first page is not certified', async () => {
  const { target, join, sandbox } = await sandboxed('generic')
  for (let n = 1; n <= 150; n++) await join(n)
  sandbox.directory.setFault('repeat-page', '')
  expect((await everything(target)).certificate.complete).toBe(false)
})
