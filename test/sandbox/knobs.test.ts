import { expect, test } from 'vitest'
import type { Dialect } from '../../src/model.ts'
import { loadDialect } from '../../src/scim/dialect.ts'
import { filtered, GROUP, open, USER } from './open.ts'

/** A dialect that is not built in, with these knobs. */
async function vendor(change: (dialect: Dialect) => Partial<Dialect>): Promise<Dialect> {
  const dialect = await loadDialect('generic', '.')
  return { ...dialect, name: 'vendor', ...change(dialect) }
}

test('cursor: pages go on by what came back, and by nothing else (RFC 9865)', async () => {
  const box = await open(await vendor(() => ({ paging: { style: 'cursor', max: 2 } })))
  const all = [await box.user('a'), await box.user('b'), await box.user('c'), await box.user('d'), await box.user('e')]
  const seen: string[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const { body } = await box.call('GET', `/Users?count=10&startIndex=4&cursor=${cursor}`)
    seen.push(...body.Resources.map(({ id }: { id: string }) => id))
    cursor = body.nextCursor
  }
  expect(seen).toEqual(all)
  expect(await box.call('GET', '/Users?cursor=mine')).toMatchObject({
    status: 400,
    body: { scimType: 'invalidCursor' },
  })
})

test('filter: eq on what is listed, and no more', async () => {
  const box = await open(await vendor(({ users }) => ({ users: { ...users, filter: ['emails.value'] } })))
  await box.user('ada@example.com')
  expect((await box.call('GET', `/Users${filtered('emails.value eq "ADA@example.com"')}`)).body.totalResults).toBe(1)
  expect((await box.call('GET', `/Users${filtered('userName eq "ada@example.com"')}`)).status).toBe(400)
})

test('unique and exact: names that differ in case are two people', async () => {
  const unique = { attrs: ['userName'], case: 'exact' } as const
  const box = await open(await vendor(({ users }) => ({ users: { ...users, unique } })))
  await box.user('ada')
  await box.user('ADA')
  expect((await box.call('POST', '/Users', { schemas: [USER], userName: 'ADA' })).status).toBe(409)
  expect((await box.call('GET', `/Users${filtered('userName eq "Ada"')}`)).body.totalResults).toBe(2)
})

test('update: by PATCH and PUT, by PUT alone, or not at all', async () => {
  const outcomes = []
  for (const update of ['patch', 'put', 'none'] as const) {
    const box = await open(await vendor(({ users }) => ({ users: { ...users, update } })))
    const id = await box.user('ada')
    const patched = await box.patch(`/Users/${id}`, { op: 'add', path: 'title', value: 'x' })
    const put = await box.call('PUT', `/Users/${id}`, { schemas: [USER], userName: 'ada' })
    const said = (await box.call('GET', '/ServiceProviderConfig')).body.patch.supported
    outcomes.push([patched.status, put.status, said])
  }
  expect(outcomes).toEqual([
    [204, 200, true],
    [501, 200, false],
    [501, 501, false],
  ])
})

test('emails: one is the most', async () => {
  const box = await open(await vendor(({ users }) => ({ users: { ...users, emails: 'one' } })))
  const id = await box.user('ada@example.com')
  const add = { op: 'add', path: 'emails', value: [{ value: 'second@example.com' }] }
  expect((await box.patch(`/Users/${id}`, add)).status).toBe(400)
})

test('deactivate: active, deletion, or nothing', async () => {
  const outcomes = []
  for (const how of ['active-false', 'delete', 'none'] as const) {
    const deactivate = { how, reversible: 'irreversible' } as const
    const box = await open(await vendor(({ users }) => ({ users: { ...users, deactivate } })))
    const id = await box.user('ada', { active: true })
    const { status } = await box.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })
    outcomes.push([status, box.directory.users()[0]?.resource['active']])
  }
  expect(outcomes).toEqual([
    [204, false],
    [204, undefined],
    [400, true],
  ])
})

test('delete: a user may no more than be deactivated by it', async () => {
  const box = await open(await vendor(({ users }) => ({ users: { ...users, delete: { means: 'deactivate' } } })))
  const id = await box.user('ada', { active: true })
  expect((await box.call('DELETE', `/Users/${id}`)).status).toBe(204)
  expect((await box.call('GET', `/Users/${id}`)).body).toMatchObject({ userName: 'ada', active: false })
})

test('create: members are taken up to what a POST may carry, or left out', async () => {
  const outcomes = []
  for (const create of [
    { withMembers: true, maxMembers: 1 },
    { withMembers: false, maxMembers: 0 },
  ]) {
    const box = await open(await vendor(({ groups }) => ({ groups: { ...groups, create } })))
    const [ada, ben] = [{ value: await box.user('ada') }, { value: await box.user('ben') }]
    const one = await box.group('one', { members: [ada] })
    const two = await box.call('POST', '/Groups', { schemas: [GROUP], displayName: 'two', members: [ada, ben] })
    outcomes.push([box.directory.members(one).length, two.status])
  }
  expect(outcomes).toEqual([
    [1, 413],
    [0, 201],
  ])
})

test('rename: by PUT where PATCH will not do', async () => {
  const box = await open(await vendor(({ groups }) => ({ groups: { ...groups, rename: 'put' } })))
  const id = await box.group('eng')
  const refused = { status: 400, body: { scimType: 'mutability' } }
  expect(await box.patch(`/Groups/${id}`, { op: 'replace', path: 'displayName', value: 'ops' })).toMatchObject(refused)
  expect((await box.call('PUT', `/Groups/${id}`, { schemas: [GROUP], displayName: 'ops' })).status).toBe(200)
})

test('members: never shown, shown in part, removed by value only, replaced where that is allowed', async () => {
  const box = async (members: Partial<Dialect['members']>) => {
    const one = await open(await vendor(dialect => ({ members: { ...dialect.members, ...members } })))
    const value = [{ value: await one.user('ada') }, { value: await one.user('ben') }, { value: await one.user('cho') }]
    const path = `/Groups/${await one.group('eng')}`
    await one.patch(path, { op: 'add', path: 'members', value })
    const shown = async () => (await one.call('GET', path)).body.members.length
    const patch = async (operation: object) => (await one.patch(path, operation)).status
    return { shown, patch, value }
  }
  expect(await (await box({ readable: 'never' })).shown()).toBe(0)
  expect(await (await box({ readable: { truncated: 2 } })).shown()).toBe(2)

  const byValue = await box({ remove: 'value-array' })
  const [ada, ben] = byValue.value
  expect(await byValue.patch({ op: 'remove', path: `members[value eq "${ada?.value}"]` })).toBe(400)
  expect(await byValue.patch({ op: 'remove', path: 'members', value: [ada] })).toBe(204)
  expect(await byValue.shown()).toBe(2)

  const byPath = await box({ remove: 'path-filter', replace: 'allowed', maxPerRequest: 3 })
  expect(await byPath.patch({ op: 'remove', path: 'members', value: byPath.value })).toBe(400)
  expect(await byPath.patch({ op: 'replace', path: 'members', value: [ben] })).toBe(400) // of another directory
  expect(await byPath.patch({ op: 'replace', path: 'members', value: byPath.value.slice(0, 1) })).toBe(204)
  expect(await byPath.patch({ op: 'add', path: 'members', value: [...byPath.value, byPath.value[0]] })).toBe(413)
  expect(await byPath.shown()).toBe(1)
})

test('writable: what is not listed is refused, and not in the schema', async () => {
  const writable = ['userName', 'emails', 'name.givenName']
  const box = await open(await vendor(({ users }) => ({ users: { ...users, writable } })))
  await box.user('ada', { name: { givenName: 'Ada' } })
  for (const more of [
    { title: 'x' },
    { name: { familyName: 'L' } },
    { 'urn:x:y': { z: 1 }, schemas: [USER, 'urn:x:y'] },
  ]) {
    expect((await box.call('POST', '/Users', { schemas: [USER], userName: 'ben', ...more })).status).toBe(400)
  }
  const { attributes } = (await box.call('GET', `/Schemas/${USER}`)).body
  expect(attributes.map(({ name }: { name: string }) => name)).toEqual(['userName', 'name', 'emails', 'groups'])
})
