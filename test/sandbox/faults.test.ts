import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { faultList } from '../../src/sandbox/faults.ts'
import { type Client, filtered, GROUP, open, USER } from './open.ts'

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const statuses = async (many: number, one: () => Promise<{ status: number }>) => {
  const all: number[] = []
  for (let at = 0; at < many; at += 1)
    all.push(
      await one().then(
        ({ status }) => status,
        () => 0,
      ),
    )
  return all
}
const ids = (answer: { body: { Resources: { id: string }[] } }) => answer.body.Resources.map(({ id }) => id)

async function people({ user }: Client, many: number): Promise<string[]> {
  const all: string[] = []
  for (let at = 0; at < many; at += 1) all.push(await user(`u${at}@example.com`))
  return all
}

describe('lists lie', () => {
  test('ignored-filters: everybody is found', async () => {
    const box = await open('generic', { faults: ['ignored-filters'] })
    const all = await people(box, 3)
    expect(ids(await box.call('GET', `/Users${filtered('userName eq "nobody"')}`))).toEqual(all)
    expect((await box.call('GET', `/Users${filtered('nonsense')}`)).status).toBe(200)
  })

  test('repeat-page: the second page is the first', async () => {
    const box = await open('generic', { faults: ['repeat-page'] })
    const [first, second] = await people(box, 4)
    const page = await box.call('GET', '/Users?startIndex=3&count=2')
    expect(ids(page)).toEqual([first, second])
    expect(page.body).toMatchObject({ startIndex: 3, totalResults: 4 })
  })

  test('short-total, lying-total, page-max: the numbers are wrong, or small', async () => {
    const box = await open('generic')
    const all = await people(box, 5)
    const head = async () => {
      const { totalResults, itemsPerPage } = (await box.call('GET', '/Users?count=3')).body
      return [totalResults, itemsPerPage]
    }
    box.directory.setFault('short-total', 'on')
    expect(await head()).toEqual([3, 3])
    box.directory.setFault('short-total')
    box.directory.setFault('lying-total', '7')
    expect(await head()).toEqual([12, 3])
    box.directory.setFault('lying-total', '-2')
    expect(await head()).toEqual([3, 3])
    box.directory.setFault('lying-total', 'off')
    box.directory.setFault('page-max', '2')
    expect(await head()).toEqual([5, 2])
    expect(ids(await box.call('GET', '/Users?startIndex=3'))).toEqual(all.slice(2, 4))
  })

  test('hidden-members, truncated-members: groups show none, or some', async () => {
    const box = await open('atlassian')
    const id = await box.group('eng')
    const value = (await people(box, 5)).map(one => ({ value: one }))
    const add = () => box.patch(`/Groups/${id}`, { op: 'add', path: 'members', value })
    box.directory.setFault('hidden-members', '')
    expect((await add()).body.members).toEqual([])
    expect((await box.call('GET', '/Groups')).body.Resources[0].members).toEqual([])
    box.directory.setFault('hidden-members')
    box.directory.setFault('truncated-members', '2')
    expect((await box.call('GET', `/Groups/${id}`)).body.members).toHaveLength(2)
    expect(box.directory.members(id)).toHaveLength(5)
  })

  test('stale-reads: for a while reads show what was before', async () => {
    const box = await open('generic')
    const [ada = '', ben = ''] = await people(box, 2)
    const eng = await box.group('eng', { members: [{ value: ada }] })
    box.directory.setFault('stale-reads', '60000')
    await box.patch(`/Users/${ada}`, { op: 'replace', path: 'title', value: 'Chief' })
    await box.patch(`/Groups/${eng}`, { op: 'add', path: 'members', value: [{ value: ben }] })
    await box.call('DELETE', `/Users/${ben}`)
    const late = await box.user('late@example.com')
    expect((await box.call('GET', `/Users/${ada}`)).body).not.toHaveProperty('title')
    expect((await box.call('GET', `/Groups/${eng}`)).body.members).toMatchObject([{ value: ada }])
    expect((await box.call('GET', `/Users/${ben}`)).status).toBe(200)
    expect((await box.call('GET', `/Users/${late}`)).status).toBe(404)
    expect(ids(await box.call('GET', '/Users'))).toEqual([ada, ben])
    expect(ids(await box.call('GET', `/Users${filtered('userName eq "late@example.com"')}`))).toEqual([])
    expect((await box.call('POST', '/Users', { schemas: [USER], userName: 'late@example.com' })).status).toBe(409)
  })

  test('stale-reads: and then what is', async () => {
    const box = await open('generic', { faults: ['stale-reads=20'] })
    const ada = await box.user('ada@example.com')
    for (let status = 404; status !== 200; await sleep(5)) ({ status } = await box.call('GET', `/Users/${ada}`))
    expect(ids(await box.call('GET', '/Users'))).toEqual([ada])
  })
})

describe('answers fail', () => {
  test('unavailable, error-500: each Nth request is not carried out', async () => {
    for (const [fault, status] of [
      ['unavailable=3', 503],
      ['error-500=3', 500],
    ] as const) {
      const box = await open('generic', { faults: [fault] })
      let at = 0
      const create = () => box.call('POST', '/Users', { schemas: [USER], userName: `u${(at += 1)}` })
      expect(await statuses(6, create)).toEqual([201, 201, status, 201, 201, status])
      expect(box.directory.users()).toHaveLength(4)
    }
  })

  test('rate-limit: after N requests one is refused, and says when to come back', async () => {
    const box = await open('generic', { faults: ['rate-limit=2:7'] })
    const read = () => box.call('GET', '/Users')
    expect(await statuses(6, read)).toEqual([200, 200, 429, 200, 200, 429])
    const header = async (after: string, name: string) => {
      box.directory.setFault('rate-limit', `0${after}`)
      return (await read()).headers.get(name)
    }
    expect(await header('', 'retry-after')).toBe('1')
    expect(await header(':30', 'retry-after')).toBe('30')
    expect(await header(':none', 'retry-after')).toBeNull()
    expect(await header(':date', 'retry-after')).toMatch(/ GMT$/)
    expect(await header(':reset', 'x-ratelimit-reset')).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
  })

  test('drop-before-commit, drop-after-commit, unavailable-after-commit: who asked cannot tell', async () => {
    for (const [fault, answer, kept] of [
      ['drop-before-commit=2', 0, 2],
      ['drop-after-commit=2', 0, 4],
      ['unavailable-after-commit=2', 503, 4],
    ] as const) {
      const box = await open('generic', { faults: [fault] })
      let at = 0
      const create = () => box.call('POST', '/Users', { schemas: [USER], userName: `u${(at += 1)}` })
      expect(await statuses(4, create)).toEqual([201, answer, 201, answer])
      expect(await statuses(4, () => box.call('GET', '/Users'))).toEqual([200, 200, 200, 200])
      expect(box.directory.users()).toHaveLength(kept)
    }
  })

  test('create-without-id: 201, but no id and a Location to nowhere', async () => {
    const box = await open('generic', { faults: ['create-without-id'] })
    for (const [path, body] of [
      ['/Users', { schemas: [USER], userName: 'ada' }],
      ['/Groups', { schemas: [GROUP], displayName: 'eng' }],
    ] as const) {
      const answer = await box.call('POST', path, body)
      expect(answer.status).toBe(201)
      expect(answer.body).not.toHaveProperty('id')
      expect(answer.headers.get('location')).toBe(`${box.url}${path}/undefined`)
    }
    expect([box.directory.users().length, box.directory.groups().length]).toEqual([1, 1])
  })

  test('html, truncated-json: 200, and not what it should be', async () => {
    const box = await open('generic', { faults: ['html=2'] })
    await box.user('ada@example.com')
    const page = await box.call('POST', '/Users', { schemas: [USER], userName: 'ben' })
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    expect(box.directory.users()).toHaveLength(1)
    box.directory.setFault('html')
    box.directory.setFault('truncated-json', '')
    for (const path of ['/Users', `/Users/${box.directory.users()[0]?.id}`]) {
      const broken = await box.call('GET', path)
      expect(broken.status).toBe(200)
      expect(broken.text).toMatch(/^\{"schemas"/)
      expect(broken.body).toBeUndefined()
    }
  })

  test('redirect: every request is sent elsewhere', async () => {
    const box = await open('generic', { faults: ['redirect=https://elsewhere.example.com/'] })
    const answer = await box.call('GET', '/Users?count=1')
    expect(answer.status).toBe(307)
    expect(answer.headers.get('location')).toBe('https://elsewhere.example.com/scim/v2/Users?count=1')
  })

  test('slow: an answer takes its time', async () => {
    const box = await open('generic', { faults: ['slow=60000'] })
    const answer = box.call('GET', '/Users').then(
      () => 'answered',
      () => 'cut',
    )
    expect(await Promise.race([answer, sleep(50, 'waiting')])).toBe('waiting')
    await box.close()
    expect(await answer).toBe('cut')
  })

  test('conflict-without-scimtype: a 409 does not say what it is about', async () => {
    const box = await open('generic', { faults: ['conflict-without-scimtype'] })
    await box.user('ada')
    const answer = await box.call('POST', '/Users', { schemas: [USER], userName: 'ada' })
    expect(answer.status).toBe(409)
    expect(answer.body).not.toHaveProperty('scimType')
  })
})

describe('writes do something else', () => {
  test('ignore-clear: cleared attributes stay', async () => {
    const box = await open('generic', { faults: ['ignore-clear'] })
    const id = await box.user('ada', { title: 'Engineer', nickName: 'A', name: { givenName: 'Ada', familyName: 'L' } })
    const more = [
      { op: 'replace', path: 'nickName', value: '' },
      { op: 'replace', path: 'displayName', value: 'Ada L' },
    ]
    expect((await box.patch(`/Users/${id}`, { op: 'remove', path: 'title' }, ...more)).status).toBe(204)
    await box.call('PUT', `/Users/${id}`, { schemas: [USER], userName: 'ada', name: { givenName: 'Al' } })
    expect(box.directory.users()[0]?.resource).toMatchObject({
      title: 'Engineer',
      nickName: 'A',
      displayName: 'Ada L',
      name: { givenName: 'Al', familyName: 'L' },
    })
  })

  test('ignore-rename: a group keeps its name, and says 200', async () => {
    const box = await open('atlassian', { faults: ['ignore-rename'] })
    const id = await box.group('eng')
    expect((await box.patch(`/Groups/${id}`, { op: 'replace', path: 'displayName', value: 'ops' })).status).toBe(200)
    expect(box.directory.groups()[0]?.resource['displayName']).toBe('eng')
  })

  test('rewrite: names are stored in another way', async () => {
    const box = await open('generic', { faults: ['rewrite'] })
    await box.user('Ada@Example.com', { name: { givenName: 'Ada', familyName: 'Lovelace' } })
    await box.user('BEN', { displayName: 'Mine' })
    expect(box.directory.users().map(({ resource }) => [resource['userName'], resource['displayName']])).toEqual([
      ['ada@example.com', 'Ada Lovelace'],
      ['ben', 'Mine'],
    ])
  })

  test('forget-attribute: one attribute is dropped without a word', async () => {
    const box = await open('generic', { faults: ['forget-attribute=name.middleName'] })
    const id = await box.user('ada', { name: { givenName: 'Ada', middleName: 'K' } })
    await box.patch(`/Users/${id}`, { op: 'add', path: 'name.middleName', value: 'K' })
    expect(box.directory.users()[0]?.resource['name']).toEqual({ givenName: 'Ada' })
    box.directory.setFault('forget-attribute', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department')
    const path = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    expect((await box.patch(`/Users/${id}`, { op: 'add', path: `${path}:department`, value: 'x' })).status).toBe(204)
    expect(box.directory.users()[0]?.resource).not.toHaveProperty([path])
  })

  test('reject-path-filter, reject-value-array: one form of removal is refused', async () => {
    const box = await open('atlassian')
    const [ada = '', ben = ''] = await people(box, 2)
    const id = await box.group('eng')
    await box.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: ada }, { value: ben }] })
    const byPath = { op: 'remove', path: `members[value eq "${ada}"]` }
    const byValue = { op: 'remove', path: 'members', value: [{ value: ben }] }
    box.directory.setFault('reject-path-filter', 'on')
    expect((await box.patch(`/Groups/${id}`, byPath)).status).toBe(400)
    box.directory.setFault('reject-path-filter')
    box.directory.setFault('reject-value-array', 'on')
    expect((await box.patch(`/Groups/${id}`, byValue)).status).toBe(400)
    expect(box.directory.members(id)).toHaveLength(2)
    expect((await box.patch(`/Groups/${id}`, byPath)).status).toBe(200)
  })

  test('partial-members: 404 for one of them, and the others are in', async () => {
    const box = await open('atlassian', { faults: ['partial-members'] })
    const [ada = ''] = await people(box, 1)
    const id = await box.group('eng')
    const value = [{ value: 'nobody' }, { value: ada }]
    expect((await box.patch(`/Groups/${id}`, { op: 'add', path: 'members', value })).status).toBe(404)
    expect(box.directory.members(id)).toEqual([ada])
  })

  test('fail-member: one person spoils every request that names them', async () => {
    const box = await open('atlassian', { faults: ['fail-member=u1@example.com'] })
    const [ada = '', ben = ''] = await people(box, 2)
    const id = await box.group('eng')
    const add = (...members: string[]) =>
      box.call('PATCH', `/Groups/${id}`, {
        schemas: [PATCH],
        Operations: [{ op: 'add', path: 'members', value: members.map(value => ({ value })) }],
      })
    expect((await add(ada, ben)).status).toBe(500)
    expect(box.directory.members(id)).toEqual([])
    expect((await add(ada)).status).toBe(200)
    box.directory.setFault('fail-member', `${ben}:400`)
    expect((await add(ben)).status).toBe(400)
  })
})

test('a fault that there is not, or with a value it does not take, is told with all there are', async () => {
  const box = await open('generic')
  for (const [name, value] of [
    ['nonsense', undefined],
    ['__proto__', 'x'],
    ['slow', 'very'],
    ['redirect', ''],
    ['hidden-members', '5'],
    ['error-500', '0'],
  ] as const) {
    expect(() => box.directory.setFault(name, value)).toThrow(expect.objectContaining({ code: 'usage' }))
    expect(() => box.directory.setFault(name, value)).toThrow(
      /ignored-filters +a filter is ignored[\s\S]*taken-group=NAME/,
    )
  }
})

test('the page about the sandbox tells every fault', () => {
  const page = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8')
  const told = [...page.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name = '']) => name)
  const known = faultList()
    .split('\n')
    .map(line => line.trim().split(' ')[0])
  expect(told).toEqual(expect.arrayContaining(known))
})
