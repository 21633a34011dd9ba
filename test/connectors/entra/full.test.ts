import { afterEach, describe, expect, test } from 'vitest'
import { RollcallError } from '../../../src/errors.ts'
import type { SourceGroup } from '../../../src/model.ts'
import { type GraphDouble, type GraphOptions, startGraph } from '../../support/graph/index.ts'
import { readAgain, type Reading, reading } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

let graph: GraphDouble | undefined
afterEach(async () => {
  await graph?.close()
  graph = undefined
})

async function started(options: GraphOptions): Promise<GraphDouble> {
  graph = await startGraph(options)
  return graph
}

const ID = (nth: number) => `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`
const [ADA, GRACE, ALAN, EDSGER] = [ID(1), ID(2), ID(3), ID(4)]
const [STAFF, DESIGN, RESEARCH] = [ID(11), ID(12), ID(13)]

const person = (id: string, name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  id,
  accountEnabled: true,
  displayName: name,
  userPrincipalName: `${name.toLowerCase()}@example.com`,
  ...more,
})
const PEOPLE = [person(ADA, 'Ada'), person(GRACE, 'Grace'), person(ALAN, 'Alan'), person(EDSGER, 'Edsger')]
const GROUPS = [
  { id: STAFF, displayName: 'app-staff', members: [DESIGN, ALAN] },
  { id: DESIGN, displayName: 'design', members: [ADA, GRACE, STAFF] },
  { id: RESEARCH, displayName: 'research', members: [EDSGER] },
]
const named = (start: string) => ({
  inScope: ({ name }: SourceGroup) => name.startsWith(start),
  scope: start,
})

const failed = ({ certificate }: Reading) => certificate.checks.filter(({ passed }) => !passed)

describe('scope', () => {
  test('groups in scope come with those nested below them, and all users of the tenant', async () => {
    const read = await reading(sourceAt(await started({ users: PEOPLE, groups: GROUPS })), named('app-'))
    expect([...read.groups.keys()].toSorted()).toEqual([STAFF, DESIGN])
    expect([read.users.size, failed(read)]).toEqual([4, []])
  })

  test('members of groups out of scope are not asked for', async () => {
    const graph = await started({ users: PEOPLE, groups: GROUPS })
    await reading(sourceAt(graph), named('app-'))
    expect(graph.requests.filter(({ path }) => path.includes(`${RESEARCH}/members`))).toEqual([])
  })

  const APPLICATION = '5f0e8a52-0000-4000-8000-000000000001'
  const OPTIONS: GraphOptions = {
    users: PEOPLE,
    groups: GROUPS,
    roles: ['User.Read.All', 'GroupMember.Read.All', 'Application.Read.All'],
    applications: { [APPLICATION]: [STAFF, RESEARCH, EDSGER] },
  }

  test('by assignment: the groups assigned that are in scope, who is below them, and the users assigned', async () => {
    const source = sourceAt(await started(OPTIONS), { application: APPLICATION })
    const read = await reading(source, { ...named('app-'), allUsers: false })
    expect([...read.groups.keys()].toSorted()).toEqual([STAFF, DESIGN])
    expect([...read.users.keys()].toSorted()).toEqual([ADA, GRACE, ALAN, EDSGER])
    expect([failed(read), read.certificate.users, read.checkpoint]).toEqual([[], 4, undefined])
  })

  test('by assignment: nobody else is read', async () => {
    const graph = await started(OPTIONS)
    graph.assign(APPLICATION, [RESEARCH])
    const read = await reading(sourceAt(graph, { application: APPLICATION }), { ...named('app-'), allUsers: true })
    expect([[...read.groups.keys()], [...read.users.keys()]]).toEqual([[RESEARCH], [EDSGER]])
  })

  test('by assignment, without the permission: refused by its name', async () => {
    const graph = await started({ ...OPTIONS, roles: ['User.Read.All', 'GroupMember.Read.All'] })
    await expect(reading(sourceAt(graph, { application: APPLICATION }))).rejects.toMatchObject({
      code: 'source_denied',
      message: expect.stringContaining('Application.Read.All'),
    })
  })

  test('by a filter of users, which is asked with every page and counted', async () => {
    const users = PEOPLE.map((one, nth) => ({ ...one, department: nth < 3 ? "R&D's" : 'Sales' }))
    const graph = await started({ users, groups: GROUPS, pageSizes: { users: 1 } })
    const read = await reading(sourceAt(graph, { users: { filter: "department eq 'R&D''s'" } }))
    expect([...read.users.keys()].toSorted()).toEqual([ADA, GRACE, ALAN])
    expect([failed(read), read.checkpoint]).toEqual([[], undefined])
    const pages = graph.requests.filter(({ path }) => path.startsWith('/v1.0/users?'))
    expect(pages.map(({ headers }) => headers['consistencylevel'])).toEqual(pages.map(() => 'eventual'))
    expect(pages.length).toBeGreaterThanOrEqual(3)
  })

  test('a filter that Graph does not take says whose it is', async () => {
    const graph = await started({ users: PEOPLE })
    const end = reading(sourceAt(graph, { users: { filter: 'shoeSize eq 42' } }))
    await expect(end).rejects.toMatchObject({ message: expect.stringMatching(/users: \{ filter \}/i) })
  })
})

describe('users', () => {
  test('exactly what is asked for is asked of Graph, with what users are known by', async () => {
    const graph = await started({ users: PEOPLE })
    await reading(sourceAt(graph), { userAttributes: ['mail', 'guest'] })
    const asked = graph.requests.find(({ path }) => path.startsWith('/v1.0/users?'))?.path
    expect(asked).toContain('$select=id,accountEnabled,displayName,userPrincipalName,mail,userType&$top=999')
  })

  test('attributes keep their types, and what is null is not there', async () => {
    const extension = `extension_${'0123456789abcdef'.repeat(2)}_shoeSize`
    const ada = person(ADA, 'Ada', {
      proxyAddresses: ['SMTP:ada@example.com'],
      otherMails: [],
      department: null,
      employeeOrgData: { costCenter: '7', division: null },
      onPremisesExtensionAttributes: { extensionAttribute1: 'x', extensionAttribute2: null },
      onPremisesSyncEnabled: true,
      [extension]: 42,
    })
    const graph = await started({ users: [ada], extensions: [extension] })
    const names = ['proxyAddresses', 'otherMails', 'department', 'employeeOrgData', 'onPremisesExtensionAttributes']
    const read = await reading(sourceAt(graph, { attributes: { [extension]: 'number' } }), {
      userAttributes: [...names, 'onPremisesSyncEnabled', extension],
    })
    expect(read.users.get(ADA)).toEqual({
      id: ADA,
      enabled: true,
      name: 'Ada',
      attributes: {
        proxyAddresses: ['SMTP:ada@example.com'],
        employeeOrgData: { costCenter: '7' },
        onPremisesExtensionAttributes: { extensionAttribute1: 'x' },
        onPremisesSyncEnabled: true,
        [extension]: 42,
      },
    })
  })

  test('a value of another type than declared is unknown, not cleared', async () => {
    const extension = `extension_${'0123456789abcdef'.repeat(2)}_shoeSize`
    const graph = await started({ users: [person(ADA, 'Ada', { [extension]: '42' })], extensions: [extension] })
    const read = await reading(sourceAt(graph, { attributes: { [extension]: 'number' } }), {
      userAttributes: [extension],
    })
    expect(read.users.get(ADA)).toMatchObject({ attributes: {}, unknown: [extension] })
  })

  test('guests are known by their type, and where there is none by their name', async () => {
    const users = [
      person(ADA, 'Ada', { userType: 'Guest' }),
      person(GRACE, 'Grace', { userPrincipalName: 'grace_example.org#EXT#@example.com' }),
      person(ALAN, 'Alan', { userType: 'Member', userPrincipalName: 'alan_example.org#EXT#@example.com' }),
      person(EDSGER, 'Edsger'),
    ]
    const read = await reading(sourceAt(await started({ users })), { userAttributes: ['guest'] })
    expect([ADA, GRACE, ALAN, EDSGER].map(id => read.users.get(id)?.attributes['guest'])).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('a manager is their id, asked for only when named', async () => {
    const graph = await started({ users: [person(ADA, 'Ada', { manager: GRACE }), person(GRACE, 'Grace')] })
    const read = await reading(sourceAt(graph), { userAttributes: ['manager'] })
    expect([ADA, GRACE].map(id => read.users.get(id)?.attributes)).toEqual([{ manager: GRACE }, {}])
    graph.reset()
    await reading(sourceAt(graph))
    expect(graph.requests.filter(({ path }) => path.includes('manager'))).toEqual([])
  })

  test('someone without a display name is called by their principal name', async () => {
    const read = await reading(sourceAt(await started({ users: [{ ...person(ADA, 'Ada'), displayName: null }] })))
    expect(read.users.get(ADA)?.name).toBe('ada@example.com')
  })

  test('whom Graph tells but in part is unknown, neither cleared nor disabled', async () => {
    const graph = await started({ users: PEOPLE.map(one => ({ ...one, mail: one.userPrincipalName })) })
    graph.misbehave(({ path }) => (path.startsWith('/v1.0/users?') ? 'nulls' : undefined))
    const read = await reading(sourceAt(graph), { userAttributes: ['mail'] })
    expect(read.users.get(ADA)).toEqual({ id: ADA, enabled: undefined, name: ADA, attributes: {}, unknown: ['mail'] })
    expect(failed(read)).toEqual([expect.objectContaining({ check: 'users-told-in-full' })])
    expect(failed(read)[0]?.detail).toContain('User.Read.All')
  })
})

describe('members', () => {
  test('devices, contacts and applications are counted, and left out', async () => {
    const others = [
      { id: ID(21), type: 'device', displayName: 'laptop' },
      { id: ID(22), type: 'device', displayName: 'phone' },
      { id: ID(23), type: 'orgContact', displayName: 'Post' },
      { id: ID(24), type: 'servicePrincipal', displayName: 'build' },
    ] as const
    const groups = [{ id: STAFF, displayName: 'staff', members: [ADA, ...others.map(({ id }) => id)] }]
    const read = await reading(sourceAt(await started({ users: PEOPLE, groups, others })))
    expect(read.members.get(STAFF)).toEqual([ADA])
    expect(read.findings.map(({ finding, message }) => `${finding}: ${message}`)).toEqual([
      'other-members: 2 members of groups are devices, neither user nor group, and left out',
      'other-members: one member of a group is a contact, neither user nor group, and left out',
      'other-members: one member of a group is an application, neither user nor group, and left out',
    ])
    expect([read.certificate.members, failed(read)]).toEqual([1, []])
  })

  const HIDDEN = { id: RESEARCH, displayName: 'board', visibility: 'HiddenMembership', members: [ADA] }

  test('hidden membership without the permission is unknown, not empty', async () => {
    const read = await reading(sourceAt(await started({ users: PEOPLE, groups: [HIDDEN] })))
    expect(read.groups.get(RESEARCH)).toMatchObject({ name: 'board', membersUnknown: true })
    expect([read.members.get(RESEARCH), failed(read)]).toEqual([undefined, []])
  })

  test('hidden membership with the permission is read', async () => {
    const roles = ['User.Read.All', 'GroupMember.Read.All', 'Member.Read.Hidden']
    const read = await reading(sourceAt(await started({ users: PEOPLE, groups: [HIDDEN], roles })))
    expect(read.groups.get(RESEARCH)?.membersUnknown).toBeUndefined()
    expect(read.members.get(RESEARCH)).toEqual([ADA])
  })

  test('whoever is soft-deleted and still in a group is not a member', async () => {
    const graph = await started({ users: PEOPLE, groups: GROUPS, listDeletedMembers: true })
    graph.softDelete(ADA)
    const read = await reading(sourceAt(graph))
    expect([read.users.has(ADA), read.members.get(DESIGN)?.toSorted()]).toEqual([false, [GRACE, STAFF]])
  })

  test('a list that somebody is missing from must say so twice', async () => {
    const graph = await started({ users: PEOPLE, groups: GROUPS })
    const source = sourceAt(graph)
    const before = await reading(source)
    let times = 0
    graph.misbehave(({ path, inBatch }) =>
      inBatch && path.includes(`${DESIGN}/members?`) && times++ === 0
        ? {
            fault: 'answer',
            status: 200,
            body: { value: [{ '@odata.type': '#microsoft.graph.user', id: GRACE }] },
          }
        : undefined,
    )
    const after = await readAgain(source, before, { scope: 'another' })
    expect(after.parts[0]).toBe('users')
    expect(after.members.get(DESIGN)?.toSorted()).toEqual([ADA, GRACE, STAFF])
  })

  test('members that are not found once are asked for again, and no group is taken for gone', async () => {
    const graph = await started({ users: PEOPLE, groups: GROUPS })
    let times = 0
    graph.misbehave(({ path }) => (path.includes(`${DESIGN}/members?`) && times++ === 0 ? 'not-found' : undefined))
    const read = await reading(sourceAt(graph))
    expect([read.groups.has(DESIGN), read.members.get(DESIGN)?.length, failed(read)]).toEqual([true, 3, []])
  })

  test('members that are never found, of a group that is there, are an error', async () => {
    const graph = await started({ users: PEOPLE, groups: GROUPS })
    graph.misbehave(({ path }) => (path.includes(`${DESIGN}/members?`) ? 'not-found' : undefined))
    await expect(reading(sourceAt(graph))).rejects.toMatchObject({
      code: 'source_incomplete',
      message: expect.stringContaining(`GET /groups/${DESIGN}/members: not there (404), and the group is`),
    })
  })

  test('a group that is deleted while it is read is not in the reading', async () => {
    const graph = await started({ users: PEOPLE, groups: GROUPS })
    let there = true
    graph.misbehave(({ path }) => {
      if (there && path.includes(`${RESEARCH}/members?`)) graph.hardDelete(RESEARCH)
      if (path.includes(`${RESEARCH}/members?`)) there = false
      return undefined
    })
    const read = await reading(sourceAt(graph))
    expect([[...read.groups.keys()].toSorted(), failed(read)]).toEqual([[STAFF, DESIGN], []])
  })

  test('a nested group that the listing tells after its members are known is read all the same', async () => {
    const chain = Array.from({ length: 6 }, (_, nth) => ({
      id: ID(30 + nth),
      displayName: nth === 0 ? 'app-top' : `part ${nth}`,
      members: nth === 0 ? [ID(35)] : [EDSGER],
    }))
    const graph = await started({ users: PEOPLE, groups: chain, pageSizes: { groups: 1 }, latencyMs: 10 })
    const read = await reading(sourceAt(graph), named('app-'))
    expect([[...read.groups.keys()], read.members.get(ID(35))]).toEqual([[ID(30), ID(35)], [EDSGER]])
  })

  test('a group that seems empty is counted, and not certified where it is not', async () => {
    const graph = await started({ users: PEOPLE, groups: GROUPS })
    graph.misbehave(({ path }) => (path.includes(`${DESIGN}/members?`) ? 'no-items' : undefined))
    const read = await reading(sourceAt(graph))
    expect(failed(read)).toEqual([expect.objectContaining({ check: 'members-counted-twice' })])
    expect(read.checkpoint).toBeUndefined()
  })
})

describe('certificate', () => {
  test('fewer users than were counted, before and after, is not certified', async () => {
    const graph = await started({ users: PEOPLE, groups: GROUPS, pageSizes: { users: 2 } })
    graph.misbehave(({ path }) => (path.startsWith('/v1.0/users?') ? 'no-link' : undefined))
    const read = await reading(sourceAt(graph))
    expect(failed(read)).toEqual([
      expect.objectContaining({
        check: 'users-counted-twice',
        detail: expect.stringContaining('2 users read, 4 counted before, 4 after'),
      }),
    ])
  })

  test('someone who joins while it is read does no harm', async () => {
    const graph = await started({ users: PEOPLE, groups: GROUPS })
    let joined = false
    graph.misbehave(({ path }) => {
      if (!joined && path.startsWith('/v1.0/users?')) {
        joined = true
        graph.putUser(person(ID(5), 'Katherine'))
      }
      return undefined
    })
    const read = await reading(sourceAt(graph))
    expect([read.users.size, failed(read)]).toEqual([5, []])
  })

  test('a missing permission is named, where Graph leaves an attribute out without a word', async () => {
    const graph = await started({ users: PEOPLE })
    const read = await reading(sourceAt(graph), { userAttributes: ['employeeLeaveDateTime'] })
    expect(read.users.get(ADA)?.unknown).toEqual(['employeeLeaveDateTime'])
    expect(failed(read)).toEqual([
      {
        check: 'permissions-granted',
        passed: false,
        detail:
          'missing: User-LifeCycleInfo.Read.All (to read employeeLeaveDateTime). Grant it to the application, with admin consent',
      },
    ])
  })

  test('custom security attributes are read where that is granted, in full every time', async () => {
    const roles = ['User.Read.All', 'GroupMember.Read.All', 'CustomSecAttributeAssignment.Read.All']
    const custom = { Engineering: { '@odata.type': '#microsoft.graph.customSecurityAttributeValue', Level: 'L7' } }
    const graph = await started({ users: [person(ADA, 'Ada', { customSecurityAttributes: custom })], roles })
    const read = await reading(sourceAt(graph), { userAttributes: ['customSecurityAttributes'] })
    expect(read.users.get(ADA)?.attributes).toEqual({ customSecurityAttributes: { Engineering: { Level: 'L7' } } })
    expect([failed(read), read.checkpoint]).toEqual([[], undefined])
  })

  test('without the permission to read users at all it is refused by its name', async () => {
    const graph = await started({ users: PEOPLE, roles: ['GroupMember.Read.All'] })
    await expect(reading(sourceAt(graph))).rejects.toMatchObject({
      code: 'source_denied',
      message: expect.stringMatching(/GET \/users.*403.*User\.Read\.All, with admin consent/),
    })
  })

  test('another tenant than last time is not certified', async () => {
    const graph = await started({ users: PEOPLE })
    const source = sourceAt(graph)
    const before = await reading(source)
    const previous = { ...before.certificate, server: 'tenant 00000000-0000-4000-8000-00000000000f' }
    const after = await reading(source, { previous })
    expect(failed(after)).toEqual([expect.objectContaining({ check: 'same-tenant' })])
  })

  test('a listing that leads in a circle is an error that names the page', async () => {
    const graph = await started({ users: PEOPLE, pageSizes: { users: 1 } })
    graph.misbehave(({ path }) => (path.startsWith('/v1.0/users?') ? 'endless' : undefined))
    const error: unknown = await reading(sourceAt(graph)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RollcallError)
    expect(error).toMatchObject({
      code: 'source_incomplete',
      message: expect.stringMatching(/GET \/users.*link onwards that came before/),
    })
  })

  test('a page that comes twice is asked for again', async () => {
    const graph = await started({ users: PEOPLE, pageSizes: { users: 1 } })
    let times = 0
    graph.misbehave(({ path }) =>
      path.startsWith('/v1.0/users?') && path.includes('skiptoken') && times++ === 0 ? 'repeated-page' : undefined,
    )
    const read = await reading(sourceAt(graph))
    expect([read.users.size, read.repeated, failed(read)]).toEqual([4, [], []])
  })

  test('a page that always comes twice is an error that names it', async () => {
    const graph = await started({ users: PEOPLE, pageSizes: { users: 2 } })
    graph.misbehave(({ path }) =>
      path.includes('/users?') && path.includes('skiptoken') ? 'repeated-page' : undefined,
    )
    await expect(reading(sourceAt(graph))).rejects.toMatchObject({
      code: 'source_incomplete',
      message: expect.stringMatching(/GET \/users, page 2 failed .*a page that came before/),
    })
  })

  test('a link to another origin is not followed, and gets no token', async () => {
    const graph = await started({ users: PEOPLE, pageSizes: { users: 1 } })
    const elsewhere = await startGraph({ users: PEOPLE })
    try {
      const link = `${elsewhere.url}/v1.0/users?$skiptoken=x`
      graph.misbehave(({ path }) =>
        path.startsWith('/v1.0/users?')
          ? { fault: 'answer', status: 200, body: { value: [PEOPLE[0]], '@odata.nextLink': link } }
          : undefined,
      )
      await expect(reading(sourceAt(graph))).rejects.toMatchObject({
        code: 'source_incomplete',
        message: expect.stringContaining('a link onwards to another place (127.0.0.1:'),
      })
      expect(elsewhere.requests).toEqual([])
    } finally {
      await elsewhere.close()
    }
  })
})

test('throttled by its budget, a reading waits as long as it is told and comes to its end', async () => {
  const groups = Array.from({ length: 310 }, (_, nth) => ({
    id: ID(100 + nth),
    displayName: `team ${nth}`,
    members: [ADA],
  }))
  const graph = await started({ users: PEOPLE, groups, budget: { unitsPer10s: 600 } })
  const patience = { attempts: 8, first: 50, longest: 2_000, giveUp: 60_000 }
  const read = await reading(sourceAt(graph, {}, { patience }))
  expect([read.groups.size, failed(read)]).toEqual([310, []])
  expect(graph.throttled).toBeGreaterThan(0)
})

test('a batch of which every item is told to wait, and not how long, waits as for one', async () => {
  const groups = Array.from({ length: 40 }, (_, nth) => ({
    id: ID(100 + nth),
    displayName: `team ${nth}`,
    members: [],
  }))
  const graph = await started({ users: PEOPLE, groups })
  const told = new Set<string>()
  graph.misbehave(({ path, inBatch }) => {
    if (!inBatch || told.has(path)) return undefined
    told.add(path)
    return 'throttled'
  })
  // Doubled for each of forty, the wait would be a minute.
  const patience = { attempts: 5, first: 2, longest: 60_000, giveUp: 120_000 }
  const read = await reading(sourceAt(graph, {}, { patience }))
  expect([read.groups.size, told.size > 40, failed(read)]).toEqual([40, true, []])
})

test('progress tells users, groups and members as they come', async () => {
  const graph = await started({ users: PEOPLE, groups: GROUPS })
  const most = { users: 0, groups: 0, members: 0 }
  const read = await reading(sourceAt(graph), {
    progress({ users, groups, members }) {
      most.users = Math.max(most.users, users)
      most.groups = Math.max(most.groups, groups)
      most.members = Math.max(most.members, members)
    },
  })
  expect(most).toEqual({ users: expect.any(Number), groups: 3, members: read.certificate.members })
})
