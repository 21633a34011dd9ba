import { afterEach, describe, expect, test } from 'vitest'
import { type GoogleDouble, type GoogleOptions, type GoogleUser, startGoogle } from '../../support/google/index.ts'
import { readAgain, reading } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

const ID = { ada: '100000000000000000001', grace: '100000000000000000002', alan: '100000000000000000003' }
const person = (name: keyof typeof ID, more: Partial<GoogleUser> = {}): GoogleUser => ({
  id: ID[name],
  primaryEmail: `${name}@example.com`,
  name: { givenName: name, familyName: 'Example' },
  ...more,
})
const PEOPLE = [person('ada'), person('grace'), person('alan', { suspended: true })]
const crew = (members: GoogleGroup['members'], more = {}) => ({
  id: '01crew',
  email: 'crew@example.com',
  members,
  ...more,
})
type GoogleGroup = NonNullable<GoogleOptions['groups']> extends Iterable<infer Group> ? Group : never

let double: GoogleDouble | undefined
afterEach(() => double?.close())

async function directory(given: GoogleOptions): Promise<GoogleDouble> {
  double = await startGoogle({ users: PEOPLE, perMinute: Number.POSITIVE_INFINITY, ...given })
  return double
}
const failed = ({ certificate }: { readonly certificate: Awaited<ReturnType<typeof reading>>['certificate'] }) =>
  certificate.checks.filter(({ passed }) => !passed).map(({ check, detail }) => `${check}: ${detail}`)

describe('who is a member', () => {
  test('owners and managers are members', async () => {
    const google = await directory({
      groups: [
        crew([
          { id: ID.ada, type: 'USER', role: 'OWNER' },
          { id: ID.grace, type: 'USER', role: 'MANAGER' },
          { id: ID.alan, type: 'USER' },
        ]),
      ],
    })
    expect((await reading(sourceAt(google))).members.get('01crew')).toEqual([ID.ada, ID.grace, ID.alan])
  })

  test('everyone of the customer is, suspended or not, where the group says so', async () => {
    const google = await directory({ groups: [crew([{ id: 'C0example1', type: 'CUSTOMER' }])], customer: 'C0example1' })
    const read = await reading(sourceAt(google))
    expect(read.members.get('01crew')?.toSorted()).toEqual([ID.ada, ID.grace, ID.alan])
    expect(failed(read)).toEqual([])
  })

  test('a member under another id is known by address, by alias or by an alias that nobody may edit', async () => {
    const google = await directory({
      users: [
        person('ada'),
        person('grace', { aliases: ['gh@example.com'] }),
        person('alan', { nonEditableAliases: ['alan@example.com.test-google-a.com'] }),
      ],
      groups: [
        crew([
          { id: '300000000000000000001', email: 'ADA@example.com', type: 'USER' },
          { id: '300000000000000000002', email: 'gh@example.com', type: 'USER' },
          { id: '300000000000000000003', email: 'alan@example.com.test-google-a.com', type: 'USER' },
        ]),
      ],
    })
    const read = await reading(sourceAt(google))
    expect(read.members.get('01crew')?.toSorted()).toEqual([ID.ada, ID.grace, ID.alan])
    expect([read.findings, failed(read)]).toEqual([[], []])
  })

  test('someone invited before they had an account, and listed twice, is one member', async () => {
    const google = await directory({
      groups: [crew([ID.ada, { id: '300000000000000000001', email: 'ada@example.com', type: 'USER' }])],
    })
    const read = await reading(sourceAt(google))
    expect([read.members.get('01crew'), failed(read)]).toEqual([[ID.ada], []])
  })

  test('people of other organisations are left out, with a finding', async () => {
    const google = await directory({
      groups: [crew([ID.ada, { id: '400000000000000000001', email: 'guest@example.net', type: 'USER' }])],
    })
    const read = await reading(sourceAt(google))
    expect([read.members.get('01crew'), failed(read)]).toEqual([[ID.ada], []])
    expect(read.findings).toMatchObject([
      { finding: 'external-members', message: expect.stringMatching(/^1 memberships/) },
    ])
  })

  test('so are groups of other organisations, hidden or unknown', async () => {
    const google = await directory({
      groups: [
        crew([
          ID.ada,
          { id: '09partner', email: 'all@partner.example.net', type: 'GROUP' },
          { id: '09nobody', email: 'none@example.net', type: 'GROUP' },
        ]),
      ],
      outside: { '09partner': 403 },
    })
    const read = await reading(sourceAt(google))
    expect([read.members.get('01crew'), failed(read)]).toEqual([[ID.ada], []])
    expect(read.findings).toMatchObject([{ finding: 'external-groups', message: expect.stringMatching(/^2 /) }])
  })
})

describe('which groups', () => {
  const groups = [
    crew(['02inner', ID.ada]),
    { id: '02inner', email: 'inner@example.com', members: ['03deep'] },
    { id: '03deep', email: 'deep@example.com', members: [ID.grace] },
    { id: '04other', email: 'other@example.com', members: [ID.alan] },
  ]
  const inScope = (group: { readonly name: string }) => group.name === 'crew'

  test('those in scope and those nested below them, and nobody asks for the members of others', async () => {
    const google = await directory({ groups })
    const read = await reading(sourceAt(google), { inScope })
    expect([...read.groups.keys()].toSorted()).toEqual(['01crew', '02inner', '03deep'])
    expect(read.members.get('03deep')).toEqual([ID.grace])
    expect(google.requests.filter(({ path }) => path.includes('04other'))).toEqual([])
  })

  test('each is read once, in however many groups it is nested', async () => {
    const google = await directory({
      groups: [...groups, { id: '05also', email: 'also@example.com', members: ['02inner', '03deep'] }],
    })
    await reading(sourceAt(google))
    const asked = google.requests.filter(({ path }) => path.includes('/03deep/members'))
    expect(asked).toHaveLength(1)
  })

  test('one that is deleted between the list and its members is gone, and not an error', async () => {
    const google = await directory({ groups })
    google.misbehave(({ path }) => {
      if (path.includes('/04other/members')) google.removeGroup('04other')
      return undefined
    })
    const read = await reading(sourceAt(google))
    expect(failed(read)).toEqual([])
    expect([...read.groups.keys()].toSorted()).toEqual(['01crew', '02inner', '03deep'])
  })

  test('one whose members are said to be gone while it is there is asked once more, and then an error', async () => {
    const google = await directory({ groups })
    let times = 1
    google.misbehave(({ path }) => (path.includes('/04other/members') && times-- > 0 ? 'not-found' : undefined))
    expect((await reading(sourceAt(google))).members.get('04other')).toEqual([ID.alan])
    google.misbehave(({ path }) => (path.includes('/04other/members') ? 'not-found' : undefined))
    await expect(reading(sourceAt(google))).rejects.toMatchObject({
      code: 'source_incomplete',
      message: expect.stringMatching(/other@example.com/),
    })
  })
})

describe('a success that says less', () => {
  const groups = [crew([ID.ada, ID.grace])]

  test('users without the key of their list are no empty directory', async () => {
    const google = await directory({ groups })
    google.misbehave(({ path }) => (path.includes('/users?') ? 'no-key' : undefined))
    await expect(reading(sourceAt(google))).rejects.toMatchObject({
      code: 'source_incomplete',
      message: expect.stringMatching(/page 1 of the users.* failed after 8 attempts \(200 without a proper users\)/),
    })
  })

  test('nobody at all where there were people before is not believed', async () => {
    const google = await directory({ groups })
    const before = await reading(sourceAt(google))
    google.misbehave(({ path }) => (path.includes('/users?') ? 'no-items' : undefined))
    expect(failed(await reading(sourceAt(google), { previous: before.certificate }))).toMatchObject([
      expect.stringMatching(/^not-suddenly-empty: 0 users .* 3 users and 1 groups at the last reading/),
    ])
  })

  test('members without the key of their list are believed where the group counts none, and not where it counts some', async () => {
    const google = await directory({
      groups: [crew([]), { id: '02full', email: 'full@example.com', members: [ID.ada] }],
    })
    expect(failed(await reading(sourceAt(google)))).toEqual([])
    google.misbehave(({ path }) => (path.includes('/02full/members') ? 'no-key' : undefined))
    expect(failed(await reading(sourceAt(google)))).toMatchObject([
      expect.stringMatching(/^members-counted: the members of full@example.com do not agree/),
    ])
  })

  test('a user who is left out of the list is found by the other one, and taken in', async () => {
    const google = await directory({ groups })
    google.misbehave(({ path }) => (path.includes('/users?') && !path.includes('orderBy') ? 'short-by-one' : undefined))
    const read = await reading(sourceAt(google))
    expect([read.users.size, failed(read)]).toEqual([3, []])
  })

  test('who joins or leaves between the two lists is no fault of either', async () => {
    const google = await directory({ groups })
    let lists = 0
    google.misbehave(({ path }) => {
      if (!path.includes('/users?') || ++lists !== 2) return undefined
      google.removeUser(ID.alan)
      google.putUser({ id: '100000000000000000009', primaryEmail: 'joiner@example.com' })
      return undefined
    })
    const read = await reading(sourceAt(google))
    expect(failed(read)).toEqual([])
    expect(read.users.has('100000000000000000009')).toBe(true)
    expect(read.certificate.checks.find(({ check }) => check === 'users-counted-twice')?.detail).toMatch(/looked up/)
  })

  test('two lists that both end where a page does are not believed, though they hold the same', async () => {
    const google = await directory({
      users: Array.from({ length: 1_200 }, (_, nth) => ({
        id: String(10_000 + nth),
        primaryEmail: `p${nth}@example.com`,
      })),
    })
    google.misbehave(({ path }) => (path.includes('/users?') ? 'no-page-token' : undefined))
    expect(failed(await reading(sourceAt(google)))).toMatchObject([
      expect.stringMatching(/^users-counted-twice: 500 users/),
    ])
  })

  test('so is a group', async () => {
    const google = await directory({ groups })
    google.misbehave(({ path }) => (path.includes('/groups?') && !path.includes('orderBy') ? 'no-items' : undefined))
    const read = await reading(sourceAt(google))
    expect([read.members.get('01crew'), failed(read)]).toEqual([[ID.ada, ID.grace], []])
  })

  test('a count that lies once is asked for again', async () => {
    const google = await directory({ groups })
    google.misbehave(({ path }) => (path.includes('/groups?') && !path.includes('orderBy') ? 'wrong-count' : undefined))
    expect(failed(await reading(sourceAt(google)))).toEqual([])
  })

  test('a count that is always wrong fails the reading by the group’s name, unless the group is named as miscounted', async () => {
    const google = await directory({ groups })
    google.misbehave(({ path }) => (/groups[?/]/.test(path) && !path.includes('members') ? 'wrong-count' : undefined))
    expect(failed(await reading(sourceAt(google)))).toMatchObject([
      expect.stringMatching(/^members-counted: the members of crew@example.com do not agree .*name it in miscounted/),
    ])
    const read = await reading(sourceAt(google, { miscounted: ['Crew@example.com'] }))
    expect([read.members.get('01crew'), failed(read)]).toEqual([[ID.ada, ID.grace], []])
  })

  test('a member who is missing, and was there last time, is asked for again: a nested group too, which no count counts', async () => {
    const google = await directory({
      groups: [crew([ID.ada, '02inner']), { id: '02inner', email: 'inner@example.com', members: [ID.grace] }],
    })
    const source = sourceAt(google)
    const before = await reading(source)
    let times = 1
    google.misbehave(({ path }) => (path.includes('/01crew/members') && times-- > 0 ? 'short-by-one' : undefined))
    const again = await readAgain(source, before)
    expect(again.members.get('01crew')).toEqual([ID.ada, '02inner'])
  })

  test('another customer’s people are not taken for ours', async () => {
    const google = await directory({ groups, customer: 'C0example2' })
    const { certificate } = await reading(sourceAt(google))
    expect(certificate.server).toBe('C0example2')
    expect(
      failed(await reading(sourceAt(google), { previous: { ...certificate, server: 'C0example1' } })),
    ).toMatchObject([expect.stringMatching(/^same-customer: customer C0example2, and C0example1 at the last reading/)])
  })
})

describe('users whom the directory does not know much of yet', () => {
  const fresh = person('grace', { suspended: undefined, archived: undefined })

  test('are looked at again until it says whether they may sign in', async () => {
    const google = await directory({ users: [person('ada'), fresh] })
    google.misbehave(({ path }) => {
      if (path.includes(`/users/${ID.grace}`)) google.putUser(person('grace'))
      return undefined
    })
    const read = await reading(sourceAt(google))
    expect([read.users.get(ID.grace)?.enabled, read.findings]).toEqual([true, []])
  })

  test('are held where it does not, with a finding, and keep their memberships', async () => {
    const google = await directory({ users: [person('ada'), fresh], groups: [crew([ID.grace])] })
    const read = await reading(sourceAt(google))
    expect(read.users.get(ID.grace)).toMatchObject({ enabled: undefined })
    expect(read.members.get('01crew')).toEqual([ID.grace])
    expect(read.findings).toMatchObject([{ finding: 'state-unknown' }])
    expect(failed(read)).toEqual([])
  })

  test('and an archived one is disabled, with a finding', async () => {
    const google = await directory({ users: [person('ada', { archived: true })] })
    const read = await reading(sourceAt(google))
    expect(read.users.get(ID.ada)?.enabled).toBe(false)
    expect(read.findings).toMatchObject([{ finding: 'archived' }])
  })
})

describe('organisational units', () => {
  const users = [
    person('ada', { orgUnitPath: '/Sales' }),
    person('grace', { orgUnitPath: '/Sales/Tokyo' }),
    person('alan', { orgUnitPath: '/Salesforce' }),
  ]
  const orgUnits = ['/Sales', '/Sales/Tokyo', '/Salesforce'].map(orgUnitPath => ({ orgUnitPath }))

  test('take in those below them, and nobody whose unit begins alike', async () => {
    const google = await directory({ users, orgUnits, groups: [crew([ID.ada, ID.alan])] })
    const read = await reading(sourceAt(google, { orgUnits: ['/sales'] }))
    expect([...read.users.keys()].toSorted()).toEqual([ID.ada, ID.grace])
    expect(read.members.get('01crew')).toEqual([ID.ada])
    expect(read.findings.map(({ finding }) => finding)).toEqual(['outside-org-units', 'out-of-scope-members'])
    expect(failed(read)).toEqual([])
    expect(google.requests.filter(({ path }) => path.includes('query='))).toEqual([])
  })

  test('one that is not there makes nobody a leaver', async () => {
    const google = await directory({ users, orgUnits })
    expect(failed(await reading(sourceAt(google, { orgUnits: ['/Sales', '/Vertrieb'] })))).toMatchObject([
      expect.stringMatching(/^org-units-there: \/Vertrieb is not there: renamed, moved or deleted\?/),
    ])
  })
})

test('how far it has come is told while groups are read', async () => {
  const google = await directory({ groups: [crew([ID.ada, ID.grace])] })
  const told: unknown[] = []
  await reading(sourceAt(google), { progress: done => told.push(done) })
  expect(told.at(-1)).toEqual({ users: 3, groups: 1, members: 2 })
})

test('custom schemas are asked for by name, where a profile names them', async () => {
  const customSchemas = { Work: { zone: 'Asia/Tokyo' } }
  const google = await directory({
    users: [person('ada', { customSchemas })],
    schemas: [{ schemaName: 'Work', fields: [{ fieldName: 'zone', fieldType: 'STRING' }] }],
  })
  const source = sourceAt(google, { schemas: { Work: { zone: 'text' } } })
  const read = await reading(source, { userAttributes: ['customSchemas'] })
  expect(read.users.get(ID.ada)?.attributes).toEqual({ customSchemas })
  google.reset()
  await reading(source)
  expect(google.requests.filter(({ path }) => /projection|customFieldMask/.test(path))).toEqual([])
})

test('everyone is asked for by customer and never by domain, in pages as large as they come, with the fields needed', async () => {
  const google = await directory({
    users: [person('ada'), person('grace', { primaryEmail: 'grace@example.org' })],
    groups: [crew([ID.ada])],
  })
  const read = await reading(sourceAt(google), {
    userAttributes: ['title', 'department'],
    groupAttributes: ['description'],
  })
  expect(read.users.size).toBe(2)
  const asked = google.requests
    .filter(({ service }) => service === 'directory')
    .map(({ path }) => new URL(path, google.url))
  expect(asked.map(({ searchParams }) => searchParams.get('domain'))).toEqual(asked.map(() => null))
  const [users] = asked.filter(
    ({ pathname, searchParams }) => pathname.endsWith('/users') && !searchParams.has('orderBy'),
  )
  expect(Object.fromEntries(users!.searchParams)).toEqual({
    customer: 'my_customer',
    maxResults: '500',
    fields:
      'kind,nextPageToken,users(id,primaryEmail,name,suspended,archived,aliases,nonEditableAliases,organizations)',
  })
  const [members] = asked.filter(({ pathname }) => pathname.endsWith('/members'))
  expect(Object.fromEntries(members!.searchParams)).toEqual({
    maxResults: '200',
    fields: 'etag,kind,nextPageToken,members(id,email,type,status)',
  })
})
