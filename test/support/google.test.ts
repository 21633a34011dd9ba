import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auth } from 'googleapis/build/src/apis/admin/index.js'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type FaultName, type GoogleDouble, type GoogleOptions, startGoogle } from './google/index.ts'

let double: GoogleDouble | undefined
afterEach(async () => {
  vi.unstubAllEnvs()
  await double?.close()
  double = undefined
})

const [ADA, GRACE, ALAN] = ['112507770188715525288', '112507770188715525289', '112507770188715525290']
const OFFICE: GoogleOptions = {
  perMinute: Number.POSITIVE_INFINITY,
  schemas: [{ schemaName: 'Work', fields: [{ fieldName: 'region', fieldType: 'STRING' }] }],
  users: [
    {
      id: ADA,
      primaryEmail: 'ada@example.com',
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      aliases: ['countess@example.com'],
      organizations: [{ title: 'Countess', primary: true }],
      customSchemas: { Work: { region: 'EMEA' }, Pay: { grade: 7 } },
    },
    { id: GRACE, primaryEmail: 'grace@example.com', suspended: true, orgUnitPath: '/Navy/Reserve' },
    { id: ALAN, primaryEmail: 'alan@sub.example.org', suspended: undefined, archived: undefined },
  ],
  groups: [
    { id: '01all', email: 'all@example.com', members: ['02design', GRACE, 'C0example1'] },
    {
      id: '02design',
      email: 'design@example.com',
      name: 'Design',
      members: [{ id: ADA, type: 'USER', role: 'OWNER' }],
    },
    { id: '03launch', email: 'launch@example.com', members: [] },
    { id: '04mixed', email: 'mixed@example.com', members: [ADA, 'stranger', { id: '09outside', type: 'GROUP' }] },
  ],
  outside: { '09outside': 403 },
}

async function opened(options: GoogleOptions = OFFICE) {
  double = await startGoogle(options)
  const { url } = double
  const token = double.token()
  return async (path: string, init: RequestInit & { readonly token?: string } = {}) => {
    const answer = await fetch(`${url}/admin/directory/v1/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${init.token ?? token}`, ...Object(init.headers) },
    })
    const text = await answer.text()
    return { status: answer.status, text, body: bodyOf(text) }
  }
}

interface Item {
  readonly id: string
  readonly [property: string]: unknown
}

interface Body extends Item {
  readonly error?: { readonly errors: readonly { readonly reason: string }[] }
  readonly users?: readonly Item[]
  readonly members?: readonly Item[]
  readonly organizationUnits?: readonly Item[]
  readonly domains?: readonly Item[]
  readonly schemas?: readonly Item[]
  readonly nextPageToken?: string
  readonly etag?: string
}

function bodyOf(text: string): Body {
  try {
    return JSON.parse(text)
  } catch {
    return { id: 'no JSON' }
  }
}

const reasonOf = ({ status, body }: { readonly status: number; readonly body: Body }) =>
  `${status} ${body.error?.errors[0]?.reason}`
const idsOf = (items: readonly Item[] | undefined) => items?.map(({ id }) => id)

describe('what is refused', () => {
  test.each([
    ['users', '400 badRequest'],
    ['users?customer=my_customer&maxResults=501', '400 invalidParameter'],
    ['users?customer=my_customer&maxResults=0', '400 invalidParameter'],
    ['users?customer=my_customer&maxResults=many', '400 badRequest'],
    ['groups?customer=my_customer&maxResults=201', '400 invalidParameter'],
    ['groups/01all/members?maxResults=201', '400 invalidParameter'],
    ['groups/01all/members?customer=my_customer', '400 badRequest'],
    ['users?customer=my_customer&colour=red', '400 badRequest'],
    ['users?customer=my_customer&projection=most', '400 badRequest'],
    ['users?customer=my_customer&projection=custom', '400 invalid'],
    ['users?customer=my_customer&projection=custom&customFieldMask=Hobbies', '400 invalid'],
    ['users?customer=my_customer&customFieldMask=Work', '400 invalid'],
    ['users?customer=my_customer&pageToken=abc', '400 invalid'],
    ['users?customer=my_customer&fields=users(id,shoeSize)', '400 badRequest'],
    ['users?customer=my_customer&fields=users(id', '400 badRequest'],
    ['users?customer=my_customer&fields=users/id/first', '400 badRequest'],
    ['users?customer=my_customer&query=orgUnitPath=', '400 invalid'],
    ['users?customer=C0another', '403 forbidden'],
    ['users?domain=example.net', '404 notFound'],
    ['groups/09outside/members', '403 forbidden'],
    ['groups/01gone/members', '404 notFound'],
    ['groups/01all/hasMember/someone@example.net', '400 invalid'],
  ])('%s: %s', async (path, told) => {
    const get = await opened()
    expect(reasonOf(await get(path))).toBe(told)
  })

  test('whoever shows no token, or one without the scope', async () => {
    const get = await opened()
    expect(reasonOf(await get('users?customer=my_customer', { token: 'none' }))).toBe('401 authError')
    double?.delegate(['https://www.googleapis.com/auth/admin.directory.group.readonly'])
    const token = double!.token()
    expect(reasonOf(await get('users?customer=my_customer', { token }))).toBe('403 insufficientPermissions')
    expect((await get('groups/01all/members', { token })).status).toBe(200)
  })

  test('everything that would write', async () => {
    const get = await opened()
    expect((await get(`users/${ADA}`, { method: 'DELETE' })).status).toBe(403)
    expect(double?.writes).toBe(1)
  })

  test('more than the quota, and nothing before it', async () => {
    const get = await opened({ ...OFFICE, perMinute: 600 })
    const answers = await Promise.all(Array.from({ length: 30 }, () => get('groups/01all')))
    const refused = answers.filter(({ status }) => status === 403)
    expect(refused.length).toBeGreaterThan(0)
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(10)
    expect(new Set(refused.map(reasonOf))).toEqual(new Set(['403 rateLimitExceeded']))
    expect([double?.refusedForQuota, double?.refusedOften]).toEqual([refused.length, refused.length])
  })
})

describe('what is answered', () => {
  test('only what was asked for, and nothing of a page token that was not', async () => {
    const get = await opened()
    const path = 'users?customer=my_customer&maxResults=1'
    expect((await get(`${path}&fields=users(id,name/givenName,organizations)`)).body).toEqual({
      users: [{ id: ADA, name: { givenName: 'Ada' }, organizations: [{ title: 'Countess', primary: true }] }],
    })
    expect((await get(`${path}&fields=users/emails/shape`)).body).toEqual({ users: [{ emails: [{}, {}] }] })
    expect(Object.keys((await get(`${path}&fields=nextPageToken`)).body)).toEqual(['nextPageToken'])
  })

  test('custom schemas only where they are projected and named', async () => {
    const get = await opened()
    const shown = async (query: string) => (await get(`users/${ADA}?${query}`)).body['customSchemas']
    expect(await shown('')).toBeUndefined()
    expect(await shown('projection=custom&customFieldMask=Work')).toEqual({ Work: { region: 'EMEA' } })
    expect(await shown('projection=full')).toEqual({ Work: { region: 'EMEA' }, Pay: { grade: 7 } })
    expect(await shown('projection=custom&customFieldMask=Work&fields=customSchemas/Work/region')).toEqual({
      Work: { region: 'EMEA' },
    })
  })

  test('members as Google shows them: owners, the whole customer, others without a status', async () => {
    const get = await opened()
    const rows = async (group: string) =>
      (await get(`groups/${group}/members?fields=members(id,email,type,role,status)`)).body
    expect(await rows('01all')).toEqual({
      members: [
        { id: '02design', email: 'design@example.com', role: 'MEMBER', type: 'GROUP', status: 'ACTIVE' },
        { id: GRACE, email: 'grace@example.com', role: 'MEMBER', type: 'USER', status: 'SUSPENDED' },
        { id: 'C0example1', role: 'MEMBER', type: 'CUSTOMER' },
      ],
    })
    expect((await rows('02design')).members?.[0]?.['role']).toBe('OWNER')
    expect((await rows('04mixed')).members?.map(({ status }) => status)).toEqual(['ACTIVE', undefined, undefined])
    expect(await rows('03launch')).toEqual({})
    const { body } = await get('groups/01all')
    expect(body['directMembersCount']).toBe('1')
  })

  test('derived members are users, each once, and of the customer everyone', async () => {
    const get = await opened()
    const { body } = await get('groups/01all/members?includeDerivedMembership=true')
    expect(idsOf(body.members)).toEqual([ADA, GRACE, ALAN])
  })

  test('a new user lacks suspended until put again; one domain leaves the others out', async () => {
    const get = await opened()
    const { body } = await get(`users/alan@sub.example.org?fields=id,suspended,archived`)
    expect(body).toEqual({ id: ALAN })
    const both = await get('users?customer=my_customer&domain=example.com&fields=users/id')
    expect(both.body.users).toHaveLength(2)
  })

  test('a user who was removed is 412 for 20 days, and shown by showDeleted', async () => {
    let now = Date.now()
    const get = await opened({ ...OFFICE, now: () => now })
    double?.removeUser(GRACE)
    expect(reasonOf(await get(`users/${GRACE}`))).toBe('412 conditionNotMet')
    expect((await get('users?customer=my_customer&showDeleted=true')).body.users?.[0]?.id).toBe(GRACE)
    now += 21 * 24 * 3_600_000
    expect((await get(`users/${GRACE}`, { token: double!.token() })).status).toBe(404)
  })

  test('search by query lags behind where it is told to', async () => {
    const get = await opened({ ...OFFICE, lagging: true })
    double?.removeUser(ADA)
    const query = encodeURIComponent('email:ada* isSuspended=false')
    const found = async () => (await get(`users?customer=my_customer&query=${query}`)).body.users
    expect(await found()).toHaveLength(1)
    double?.reindex()
    expect(await found()).toBeUndefined()
  })

  test('org units, domains, the customer and schemas', async () => {
    const get = await opened()
    const { body } = await get('customer/my_customer/orgunits?type=all')
    expect(body.organizationUnits?.map(({ orgUnitPath }) => orgUnitPath)).toEqual(['/Navy', '/Navy/Reserve'])
    expect((await get('customer/my_customer/domains')).body.domains).toHaveLength(2)
    expect((await get('customers/my_customer')).body.id).toBe('C0example1')
    expect((await get('customer/my_customer/schemas')).body.schemas?.[0]?.['schemaName']).toBe('Work')
  })
})

describe('pages', () => {
  const ids = Array.from({ length: 1_234 }, (_, nth) => `1${String(nth).padStart(20, '0')}`)
  const crowd: GoogleOptions = {
    perMinute: Number.POSITIVE_INFINITY,
    users: ids.map((id, nth) => ({ id, primaryEmail: `p${nth}@example.com` })),
    groups: [{ id: '01all', email: 'all@example.com', members: ids }],
  }
  type Get = Awaited<ReturnType<typeof opened>>

  async function all(get: Get, path: string, key: 'users' | 'members', meanwhile: (page: number) => void = () => {}) {
    const found: string[] = []
    const sizes: number[] = []
    for (let token = '', nth = 1; nth < 30; nth++) {
      const { body } = await get(`${path}${token && `&pageToken=${encodeURIComponent(token)}`}`)
      const items = body[key] ?? []
      found.push(...items.map(({ id }) => id))
      sizes.push(items.length)
      token = body.nextPageToken ?? ''
      if (token === '') break
      meanwhile(nth)
    }
    return { found, sizes }
  }

  test('hold what was asked for, 100 of users and 200 of members where nothing was', async () => {
    const get = await opened(crowd)
    expect((await all(get, 'users?customer=my_customer&maxResults=500', 'users')).sizes).toEqual([500, 500, 234])
    expect((await all(get, 'users?customer=my_customer', 'users')).sizes[0]).toBe(100)
    const members = await all(get, 'groups/01all/members?roles=MEMBER', 'members')
    expect(members.sizes).toEqual([200, 200, 200, 200, 200, 200, 34])
    expect(members.found.toSorted()).toEqual(ids)
    const down = await all(get, 'users?customer=my_customer&orderBy=email&sortOrder=DESCENDING', 'users')
    expect(new Set(down.found).size).toBe(1_234)
  })

  test('go on where they were when people come and go meanwhile', async () => {
    const get = await opened(crowd)
    const { found } = await all(get, 'users?customer=my_customer&maxResults=500', 'users', () => {
      const first = double!.requests.length
      double?.putUser({ id: `9${first}`, primaryEmail: `a${first}@example.com` })
    })
    expect(found).toHaveLength(1_234)
    expect(new Set(found).size).toBe(1_234)
  })

  test('tokens are of one listing, and for three days', async () => {
    let now = Date.now()
    const get = await opened({ ...crowd, now: () => now, tokenLifetime: 9e9 })
    const { body } = await get('users?customer=my_customer')
    const token = encodeURIComponent(body.nextPageToken ?? '')
    expect((await get(`users?customer=my_customer&pageToken=${token}`)).status).toBe(200)
    expect(reasonOf(await get(`users?customer=my_customer&orderBy=email&pageToken=${token}`))).toBe('400 invalid')
    now += 73 * 3_600_000
    expect(reasonOf(await get(`users?customer=my_customer&pageToken=${token}`))).toBe('400 invalid')
  })

  test('etags change with what they are of, and are honoured when told to be', async () => {
    const get = await opened({ ...crowd, etags: true })
    const path = 'groups/01all/members?maxResults=200&fields=etag,members/id'
    const { body } = await get(path)
    const headers = { 'if-none-match': body.etag ?? '' }
    expect((await get(path, { headers })).status).toBe(304)
    double?.removeMember('01all', ids[3]!)
    expect((await get(path, { headers })).status).toBe(200)
    expect(double?.notModified).toBe(1)
  })

  test('faults are what they are called', async () => {
    const get = await opened(crowd)
    const path = 'users?customer=my_customer&maxResults=500&fields=nextPageToken,users(id,suspended)'
    const { body: good } = await get(path)
    const second = `${path}&pageToken=${encodeURIComponent(good.nextPageToken ?? '')}`
    const faulty = async (fault: FaultName, where = path) => {
      double?.misbehave(() => fault)
      return get(where)
    }
    expect((await faulty('no-key')).body).toEqual({ nextPageToken: expect.any(String) })
    expect((await faulty('no-items')).body).toEqual({ users: [] })
    expect((await faulty('short-page')).body.users).toHaveLength(250)
    expect((await faulty('short-by-one')).body.users).toHaveLength(499)
    expect((await faulty('no-page-token')).body).toEqual({ users: good.users })
    expect((await faulty('repeated-page', second)).body.users).toEqual(good.users)
    expect((await faulty('nulls')).body.users?.[0]).toEqual({ id: good.users?.[0]?.id, suspended: null })
    expect((await faulty('no-suspended')).body.users?.[0]).toEqual({ id: good.users?.[0]?.id })
    expect((await faulty('nothing')).text).toBe('{}')
    expect((await faulty('empty')).text).toBe('')
    expect(reasonOf(await faulty('rate-limit'))).toBe('403 rateLimitExceeded')
    const truncated = await faulty('truncated')
    expect([truncated.status, truncated.body.id]).toEqual([200, 'no JSON'])
    await expect(faulty('dropped')).rejects.toThrow('fetch failed')
    await expect(faulty('cut')).rejects.toThrow('terminated')
    const lost = encodeURIComponent((await faulty('foreign-page-token')).body.nextPageToken ?? '')
    double?.misbehave(undefined)
    expect(reasonOf(await get(`${path}&pageToken=${lost}`))).toBe('400 invalid')
  })
})

describe('signing in, with Google’s own library', () => {
  const scopes = ['https://www.googleapis.com/auth/admin.directory.user.readonly']

  /** Its token URL is fixed; what goes there comes here. */
  const redirected = () => ({
    fetchImplementation: (url: string | URL | Request, init?: RequestInit) =>
      fetch(String(url instanceof Request ? url.url : url).replace('https://oauth2.googleapis.com', double!.url), init),
  })
  const signedIn = (given: { readonly subject?: string; readonly scopes?: string[]; readonly key?: string }) => {
    const { client_email: email, private_key } = double!.key
    const options = {
      email,
      key: given.key ?? private_key,
      scopes: given.scopes ?? scopes,
      transporterOptions: redirected(),
    }
    return new auth.JWT(given.subject === undefined ? options : { ...options, subject: given.subject }).getAccessToken()
  }

  test('the administrator may be acted for, with what is delegated', async () => {
    const get = await opened()
    const { token } = await signedIn({ subject: 'admin@example.com' })
    expect((await get('users?customer=my_customer', { token: token ?? '' })).status).toBe(200)
    await expect(signedIn({ subject: 'nobody@example.com' })).rejects.toThrow('invalid_grant')
    const cloud = ['https://www.googleapis.com/auth/cloud-platform']
    await expect(signedIn({ subject: 'admin@example.com', scopes: cloud })).rejects.toThrow('unauthorized_client')
    expect(double?.tokenRequests).toBe(3)
  })

  test('somebody else may be signed in for, but is no administrator', async () => {
    const get = await opened()
    const { token } = await signedIn({ subject: 'ada@example.com' })
    expect(reasonOf(await get('users?customer=my_customer', { token: token ?? '' }))).toBe('403 forbidden')
  })

  test('a service account with a role of its own knows no my_customer', async () => {
    const get = await opened({ ...OFFICE, adminRole: true })
    const { token } = await signedIn({})
    expect(reasonOf(await get('users?customer=my_customer', { token: token ?? '' }))).toBe('400 invalid')
    expect((await get('users?customer=C0example1', { token: token ?? '' })).status).toBe(200)
  })

  test('without a key, whoever may sign gets a signature that is taken for one', async () => {
    await opened()
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-adc-'))
    try {
      const file = join(folder, 'workload.json')
      writeFileSync(file, JSON.stringify(double?.workload))
      const wide = { scopes: ['https://www.googleapis.com/auth/cloud-platform'] }
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
      vi.stubEnv('GOOGLE_CLOUD_PROJECT', 'example-project') // else the library asks for it elsewhere
      const source = await new auth.GoogleAuth(wide).getClient()
      const { token } = await source.getAccessToken()
      const now = Math.floor(Date.now() / 1_000)
      const claims = {
        iss: double?.key.client_email,
        sub: 'admin@example.com',
        scope: scopes.join(' '),
        aud: 'https://oauth2.googleapis.com/token',
        iat: now,
        exp: now + 3_600,
      }
      const sign = () =>
        fetch(`${double?.iamUrl}/v1/projects/-/serviceAccounts/${claims.iss}:signJwt`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ payload: JSON.stringify(claims) }),
        })
      const { signedJwt = '' }: { readonly signedJwt?: string } = JSON.parse(await (await sign()).text())
      const body = new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: signedJwt,
      })
      expect((await fetch(double!.tokenUrl, { method: 'POST', body })).status).toBe(200)
      double?.letSign(false)
      expect((await sign()).status).toBe(403)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
