import { expect } from 'vitest'
import { RollcallError } from '../../../src/errors.ts'
import {
  type Fault,
  type FaultName,
  type GraphDouble,
  type GraphRequest,
  startGraph,
} from '../../support/graph/index.ts'
import type { Reading } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

/** For every request of a reading, one at a time, everything that can go wrong with it. */

type Where = 'list' | 'members' | 'delta' | 'count' | 'batch'

const EVERYWHERE: readonly Where[] = ['list', 'members', 'delta', 'count', 'batch']
const PAGES: readonly Where[] = ['list', 'members', 'delta']

/**
 * Where each applies; whether it is also tried without an end (`lasting`).
 * What is like another is tried at one request of each sort alone.
 */
const FAULTS: readonly {
  readonly fault: Fault
  readonly at: readonly Where[]
  readonly sparse?: true
  readonly lasting?: 'everywhere' | 'sparse'
}[] = [
  { fault: 'dropped', at: EVERYWHERE },
  { fault: 'server-error', at: EVERYWHERE, lasting: 'sparse' },
  { fault: 'throttled', at: EVERYWHERE },
  { fault: 'truncated', at: EVERYWHERE, lasting: 'sparse' },
  { fault: 'empty', at: EVERYWHERE },
  { fault: 'nulls', at: [...PAGES, 'batch'], lasting: 'everywhere' },
  { fault: 'no-items', at: [...PAGES, 'batch'], lasting: 'everywhere' },
  { fault: 'repeated-page', at: PAGES, lasting: 'sparse' },
  { fault: 'foreign-link', at: PAGES, lasting: 'sparse' },
  { fault: 'no-link', at: ['list', 'delta'], lasting: 'everywhere' },
  { fault: 'forbidden', at: EVERYWHERE, sparse: true, lasting: 'sparse' },
  { fault: 'gone', at: ['delta'], lasting: 'sparse' },
  { fault: 'sync-state-not-found', at: ['delta'] },
  { fault: 'wrong-count', at: ['count'], lasting: 'everywhere' },
  { fault: 'garbage-count', at: ['count'], lasting: 'sparse' },
  { fault: 'failed-dependency', at: ['batch'] },
  { fault: 'bad-gateway', at: ['list', 'batch'], sparse: true },
  { fault: 'unavailable', at: ['list', 'batch'], sparse: true },
  { fault: 'gateway-timeout', at: ['list', 'batch'], sparse: true },
  { fault: { fault: 'throttled', retryAfter: 0.001 }, at: ['list', 'batch'], sparse: true },
  { fault: 'cut', at: ['list', 'batch'], sparse: true },
  { fault: 'expired-token', at: ['list', 'batch'], sparse: true },
  { fault: 'not-found', at: ['list', 'delta', 'count', 'batch'], sparse: true },
  { fault: 'no-value', at: [...PAGES, 'batch'], sparse: true, lasting: 'sparse' },
  { fault: 'error-in-value', at: [...PAGES, 'batch'], sparse: true },
  { fault: 'endless', at: PAGES, sparse: true, lasting: 'sparse' },
  { fault: 'other-collection', at: PAGES, sparse: true, lasting: 'sparse' },
  { fault: 'expired-page-token', at: PAGES, sparse: true, lasting: 'sparse' },
  { fault: 'resync-required', at: ['delta'], sparse: true, lasting: 'sparse' },
]

/** One request of a reading: the how-manieth of its kind. */
export interface Case {
  readonly request: string
  readonly occurrence: number
  readonly path: string
}

function whereOf(path: string): Where {
  if (path === '/v1.0/$batch') return 'batch'
  if (/\/\$count(\?|$)/.test(path)) return 'count'
  if (/\/delta(\?|$)/.test(path)) return 'delta'
  return /^\/v1\.0\/(users|groups)\?/.test(path) ? 'list' : 'members'
}

/** A request as another reading makes it again: tokens differ from one to the next. */
function kindOf({ method, path, inBatch }: GraphRequest): string {
  return `${method} ${path.replace(/(skiptoken|deltatoken)=(?!latest)[^&]+/, '$1=…')}${inBatch ? ' in a batch' : ''}`
}

/** Every request of a good reading, in order. */
export async function casesOf(
  graph: GraphDouble,
  read: () => Promise<Reading>,
): Promise<{ readonly right: Reading; readonly cases: readonly Case[] }> {
  graph.reset()
  const right = await read()
  expect(right.certificate.checks.filter(({ passed }) => !passed)).toEqual([])
  const times = new Map<string, number>()
  const cases = graph.requests.map(request => {
    const kind = kindOf(request)
    const occurrence = (times.get(kind) ?? 0) + 1
    times.set(kind, occurrence)
    return { request: kind, occurrence, path: request.path }
  })
  return { right, cases }
}

/** What comes of `read` where this request goes wrong: once, or `always`. */
export async function misbehaving<Result>(
  graph: GraphDouble,
  { fault, always }: { readonly fault: Fault; readonly always: boolean },
  at: Case,
  read: () => Promise<Result>,
): Promise<Result> {
  graph.reset()
  let met = 0
  let path: string | undefined
  graph.misbehave(request => {
    if (kindOf(request) !== at.request) return undefined
    if (path === undefined && ++met !== at.occurrence) return undefined
    if (path !== undefined && (!always || request.path !== path)) return undefined
    path = request.path
    return fault
  })
  try {
    return await read()
  } finally {
    graph.misbehave(undefined)
    if (path === undefined) expect.fail(`${at.request} (${at.occurrence}) was not made again`)
  }
}

type End = { readonly reading: Reading } | { readonly error: RollcallError }

/** What came out wrong, a line each; how many readings there were, and how many of them came to the right end. */
export async function sweep(graph: GraphDouble, read: () => Promise<Reading>) {
  const { right, cases } = await casesOf(graph, read)
  const wrong: string[] = []
  let [runs, whole] = [0, 0]
  const met = new Set<Where>()
  for (const at of cases) {
    const here = whereOf(at.path)
    const isFirst = !met.has(here)
    met.add(here)
    for (const { fault, at: places, sparse, lasting } of FAULTS) {
      if (!places.includes(here)) continue
      const once = sparse && !isFirst ? [] : [false]
      const lasts = lasting === 'everywhere' || (lasting === 'sparse' && isFirst) ? [true] : []
      for (const always of [...once, ...lasts]) {
        const end = await misbehaving(graph, { fault, always }, at, () => endOf(read))
        const what = faultOf(end, right, at)
        runs++
        if ('reading' in end && end.reading.certificate.complete) whole++
        const name = typeof fault === 'string' ? fault : JSON.stringify(fault)
        if (what !== undefined)
          wrong.push(`${name}${always ? ' always' : ''} at ${at.request} (${at.occurrence}): ${what}`)
      }
    }
  }
  return { wrong, runs, whole }
}

function endOf(read: () => Promise<Reading>): Promise<End> {
  return read().then(
    reading => ({ reading }),
    (error: unknown) => {
      if (error instanceof RollcallError) return { error }
      throw error
    },
  )
}

/** Undefined where all is well. */
function faultOf(end: End, right: Reading, { path }: Case): string | undefined {
  if ('error' in end) {
    const { code, message } = end.error
    if (!/^source_(incomplete|denied)$/.test(code)) return `${code}: ${message}`
    return nameOf(path).test(message) ? undefined : `no word of the request in: ${message}`
  }
  const { complete, checks } = end.reading.certificate
  if (!complete) return checks.some(({ passed, detail }) => !passed && detail !== '') ? undefined : 'no reason given'
  const [is, should] = [said(untold(end.reading, right)), said(right)]
  return JSON.stringify(is) === JSON.stringify(should)
    ? undefined
    : `certified, and otherwise:${differences(is, should)}`
}

/** What names this request in a message. */
function nameOf(path: string): RegExp {
  const resource = path.replace(/^\/v1\.0/, '').split('?')[0]!
  return resource === '/$batch' ? /\/member/ : new RegExp(resource.replace('$', String.raw`\$`))
}

/** Who is who and who is in what, whatever the order it came in. */
export function said({ users, groups, members, findings }: Reading) {
  const sorted = <Item>(items: Iterable<Item>) => [...items].map(item => JSON.stringify(item)).toSorted()
  return {
    users: sorted(users.values()),
    groups: sorted(groups.values()),
    members: [...members].flatMap(([of, ids]) => [...new Set(ids)].map(id => `${of} ${id}`)).toSorted(),
    findings: sorted(findings),
  }
}

/** Of whom nothing is told but that it is unknown, is taken as before: nothing follows from it. */
function untold(is: Reading, right: Reading): Reading {
  const users = [...is.users].map(([id, one]) => {
    const isUnknown = one.enabled === undefined && Object.keys(one.attributes).length === 0 && one.unknown !== undefined
    return [id, (isUnknown ? right.users.get(id) : undefined) ?? one] as const
  })
  return { ...is, users: new Map(users) }
}

function differences(is: ReturnType<typeof said>, should: ReturnType<typeof said>): string {
  const [here, wanted] = [is, should].map(of => new Set(Object.values(of).flat())) as [Set<string>, Set<string>]
  const lacks = [...wanted.difference(here)].map(line => `\n  lacks ${line}`)
  return [...lacks, ...[...here.difference(wanted)].map(line => `\n  adds ${line}`)].join('')
}

/** The faults that a plan is made from, too. */
export const SILENT = ['nulls', 'no-items', 'repeated-page'] satisfies FaultName[]

export const user = (nth: number) => `aaaaaaaa-0000-4000-8000-${String(nth).padStart(12, '0')}`
export const group = (nth: number) => `bbbbbbbb-0000-4000-8000-${String(nth).padStart(12, '0')}`
const LAPTOP = 'cccccccc-0000-4000-8000-000000000001'
export const person = (nth: number, more: Readonly<Record<string, unknown>> = {}) => ({
  id: user(nth),
  displayName: `Person ${nth}`,
  userPrincipalName: `person.${nth}@example.com`,
  mail: `person.${nth}@example.com`,
  department: 'Engines',
  accountEnabled: nth !== 4,
  userType: 'Member',
  ...more,
})
/** Of which one group is in scope, and the other nested below it. */
export const ASKED = {
  userAttributes: ['mail', 'department'],
  inScope: ({ name }: { readonly name: string }) => name.startsWith('team-'),
  scope: 'teams',
}

/** Four people, a group nested in another and back, and a page for every one or two of them. */
export async function openTeams() {
  const graph = await startGraph({
    users: [1, 2, 3, 4].map(nth => person(nth)),
    groups: [
      { id: group(1), displayName: 'team-all', members: [group(2), user(4)] },
      { id: group(2), displayName: 'design', members: [user(1), user(2), user(3), group(1), LAPTOP] },
    ],
    others: [{ id: LAPTOP, type: 'device', displayName: 'A laptop' }],
    pageSizes: { users: 2, groups: 1, members: 3, deltaObjects: 3, deltaLinks: 2 },
  })
  return { graph, source: sourceAt(graph, {}, { patience: { attempts: 5, first: 1, longest: 2, giveUp: 10_000 } }) }
}
