import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { ScimResource } from '../../src/model.ts'
import { scripted } from '../support/http.ts'
import { dialectWith, everything, list, person, signal, TOKEN, targetAt } from './scim.ts'

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ada: ScimResource = {
  userName: 'ada@example.com',
  externalId: 'a-1',
  name: { givenName: 'Ada', familyName: '' },
  title: null,
  emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
  active: true,
  [ENTERPRISE]: { department: 'Engines' },
}

test('a joiner is created with what there is of them, and every schema named', async () => {
  const { target, heard } = await targetAt(({ body }) => ({
    status: 201,
    json: { ...body, id: 42, meta: { location: 'https://elsewhere.example.net/Users/42' }, groups: [] },
  }))
  const created = await target.createUser(ada, signal)
  const sent = {
    userName: 'ada@example.com',
    externalId: 'a-1',
    name: { givenName: 'Ada' },
    emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
    active: true,
    [ENTERPRISE]: { department: 'Engines' },
  }
  expect(heard.map(({ body }) => body)).toEqual([{ schemas: [CORE, ENTERPRISE], ...sent }])
  expect(created).toEqual({ outcome: 'created', scimId: '42', stored: sent })
  expect(heard[0]).toMatchObject({
    method: 'POST',
    path: '/scim/v2/Users',
    headers: {
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/scim+json',
      accept: 'application/scim+json',
      'user-agent': 'rollcall',
    },
  })
})

test('a group is created without members', async () => {
  const { target, heard } = await targetAt(({ body }) => ({ status: 201, json: { ...body, id: 'g1', members: [] } }))
  expect(await target.createGroup({ displayName: 'Sales' }, signal)).toEqual({
    outcome: 'created',
    scimId: 'g1',
    stored: { displayName: 'Sales' },
  })
  expect(heard[0]?.body).toEqual({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'Sales' })
})

test('2xx without a usable id leaves a user unlinked', async () => {
  for (const reply of [
    { status: 201, json: { userName: 'ada@example.com' } },
    { status: 201, json: { id: '' } },
    { status: 201, json: { id: 'undefined' } },
    { status: 201, json: { id: null } },
    { status: 201, text: '' },
    { status: 201, text: '{"id":"1",' },
    { status: 202, json: { id: '1' } },
  ]) {
    const { target, heard } = await targetAt(() => reply)
    expect(await target.createUser(ada, signal)).toEqual({ outcome: 'unlinked' })
    expect(heard).toHaveLength(1)
  }
})

test('a web page with 200 says nothing about what became of a write', async () => {
  const { target } = await targetAt(() => ({ text: '<!doctype html><title>Welcome</title>' }))
  await expect(target.createUser(ada, signal)).rejects.toMatchObject({ code: 'unknown_outcome' })
  await expect(target.updateUser('1', {}, { title: 'Boss' }, signal)).rejects.toMatchObject({ code: 'unknown_outcome' })
  await expect(target.deleteUser('1', signal)).rejects.toMatchObject({ code: 'unknown_outcome' })
})

test('409 in any shape is a conflict, and so is what the dialect counts as one', async () => {
  const dialect = await dialectWith(() => ({ conflicts: [{ status: 400, detail: 'Already Exists' }] }))
  for (const reply of [
    { status: 409, json: { detail: 'taken' } },
    { status: 409, text: '' },
    { status: 409, text: '<h1>Conflict</h1>' },
    { status: 400, json: { scimType: 'uniqueness', detail: 'taken' } },
    { status: 400, json: { message: 'User already exists' } },
  ]) {
    const { target } = await targetAt(() => reply, { dialect })
    expect((await target.createUser(ada, signal)).outcome).toBe('conflict')
  }
  const { target } = await targetAt(() => ({ status: 400, json: { detail: 'userName is odd' } }), { dialect })
  await expect(target.createUser(ada, signal)).rejects.toMatchObject({ code: 'target_rejected' })
})

test('each refusal ends in the code that says what to do', async () => {
  for (const [status, code] of [
    [400, 'target_rejected'],
    [401, 'target_denied'],
    [403, 'target_denied'],
    [404, 'target_gone'],
    [409, 'target_rejected'],
    [412, 'target_rejected'],
    [413, 'target_rejected'],
    [501, 'target_rejected'],
    [302, 'target_unavailable'],
    [500, 'unknown_outcome'],
    [504, 'unknown_outcome'],
  ] as const) {
    const { target, heard } = await targetAt(() => ({ status, json: {} }))
    await expect(target.updateUser('1', {}, { title: 'Boss' }, signal)).rejects.toMatchObject({ code })
    await expect(target.addMembers('g', ['1'], signal)).rejects.toMatchObject({ code })
    await expect(target.deleteGroup('g', signal)).rejects.toMatchObject({ code })
    expect(heard).toHaveLength(3)
  }
})

test('a refusal names method, path, status and the first line of the reason, and never the secret', async () => {
  const { target } = await targetAt(
    ({ headers }) => ({
      status: 401,
      json: { error: `no such key ${String(headers['authorization'])} ${String(headers['x-api-key'])}\nat line 7` },
    }),
    { headers: { 'X-Api-Key': 'another-secret' } },
  )
  const error = await target.findUsers('userName', 'ada@example.com', signal).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'target_denied' })
  expect(String(error)).toContain(
    'target "directory": GET /scim/v2/Users was denied (401 no such key Bearer [secret] [secret]',
  )
  expect(inspect(error, { depth: 9 })).not.toMatch(/token-that-nobody|another-secret|line 7|ada@/)
  const gone = await targetAt(() => ({ status: 404, json: { detail: 'User not found', scimType: 'noTarget' } }))
  await expect(gone.target.deleteUser('a b/c', signal)).rejects.toThrow('(404 noTarget User not found)')
  expect(gone.heard[0]?.path).toBe('/scim/v2/Users/a%20b%2Fc')
})

test('the trace id of a refusal is told', async () => {
  const { target } = await targetAt(() => ({ status: 403, json: { error: 'no', traceId: 'trace-9' } }))
  await expect(target.readUser('1', signal)).rejects.toThrow('no (traceId trace-9)')
})

test('a redirect elsewhere is an error that names the place, and the credential stays', async () => {
  const other = await scripted(() => ({ json: {} }))
  const { target } = await targetAt(() => ({ status: 302, headers: { location: `${other.url}/login?next=1` } }))
  await expect(target.createUser(ada, signal)).rejects.toThrow(`redirect (302) to ${other.url}, which is not followed`)
  await expect(everything(target)).rejects.toMatchObject({ code: 'target_unavailable' })
  expect(other.heard).toEqual([])
})

test('an update sends the paths that differ and nothing else', async () => {
  const { target, heard } = await targetAt(() => ({ status: 204 }))
  const written = await target.updateUser(
    'u1',
    { title: 'Clerk', name: { givenName: 'Ada' }, nickName: 'A', emails: null, [ENTERPRISE]: { department: 'X' } },
    {
      title: 'Boss',
      name: { givenName: 'Ada' },
      nickName: null,
      emails: [{ value: 'a@example.com', primary: true }],
      [ENTERPRISE]: { department: 'Y' },
    },
    signal,
  )
  expect(written).toEqual({ stored: undefined })
  expect(heard[0]).toMatchObject({
    method: 'PATCH',
    path: '/scim/v2/Users/u1',
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [
        { op: 'replace', path: 'title', value: 'Boss' },
        { op: 'remove', path: 'nickName' },
        { op: 'replace', path: 'emails', value: [{ value: 'a@example.com', primary: true }] },
        { op: 'replace', path: `${ENTERPRISE}:department`, value: 'Y' },
      ],
    },
  })
})

test('an update without a difference sends nothing', async () => {
  const { target, heard } = await targetAt(() => ({ status: 500 }))
  expect(await target.updateUser('u1', { title: 'Boss' }, { title: 'Boss' }, signal)).toEqual({ stored: undefined })
  expect(heard).toEqual([])
})

test('what the target says it stored comes back, unless it speaks of somebody else', async () => {
  const { target } = await targetAt(({ path }) => ({
    json: { id: path.endsWith('u1') ? 'u1' : 'stranger', displayName: 'ADA', active: 'False', meta: {} },
  }))
  const after = { displayName: 'Ada' }
  expect(await target.updateUser('u1', {}, after, signal)).toEqual({ stored: { displayName: 'ADA', active: false } })
  expect(await target.updateUser('u2', {}, after, signal)).toEqual({ stored: undefined })
  await expect(target.readUser('u2', signal)).rejects.toMatchObject({ code: 'target_incomplete' })
})

test('where users change by PUT, all that is there goes along, and what is cleared is null', async () => {
  const dialect = await dialectWith(({ users }) => ({
    users: { ...users, update: 'put', writable: ['userName', 'title', 'nickName', 'name', 'active'] },
  }))
  const { target, heard } = await targetAt(
    ({ method }) => ({
      json: {
        id: 'u1',
        meta: {},
        groups: [{ value: 'g' }],
        userName: 'ada@example.com',
        name: { givenName: 'Ada', familyName: 'L' },
        title: 'Clerk',
        nickName: 'A',
        serverOnly: method,
      },
    }),
    { dialect },
  )
  await target.updateUser('u1', { title: 'Clerk', nickName: 'A' }, { title: 'Boss', nickName: null }, signal)
  expect(heard.map(({ method }) => method)).toEqual(['GET', 'PUT'])
  expect(heard[1]?.body).toEqual({
    schemas: [CORE],
    id: 'u1',
    userName: 'ada@example.com',
    name: { givenName: 'Ada', familyName: 'L' },
    title: 'Boss',
    nickName: null,
  })
})

test('a PUT of someone who has gone says so', async () => {
  const dialect = await dialectWith(({ users }) => ({ users: { ...users, update: 'put' } }))
  const { target } = await targetAt(() => ({ status: 404 }), { dialect })
  await expect(target.updateUser('u1', {}, { title: 'Boss' }, signal)).rejects.toMatchObject({ code: 'target_gone' })
})

test('a group is renamed by PATCH, by PUT with all its members, or not at all', async () => {
  const rename = async (how: 'patch' | 'put' | 'never', readable: 'full' | 'never' = 'full') => {
    const dialect = await dialectWith(({ groups, members }) => ({
      groups: { ...groups, rename: how },
      members: { ...members, readable },
    }))
    const { target, heard } = await targetAt(
      () => ({ json: { id: 'g1', displayName: 'Old', members: [{ value: '1' }, { value: '2' }] } }),
      { dialect },
    )
    const written = target.updateGroup('g1', { displayName: 'Old' }, { displayName: 'New' }, signal)
    return { written, heard }
  }
  const patched = await rename('patch')
  await patched.written
  expect(patched.heard[0]?.body?.Operations).toEqual([{ op: 'replace', path: 'displayName', value: 'New' }])
  const put = await rename('put')
  await put.written
  expect(put.heard[1]?.body).toMatchObject({ displayName: 'New', members: [{ value: '1' }, { value: '2' }] })
  await expect((await rename('put', 'never')).written).rejects.toMatchObject({ code: 'target_rejected' })
  const never = await rename('never')
  await expect(never.written).rejects.toMatchObject({ code: 'target_rejected' })
  expect(never.heard).toEqual([])
})

test('members are added as a list and removed by a path each, or as a list where the dialect says so', async () => {
  const { target, heard } = await targetAt(() => ({ status: 204 }))
  await target.addMembers('g1', ['1', '2'], signal)
  await target.removeMembers('g1', ['1', 'a"b\\'], signal)
  await target.removeMembers('g1', [], signal)
  const lists = await targetAt(() => ({ status: 200, json: { id: 'g1', members: [] } }), {
    dialect: await dialectWith(({ members }) => ({ members: { ...members, remove: 'value-array' } })),
  })
  await lists.target.removeMembers('g1', ['1', '2'], signal)
  expect([...heard, ...lists.heard].map(({ body }) => body?.Operations)).toEqual([
    [{ op: 'add', path: 'members', value: [{ value: '1' }, { value: '2' }] }],
    [
      { op: 'remove', path: 'members[value eq "1"]' },
      { op: 'remove', path: 'members[value eq "a\\"b\\\\"]' },
    ],
    [{ op: 'remove', path: 'members', value: [{ value: '1' }, { value: '2' }] }],
  ])
})

test('names from the server that poison objects are harmless', async () => {
  const { target } = await targetAt(() => ({
    text: '{"id":"u1","__proto__":{"active":false},"constructor":{"prototype":{"x":1}},"name":{"__proto__":{"givenName":"Eve"}}}',
  }))
  const user = await target.readUser('u1', signal)
  expect(user?.resource['active']).toBeUndefined()
  expect(Object.keys(user?.resource['name'] ?? {})).toEqual([])
  expect(Reflect.get({}, 'x')).toBeUndefined()
})

test('an answer nested without end does no harm', async () => {
  const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`
  const { target } = await targetAt(() => ({ text: `{"id":"u1","userName":"ada","odd":${deep}}` }))
  expect((await target.readUser('u1', signal))?.resource['userName']).toBe('ada')
})

test('check tells what answers, what it counts, and what the target says against the dialect', async () => {
  const { target, heard } = await targetAt(({ path }) => {
    if (path.endsWith('ServiceProviderConfig'))
      return { json: { patch: { supported: false }, filter: { supported: true }, pagination: { index: false } } }
    return list([person(1)], path.endsWith('Users') ? 17 : 3)
  })
  const lines = []
  for await (const line of target.check(signal)) lines.push(line)
  expect(lines.map(({ ok, what }) => [ok, what.replace(/\d+ ms/, 'N ms')])).toEqual([
    [true, '17 users, dialect generic, N ms a request'],
    [true, '3 groups, dialect generic, N ms a request'],
    [false, 'ServiceProviderConfig knows no PATCH'],
    [false, 'ServiceProviderConfig pages by cursor only'],
  ])
  expect(heard.every(({ method }) => method === 'GET')).toBe(true)
})

test('check says what to do where the token is refused or nobody is there', async () => {
  const { target } = await targetAt(() => ({ status: 401, text: 'Unauthorized' }))
  const lines = []
  for await (const line of target.check(signal)) lines.push(line)
  expect(lines).toMatchObject([{ ok: false, now: expect.stringContaining('token') }])
})

test('a target without ServiceProviderConfig is checked all the same', async () => {
  for (const status of [404, 403, 500]) {
    const { target } = await targetAt(({ path }) => (path.endsWith('ServiceProviderConfig') ? { status } : list([], 0)))
    const lines = []
    for await (const line of target.check(signal)) lines.push(line.ok)
    expect(lines).toEqual([true, true])
  }
})
