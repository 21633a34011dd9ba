import { afterEach, describe, expect, test } from 'vitest'
import type { CheckLine } from '../../../src/connector.ts'
import { type GoogleDouble, type GoogleOptions, startGoogle } from '../../support/google/index.ts'
import { checking } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

let double: GoogleDouble | undefined
afterEach(() => double?.close())

const SCOPE = 'https://www.googleapis.com/auth/admin.directory'
const READ = [`${SCOPE}.user.readonly`, `${SCOPE}.group.readonly`]

async function directory(more: GoogleOptions = {}): Promise<GoogleDouble> {
  double = await startGoogle({
    users: [
      { id: '100000000000000000001', primaryEmail: 'ada@example.com', orgUnitPath: '/Sales' },
      { id: '100000000000000000002', primaryEmail: 'grace@example.com' },
    ],
    groups: [{ id: '01crew', email: 'crew@example.com', members: ['100000000000000000001'] }],
    orgUnits: [{ orgUnitPath: '/Sales' }],
    domains: [
      { domainName: 'example.com', isPrimary: true, verified: true },
      { domainName: 'example.org', verified: false },
    ],
    schemas: [{ schemaName: 'Work', fields: [{ fieldName: 'zone', fieldType: 'STRING' }] }],
    customer: 'C0example1',
    perMinute: Number.POSITIVE_INFINITY,
    ...more,
  })
  return double
}
const good = (lines: readonly CheckLine[]) => lines.filter(({ ok }) => ok).map(({ what }) => what)
const bad = (lines: readonly CheckLine[]) => lines.filter(({ ok }) => !ok).map(({ what, now }) => `${what}: ${now}`)

test('a source in order says who it is, whose, how many, and how long a reading takes', async () => {
  const google = await directory()
  const lines = await checking(sourceAt(google, { requestsPerMinute: 2_400, orgUnits: ['/Sales'] }))
  expect(bad(lines)).toEqual([])
  expect(good(lines)).toEqual([
    `signs in as ${google.key.client_email}, for admin@example.com`,
    'reads the users: 2',
    'the customer is C0example1',
    'reads the groups: 1, with 1 direct members',
    'reads the members of a group',
    'the organisational units: /Sales is there',
    'a full reading takes about 5 requests, 1 s at 2400 a minute; less where profiles take in few groups',
    'the domains are example.com (primary), example.org (not verified)',
  ])
})

describe('what is missing is said, and where to click', () => {
  test('a scope that is not delegated, by itself', async () => {
    const google = await directory({ delegated: READ.slice(0, 1) })
    const lines = await checking(sourceAt(google))
    expect(good(lines)).toEqual([`the scope ${READ[0]} is delegated`])
    expect(bad(lines)).toEqual([
      expect.stringMatching(/^signs in as .*may not act for/),
      expect.stringMatching(
        new RegExp(
          `^the scope ${READ[1]} is delegated: in the Admin console, Security → .*client ID ${google.key.client_id} these scopes.*${READ.join(',')}$`,
        ),
      ),
    ])
  })

  test('a privilege of the administrator', async () => {
    const google = await directory()
    const lines = await checking(sourceAt(google, { admin: 'ada@example.com' }))
    expect(bad(lines)).toEqual([
      expect.stringMatching(/^reads the users: .*Users → Read and Groups → Read/),
      expect.stringMatching(/^reads the groups: .*Users → Read and Groups → Read/),
    ])
  })

  test('the API', async () => {
    const google = await directory()
    google.misbehave(({ service }) => (service === 'directory' ? 'not-configured' : undefined))
    expect(bad(await checking(sourceAt(google))).join()).toMatch(
      /Admin SDK API is not enabled in the project example-project/,
    )
  })

  test('an organisational unit, a custom schema, a field of one', async () => {
    const google = await directory()
    const schemas = { Work: { zone: 'text', skills: 'list' }, Play: { game: 'text' } }
    const asked = { userAttributes: new Map([['customSchemas', []]]) }
    const lines = await checking(sourceAt(google, { orgUnits: ['/Vertrieb'], schemas }), asked)
    expect(bad(lines)).toEqual([
      expect.stringMatching(/^the organisational units are there: \/Vertrieb is not there/),
      expect.stringMatching(/^the custom schema Work is there: it has no skills; there is zone/),
      expect.stringMatching(/^the custom schema Play is there: it is not; there is Work/),
    ])
  })
})

test('scopes that reading does without are not missed', async () => {
  const google = await directory({ delegated: READ })
  const asked = { userAttributes: new Map([['customSchemas', []]]) }
  const lines = await checking(sourceAt(google, { schemas: { Work: { zone: 'text' } } }), asked)
  expect(bad(lines)).toEqual([])
  expect(good(lines).slice(-2)).toEqual([
    `the domains are not shown: that takes the scope ${SCOPE}.domain.readonly, which is needed for nothing else`,
    `whether the custom schemas Work are there is not known: that takes the scope ${SCOPE}.userschema.readonly`,
  ])
})

test('a query is counted, and decides nothing', async () => {
  const google = await directory()
  const lines = await checking(sourceAt(google, { query: "orgUnitPath='/Sales'" }))
  expect(good(lines)).toContain("query finds 1 users; it decides nothing, since Google's index may be 36 hours behind")
})

test('a credential that cannot be had is said, and nothing is asked', async () => {
  const google = await directory()
  const lines = await checking(sourceAt(google, { credential: { key: { env: 'GOOGLE_TEST_NOT_SET' } } }))
  expect(lines).toMatchObject([{ ok: false, what: 'reads the credential' }])
  expect(google.requests).toEqual([])
})
