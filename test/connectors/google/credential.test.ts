import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { google as connector } from '../../../connectors/google/index.ts'
import { type GoogleDouble, type GoogleOptions, startGoogle } from '../../support/google/index.ts'
import { reading } from '../../support/reading.ts'
import { given, sourceAt } from './given.ts'

const USERS = [{ id: '100000000000000000001', primaryEmail: 'ada@example.com' }]
const GROUPS = Array.from({ length: 30 }, (_, nth) => ({
  id: `0${nth}`,
  email: `team${nth}@example.com`,
  members: ['100000000000000000001'],
}))
const SCOPE = 'https://www.googleapis.com/auth/admin.directory'

const opened: GoogleDouble[] = []
afterEach(async () => {
  for (const double of opened.splice(0)) await double.close()
  delete process.env['GCE_METADATA_HOST']
  delete process.env['GOOGLE_APPLICATION_CREDENTIALS']
})

async function directory(more: GoogleOptions = {}): Promise<GoogleDouble> {
  const double = await startGoogle({ users: USERS, groups: GROUPS, perMinute: Number.POSITIVE_INFINITY, ...more })
  opened.push(double)
  return double
}
const denied = (message: RegExp) => ({ code: 'source_denied', message: expect.stringMatching(message) })

describe('a key with delegation', () => {
  test('signs in as the administrator, once for all requests', async () => {
    const double = await directory()
    expect((await reading(sourceAt(double))).users.size).toBe(1)
    expect(double.tokenRequests).toBe(1)
    expect(double.requests.filter(({ service }) => service === 'directory').length).toBeGreaterThan(30)
  })

  test('signs in anew before the token expires', async () => {
    let now = Date.now()
    const double = await directory({ tokenLifetime: 600, now: () => now })
    double.misbehave(({ path }) => {
      if (path.includes('/members')) now += 60_000
      return undefined
    })
    expect((await reading(sourceAt(double, { concurrency: 1 }, { now: () => now }))).certificate.complete).toBe(true)
    expect(double.tokenRequests).toBeGreaterThanOrEqual(4)
    expect(double.requests.filter(({ path }) => path.includes('/members'))).toHaveLength(30)
  })

  test('signs in anew, once, when a token is not taken any more', async () => {
    const double = await directory()
    let times = 1
    double.misbehave(({ path }) => {
      if (path.includes('/members') && times-- > 0) double.revokeTokens()
      return undefined
    })
    expect((await reading(sourceAt(double))).certificate.complete).toBe(true)
    expect(double.tokenRequests).toBe(2)
  })

  test('asks for no more than it needs, and for organisational units where they are configured', async () => {
    const double = await directory({ delegated: [`${SCOPE}.user.readonly`, `${SCOPE}.group.readonly`] })
    expect((await reading(sourceAt(double))).users.size).toBe(1)
    await expect(reading(sourceAt(double, { orgUnits: ['/'] }))).rejects.toMatchObject(
      denied(/may not act for admin@example.com.*API controls.*client ID \d+ these scopes.*orgunit.readonly/),
    )
  })

  test('is refused with where to click: no delegation, no such administrator, no admin of theirs', async () => {
    const none = await directory({ delegated: [] })
    await expect(reading(sourceAt(none))).rejects.toMatchObject(denied(/Manage domain-wide delegation → Add new/))
    const double = await directory()
    await expect(reading(sourceAt(double, { admin: 'nobody@example.com' }))).rejects.toMatchObject(
      denied(/signing in as nobody@example.com was refused \(invalid_grant\): there is no such user/),
    )
    await expect(reading(sourceAt(double, { admin: 'ada@example.com' }))).rejects.toMatchObject(
      denied(/403 forbidden; ada@example.com may not read this: Admin console → Account → Admin roles/),
    )
  })

  test('that is no key is refused without a word of it', async () => {
    const double = await directory()
    process.env['GOOGLE_TEST_NO_KEY'] = '{"type":"service_account","private_key":"hush"}'
    const asked = reading(sourceAt(double, { credential: { key: { env: 'GOOGLE_TEST_NO_KEY' } } }))
    await expect(asked).rejects.toMatchObject({
      code: 'secret_unavailable',
      message: expect.not.stringContaining('hush'),
    })
  })
})

describe('without a key', () => {
  const keyless = (double: GoogleDouble) => ({ credential: { keyless: double.key.client_email } })

  test('the machine’s own identity has Google sign', async () => {
    const double = await directory()
    process.env['GCE_METADATA_HOST'] = double.metadataHost
    expect((await reading(sourceAt(double, keyless(double)))).users.size).toBe(1)
    expect(double.requests.filter(({ service }) => service === 'iam')).toHaveLength(1)
    expect(double.tokenRequests).toBe(1)
  })

  test('so does one from outside Google, named in a file', async () => {
    const double = await directory()
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-'))
    const file = join(folder, 'workload.json')
    writeFileSync(file, JSON.stringify(double.workload))
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file
    try {
      expect((await reading(sourceAt(double, keyless(double)))).users.size).toBe(1)
      expect(double.requests.filter(({ service }) => service === 'sts').length).toBeGreaterThan(0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a machine without an identity is told where to get one', async () => {
    const double = await directory()
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = join(tmpdir(), 'rollcall-no-such-file.json')
    await expect(reading(sourceAt(double, keyless(double)))).rejects.toMatchObject(
      denied(/this machine has no identity at Google.*GOOGLE_APPLICATION_CREDENTIALS/),
    )
  })

  test('an identity that may not sign is told what it lacks', async () => {
    const double = await directory()
    process.env['GCE_METADATA_HOST'] = double.metadataHost
    double.letSign(false)
    await expect(reading(sourceAt(double, keyless(double)))).rejects.toMatchObject(
      denied(/signing as .* was refused \(403 \w+\): .*Service Account Token Creator/),
    )
  })
})

describe('a service account with an admin role', () => {
  const own = (double: GoogleDouble) => ({
    admin: undefined,
    credential: { adminRole: given(double).credential && { env: `GOOGLE_TEST_KEY_${new URL(double.url).port}` } },
  })

  test('asks for itself', async () => {
    const double = await directory({ adminRole: true, customer: 'C0example1' })
    expect((await reading(sourceAt(double, { ...own(double), customer: 'C0example1' }))).users.size).toBe(1)
  })

  test('has to name the customer', async () => {
    const double = await directory({ adminRole: true })
    await expect(reading(sourceAt(double, own(double)))).rejects.toMatchObject(
      denied(/400 invalid; .*a service account without delegation has to name as C…/),
    )
  })
})

describe('a credential stays where it belongs', () => {
  test('a redirect is not followed', async () => {
    const seen: string[] = []
    const elsewhere = createServer((request, response) => {
      seen.push(String(request.headers.authorization))
      response.end('{}')
    })
    await new Promise<void>(done => elsewhere.listen(0, '127.0.0.1', done))
    const address = elsewhere.address()
    const location = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
    const double = await directory()
    double.misbehave(({ service }) =>
      service === 'directory' ? { fault: 'answer', status: 302, headers: { location } } : undefined,
    )
    await expect(reading(sourceAt(double))).rejects.toMatchObject({ code: 'source_denied' })
    await new Promise(done => elsewhere.close(done))
    expect(seen).toEqual([])
  })

  test('a proxy named in the environment is not theirs', async () => {
    const double = await directory()
    process.env['HTTPS_PROXY'] = 'no address at all'
    try {
      expect((await reading(sourceAt(double))).users.size).toBe(1)
    } finally {
      delete process.env['HTTPS_PROXY']
    }
  })

  test('errors name the source and the request, and hold neither key nor token', async () => {
    const double = await directory()
    double.misbehave(({ path }) => (path.includes('/groups?') ? 'not-configured' : undefined))
    const source = connector.open(given(double), { name: 'hq', folder: import.meta.dirname })
    const error: unknown = await reading(source).catch((error: unknown) => error)
    const text =
      JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error instanceof Error && error.cause)
    expect(text).toMatch(
      /google \\?"hq\\?": page 1 of the groups.*: 403 accessNotConfigured; the Admin SDK API is not enabled/,
    )
    expect(text).not.toContain(double.key.private_key.slice(40, 80))
    expect(text).not.toContain(double.token())
    for (const { headers } of double.requests.filter(({ service }) => service === 'directory'))
      expect(text).not.toContain(String(headers['authorization']).slice('Bearer '.length))
  })
})
