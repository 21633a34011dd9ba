import { expect, test } from 'vitest'
import { loadDialect } from '../../src/scim/dialect.ts'
import description from '../fixtures/atlassian-user-provisioning.openapi.json' with { type: 'json' }
import type { Heard, Reply } from '../support/http.ts'
import { everything, list, pageOf, people, person, signal, targetAt } from './scim.ts'

/** A part of an OpenAPI description. */
interface Node {
  readonly $ref?: string
  readonly allOf?: readonly Node[]
  readonly type?: string
  readonly readOnly?: boolean
  readonly items?: Node
  readonly properties?: Readonly<Record<string, Node>>
  readonly content?: Readonly<Record<string, { readonly schema: Node }>>
}
interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: Node
}
const paths = description.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const DIRECTORY = '/scim/directory/{directoryId}'

/**
 * Marked read-only in the description, and yet to be written: `schemas` by RFC 7643 §3, the others by Atlassian's own
 * pages (users are matched by externalId; department comes in the enterprise extension).
 */
const WRITABLE_ALL_THE_SAME = new Set(['schemas', 'externalId', ENTERPRISE, 'organization', 'department'])
/** The description says `operations`, Atlassian's samples and RFC 7644 say `Operations`. */
const SPELLED_OTHERWISE: Readonly<Record<string, string>> = { Operations: 'operations' }

/** What of a request the published description does not allow. */
function faultsOf({ method, path, query, body, headers }: Heard): string[] {
  const template = Object.keys(paths).find(one =>
    new RegExp(`^${one.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path.replace('/scim/v2', '/scim/directory/abc')),
  )
  const operation = paths[template ?? '']?.[method.toLowerCase()]
  if (!template || !operation) return [`${method} ${path}`]
  const allowed = operation.parameters.filter(one => one.in === 'query').map(one => one.name)
  const parameters = [...query.keys()].filter(name => !allowed.includes(name)).map(name => `${template}?${name}`)
  const content = operation.requestBody && resolve(operation.requestBody).content
  if (!content) return body === undefined ? parameters : [...parameters, `${method} ${template} with a body`]
  const schema = content[String(headers['content-type'])]?.schema
  return schema
    ? [...parameters, ...unfit(body, schema, template)]
    : [`${template} as ${String(headers['content-type'])}`]
}

function unfit(value: unknown, given: Node, at: string): string[] {
  if (given.$ref === '#/components/schemas/JsonNode') return [] // any JSON
  const schema = resolve(given)
  if (Array.isArray(value))
    return schema.type === 'array'
      ? value.flatMap(item => unfit(item, schema.items ?? {}, `${at}[]`))
      : [`${at}: a list`]
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, inner]) => {
      const own = schema.properties?.[SPELLED_OTHERWISE[name] ?? name]
      if (!own) return schema.properties ? [`${at}.${name} is unknown`] : []
      if (own.readOnly && !WRITABLE_ALL_THE_SAME.has(name)) return [`${at}.${name} is read-only`]
      return unfit(inner, own, `${at}.${name}`)
    })
  return schema.type && schema.type !== typeof value ? [`${at}: ${typeof value}, not ${schema.type}`] : []
}

function resolve(node: Node): Node {
  const [, , kind, name = ''] = (node.$ref ?? node.allOf?.[0]?.$ref ?? '').split('/')
  const { schemas, requestBodies } = description.components
  const named = (kind === 'requestBodies' ? requestBodies : schemas) as Readonly<Record<string, Node>>
  return named[name] ?? node
}

function answer(heard: Heard): Reply {
  const { method, path, query, body } = heard
  if (query.has('filter')) return list(path.endsWith('Users') ? [person(1)] : [])
  if (path.endsWith('/Users') && method === 'GET') return pageOf(people(130), heard)
  if (path.endsWith('/Groups') && method === 'GET') return pageOf([{ id: 'g1', displayName: 'a' }], heard)
  if (method === 'POST') return { status: 201, json: { ...body, id: 'new' } }
  if (method === 'DELETE') return { status: 204 }
  return { json: { id: path.split('/').at(-1), userName: 'person1@example.com', members: [] } }
}

test('every request rollcall sends is one that Atlassian describes', async () => {
  const { target, heard } = await targetAt(answer, { dialect: await loadDialect('atlassian', '.') })
  const user = {
    userName: 'ada@example.com',
    externalId: 'a-1',
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
    displayName: 'Ada Lovelace',
    title: 'Engineer',
    timezone: 'Europe/London',
    preferredLanguage: 'en-GB',
    phoneNumbers: [{ value: '+44 20 7946 0000', type: 'work' }],
    active: true,
    [ENTERPRISE]: { department: 'Engines', organization: 'EMEA' },
  }
  await everything(target)
  for (const attribute of ['userName', 'externalId']) await target.findUsers(attribute, 'nobody+1@example.com', signal)
  for (const attribute of ['displayName', 'externalId']) await target.findGroups(attribute, 'a"b', signal)
  await target.readUser('id-1', signal)
  await target.readGroup('g1', signal)
  await target.createUser(user, signal)
  await target.createGroup({ displayName: 'eng', externalId: 'g-1' }, signal)
  await target.updateUser('id-1', { title: 'Clerk', nickName: 'A' }, { ...user, nickName: null }, signal)
  await target.updateUser('id-1', { active: true }, { active: false }, signal)
  await target.updateGroup('g1', { externalId: null }, { externalId: 'g-2' }, signal)
  await target.addMembers('g1', ['1', '2'], signal)
  await target.removeMembers('g1', ['1', '2'], signal)
  await target.deleteUser('id-1', signal)
  await target.deleteGroup('g1', signal)
  for await (const line of target.check(signal)) expect(line.ok).toBe(true)
  expect(heard.flatMap(faultsOf)).toEqual([])
  expect(new Set(heard.map(({ method }) => method))).toEqual(new Set(['GET', 'POST', 'PATCH', 'DELETE']))
})

test('what Atlassian does not describe is noticed by this check', () => {
  const query = new URLSearchParams()
  const headers = { 'content-type': 'application/scim+json' }
  const at = (request: Partial<Heard>) =>
    faultsOf({ method: 'GET', path: '/scim/v2/Users', search: '', query, headers, body: undefined, ...request })
  expect(at({ path: '/scim/v2/Bulk' })).toHaveLength(1)
  expect(at({ query: new URLSearchParams('sortBy=userName') })).toHaveLength(1)
  expect(at({ method: 'POST', body: { userName: 7 } })).toHaveLength(1)
  expect(at({ method: 'POST', body: { locale: 'en' } })).toHaveLength(1)
  expect(at({ method: 'POST', body: { id: 'mine' } })).toHaveLength(1)
  expect(at({ method: 'POST', path: '/scim/v2/Groups', body: { members: [] } })).toHaveLength(1)
  expect(at({ method: 'DELETE', path: `${DIRECTORY}/Users/1`.replace('{directoryId}', 'abc') })).toEqual([])
})

test('a group at Atlassian is never renamed, and an e-mail that stays is never sent', async () => {
  const { target, heard } = await targetAt(answer, { dialect: await loadDialect('atlassian', '.') })
  await expect(target.updateGroup('g1', { displayName: 'a' }, { displayName: 'b' }, signal)).rejects.toMatchObject({
    code: 'target_rejected',
  })
  const emails = [{ value: 'ada@example.com', primary: true }]
  await target.updateUser('id-1', { emails, title: 'Clerk' }, { emails, title: 'Boss' }, signal)
  expect(heard.map(({ body }) => body?.Operations)).toEqual([[{ op: 'replace', path: 'title', value: 'Boss' }]])
})
