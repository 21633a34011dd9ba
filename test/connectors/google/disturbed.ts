import type { Source } from '../../../src/connector.ts'
import { RollcallError } from '../../../src/errors.ts'
import {
  type FaultName,
  type GoogleDouble,
  type GoogleGroup,
  type GoogleOptions,
  type GoogleUser,
  startGoogle,
} from '../../support/google/index.ts'
import { readAgain, type Reading, reading } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

/** A small directory of many pages, whose every request can be made to fail in its turn. */
export interface Disturbed {
  readonly double: GoogleDouble
  readonly source: Source
  /** Undisturbed. */
  readonly first: Reading
  /** How many requests one reading has. */
  readonly requests: number
  /** One reading for each request whose path is one `of` these, with the fault in it: the first time it comes, or `always`. */
  sweep(fault: FaultName, how?: { readonly always?: boolean; readonly of?: RegExp }): Promise<readonly Ended[]>
  close(): Promise<void>
}

/** What became of a reading: certified and as it is, or not certified and said which request is to blame. */
export interface Ended {
  readonly request: string
  readonly end: 'right' | 'told' | 'WRONG'
  readonly why: string
}

export const wrong = (ends: readonly Ended[]) => ends.filter(({ end }) => end === 'WRONG')
export const notRight = (ends: readonly Ended[]) => ends.filter(({ end }) => end !== 'right')

/** What another attempt mends. */
export const PASSING: readonly FaultName[] = [
  'dropped',
  'server-error',
  'bad-gateway',
  'backend-error',
  'too-many',
  'rate-limit',
  'quota-exceeded',
  'cut',
  'truncated',
  'empty',
  'nothing',
  'not-a-list',
]
/** Refusals for good, true or not. */
export const REFUSALS: readonly FaultName[] = [
  'unauthorized',
  'daily-limit',
  'not-configured',
  'forbidden',
  'domain-cannot-use-apis',
  'insufficient-scope',
  'invalid',
  'not-found',
  'deleted',
  'expired-page-token',
]
/** Success that is none. */
export const LIES: readonly FaultName[] = [
  'nulls',
  'ids-only',
  'no-suspended',
  'wrong-count',
  'no-key',
  'no-items',
  'empty-page',
  'short-page',
  'short-by-one',
  'no-page-token',
  'repeated-page',
  'endless',
  'foreign-page-token',
  'garbage-page-token',
]

export const idOf = (nth: number) => `1${String(nth).padStart(20, '0')}`
const [ADA, GRACE, EDSGER] = [idOf(0), idOf(1), idOf(3)]
const USERS: readonly GoogleUser[] = [
  person(0, 'ada', { organizations: [{ title: 'Countess', primary: true }] }),
  person(1, 'grace', { suspended: true }),
  person(2, 'alan', { archived: true }),
  person(3, 'edsger', { aliases: ['goto@example.com'] }),
  person(4, 'joan'),
]
/** Inner is in no scope but by being nested. */
const GROUPS: readonly GoogleGroup[] = [
  team('01', 'all', ['02inner', ADA, GRACE]),
  team('02', 'inner', [EDSGER, { id: '8', email: 'someone@example.net', type: 'USER' }]),
  team('03', 'people', ['C0example1']),
  team('04', 'crew', ['02inner', { id: '9', email: 'goto@example.com', type: 'USER' }]),
]

function person(nth: number, name: string, more: object = {}): GoogleUser {
  return {
    id: idOf(nth),
    primaryEmail: `${name}@example.com`,
    name: { givenName: name, familyName: 'Example' },
    ...more,
  }
}

function team(number: string, name: string, members: GoogleGroup['members']): GoogleGroup {
  return { id: `${number}${name}`, email: `${name}@example.com`, members }
}

const ASKED = {
  userAttributes: ['primaryEmail', 'givenName', 'title', 'suspended'],
  groupAttributes: ['email', 'description'],
  inScope: ({ name }: { readonly name: string }) => name !== 'inner',
}

/** With `later`, every reading that is disturbed has an undisturbed one before it. */
export async function disturbed({
  later,
  ...options
}: { readonly later: boolean } & Pick<GoogleOptions, 'counts' | 'etags'>): Promise<Disturbed> {
  const now = Date.now()
  const double = await startGoogle({
    perMinute: Number.POSITIVE_INFINITY,
    pageSizes: { users: 2, groups: 2, members: 2 },
    now: () => now, // page tokens are the same in every reading
    users: USERS,
    groups: GROUPS,
    ...options,
  })
  const source = sourceAt(double, {}, { patience: { attempts: 4, first: 1, longest: 2, giveUp: 10_000 } })
  const first = await reading(source, ASKED)
  const read = () => (later ? readAgain(source, first, ASKED) : reading(source, ASKED))
  double.reset()
  await read()
  const paths = [...new Set(double.requests.map(({ path }) => path))]

  return {
    double,
    source,
    first,
    requests: paths.length,
    async sweep(fault, { always = false, of = /./ } = {}) {
      const ends: Ended[] = []
      for (const path of paths.filter(one => touches(fault, one) && of.test(one))) {
        let left = always ? Number.POSITIVE_INFINITY : 1
        double.reset()
        double.misbehave(request => (request.path === path && left-- > 0 ? fault : undefined))
        const ended = await read().then(
          after => judged(first, after, path),
          (error: unknown) => told(error, path),
        )
        ends.push({ request: path, ...ended })
      }
      double.misbehave(undefined)
      return ends
    },
    close: () => double.close(),
  }
}

/** Whether a fault makes a difference to the answer. */
function touches(fault: FaultName, path: string): boolean {
  if (fault === 'no-suspended') return path.includes('/users?')
  if (fault === 'wrong-count') return path.includes('directMembersCount')
  return path !== '/token' || !LIES.includes(fault)
}

function judged(first: Reading, after: Reading, path: string): Omit<Ended, 'request'> {
  const { complete, checks } = after.certificate
  const failed = checks.filter(({ passed }) => !passed).map(({ check, detail }) => `${check}: ${detail}`)
  if (!complete) return named(failed.join('; '), path)
  if (after.repeated.length > 0) return { end: 'WRONG', why: `${after.repeated.join()} came twice` }
  const [was, is] = [everything(first), everything(after)]
  const changed = [...was.difference(is), ...is.difference(was)]
  return changed.length === 0 ? { end: 'right', why: '' } : { end: 'WRONG', why: `certified, but: ${changed.join()}` }
}

function told(error: unknown, path: string): Omit<Ended, 'request'> {
  if (!(error instanceof RollcallError)) return { end: 'WRONG', why: String(error) }
  if (error.code !== 'source_incomplete' && error.code !== 'source_denied') return { end: 'WRONG', why: error.code }
  return named(error.message, path)
}

function named(message: string, path: string): Omit<Ended, 'request'> {
  const { pathname } = new URL(path, 'http://127.0.0.1')
  const group = /\/groups\/\d+([a-z]+)/.exec(pathname)?.[1]
  const what =
    pathname === '/token' ? /token|sign/i : pathname.endsWith('/users') ? /users/ : /groups|directMembersCount/
  const isNamed = group === undefined ? what.test(message) : message.includes(group)
  return isNamed ? { end: 'told', why: message } : { end: 'WRONG', why: `names something else: ${message}` }
}

function everything({ users, groups, members }: Reading): ReadonlySet<string> {
  return new Set([
    ...Array.from(users.values(), user => JSON.stringify({ ...user, enabled: String(user.enabled) })),
    ...Array.from(groups.values(), group => JSON.stringify(group)),
    ...Array.from(members, ([group, ids]) => ids.map(id => `${group} has ${id}`)).flat(),
  ])
}
