import * as z from 'zod'
import type { Asked, CheckLine, Place } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import { unitsThere } from './certificate.ts'
import { type Client, openClient, TUNING, type Tuning } from './client.ts'
import { countOf } from './convert.ts'
import { delegationOf } from './refusal.ts'
import { directoryOf, PAGE } from './directory.ts'
import { paceOf } from './lane.ts'
import { lookBeside } from './beside.ts'
import type { GoogleOptions } from './options.ts'
import { neededScopes } from './scopes.ts'

/** *Test connection*: signs in, asks for one of each, counts, and tells what is missing and where to click. */
export async function* check(
  options: GoogleOptions,
  place: Place,
  signal: AbortSignal,
  asked: Asked,
  tuning: Tuning = TUNING,
): AsyncGenerator<CheckLine> {
  const scopes = neededScopes(options)
  const opened = await attempt('reads the credential', () => openClient(options, scopes, place, tuning), signal)
  if ('line' in opened) {
    yield opened.line
    return
  }
  const client = opened.value
  try {
    const who = `${client.signer.account}${options.admin === undefined ? '' : `, for ${options.admin}`}`
    const signedIn = await attempt(`signs in as ${who}`, () => client.signIn(signal), signal)
    if ('line' in signedIn) {
      yield signedIn.line
      yield* eachScope(scopes, options, place, signal, tuning)
      return
    }
    yield { ok: true, what: `signs in as ${who}` }
    yield* look(client, options, signal)
  } finally {
    await client.close()
  }
  yield* lookBeside({ options, place, signal, tuning }, asked)
}

/** Which of the scopes it is that is not delegated: a token request fails whole. */
async function* eachScope(
  scopes: readonly string[],
  options: GoogleOptions,
  place: Place,
  signal: AbortSignal,
  tuning: Tuning,
): AsyncGenerator<CheckLine> {
  if (options.admin === undefined) return
  const missing: string[] = []
  let delegation = ''
  for (const scope of scopes) {
    const client = await openClient(options, [scope], place, tuning)
    try {
      await client.signIn(signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof RollcallError)) throw error
      missing.push(scope)
      delegation = delegationOf(client.signer, scopes)
    } finally {
      await client.close()
    }
  }
  for (const scope of scopes) if (!missing.includes(scope)) yield { ok: true, what: `the scope ${scope} is delegated` }
  for (const scope of missing) yield { ok: false, what: `the scope ${scope} is delegated`, now: delegation }
}

/** Users, groups and members, counted. */
async function* look(client: Client, options: GoogleOptions, signal: AbortSignal): AsyncGenerator<CheckLine> {
  const wanted = {
    customer: options.customer,
    userFields: 'id',
    groupFields: 'id,email,directMembersCount',
    schemas: [],
  }
  const directory = directoryOf(client, wanted, signal)
  const users = await attempt(
    'reads the users',
    async () => {
      let count = 0
      const customers = new Set<string>()
      for await (const page of directory.userIds(new Set())) {
        count += page.length
        for (const { customerId } of page) if (customerId !== undefined) customers.add(customerId)
      }
      return { count, customers: [...customers] }
    },
    signal,
  )
  if ('line' in users) yield users.line
  else {
    const { count, customers } = users.value
    yield { ok: true, what: `reads the users: ${count}` }
    if (customers.length > 0) yield { ok: true, what: `the customer is ${customers.join(', ')}` }
  }
  const groups = await attempt(
    'reads the groups',
    async () => {
      let [count, members, pages] = [0, 0, 0]
      let first: { readonly id: string; readonly email: string } | undefined
      for await (const page of directory.groups(new Set())) {
        for (const group of page) {
          const direct = countOf(group) ?? 0
          first ??= group
          count++
          members += direct
          pages += Math.max(1, Math.ceil(direct / PAGE.members))
        }
      }
      return { count, members, pages, first }
    },
    signal,
  )
  if ('line' in groups) {
    yield groups.line
    return
  }
  const { count, members, pages, first } = groups.value
  yield { ok: true, what: `reads the groups: ${count}, with ${members} direct members` }
  if (first) {
    const read = await attempt('reads the members of a group', () => directory.members({ ...first }, undefined), signal)
    yield 'line' in read ? read.line : { ok: true, what: 'reads the members of a group' }
  }
  if (options.orgUnits) {
    const units = await attempt('reads the organisational units', () => directory.orgUnits(), signal)
    if ('line' in units) yield units.line
    else {
      const { passed, detail } = unitsThere(options.orgUnits, units.value, 0)
      yield passed
        ? { ok: true, what: `the organisational units: ${detail}` }
        : { ok: false, what: 'the organisational units are there', now: detail }
    }
  }
  if (options.query !== undefined) yield* queried(client, options, options.query, signal)
  if ('line' in users) return
  const requests = 2 * Math.ceil(users.value.count / PAGE.users) + 2 * Math.ceil(count / PAGE.groups) + pages
  const seconds = Math.ceil(requests / paceOf(options.requestsPerMinute).perSecond)
  yield {
    ok: true,
    what: `a full reading takes about ${requests} requests, ${duration(seconds)} at ${options.requestsPerMinute} a minute; less where profiles take in few groups`,
  }
}

const idsPage = z.object({
  kind: z.literal('admin#directory#users'),
  nextPageToken: z.string().optional(),
  users: z.array(z.object({ id: z.string() })).default([]),
})

async function* queried(
  client: Client,
  options: GoogleOptions,
  query: string,
  signal: AbortSignal,
): AsyncGenerator<CheckLine> {
  const { customer } = options
  const found = await attempt(
    'counts who is found by query',
    async () => {
      let count = 0
      for (let token: string | undefined, nth = 1; ; nth++) {
        const asked = {
          customer,
          query,
          maxResults: PAGE.users,
          fields: 'kind,nextPageToken,users(id)',
          ...(token !== undefined && { pageToken: token }),
        }
        const reply = await client.request(
          {
            what: `page ${nth} of who is found by query`,
            call: (api, seam) => api.users.list(asked, seam),
            shape: idsPage,
          },
          signal,
        )
        if (reply.judged !== 'fine') throw new RollcallError('source_denied', 'the search was refused; correct query.')
        count += reply.value.users.length
        token = reply.value.nextPageToken
        if (token === undefined) return count
      }
    },
    signal,
  )
  yield 'line' in found
    ? found.line
    : {
        ok: true,
        what: `query finds ${found.value} users; it decides nothing, since Google's index may be 36 hours behind`,
      }
}

async function attempt<T>(
  what: string,
  act: () => Promise<T>,
  signal: AbortSignal,
): Promise<{ readonly value: T } | { readonly line: CheckLine }> {
  try {
    return { value: await act() }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof RollcallError)) throw error
    return { line: { ok: false, what, now: error.message } }
  }
}

function duration(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`
}
