import { afterEach, expect, test } from 'vitest'
import { type GraphDouble, type GraphOptions, startGraph } from '../../support/graph/index.ts'
import { checking } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

let graph: GraphDouble | undefined
afterEach(async () => {
  await graph?.close()
  graph = undefined
})

const ADA = {
  id: '00000000-0000-4000-8000-000000000001',
  accountEnabled: true,
  displayName: 'Ada',
  userPrincipalName: 'ada@example.com',
}
const APPLICATION = '5f0e8a52-0000-4000-8000-000000000001'

async function lines(
  options: GraphOptions,
  more: Readonly<Record<string, unknown>> = {},
  attributes: readonly string[] = [],
) {
  graph = await startGraph({ users: [ADA], tenantName: 'Contoso', ...options })
  const at = { file: 'profiles/emea.yaml', line: 12, column: 3 }
  return checking(sourceAt(graph, more), { userAttributes: new Map(attributes.map(name => [name, [at]])) })
}

test('a tenant in order: who signs in, what is granted, whose tenant it is, how much there is', async () => {
  const all = await lines({
    groups: [{ id: '00000000-0000-4000-8000-000000000011', displayName: 'staff', members: [] }],
  })
  expect(all.map(({ ok, what }) => `${ok ? '+' : '-'} ${what}`)).toEqual([
    `+ signs in to tenant ${graph?.tenant} at ${new URL(graph?.login ?? '').host} as application ${graph?.client}`,
    '+ User.Read.All is granted (to read users)',
    '+ GroupMember.Read.All is granted (to read groups and their members)',
    '+ Member.Read.Hidden is not granted: groups with hidden membership keep the members they have at the target',
    `+ the tenant is Contoso (${graph?.tenant})`,
    '+ there are 1 users and 1 groups',
    '+ a full reading takes about 1 s if every group is in scope',
  ])
})

test('a permission that an attribute needs is named with the line of the profile that names the attribute', async () => {
  const all = await lines({}, {}, ['mail', 'customSecurityAttributes'])
  expect(all.filter(({ ok }) => !ok)).toEqual([
    {
      ok: false,
      what: 'CustomSecAttributeAssignment.Read.All is not granted (to read customSecurityAttributes, named at profiles/emea.yaml:12)',
      now: 'grant the application permission CustomSecAttributeAssignment.Read.All of Microsoft Graph, with admin consent',
    },
  ])
})

test('a permission that every reading needs is missing, and what it keeps from being counted', async () => {
  const all = await lines({ roles: ['User.Read.All'] })
  expect(all.filter(({ ok }) => !ok).map(({ what, now }) => [what, now])).toEqual([
    [
      'GroupMember.Read.All is not granted (to read groups and their members)',
      'grant the application permission GroupMember.Read.All of Microsoft Graph, with admin consent',
    ],
    ['counts users and groups', expect.stringContaining('GroupMember.Read.All')],
  ])
})

test('a larger permission counts for a smaller one', async () => {
  const all = await lines({ roles: ['Directory.Read.All'] })
  expect(all.filter(({ ok }) => !ok)).toEqual([])
})

test('the name of a tenant that may not be read is no fault', async () => {
  const all = await lines({ roles: ['User.ReadWrite.All', 'Group.Read.All'] })
  expect(all.filter(({ ok }) => !ok)).toEqual([])
  expect(all.find(({ what }) => what.includes('name'))?.what).toMatch(/Organization\.Read\.All|the tenant is/)
})

test('an application that somebody is assigned to, and one that nobody is', async () => {
  const roles = ['User.Read.All', 'GroupMember.Read.All', 'Application.Read.All']
  const some = await lines({ roles, applications: { [APPLICATION]: [ADA.id] } }, { application: APPLICATION })
  expect(some.at(-1)).toEqual({ ok: true, what: `application ${APPLICATION} has 1 users and 0 groups assigned` })
  graph?.assign(APPLICATION, [])
  const none = await checking(sourceAt(graph!, { application: APPLICATION }))
  expect(none.at(-1)).toMatchObject({ ok: false, what: `application ${APPLICATION} has nobody assigned` })
})
