import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { ENTERPRISE, filtered, fixture, GROUP, open, USER } from './open.ts'

const ids = (answer: { body: { Resources: { id: string }[] } }) => answer.body.Resources.map(({ id }) => id)

describe('requests that are none', () => {
  test('without the token nothing is shown but discovery', async () => {
    const { call } = await open('generic')
    for (const authorization of ['', 'Bearer wrong', 'Basic b3Blbg==']) {
      const answer = await call('GET', '/Users', undefined, { authorization })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
      expect(answer.body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '401' })
    }
    expect((await call('GET', '/ServiceProviderConfig', undefined, { authorization: '' })).status).toBe(200)
  })

  test.each([
    ['GET', '/Nothing', 404],
    ['GET', '/Users/unknown', 404],
    ['GET', '/Users/%zz', 404],
    ['GET', '/Schemas/%zz', 404],
    ['GET', '/Users/a/b', 404],
    ['DELETE', '/Users', 405],
    ['PUT', '/Groups', 405],
    ['POST', '/Users/x', 405],
    ['POST', '/Schemas', 405],
    ['POST', '/Bulk', 501],
    ['GET', '/Me', 501],
    ['GET', '/Schemas?filter=id+pr', 403],
    ['GET', '/Users?count=many', 400],
    ['GET', '/Users?attributes=id&excludedAttributes=meta', 400],
    ['GET', '/Users?filter=userName+is+x', 400],
  ])('%s %s is answered %i', async (method, path, status) => {
    const { call } = await open('generic')
    const answer = await call(method, path)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/scim+json')
    expect(answer.body).toMatchObject({ status: String(status) })
    expect(answer.headers.has('allow')).toBe(status === 405)
  })

  test('a body that is no JSON, of another type or too long is refused', async () => {
    const { call, url, token, directory } = await open('generic')
    expect(await call('POST', '/Users', '{"schemas":')).toMatchObject({
      status: 400,
      body: { scimType: 'invalidSyntax' },
    })
    for (const body of ['[]', '"text"', 'null', '{}']) {
      expect(await call('POST', '/Users', body)).toMatchObject({ status: 400, body: { scimType: 'invalidSyntax' } })
    }
    expect((await call('POST', '/Users', 'userName=x', { 'content-type': 'text/plain' })).status).toBe(415)
    const status = await new Promise(done => {
      const { port, pathname } = new URL(`${url}/Users`)
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const sent = request({ port, path: pathname, method: 'POST', headers }, answer => {
        done(answer.statusCode)
        sent.destroy()
      }).on('error', () => done('dropped'))
      const piece = Buffer.alloc(1 << 20, ' ')
      for (let at = 0; at < 34; at += 1) sent.write(piece)
    })
    expect(status).toBe(413)
    expect(directory.users()).toEqual([])
  })

  test.each([
    ['no userName', { schemas: [USER] }, 'invalidValue'],
    ['an empty userName', { schemas: [USER], userName: '' }, 'invalidValue'],
    ['no schemas', { userName: 'ada' }, 'invalidSyntax'],
    ['another schema', { schemas: [GROUP], userName: 'ada' }, 'invalidSyntax'],
    [
      'an extension it does not list',
      { schemas: [USER], userName: 'ada', [ENTERPRISE]: { division: 'x' } },
      'invalidSyntax',
    ],
    ['text for a boolean', { schemas: [USER], userName: 'ada', active: 'True' }, 'invalidValue'],
    ['one e-mail outside a list', { schemas: [USER], userName: 'ada', emails: { value: 'a' } }, 'invalidValue'],
    ['an e-mail as text', { schemas: [USER], userName: 'ada', emails: ['a@example.com'] }, 'invalidValue'],
    [
      'two primaries',
      {
        schemas: [USER],
        userName: 'a',
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      'invalidValue',
    ],
    ['a name that is none', { schemas: [USER], userName: 'ada', 'no name': 1 }, 'invalidSyntax'],
  ])('a user with %s is refused', async (_, body, scimType) => {
    const { call, directory } = await open('generic')
    expect(await call('POST', '/Users', body)).toMatchObject({ status: 400, body: { scimType } })
    expect(directory.users()).toEqual([])
  })
})

describe('a user', () => {
  test('is kept as sent, but for what the directory itself says', async () => {
    const { call, url } = await open('generic')
    const { groups: _, password: __, meta: ___, id: ____, ...full } = fixture('rfc7643-s8.3-user-enterprise')
    const made = await call('POST', '/Users', {
      ...full,
      id: 'mine',
      meta: {},
      groups: [{ value: 'x' }],
      password: 'secret',
    })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`${url}/Users/${made.body.id}`)
    const { id, meta, ...kept } = made.body
    // manager.displayName is read-only (RFC 7643 §4.3)
    delete full[ENTERPRISE].manager.displayName
    expect(kept).toEqual(full)
    expect(id).not.toBe('mine')
    expect(meta).toEqual({
      resourceType: 'User',
      location: `${url}/Users/${id}`,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      lastModified: meta.created,
    })
    expect((await call('GET', `/Users/${id}`)).body).toEqual(made.body)
  })

  test('has attributes in the schema’s spelling, and no null', async () => {
    const { call, directory } = await open('generic')
    await call('POST', '/Users', {
      SCHEMAS: [USER],
      USERNAME: 'ada',
      Name: { GIVENNAME: 'Ada' },
      title: null,
      emails: [],
    })
    expect(directory.users()[0]?.resource).toEqual({ userName: 'ada', name: { givenName: 'Ada' } })
  })

  test('is replaced by PUT: what is left out is cleared', async () => {
    const { call, user, directory } = await open('generic')
    const id = await user('ada', { title: 'Engineer' })
    const answer = await call('PUT', `/Users/${id}`, { schemas: [USER], id: 'other', userName: 'ada', nickName: 'A' })
    expect(answer).toMatchObject({ status: 200, body: { id, nickName: 'A' } })
    expect(directory.users()).toEqual([{ id, resource: { userName: 'ada', nickName: 'A' } }])
    expect((await call('PUT', '/Users/unknown', { schemas: [USER], userName: 'x' })).status).toBe(404)
  })

  test('changes by PATCH as a whole or not at all', async () => {
    const { patch, user, directory, call } = await open('generic')
    const id = await user('ada', { title: 'Engineer' })
    expect((await patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'Chief' })).status).toBe(204)
    const shown = await call('PATCH', `/Users/${id}?attributes=title`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'title', value: 'Head' }],
    })
    expect(shown.body).toEqual({ schemas: [USER], id, title: 'Head' })
    const failed = await patch(`/Users/${id}`, { op: 'remove', path: 'title' }, { op: 'remove', path: 'userName' })
    expect(failed).toMatchObject({
      status: 400,
      body: { scimType: 'mutability' },
    })
    expect(directory.users()[0]?.resource['title']).toBe('Head')
  })

  test('that does not change is not modified', async () => {
    const { patch, user, call } = await open('generic')
    const id = await user('ada', { title: 'Engineer' })
    const before = await call('GET', `/Users/${id}`)
    await patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'Engineer' })
    expect((await call('GET', `/Users/${id}`)).body).toEqual(before.body)
  })

  test('has a userName that no other has in any case, until it is gone', async () => {
    const { call, user, patch } = await open('generic')
    const ada = await user('Ada@example.com')
    const ben = await user('ben@example.com')
    const again = { schemas: [USER], userName: 'ADA@example.COM' }
    expect(await call('POST', '/Users', again)).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness', status: '409' },
    })
    expect((await patch(`/Users/${ben}`, { op: 'replace', path: 'userName', value: 'ada@example.com' })).status).toBe(
      409,
    )
    expect((await patch(`/Users/${ada}`, { op: 'replace', path: 'userName', value: 'ada@example.com' })).status).toBe(
      204,
    )
    expect((await call('DELETE', `/Users/${ada}`)).status).toBe(204)
    expect((await call('DELETE', `/Users/${ada}`)).status).toBe(404)
    expect((await patch(`/Users/${ada}`, { op: 'add', path: 'title', value: 'x' })).status).toBe(404)
    expect((await call('POST', '/Users', again)).status).toBe(201)
  })
})

describe('a group', () => {
  test('has members that are there, users and groups, each once', async () => {
    const { call, user, group, patch, directory } = await open('generic')
    const [ada, ben, inner] = [await user('ada'), await user('ben'), await group('inner')]
    const id = await group('eng', { members: [{ value: ada }, { value: ada }] })
    const add = [{ value: ben }, { value: ada }, { value: inner, type: 'Group' }]
    expect((await patch(`/Groups/${id}`, { op: 'add', path: 'members', value: add })).status).toBe(204)
    expect(directory.members(id).toSorted()).toEqual([ada, ben, inner].toSorted())
    const { body } = await call('GET', `/Groups/${id}`)
    expect(body.members).toHaveLength(3)
    expect(body.members).toContainEqual({
      value: inner,
      type: 'Group',
      display: 'inner',
      $ref: (await call('GET', `/Groups/${inner}`)).body.meta.location,
    })
    expect((await call('GET', `/Users/${ada}`)).body.groups).toMatchObject([
      { value: id, display: 'eng', type: 'direct' },
    ])

    await call('DELETE', `/Users/${ben}`)
    await call('DELETE', `/Groups/${inner}`)
    expect(directory.members(id)).toEqual([ada])
    await patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${ada}"]` })
    expect((await call('GET', `/Groups/${id}`)).body.members).toEqual([])
    expect((await call('GET', `/Users/${ada}`)).body).not.toHaveProperty('groups')
  })

  test('takes none of a request’s members when one is nobody', async () => {
    const { user, group, patch, directory } = await open('generic')
    const id = await group('eng')
    const value = [{ value: await user('ada') }, { value: 'nobody' }]
    expect((await patch(`/Groups/${id}`, { op: 'add', path: 'members', value })).status).toBe(400)
    expect(directory.members(id)).toEqual([])
  })

  test('loses all members when a removal names them in a value instead of the path (RFC 7644 §3.5.2.2)', async () => {
    const { user, group, patch, directory } = await open('generic')
    const [ada, ben] = [await user('ada'), await user('ben')]
    const id = await group('eng', { members: [{ value: ada }, { value: ben }] })
    await patch(`/Groups/${id}`, { op: 'remove', path: 'members', value: [{ value: ada }] })
    expect(directory.members(id)).toEqual([])
  })

  test('is renamed, to a name that no other has in any case', async () => {
    const { group, patch, call } = await open('generic')
    const [eng] = [await group('Eng'), await group('ops')]
    expect(await call('POST', '/Groups', { schemas: [GROUP], displayName: 'ENG' })).toMatchObject({ status: 409 })
    expect((await patch(`/Groups/${eng}`, { op: 'replace', path: 'displayName', value: 'OPS' })).status).toBe(409)
    expect((await patch(`/Groups/${eng}`, { op: 'replace', value: { displayName: 'engineers' } })).status).toBe(204)
    expect((await call('PUT', `/Groups/${eng}`, { schemas: [GROUP], displayName: 'builders' })).status).toBe(200)
    expect((await call('GET', `/Groups${filtered('displayName eq "Builders"')}`)).body.totalResults).toBe(1)
  })

  test('of thousands shows each member once, by the name it has now', async () => {
    const { user, group, call, directory, patch } = await open('generic')
    const users: string[] = []
    for (let at = 0; at < 2_500; at += 50) {
      users.push(...(await Promise.all(Array.from({ length: 50 }, (_, more) => user(`u${at + more}`)))))
    }
    const id = await group('all', { members: users.map(value => ({ value })) })
    const shown = async () => (await call('GET', `/Groups/${id}`)).body.members as { value: string; display: string }[]
    expect((await shown()).map(({ value }) => value).toSorted()).toEqual(users.toSorted())

    const [first = '', second = '', third = ''] = [users[0], users[1_000], users[2_000]]
    await patch(`/Users/${first}`, { op: 'replace', path: 'displayName', value: 'Renamed' })
    await patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${second}"]` })
    await call('DELETE', `/Users/${third}`)
    const after = await shown()
    expect(after.find(({ value }) => value === first)?.display).toBe('Renamed')
    expect(after.map(({ value }) => value).toSorted()).toEqual([...directory.members(id)].toSorted())
    expect(after).toHaveLength(2_498)
  })
})

describe('lists', () => {
  test('come in pages, each user once, while nobody comes or goes', async () => {
    const { user, call } = await open('generic')
    const users: string[] = []
    for (let at = 0; at < 23; at += 1) users.push(await user(`u${at}`))
    const seen: string[] = []
    for (let startIndex = 1; startIndex <= 23; ) {
      const page = await call('GET', `/Users?startIndex=${startIndex}&count=10`)
      expect(page.body).toMatchObject({ totalResults: 23, startIndex, itemsPerPage: page.body.Resources.length })
      seen.push(...ids(page))
      startIndex += page.body.Resources.length
    }
    expect(seen).toEqual(users)
  })

  test('begin at 1 and have no more than is asked for or allowed', async () => {
    const { user, call } = await open('generic')
    for (let at = 0; at < 103; at += 1) await user(`u${at}`)
    const sizes = async (query: string) => (await call('GET', `/Users?${query}`)).body.Resources.length
    expect(await sizes('')).toBe(100)
    expect(await sizes('count=1000')).toBe(100)
    expect(await sizes('count=0')).toBe(0)
    expect(await sizes('count=-3')).toBe(0)
    expect(await sizes('startIndex=104')).toBe(0)
    expect((await call('GET', '/Users?startIndex=-5&count=2')).body).toMatchObject({ startIndex: 1, itemsPerPage: 2 })
  })

  test('close up when someone goes', async () => {
    const { user, call } = await open('generic')
    const users: string[] = []
    for (let at = 0; at < 6; at += 1) users.push(await user(`u${at}`))
    for (const at of [1, 2, 5]) await call('DELETE', `/Users/${users[at]}`)
    users.push(await user('late'))
    expect(ids(await call('GET', '/Users'))).toEqual([users[0], users[3], users[4], users[6]])
    expect(ids(await call('GET', '/Users?startIndex=2&count=2'))).toEqual([users[3], users[4]])
  })

  test('are of those whom a filter finds, through a key or not', async () => {
    const { user, group, call, patch } = await open('generic')
    const ada = await user('Ada@example.com', { externalId: 'S1', title: 'Engineer' })
    const ben = await user('ben@example.com', { externalId: 's1', title: 'engineer' })
    const eng = await group('eng', { members: [{ value: ada }] })
    const found = async (filter: string, path = '/Users') => ids(await call('GET', `${path}${filtered(filter)}`))
    expect(await found('userName eq "ADA@example.com"')).toEqual([ada])
    expect(await found('externalId eq "S1"')).toEqual([ada])
    expect(await found(`id eq "${ben}"`)).toEqual([ben])
    expect(await found('emails eq "BEN@example.com"')).toEqual([ben])
    expect(await found('emails.value eq "ben@example.com" and title eq "chief"')).toEqual([])
    expect(await found('title eq "ENGINEER"')).toEqual([ada, ben])
    expect(await found(`groups.value eq "${eng}"`)).toEqual([ada])
    expect(await found(`members.value eq "${ada}"`, '/Groups')).toEqual([eng])
    expect(await found(`members[value eq "${ben}"]`, '/Groups')).toEqual([])
    await patch(`/Users/${ada}`, { op: 'replace', path: 'userName', value: 'new@example.com' })
    expect(await found('userName eq "ada@example.com"')).toEqual([])
    expect(await found('userName eq "new@example.com"')).toEqual([ada])
  })

  test('show the attributes asked for', async () => {
    const { user, group, call } = await open('generic')
    const extension = { schemas: [USER, ENTERPRISE], [ENTERPRISE]: { department: 'R&D', division: 'x' } }
    const ada = await user('ada', { name: { givenName: 'Ada', familyName: 'L' }, ...extension })
    const eng = await group('eng', { members: [{ value: ada }] })
    const one = async (query: string) => (await call('GET', `/Users/${ada}?${query}`)).body
    const always = { schemas: [USER, ENTERPRISE], id: ada }
    expect(await one('attributes=USERNAME')).toEqual({ ...always, userName: 'ada' })
    expect(await one(`attributes=name.givenName,emails.value,${ENTERPRISE}:division`)).toEqual({
      ...always,
      name: { givenName: 'Ada' },
      emails: [{ value: 'ada' }],
      [ENTERPRISE]: { division: 'x' },
    })
    const rest = await one(`excludedAttributes=id,meta,name.familyName,emails,groups,${ENTERPRISE}:department`)
    expect(rest).toEqual({ ...always, userName: 'ada', name: { givenName: 'Ada' }, [ENTERPRISE]: { division: 'x' } })
    const { body } = await call('GET', '/Groups?excludedAttributes=members')
    expect(body.Resources[0]).not.toHaveProperty('members')
    expect((await call('GET', `/Groups/${eng}?attributes=members.value`)).body.members).toEqual([{ value: ada }])
  })

  test('are asked for by POST to .search, so that no address stands in a URL', async () => {
    const { user, call } = await open('generic')
    const ada = await user('ada@example.com', { displayName: 'Smith' })
    await user('ben@example.com', { displayName: 'Jones' })
    const sample = fixture('rfc7644-s3.4.3-search-request')
    const answer = await call('POST', '/Users/.search', { ...sample, startIndex: 1, count: 10 })
    expect(answer).toMatchObject({
      status: 200,
      body: { totalResults: 1, Resources: [{ id: ada, displayName: 'Smith' }] },
    })
    expect(answer.body.Resources[0]).not.toHaveProperty('meta')
  })
})

test('discovery says what there is, as the RFC words it', async () => {
  const { call } = await open('generic')
  const config = (await call('GET', '/ServiceProviderConfig')).body
  expect(Object.keys(config)).toEqual(
    expect.arrayContaining(
      Object.keys(fixture('rfc7643-s8.5-service-provider-config')).filter(name => name !== 'documentationUri'),
    ),
  )
  expect(
    (await call('GET', '/ResourceTypes')).body.Resources.map(({ endpoint }: { endpoint: string }) => endpoint),
  ).toEqual(['/Users', '/Groups'])
  for (const [name, urn] of [
    ['user', USER],
    ['group', GROUP],
    ['enterprise-user', ENTERPRISE],
  ] as const) {
    const said = (await call('GET', `/Schemas/${encodeURIComponent(urn)}`)).body
    expect(said.id).toBe(urn)
    const sample = fixture(`rfc7643-s8.7.1-schema-${name}`)
    const types = (schema: { attributes: { name: string; type: string; multiValued: boolean }[] }) =>
      Object.fromEntries(schema.attributes.map(one => [one.name, [one.type, one.multiValued]]))
    expect(types(said)).toEqual(types(sample))
  }
})

test('many at once create each person once, and lose no member', async () => {
  const { call, group, directory } = await open('generic')
  const id = await group('all')
  const made = await Promise.all(
    Array.from({ length: 60 }, (_, at) => call('POST', '/Users', { schemas: [USER], userName: `u${at % 20}` })),
  )
  expect(made.filter(({ status }) => status === 201)).toHaveLength(20)
  expect(made.filter(({ status }) => status === 409)).toHaveLength(40)
  const users = directory.users().map(user => user.id)
  const add = (value: string) => ({ op: 'add', path: 'members', value: [{ value }] })
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp']
  await Promise.all(users.map(user => call('PATCH', `/Groups/${id}`, { schemas, Operations: [add(user)] })))
  expect([...directory.members(id)].toSorted()).toEqual(users.toSorted())
  expect(directory.requests()).toEqual({ 'POST Groups': 1, 'POST Users': 60, 'PATCH Groups': 20 })
})
