import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { type GraphDouble, startGraph } from '../../support/graph/index.ts'
import { checking, reading } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const close of closing.splice(0)) await close()
})

const ADA = {
  id: '00000000-0000-4000-8000-000000000001',
  accountEnabled: true,
  displayName: 'Ada',
  userPrincipalName: 'ada@example.com',
}

async function started(options: Parameters<typeof startGraph>[0] = {}): Promise<GraphDouble> {
  const graph = await startGraph({ users: [ADA], ...options })
  closing.push(() => graph.close())
  return graph
}

const groups = (count: number) =>
  Array.from({ length: count }, (_, nth) => ({
    id: `10000000-0000-4000-8000-${String(nth).padStart(12, '0')}`,
    displayName: `team ${nth}`,
    members: [ADA.id],
  }))

test('one token serves a whole reading, however many requests are under way', async () => {
  const graph = await started({ groups: groups(300), pageSizes: { groups: 10 } })
  await reading(sourceAt(graph))
  expect(graph.requests.length).toBeGreaterThan(300)
  expect(graph.tokenRequests).toBe(1)
})

test('the token goes to Graph as a header, with the wish to be throttled first', async () => {
  const graph = await started()
  await reading(sourceAt(graph))
  for (const { headers, inBatch } of graph.requests) {
    if (inBatch) continue
    expect(headers['authorization']).toMatch(/^Bearer /)
    expect(headers['x-ms-throttle-priority']).toBe('Low')
  }
})

test('a certificate with its key in one PEM signs in', async () => {
  const graph = await started()
  vi.stubEnv('ENTRA_TEST_CERTIFICATE', graph.certificate)
  const source = sourceAt(graph, { credential: { certificate: { env: 'ENTRA_TEST_CERTIFICATE' } } })
  expect((await reading(source)).users.size).toBe(1)
  expect(graph.tokenRequests).toBe(1)
})

test('half a certificate is a fault of the secret', async () => {
  const graph = await started()
  vi.stubEnv('ENTRA_TEST_CERTIFICATE', graph.ca)
  const source = sourceAt(graph, { credential: { certificate: { env: 'ENTRA_TEST_CERTIFICATE' } } })
  await expect(reading(source)).rejects.toMatchObject({
    code: 'secret_unavailable',
    message: expect.stringContaining('put both into one'),
  })
})

test('the token of a workload signs in where there is one, and its want is told', async () => {
  const graph = await started()
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-entra-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  const options = { credential: { workloadIdentity: true } }
  await expect(reading(sourceAt(graph, options))).rejects.toMatchObject({
    code: 'source_denied',
    message: expect.stringContaining('AZURE_FEDERATED_TOKEN_FILE'),
  })
  writeFileSync(join(folder, 'token'), graph.federated)
  vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', join(folder, 'token'))
  expect((await reading(sourceAt(graph, options))).users.size).toBe(1)
})

/** What an App Service asks its managed identity. */
async function identityEndpoint(graph: GraphDouble, asked: string[]): Promise<Server> {
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const expires = Math.floor(Date.now() / 1_000) + 3_600
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({ access_token: graph.token(), expires_on: expires, token_type: 'Bearer', resource: graph.url }),
    )
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  closing.push(() => server.close())
  return server
}

test('a managed identity signs in without any secret', async () => {
  const graph = await started()
  const asked: string[] = []
  const server = await identityEndpoint(graph, asked)
  const { port } = server.address() as AddressInfo
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${port}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', 'x')
  const options = { client: undefined, credential: { managedIdentity: true }, endpoints: { graph: graph.url } }
  expect((await reading(sourceAt(graph, options))).users.size).toBe(1)
  expect(asked.length).toBeGreaterThan(0)
})

test('Azure CLI where nobody is signed in says how to', async () => {
  const graph = await started()
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-entra-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'az'), '#!/bin/sh\necho "Please run az login" >&2\nexit 1\n', { mode: 0o755 })
  vi.stubEnv('PATH', `${folder}:/bin:/usr/bin`)
  const options = { client: undefined, credential: { cli: true }, endpoints: { graph: graph.url } }
  await expect(reading(sourceAt(graph, options))).rejects.toMatchObject({
    code: 'source_denied',
    message: expect.stringContaining('az login'),
  })
})

test('a wrong secret says which of its two values to take, and shows neither it nor where it went', async () => {
  const graph = await started()
  vi.stubEnv('ENTRA_TEST_WRONG', 'S3cr3t-value-that-nobody-may-see')
  const error: unknown = await reading(sourceAt(graph, { credential: { secret: { env: 'ENTRA_TEST_WRONG' } } })).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({
    code: 'source_denied',
    message:
      'entra "hq": signing in was refused (AADSTS7000215): the client secret is not one of this application; take the secret’s Value (not its Secret ID), or make a new one.',
  })
  expect(inspected(error)).not.toMatch(/S3cr3t/)
})

function inspected(error: unknown): string {
  return error instanceof Error ? `${error.stack} ${JSON.stringify(error)} ${inspected(error.cause)}` : String(error)
}

test.each([
  ['expired-secret', 'source_denied', /the client secret has expired; make a new one/],
  ['no-consent', 'source_denied', /let an administrator of the tenant grant consent/],
  ['unavailable', 'source_incomplete', /signing in at 127\.0\.0\.1:\d+ failed/],
  ['dropped', 'source_incomplete', /signing in at 127\.0\.0\.1:\d+ failed/],
] as const)('a sign-in that fails (%s) says what to do', async (fault, code, message) => {
  const graph = await started()
  graph.refuseSignIn(fault)
  await expect(reading(sourceAt(graph))).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
})

test('a tenant that there is not is named', async () => {
  const graph = await started()
  await expect(reading(sourceAt(graph, { tenant: 'nowhere.example.com' }))).rejects.toMatchObject({
    message: expect.stringContaining('tenant nowhere.example.com'),
  })
})

test('a token that Graph does not take any more is got anew once, for all that are under way', async () => {
  const graph = await started({ groups: groups(100), pageSizes: { groups: 10 } })
  let revoked = false
  graph.misbehave(({ path }) => {
    if (!revoked && path.includes('/members')) {
      revoked = true
      graph.revokeTokens()
    }
    return undefined
  })
  const read = await reading(sourceAt(graph))
  expect([read.certificate.complete, read.groups.size]).toEqual([true, 100])
  expect(graph.tokenRequests).toBe(2)
})

test('a token that Graph never takes is refused after the second', async () => {
  const graph = await started()
  graph.misbehave(() => 'expired-token')
  await expect(reading(sourceAt(graph))).rejects.toMatchObject({
    code: 'source_denied',
    message: expect.stringContaining('Graph does not take the token'),
  })
})

test('a test of the connection says that signing in failed, and why', async () => {
  const graph = await started()
  graph.refuseSignIn('expired-secret')
  const lines = await checking(sourceAt(graph))
  expect(lines).toEqual([
    {
      ok: false,
      what: expect.stringContaining(`signs in to tenant ${graph.tenant}`),
      now: expect.stringContaining('the client secret has expired'),
    },
  ])
})
