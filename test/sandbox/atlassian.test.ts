import { describe, expect, test } from 'vitest'
import { type Answer, type Client, ENTERPRISE, filtered, fixture, GROUP, open, USER } from './open.ts'

const ACCOUNT = 'urn:scim:schemas:extension:atlassian-external:1.0'
const work = (value: string) => [{ value, type: 'work', primary: true }]

describe('a user at Atlassian', () => {
  test('has one primary e-mail, which nobody else has', async () => {
    const { call, user } = await open('atlassian')
    await user('ada', { emails: work('Ada@example.com'), externalId: 'S1' })
    const post = (body: object) => call('POST', '/Users', { schemas: [USER], userName: 'ben', ...body })
    for (const emails of [
      undefined,
      [],
      [{ value: 'b@example.com' }],
      [...work('b@example.com'), ...work('c@example.com')],
    ]) {
      expect(await post({ emails })).toMatchObject({ status: 400, body: { scimType: 'invalidValue', status: '400' } })
    }
    expect(await post({ emails: work('ada@EXAMPLE.com') })).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness', detail: 'Resource [USER]: with email[ada@example.com] already exists.' },
    })
    expect((await post({ emails: work('b@example.com'), userName: 'ADA' })).status).toBe(409)
    expect((await post({ emails: work('b@example.com'), externalId: 'S1' })).status).toBe(409)
    expect((await post({ emails: work('b@example.com'), externalId: 's1' })).status).toBe(201)
  })

  test('shows what is not set as empty, is active unless told otherwise, and is linked to an account', async () => {
    const { call } = await open('atlassian')
    const { body } = await call('POST', '/Users', { schemas: [USER], userName: 'ada', emails: work('ada@example.com') })
    expect(body).toEqual({
      schemas: [ACCOUNT, USER],
      id: expect.any(String),
      userName: 'ada',
      externalId: '',
      active: true,
      groups: [],
      emails: work('ada@example.com'),
      meta: expect.any(Object),
      [ACCOUNT]: { atlassianAccountId: expect.stringMatching(/^[0-9a-f]{24}$/) },
    })
  })

  test('takes no attribute and no parameter that is not described', async () => {
    const { call, user, patch } = await open('atlassian')
    const id = await user('ada@example.com')
    for (const more of [
      { locale: 'en' },
      { addresses: [{ country: 'NL' }] },
      { name: { nickName: 'A' } },
      { manager: 'x' },
    ]) {
      const body = { schemas: [USER], userName: 'ben', emails: work('b@example.com'), ...more }
      expect(await call('POST', '/Users', body)).toMatchObject({ status: 400 })
    }
    expect((await patch(`/Users/${id}`, { op: 'add', path: `${ENTERPRISE}:division`, value: 'x' })).status).toBe(400)
    expect((await patch(`/Users/${id}`, { op: 'remove', path: 'locale' })).status).toBe(400)
    expect((await patch(`/Users/${id}`, { op: 'add', path: `${ENTERPRISE}:department`, value: 'R&D' })).status).toBe(
      200,
    )
    for (const path of ['/Users?sortBy=userName', '/Groups?attributes=id', `/Groups/x?excludedAttributes=members`]) {
      expect((await call('GET', path)).status).toBe(400)
    }
  })

  test('is cleared by PUT of what the body leaves out, but not of what the directory says', async () => {
    const { call, user } = await open('atlassian')
    const id = await user('ada@example.com', { title: 'Engineer', externalId: 'S1' })
    const { body } = await call('PUT', `/Users/${id}`, {
      schemas: [USER],
      id: 'x',
      userName: 'ada@example.com',
      emails: work('ada@example.com'),
      [ACCOUNT]: { atlassianAccountId: 'mine' },
    })
    expect(body).toMatchObject({
      id,
      externalId: '',
      [ACCOUNT]: { atlassianAccountId: expect.not.stringMatching('mine') },
    })
    expect(body).not.toHaveProperty('title')
  })

  test('is refused an e-mail that is the same already', async () => {
    const { patch, user } = await open('atlassian')
    const id = await user('ada', { emails: work('ada@example.com') })
    expect(
      await patch(`/Users/${id}`, { op: 'replace', path: 'emails', value: work('ada@example.com') }),
    ).toMatchObject({
      status: 400,
      body: { detail: 'Resource [USER] One email address need to be marked as primary.' },
    })
    expect((await patch(`/Users/${id}`, { op: 'replace', path: 'emails', value: work('al@example.com') })).status).toBe(
      200,
    )
  })

  test('with an unmanaged account loses it, and all groups, to any e-mail written', async () => {
    const { patch, user, group, directory, call } = await open('atlassian', { faults: ['unmanaged=example.net'] })
    const [ext, own] = [await user('ext@example.net'), await user('own@example.com')]
    const id = await group('eng')
    await patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: ext }, { value: own }] })
    for (const [who, address] of [
      [ext, 'new@example.net'],
      [own, 'new@example.com'],
    ] as const) {
      expect((await patch(`/Users/${who}`, { op: 'replace', path: 'title', value: 'x' })).body).toHaveProperty([
        ACCOUNT,
      ])
      await patch(`/Users/${who}`, { op: 'replace', path: 'emails', value: work(address) })
    }
    expect(directory.members(id)).toEqual([own])
    expect((await call('GET', `/Users/${ext}`)).body).not.toHaveProperty([ACCOUNT])
    expect((await call('GET', `/Users/${own}`)).body).toHaveProperty([ACCOUNT])
  })

  test('deleted is gone with all memberships, and comes back as another', async () => {
    const { call, user, group, patch, directory } = await open('atlassian')
    const id = await user('ada@example.com')
    const eng = await group('eng')
    await patch(`/Groups/${eng}`, { op: 'add', path: 'members', value: [{ value: id }] })
    expect((await call('DELETE', `/Users/${id}`)).status).toBe(204)
    expect((await call('GET', `/Users/${id}`)).status).toBe(404)
    expect(directory.members(eng)).toEqual([])
    expect(await user('ada@example.com')).not.toBe(id)
  })
})

test('three filters are taken, and no other', async () => {
  const { call, user, group } = await open('atlassian')
  await user('ada@example.com', { externalId: 'S1' })
  await group('eng')
  for (const path of [
    `/Users${filtered('userName eq "ADA@example.com"')}`,
    `/Users${filtered('externalId eq "S1"')}`,
    `/Groups${filtered('displayName eq "ENG"')}`,
  ]) {
    expect((await call('GET', path)).body.totalResults).toBe(1)
  }
  const refused = [
    'userName sw "a"',
    'emails[type eq "work"].value eq "x"',
    'emails.value eq "ada@example.com"',
    'id pr',
    'userName eq "a" and externalId eq "b"',
    'userName eq true',
    'not (userName eq "a")',
  ].map(filter => `/Users${filtered(filter)}`)
  for (const path of [
    ...refused,
    `/Groups${filtered('externalId eq "x"')}`,
    `/Groups${filtered('members.value eq "x"')}`,
  ]) {
    expect(await call('GET', path)).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } })
  }
})

test('pages begin at 1, asked for from 0 or not, and are capped', async () => {
  const { call, user } = await open('atlassian')
  for (let at = 0; at < 101; at += 1) await user(`u${at}@example.com`)
  expect((await call('GET', '/Users?startIndex=0&count=10000')).body).toMatchObject({
    startIndex: 1,
    itemsPerPage: 100,
    totalResults: 101,
  })
})

describe('a group at Atlassian', () => {
  test('is made empty, under a name that no other has, here or elsewhere in the organization', async () => {
    const { call, user, directory } = await open('atlassian', { faults: ['taken-group=Site-Admins'] })
    const members = [{ value: await user('ada@example.com') }]
    const made = await call('POST', '/Groups', { schemas: [GROUP], displayName: 'Eng', externalId: 'g1', members })
    expect(made).toMatchObject({ status: 201, body: { displayName: 'Eng', externalId: 'g1', members: [] } })
    expect(directory.members(made.body.id)).toEqual([])
    for (const displayName of ['ENG', 'site-admins']) {
      expect(await call('POST', '/Groups', { schemas: [GROUP], displayName })).toMatchObject({
        status: 409,
        body: { detail: 'Resource [GROUP]: with displayName already exists.' },
      })
    }
  })

  test('keeps its name', async () => {
    const { call, group, patch, directory } = await open('atlassian')
    const id = await group('eng')
    const refused = { status: 400, body: { scimType: 'mutability' } }
    expect(await patch(`/Groups/${id}`, { op: 'replace', path: 'displayName', value: 'ops' })).toMatchObject(refused)
    expect(await patch(`/Groups/${id}`, { op: 'replace', path: 'displayName', value: 'Eng' })).toMatchObject(refused)
    expect(await call('PUT', `/Groups/${id}`, { schemas: [GROUP], displayName: 'ops' })).toMatchObject(refused)
    expect((await patch(`/Groups/${id}`, { op: 'replace', path: 'displayName', value: 'eng' })).status).toBe(200)
    expect(directory.groups()).toEqual([{ id, resource: { displayName: 'eng' } }])
  })

  test('answers every PATCH with all members, not in the order they came', async () => {
    const { user, group, patch } = await open('atlassian')
    const users = [await user('a@example.com'), await user('b@example.com'), await user('c@example.com')]
    const id = await group('eng')
    const value = users.map(one => ({ value: one, display: 'whatever' }))
    const { status, body } = await patch(`/Groups/${id}`, { op: 'add', path: 'members', value })
    const got = body.members.map((member: { value: string }) => member.value)
    expect(status).toBe(200)
    expect(got).not.toEqual(users)
    expect(got.toSorted()).toEqual(users.toSorted())
    expect(body.members).toContainEqual({
      type: 'User',
      value: users[0],
      display: 'a@example.com',
      $ref: expect.any(String),
    })
  })

  test('takes nobody of a request that names nobody, or a group', async () => {
    const { user, group, patch, directory } = await open('atlassian')
    const [ada, other, id] = [await user('ada@example.com'), await group('other'), await group('eng')]
    for (const wrong of ['nobody', other]) {
      const value = [{ value: ada }, { value: wrong }]
      expect((await patch(`/Groups/${id}`, { op: 'add', path: 'members', value })).status).toBe(404)
      expect(directory.members(id)).toEqual([])
    }
  })

  test('loses members by either form, and never all by a replacement', async () => {
    const { user, group, patch, directory } = await open('atlassian')
    const [ada, ben, cho] = [await user('a@example.com'), await user('b@example.com'), await user('c@example.com')]
    const id = await group('eng')
    const remove = (more: object) => patch(`/Groups/${id}`, { op: 'remove', ...more })
    await patch(`/Groups/${id}`, {
      op: 'add',
      path: 'members',
      value: [{ value: ada }, { value: ben }, { value: cho }],
    })
    expect((await remove({ path: `members[value eq "${ada}"]` })).status).toBe(200)
    expect((await remove({ path: 'members', value: [{ value: ben }] })).status).toBe(200)
    expect((await remove({ path: `members[value eq "nobody"]` })).status).toBe(200)
    expect((await patch(`/Groups/${id}`, { op: 'replace', path: 'members', value: [] })).status).toBe(400)
    expect(directory.members(id)).toEqual([cho])
  })

  test('takes no more members or bytes in one request than the dialect says', async () => {
    const { group, patch } = await open('atlassian')
    const id = await group('eng')
    const named = (many: number) => Array.from({ length: many }, (_, at) => `members[value eq "${at}"]`)
    const remove = (paths: string[]) => patch(`/Groups/${id}`, ...paths.map(path => ({ op: 'remove', path })))
    expect((await remove(named(250))).status).toBe(200)
    expect((await remove(named(251))).status).toBe(413)
    expect((await remove([`members[value eq "${'x'.repeat(100_000)}"]`])).status).toBe(413)
  })
})

test('there is no Bulk, no Me and no search', async () => {
  const { call } = await open('atlassian')
  for (const path of ['/Bulk', '/Me', '/Users/.search', '/.search'])
    expect((await call('POST', path, {})).status).toBeGreaterThan(403)
})

// Against the published description: which answers there are, and what each looks like.
interface Shape {
  readonly $ref?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly allOf?: readonly Shape[]
}
const described = fixture('atlassian-answers')

function faultsOf(value: unknown, shape: Shape, at: string): string[] {
  if (shape.$ref) return faultsOf(value, described.schemas[shape.$ref.replace(/.*\//, '')], at)
  if (shape.allOf) return shape.allOf.flatMap(one => faultsOf(value, one, at))
  if (shape.type === 'array') {
    return Array.isArray(value)
      ? value.flatMap((one, index) => faultsOf(one, shape.items ?? {}, `${at}[${index}]`))
      : [`${at}: no list`]
  }
  if (shape.type === 'integer') return Number.isInteger(value) ? [] : [`${at}: no whole number`]
  if (shape.type === 'string' || shape.type === 'boolean')
    return typeof value === shape.type ? [] : [`${at}: no ${shape.type}`]
  const known = shape.properties
  if (!known) return []
  if (typeof value !== 'object' || value === null) return [`${at}: no object`]
  return Object.entries(value).flatMap(([name, inner]) => {
    const found = known[name]
    return found ? faultsOf(inner, found, `${at}.${name}`) : [`${at}.${name}: not described`]
  })
}

/** Seen at the real directory, though not in the description. */
const UNDESCRIBED = ['PATCH /Users/{} 409', 'PUT /Users/{} 409', 'PATCH /Groups/{} 413']

test('every answer is one that the published description has, in the shape it gives', async () => {
  const box = await open('atlassian')
  const seen: string[] = []
  const wrong: string[] = []
  const call: Client['call'] = async (method, path, body, headers) => {
    const answer = await box.call(method, path, body, headers)
    const template = path.replace(/\?.*/, '').replace(/^\/(Users|Groups)\/.+/, '/$1/{}')
    const key = Object.keys(described.paths).find(
      one => one.replace('/scim/directory/{directoryId}', '').replace(/\{\w+\}/, '{}') === template,
    )
    const what = `${method} ${template} ${answer.status}`
    const answers = described.paths[key ?? '']?.[method.toLowerCase()]?.responses
    const shape = answers?.[String(answer.status)]
    seen.push(what)
    if (shape === undefined && !UNDESCRIBED.includes(what) && !(String(answer.status) in (answers ?? {}))) {
      wrong.push(`${what}: not described`)
    }
    // Of discovery the description says no more than that it is text.
    if (shape && shape.type !== 'string') wrong.push(...faultsOf(answer.body, shape, what))
    return answer
  }
  const patch = (path: string, ...Operations: object[]) =>
    call('PATCH', path, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations })
  const whole = {
    schemas: [USER, ENTERPRISE],
    userName: 'ada@example.com',
    externalId: 'S1',
    name: { givenName: 'Ada', familyName: 'Lovelace', formatted: 'Ada Lovelace' },
    displayName: 'Ada',
    nickName: 'A',
    title: 'Engineer',
    timezone: 'Europe/London',
    preferredLanguage: 'en-GB',
    phoneNumbers: [{ value: '+44 20 7946 0000', type: 'work', primary: true }],
    emails: work('ada@example.com'),
    [ENTERPRISE]: { organization: 'EMEA', department: 'R&D' },
  }
  const answers: Answer[] = []
  const ada = (await call('POST', '/Users', whole)).body.id
  answers.push(await call('POST', '/Users', whole))
  answers.push(await call('POST', '/Users', { schemas: [USER] }))
  const ben = (await call('POST', '/Users', { schemas: [USER], userName: 'ben', emails: work('ben@example.com') })).body
    .id
  const eng = (await call('POST', '/Groups', { schemas: [GROUP], displayName: 'eng', externalId: 'g' })).body.id
  answers.push(await call('POST', '/Groups', { schemas: [GROUP], displayName: 'eng' }))
  answers.push(await call('POST', '/Groups', { schemas: [GROUP] }))
  await patch(`/Groups/${eng}`, { op: 'add', path: 'members', value: [{ value: ada }, { value: ben }] })
  answers.push(await patch(`/Groups/${eng}`, { op: 'add', path: 'members', value: [{ value: 'nobody' }] }))
  answers.push(await patch(`/Groups/${eng}`, { op: 'add', path: 'members[' }))
  await patch(`/Users/${ada}`, { op: 'replace', path: 'active', value: false })
  answers.push(await patch(`/Users/${ada}`, { op: 'replace', path: 'active', value: 'no' }))
  answers.push(await patch(`/Users/${ada}`, { op: 'replace', path: 'emails', value: work('ben@example.com') }))
  for (const kind of ['Users', 'Groups']) {
    await call('GET', `/${kind}?startIndex=1&count=10`)
    answers.push(await call('GET', `/${kind}${filtered('meta.created pr')}`))
    answers.push(await call('GET', `/${kind}/unknown`))
    answers.push(await call('GET', `/${kind}`, undefined, { authorization: '' }))
    answers.push(await call('DELETE', `/${kind}/unknown`))
  }
  await call('GET', `/Users/${ada}`)
  await call('GET', `/Groups/${eng}`)
  await call('PUT', `/Users/${ada}`, whole)
  answers.push(await call('PUT', `/Users/${ada}`, { schemas: [USER] }))
  await call('PUT', `/Groups/${eng}`, { schemas: [GROUP], displayName: 'eng' })
  await call('DELETE', `/Groups/${eng}`)
  await call('DELETE', `/Users/${ben}`)
  for (const path of [
    'ServiceProviderConfig',
    'Schemas',
    'ResourceTypes',
    'ResourceTypes/User',
    'ResourceTypes/Group',
  ]) {
    expect((await call('GET', `/${path}`)).status).toBe(200)
  }
  for (const urn of [USER, GROUP, ENTERPRISE]) expect((await call('GET', `/Schemas/${urn}`)).status).toBe(200)
  expect(wrong).toEqual([])
  expect(answers.map(({ status }) => status).filter(status => status < 400)).toEqual([])
  expect(answers.find(({ status }) => status === 401)?.body).toEqual({
    error: expect.any(String),
    traceId: expect.any(String),
  })
  expect(new Set(seen).size).toBeGreaterThan(30)
})
