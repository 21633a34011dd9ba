import { createHash, createPrivateKey, sign } from 'node:crypto'
import { request as httpsRequest } from 'node:https'
import { afterEach, describe, expect, test } from 'vitest'
import { type Fault, type GraphDouble, type GraphOptions, startGraph } from './graph/index.ts'

let graph: GraphDouble | undefined
afterEach(async () => {
  await graph?.close()
  graph = undefined
})

const ADA = 'aaaaaaaa-0000-4000-8000-000000000001'
const GRACE = 'aaaaaaaa-0000-4000-8000-000000000002'
const LAPTOP = 'cccccccc-0000-4000-8000-000000000001'
const [ALL, DESIGN] = ['bbbbbbbb-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000002']
const COMPANY: GraphOptions = {
  users: [
    {
      id: ADA,
      displayName: 'Ada Lovelace',
      userPrincipalName: 'ada@example.com',
      accountEnabled: true,
      manager: GRACE,
    },
    { id: GRACE, displayName: 'Grace Hopper', userPrincipalName: 'grace@example.com', accountEnabled: false },
  ],
  groups: [
    { id: ALL, displayName: 'all', members: [DESIGN, GRACE, LAPTOP] },
    { id: DESIGN, displayName: 'guild-design', members: [ADA] },
  ],
  others: [{ id: LAPTOP, type: 'device', displayName: 'A laptop' }],
}

/** JSON, as it came. */
type Loose = ReturnType<typeof JSON.parse>

interface Got {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Loose
}

async function opened(options: GraphOptions = COMPANY) {
  const double = await startGraph(options)
  graph = double
  const token = double.token()
  return async (path: string, headers: Readonly<Record<string, string>> = {}, init: RequestInit = {}): Promise<Got> => {
    const url = path.startsWith('http') ? path : `${double.url}/v1.0${path}`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}`, ...headers }, ...init })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true && text !== ''
    return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : undefined }
  }
}

const EVENTUAL = { ConsistencyLevel: 'eventual' }
const crowd = (count: number): GraphOptions => {
  const ids = Array.from({ length: count }, (_, nth) => `aaaaaaaa-0000-4000-8000-${String(nth).padStart(12, '0')}`)
  return {
    users: ids.map(id => ({ id, displayName: `Person ${id}`, userPrincipalName: `${id}@example.com` })),
    groups: [{ id: ALL, displayName: 'all', members: ids }],
  }
}

/** Every page from there on, and the delta link at the end. */
async function pages(get: Awaited<ReturnType<typeof opened>>, path: string) {
  const all: Loose[][] = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const { status, body } = await get(next)
    expect(status).toBe(200)
    all.push(body.value)
    next = body['@odata.nextLink']
    if (next === undefined) return { pages: all, items: all.flat(), delta: String(body['@odata.deltaLink']) }
  }
  throw new Error('no page')
}

describe('lists', () => {
  test('users come with what is selected, null where they have none', async () => {
    const get = await opened()
    const { body } = await get('/users?$select=id,accountEnabled,mail,proxyAddresses&$expand=manager($select=id)')
    expect(body.value).toEqual([
      {
        id: ADA,
        accountEnabled: true,
        mail: null,
        proxyAddresses: [],
        manager: { '@odata.type': '#microsoft.graph.user', id: GRACE },
      },
      { id: GRACE, accountEnabled: false, mail: null, proxyAddresses: [] },
    ])
  })

  test('without a selection the account is not told to be enabled', async () => {
    const get = await opened()
    const { body } = await get('/users')
    expect(Object.keys(body.value[0])).toContain('userPrincipalName')
    expect(Object.keys(body.value[0])).not.toContain('accountEnabled')
  })

  test('pages hold a hundred unless more is asked for, and lead on until the last', async () => {
    const get = await opened(crowd(250))
    const some = await pages(get, '/users?$select=id')
    expect(some.pages.map(page => page.length)).toEqual([100, 100, 50])
    expect(new Set(some.items.map(({ id }) => id)).size).toBe(250)
    expect((await pages(get, '/users?$select=id&$top=999')).pages.length).toBe(1)
    expect((await pages(get, `/groups/${ALL}/members?$select=id&$top=120`)).pages.map(page => page.length)).toEqual([
      120, 120, 10,
    ])
  })

  test('direct members tell their type, nested groups and devices among them', async () => {
    const get = await opened()
    const { body } = await get(`/groups/${ALL}/members?$select=id`)
    expect(body.value).toEqual([
      { '@odata.type': '#microsoft.graph.group', id: DESIGN },
      { '@odata.type': '#microsoft.graph.user', id: GRACE },
      { '@odata.type': '#microsoft.graph.device', id: LAPTOP },
    ])
    expect((await get(`/groups/${ALL}/transitiveMembers?$select=id`)).body.value).toHaveLength(4)
    expect((await get(`/users/${ADA}/memberOf?$select=id`)).body.value.map(({ id }: Loose) => id)).toEqual([DESIGN])
  })

  test('counts ask for ConsistencyLevel; a count beside a list is silently left out without it', async () => {
    const get = await opened()
    const refused = await get('/users/$count')
    expect([refused.status, refused.body.error.message]).toEqual([400, '$count is not currently supported.'])
    expect((await get('/users/$count', EVENTUAL)).text).toBe('2')
    expect((await get(`/groups/${ALL}/members/$count`, EVENTUAL)).text).toBe('3')
    expect((await get('/users?$count=true')).body['@odata.count']).toBe(undefined)
    expect((await get('/users?$count=true', EVENTUAL)).body['@odata.count']).toBe(2)
  })

  test('filters choose, and advanced ones ask for ConsistencyLevel and a count, on every page again', async () => {
    const get = await opened()
    const names = async (filter: string, advanced = false) => {
      const { body } = await get(
        `/users?$select=displayName&$filter=${encodeURIComponent(filter)}${advanced ? '&$count=true' : ''}`,
        advanced ? EVENTUAL : {},
      )
      return body.value?.map(({ displayName }: Loose) => displayName) ?? body.error.code
    }
    expect(await names('accountEnabled eq true')).toEqual(['Ada Lovelace'])
    expect(await names("startsWith(displayName,'gra') or mail eq 'x''y'")).toEqual(['Grace Hopper'])
    expect(await names("userPrincipalName in ('ada@example.com', 'b')")).toEqual(['Ada Lovelace'])
    expect(await names('accountEnabled ne true')).toBe('Request_UnsupportedQuery')
    expect(await names('accountEnabled ne true', true)).toEqual(['Grace Hopper'])
    expect(await names("endsWith(userPrincipalName,'@example.com') and not (accountEnabled eq true)", true)).toEqual([
      'Grace Hopper',
    ])
    expect(await names("userPrincipalName eq 'a' andd")).toBe('BadRequest')
  })

  test('the soft-deleted leave every list, and the bin has them', async () => {
    const get = await opened()
    graph!.softDelete(GRACE)
    expect((await get('/users/$count', EVENTUAL)).text).toBe('1')
    expect((await get(`/groups/${ALL}/members?$select=id`)).body.value).toHaveLength(2)
    expect((await get('/directory/deletedItems/microsoft.graph.user?$select=id')).body.value).toEqual([{ id: GRACE }])
    graph!.restore(GRACE)
    expect((await get(`/groups/${ALL}/members?$select=id`)).body.value).toHaveLength(3)
  })

  test('who is assigned to an application is told to those who may know', async () => {
    const get = await opened({
      ...COMPANY,
      applications: { app: [ADA, DESIGN] },
      roles: ['User.Read.All', 'GroupMember.Read.All', 'Application.Read.All'],
    })
    const { body } = await get("/servicePrincipals(appId='app')/appRoleAssignedTo?$top=999")
    expect(body.value.map(({ principalId, principalType }: Loose) => [principalId, principalType])).toEqual([
      [ADA, 'User'],
      [DESIGN, 'Group'],
    ])
    expect((await get("/servicePrincipals(appId='nobody')/appRoleAssignedTo")).status).toBe(404)
  })
})

describe('what is refused', () => {
  test.each([
    ['/people', 400, "Resource not found for the segment 'people'."],
    ['/v1.0/users', 400, "Resource not found for the segment 'v1.0'."],
    [`/groups/${ALL}/crew`, 400, "Resource not found for the segment 'crew'."],
    ['/users?$select=id,shoeSize', 400, "Could not find a property named 'shoeSize' on type 'microsoft.graph.user'"],
    ['/users?$select=id,mailboxSettings', 501, 'mailboxSettings'],
    ['/groups?$filter=colour%20eq%20%27red%27', 400, "Could not find a property named 'colour'"],
    ['/users?$top=1000', 400, "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."],
    ['/users?$top=0', 400, 'Invalid page size specified'],
    ['/users?$skip=100', 400, "'$skip' is not supported"],
    ['/users?top=5', 400, "'top' is not recognized"],
    ['/users?$top=5&$top=6', 400, 'more than once'],
    ['/users?$skiptoken=oEB', 400, 'badly formed token'],
    ['/users/delta?$top=10', 400, "'$top' is not recognized"],
    ['/users/delta?$filter=accountEnabled%20eq%20true', 400, 'at most 50 ids'],
    [`/groups/${ADA}/members`, 404, `Resource '${ADA}' does not exist`],
    [`/groups/${ALL}/members/microsoft.graph.user`, 400, '$count is not currently supported.'],
    ['/servicePrincipals', 403, 'Insufficient privileges'],
    ['/directory/deletedItems/microsoft.graph.group', 403, 'Insufficient privileges'],
  ])('%s: %i', async (path, status, message) => {
    const get = await opened()
    const { status: said, body } = await get(path)
    expect([said, body.error.message]).toEqual([status, expect.stringContaining(message)])
    expect(Object.keys(body.error)).toEqual(['code', 'message', 'innerError'])
  })

  test('every write, and it is counted', async () => {
    const get = await opened()
    for (const method of ['POST', 'PATCH', 'DELETE']) expect((await get('/users', {}, { method })).status).toBe(403)
    await get('/users')
    expect(graph!.writes).toBe(3)
  })

  test('who brings no token of this tenant, or an old one', async () => {
    let now = 1e12
    const get = await opened({ ...COMPANY, now: () => now })
    expect((await get('/users', { authorization: '' })).status).toBe(401)
    expect((await get('/users', { authorization: 'Bearer e30.e30.' })).status).toBe(401)
    expect((await get('/users')).status).toBe(200)
    now += 3_601_000
    const { status, body } = await get('/users')
    expect([status, body.error.code]).toEqual([401, 'InvalidAuthenticationToken'])
  })

  test('what the roles do not allow, or it is told with limited information', async () => {
    const get = await opened({ ...COMPANY, roles: ['GroupMember.Read.All'] })
    expect((await get('/users')).body.error.code).toBe('Authorization_RequestDenied')
    expect((await get('/organization')).status).toBe(403)
    const { body } = await get(`/groups/${ALL}/members?$select=id,displayName`)
    expect(body.value.map(({ displayName }: Loose) => displayName)).toEqual(['guild-design', null, null])
  })

  test('hidden members: nobody is there without the permission for it', async () => {
    const hidden = {
      ...COMPANY,
      groups: [{ id: ALL, displayName: 'all', visibility: 'HiddenMembership', members: [ADA] }],
    }
    const get = await opened(hidden)
    expect((await get(`/groups/${ALL}/members`)).body.value).toEqual([])
    expect((await get(`/groups/${ALL}/members/$count`, EVENTUAL)).text).toBe('0')
    await graph!.close()
    const allowed = await opened({ ...hidden, roles: ['GroupMember.Read.All', 'Member.Read.Hidden'] })
    expect((await allowed(`/groups/${ALL}/members`)).body.value).toHaveLength(1)
  })
})

describe('delta', () => {
  const round = async (get: Awaited<ReturnType<typeof opened>>, link: string) => {
    const { items, delta } = await pages(get, link)
    return { items, delta }
  }
  const LATEST = '/groups/delta?$deltatoken=latest&$select=displayName,members'

  test('a first round is everything in pages of 200 objects or 500 links, groups coming again', async () => {
    const get = await opened(crowd(1_100))
    const users = await pages(get, '/users/delta?$select=displayName')
    expect(users.pages.map(page => page.length)).toEqual([200, 200, 200, 200, 200, 100])
    const groups = await pages(get, '/groups/delta?$select=displayName,members')
    expect(groups.pages.map(page => page.map(({ id, ...rest }: Loose) => [id, rest['members@delta'].length]))).toEqual([
      [[ALL, 500]],
      [[ALL, 500]],
      [[ALL, 100]],
    ])
  })

  test('from latest on: renames, joiners and leavers of a group, each with everything selected', async () => {
    const get = await opened()
    const { items, delta } = await round(get, LATEST)
    expect(items).toEqual([])
    expect((await round(get, delta)).items).toEqual([])
    graph!.putGroup({ id: DESIGN, displayName: 'guild-of-design' })
    graph!.addMember(DESIGN, GRACE)
    graph!.removeMember(ALL, GRACE)
    const next = await round(get, delta)
    expect(next.items).toEqual([
      {
        id: DESIGN,
        displayName: 'guild-of-design',
        'members@delta': [{ '@odata.type': '#microsoft.graph.user', id: GRACE }],
      },
      {
        id: ALL,
        displayName: 'all',
        'members@delta': [{ '@odata.type': '#microsoft.graph.user', id: GRACE, '@removed': { reason: 'deleted' } }],
      },
    ])
    expect((await round(get, next.delta)).items).toEqual([])
  })

  test('what is not selected does not bring an object up', async () => {
    const get = await opened()
    const { delta } = await round(get, '/users/delta?$deltatoken=latest&$select=displayName')
    graph!.putUser({ id: GRACE, displayName: 'Grace Hopper', userPrincipalName: 'hopper@example.com' })
    expect((await round(get, delta)).items).toEqual([])
  })

  test('the soft-deleted are removed as changed and stay members in silence; the hard-deleted leave their groups', async () => {
    const get = await opened()
    const users = (await round(get, '/users/delta?$deltatoken=latest&$select=displayName')).delta
    const groups = (await round(get, LATEST)).delta
    graph!.softDelete(GRACE)
    const soft = await round(get, users)
    expect(soft.items).toEqual([{ id: GRACE, '@removed': { reason: 'changed' } }])
    expect((await round(get, groups)).items).toEqual([])
    graph!.hardDelete(GRACE)
    expect((await round(get, soft.delta)).items).toEqual([{ id: GRACE, '@removed': { reason: 'deleted' } }])
    expect((await round(get, groups)).items).toMatchObject([
      { id: ALL, 'members@delta': [{ id: GRACE, '@removed': {} }] },
    ])
  })

  test('a restored user comes back whole, and no group says so', async () => {
    const get = await opened()
    graph!.softDelete(GRACE)
    const users = (await round(get, '/users/delta?$deltatoken=latest&$select=displayName')).delta
    const groups = (await round(get, LATEST)).delta
    graph!.restore(GRACE)
    expect((await round(get, users)).items).toEqual([{ id: GRACE, displayName: 'Grace Hopper' }])
    expect((await round(get, groups)).items).toEqual([])
  })

  test('a link is good for seven days', async () => {
    let now = Date.now()
    const get = await opened({ ...COMPANY, now: () => now, tokenLifetime: 1e9 })
    const { delta } = await round(get, LATEST)
    now += 7 * 86_400_000
    expect((await get(delta)).status).toBe(200)
    now += 1
    const { status, body } = await get(delta)
    expect([status, body.error.code]).toEqual([400, 'syncStateNotFound'])
  })

  test('whatever liberties it takes, the last that is said of each is how it is', async () => {
    const get = await opened(crowd(300))
    const groups = (await round(get, LATEST)).delta
    const ids = crowd(300).users as { id: string }[]
    for (const { id } of ids.slice(0, 120)) graph!.removeMember(ALL, id)
    for (const { id } of ids.slice(0, 60)) graph!.addMember(ALL, id)
    for (const shuffle of [1, 2, 3]) {
      graph!.manners({ shuffle, duplicates: true, emptyPages: true, replay: 40 })
      const all = await pages(get, groups)
      const members = new Set(ids.map(({ id }) => id))
      for (const entry of all.items) {
        for (const link of entry['members@delta'] ?? []) {
          if ('@removed' in link) members.delete(link.id)
          else members.add(link.id)
        }
      }
      expect([...members].toSorted()).toEqual([...ids.slice(0, 60), ...ids.slice(120)].map(({ id }) => id).toSorted())
      expect(all.items.length).toBeGreaterThan(1)
    }
  })

  test('a filter of ids keeps a round to these', async () => {
    const get = await opened()
    const { items } = await round(
      get,
      `/groups/delta?$select=displayName,members&$filter=${encodeURIComponent(`id eq '${DESIGN}'`)}`,
    )
    expect(items.map(({ id }) => id)).toEqual([DESIGN])
  })
})

describe('batches', () => {
  const post = (get: Awaited<ReturnType<typeof opened>>, requests: unknown) =>
    get(
      '/$batch',
      { 'content-type': 'application/json' },
      {
        method: 'POST',
        body: JSON.stringify({ requests }),
        headers: { authorization: `Bearer ${graph!.token()}`, 'content-type': 'application/json' },
      },
    )

  test('each item is answered on its own, in an order of their own', async () => {
    const get = await opened()
    const { body } = await post(get, [
      { id: '1', method: 'GET', url: `/groups/${DESIGN}/members?$select=id` },
      { id: '2', method: 'GET', url: '/users/$count', headers: { ConsistencyLevel: 'eventual' } },
      { id: '3', method: 'GET', url: '/v1.0/users' },
    ])
    const byId = new Map<string, Loose>(body.responses.map((one: Loose) => [one.id, one]))
    expect(body.responses[0].id).not.toBe('1')
    expect(byId.get('1').body.value).toHaveLength(1)
    expect(byId.get('1').headers['X-Ms-Resource-Unit']).toBe('2')
    expect([byId.get('2').status, byId.get('2').body]).toEqual([200, 2])
    expect(byId.get('3').status).toBe(400)
    expect(graph!.writes).toBe(0)
    expect(graph!.requests.map(({ inBatch }) => inBatch)).toEqual([false, true, true, true])
  })

  test('of more than twenty items none is answered', async () => {
    const get = await opened()
    const many = Array.from({ length: 21 }, (_, nth) => ({ id: String(nth), method: 'GET', url: '/users' }))
    expect((await post(get, many)).status).toBe(400)
    expect((await post(get, [many[0], many[0]])).status).toBe(400)
  })

  test('beyond the budget items are throttled one by one, with the seconds to wait', async () => {
    const get = await opened({ ...COMPANY, budget: { unitsPer10s: 6 } })
    const items = Array.from({ length: 5 }, (_, nth) => ({
      id: String(nth),
      method: 'GET',
      url: `/groups/${ALL}/members?$select=id`,
    }))
    const { status, body } = await post(get, items)
    const codes = body.responses.map((one: Loose) => one.status).toSorted()
    expect([status, codes]).toEqual([200, [200, 200, 200, 429, 429]])
    const throttled = body.responses.find((one: Loose) => one.status === 429)
    expect(Number(throttled.headers['Retry-After'])).toBeGreaterThan(1)
    expect(graph!.throttled).toBe(2)
    const { status: own, headers } = await get('/users')
    expect([own, headers.get('x-ms-throttle-information')]).toEqual([429, 'ResourceUnitLimitExceeded'])
  })
})

describe('misbehaviour', () => {
  const answered = async (fault: Fault, path = '/users?$select=id,displayName&$top=1') => {
    const get = await opened()
    const second = (await get(path)).body['@odata.nextLink']
    graph!.misbehave(() => fault)
    return { get, first: () => get(path), second: () => get(second) }
  }

  test.each<[Fault, number]>([
    ['server-error', 500],
    ['bad-gateway', 502],
    ['unavailable', 503],
    ['gateway-timeout', 504],
    ['throttled', 429],
    ['expired-token', 401],
    ['forbidden', 403],
    ['gone', 410],
    ['sync-state-not-found', 400],
    ['expired-page-token', 400],
    [{ fault: 'answer', status: 418, body: { tea: true } }, 418],
  ])('%s', async (fault, status) => {
    const { first } = await answered(fault)
    expect((await first()).status).toBe(status)
  })

  test('a connection that is cut before an answer, or in the middle of it', async () => {
    for (const fault of ['dropped', 'cut'] as const) {
      const { first } = await answered(fault)
      await expect(first()).rejects.toThrow(/fetch failed|terminated/)
      await graph!.close()
    }
  })

  test('an answer that is 200 and is none', async () => {
    for (const [fault, expected] of [
      ['empty', ''],
      ['nulls', expect.stringContaining('"displayName":null')],
      ['no-value', expect.not.stringContaining('"value"')],
      ['no-items', expect.stringMatching(/"value":\[\]}$/)],
    ] as const) {
      const { first } = await answered(fault)
      const { status, text } = await first()
      expect([status, text]).toEqual([200, expected])
      await graph!.close()
    }
    const { first } = await answered('truncated')
    await expect(first()).rejects.toThrow(SyntaxError)
  })

  test('links that lead astray', async () => {
    for (const [fault, link] of [
      ['no-link', undefined],
      ['foreign-link', expect.not.stringContaining(graph?.url ?? 'nowhere')],
      ['other-collection', expect.stringContaining('/v1.0/groups')],
      ['endless', expect.stringContaining('/v1.0/users?$select=id,displayName&$top=1')],
    ] as const) {
      const { first } = await answered(fault)
      expect((await first()).body['@odata.nextLink']).toEqual(link)
      await graph!.close()
    }
  })

  test('a page that is the one before', async () => {
    const { second } = await answered('repeated-page')
    expect((await second()).body.value).toMatchObject([{ id: ADA }])
  })
})

describe('signing in', () => {
  const signIn = (form: Readonly<Record<string, string>>, tenant = graph!.tenant) =>
    new Promise<Loose>((resolve, reject) => {
      const { port } = new URL(graph!.login)
      const path = `/${tenant}/oauth2/v2.0/token`
      const outgoing = httpsRequest({ host: '127.0.0.1', port, path, method: 'POST', ca: graph!.ca }, response => {
        let text = ''
        response.on('data', chunk => (text += chunk)).on('end', () => resolve(JSON.parse(text)))
      })
      outgoing.on('error', reject).end(
        new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: graph!.client,
          scope: `${graph!.url}/.default`,
          ...form,
        }).toString(),
      )
    })

  test('with the secret there is a token that tells its roles, and it is good for Graph', async () => {
    const get = await opened()
    const { access_token: token } = await signIn({ client_secret: graph!.secret })
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
    expect(claims).toMatchObject({ tid: graph!.tenant, roles: expect.arrayContaining(['User.Read.All']) })
    expect((await get('/users', { authorization: `Bearer ${token}` })).status).toBe(200)
    expect(graph!.tokenRequests).toBe(1)
  })

  test('with the certificate an assertion is signed', async () => {
    await opened()
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const pem = graph!.certificate
    const der = Buffer.from(/BEGIN CERTIFICATE-+([^-]+)/.exec(pem)![1]!, 'base64')
    const head = part({ alg: 'PS256', 'x5t#S256': createHash('sha256').update(der).digest('base64url') })
    const exp = Math.floor(Date.now() / 1_000) + 60
    const body = part({ iss: graph!.client, sub: graph!.client, aud: `${graph!.login}/${graph!.tenant}`, exp })
    const key = { key: createPrivateKey(pem), padding: 6, saltLength: 32 }
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), key).toString('base64url')
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const good = await signIn({ client_assertion_type: type, client_assertion: `${head}.${body}.${signature}` })
    expect(good).toHaveProperty('access_token')
    const other = await signIn({ client_assertion_type: type, client_assertion: `${head}.${body}.AAAA` })
    expect(other.error_codes).toEqual([700027])
  })

  test('and is refused in the words of Entra', async () => {
    await opened()
    const secret = { client_secret: graph!.secret }
    expect((await signIn({ client_secret: 'wrong' })).error_description).toContain('AADSTS7000215')
    expect((await signIn(secret, 'nowhere')).error_description).toContain('AADSTS90002')
    expect((await signIn({ ...secret, client_id: 'x' })).error_description).toContain('AADSTS700016')
    expect((await signIn({ ...secret, scope: 'https://vault.example.com/.default' })).error_codes).toEqual([500011])
    graph!.refuseSignIn('expired-secret')
    expect((await signIn(secret)).error_description).toContain('AADSTS7000222')
  })
})
