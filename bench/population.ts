import type { ReadingPart } from '../src/connector.ts'
import type { Certificate, ScimResource, SourceUser, TargetResource } from '../src/model.ts'
import type { Link, ManagedPaths } from '../src/state.ts'
import { openState } from '../src/state/open.ts'
import type { TargetPart } from '../src/target.ts'

/** How large a made-up directory is. The same size always gives the same people. */
export interface Size {
  readonly users: number
  readonly groups: number
  /** Memberships once nested groups are flattened, nearly. */
  readonly flattened: number
}

export const SOURCE = 'hq'
export const TARGET = 'cloud'

/** The profile that maps these people to what `currentParts` holds. */
export const PROFILE = `version: 1
source: ${SOURCE}
target: ${TARGET}
scope: { groups: ["*"], users: all }
match: [userName]
user:
  userName: \${user.mail}
  externalId: \${user.id}
  emails: \${user.mail}
  name.givenName: \${user.givenName}
  name.familyName: \${user.sn}
  displayName: \${user.displayName}
  title: \${user.title}
  preferredLanguage: \${user.preferredLanguage}
  active: \${user.enabled}
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": \${user.department}
group:
  displayName: \${group.name}
`

/** Fills a state folder with a certified reading of the source and, where `inStep`, a target that holds all of it, linked. */
export async function fillState(
  folder: string,
  size: Size,
  { inStep, paths }: { readonly inStep: boolean; readonly paths: ManagedPaths },
): Promise<void> {
  const now = new Date('2026-11-24T06:00:00Z')
  const state = openState(folder, { command: 'bench', now })
  await state.cache.keepReading(SOURCE, readingParts(size), now)
  if (inStep) {
    await state.cache.keepCurrent(TARGET, paths, currentParts(size), now)
    for (const links of linksOf(size)) state.ledger.putLinks(TARGET, links)
    state.cache.followLinks(TARGET, state.ledger)
  }
  state.close()
}

/** What the source answers, as a connector hands it on. */
export async function* readingParts(size: Size): AsyncGenerator<ReadingPart> {
  let members = 0
  for (const numbers of chunks(size.users)) yield { part: 'users', users: numbers.map(user) }
  for (const numbers of chunks(size.groups))
    yield {
      part: 'groups',
      groups: numbers.map(number => ({ id: groupId(number), name: groupName(number), attributes: {} })),
    }
  for (let group = 0; group < size.groups; group++) {
    const ids = [...directUsers(size, group)].map(userId)
    for (const nested of nestedGroups(size, group)) ids.push(groupId(nested))
    members += ids.length
    yield { part: 'members', group: groupId(group), members: ids }
  }
  yield { part: 'end', certificate: certificate(size, members) }
}

/** What a target that is in step with the source answers. */
export async function* currentParts(size: Size): AsyncGenerator<TargetPart> {
  let members = 0
  for (const numbers of chunks(size.users)) yield { part: 'users', users: numbers.map(userAtTarget) }
  for (const numbers of chunks(size.groups))
    yield {
      part: 'groups',
      groups: numbers.map(number => ({ id: scimId('group', number), resource: { displayName: groupName(number) } })),
    }
  for (let group = 0; group < size.groups; group++) {
    const users = usersOf(size, group)
    members += users.size
    yield { part: 'members', group: scimId('group', group), members: [...users].map(number => scimId('user', number)) }
  }
  yield { part: 'end', certificate: certificate(size, members) }
}

export function* linksOf(size: Size): Generator<readonly Link[]> {
  const common = { source: SOURCE, profile: 'everyone', echo: undefined }
  for (const numbers of chunks(size.users))
    yield numbers.map(number => ({ ...common, kind: 'user', sourceId: userId(number), scimId: scimId('user', number) }))
  for (const numbers of chunks(size.groups))
    yield numbers.map(number => ({
      ...common,
      kind: 'group',
      sourceId: groupId(number),
      scimId: scimId('group', number),
    }))
}

// ── people ─────────────────────────────────────────────────────────────────────────────────────────

const GIVEN = [
  'Ada',
  'Grace',
  'Jun',
  'María',
  'Olga',
  'Sipho',
  'Wei',
  'Zoë',
  'Łukasz',
  '花子',
  'Amir',
  'Ngozi',
  'Priya',
]
const SURNAMES = [
  'Lovelace',
  'Hopper',
  'Tanaka',
  'García',
  'Ivanova',
  'Dlamini',
  'Chen',
  'Müller',
  'Nowak',
  '山田',
  'Okafor',
]
const TITLES = ['Engineer', 'Analyst', 'Accountant', 'Buyer', 'Nurse', 'Driver', 'Team Lead']
const LANGUAGES = ['en-GB', 'de-DE', 'ja-JP', 'pl-PL', 'es-ES']

export function user(number: number): SourceUser {
  const mail = `user.${number}@example.com`
  const [givenName, sn] = [one(GIVEN, number), one(SURNAMES, number)]
  return {
    id: userId(number),
    enabled: true,
    name: mail,
    attributes: {
      mail,
      givenName,
      sn,
      displayName: `${givenName} ${sn}`,
      title: one(TITLES, number),
      department: `Department ${number % 997}`,
      employeeType: number % 50 === 0 ? 'contractor' : 'employee',
      preferredLanguage: one(LANGUAGES, number),
    },
  }
}

export function userAtTarget(number: number): TargetResource {
  return { id: scimId('user', number), resource: resourceOf(user(number)) }
}

function resourceOf({
  id,
  attributes: { mail = '', givenName, sn, displayName, title, department, preferredLanguage },
}: SourceUser) {
  return {
    userName: mail,
    externalId: id,
    emails: [{ value: mail, type: 'work', primary: true }],
    name: { givenName, familyName: sn },
    displayName,
    title,
    preferredLanguage,
    active: true,
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department },
  } as ScimResource
}

function one<T>(list: readonly T[], number: number): T {
  return list[number % list.length]!
}

export function userId(number: number): string {
  return uuid(number, 1)
}
export function groupId(number: number): string {
  return uuid(number, 2)
}
export function scimId(kind: 'user' | 'group', number: number): string {
  return uuid(number, kind === 'user' ? 3 : 4)
}
function groupName(number: number): string {
  return `team-${number}`
}

/** Looks random and is not: different numbers give different ids. */
function uuid(number: number, salt: number): string {
  const hex = (value: number, digits: number) => (value >>> 0).toString(16).padStart(8, '0').slice(-digits)
  const scattered = Math.imul(number + 1, 0x9e3779b1)
  const other = Math.imul(scattered ^ (scattered >>> 15), 0x85ebca6b) ^ salt
  return `${hex(scattered, 8)}-${hex(other >>> 16, 4)}-4${hex(other, 3)}-a${hex(salt, 3)}-${hex(other, 8)}${hex(number, 4)}`
}

// ── who is in which group ──────────────────────────────────────────────────────────────────────────

/**
 * Of twenty groups sixteen hold users alone, three hold five of these and one holds the three: nested three
 * deep. The first group of all is large.
 */
const BLOCK = 20
const LEAVES = 16
const INNER = 3

function nestedGroups({ groups }: Size, group: number): readonly number[] {
  const block = group - (group % BLOCK)
  const at = group % BLOCK
  const nested =
    at < LEAVES ? [] : at < LEAVES + INNER ? range(block + (at - LEAVES) * 5, 5) : range(block + LEAVES, INNER)
  return nested.filter(other => other < groups)
}

/** Flattened, a block has its leaves' users 16 + 15 + 15 times over sixteen, and the few of its own. */
function directUsers(size: Size, group: number): ReadonlySet<number> {
  const { users, groups, flattened } = size
  const perLeaf = Math.max(1, Math.round((flattened * BLOCK) / groups / 42))
  if (group === 0) return new Set(range(0, Math.min(users, 50_000)))
  if (group % BLOCK >= LEAVES) return new Set()
  const count = Math.max(1, Math.round(perLeaf * one([0.2, 0.4, 0.6, 0.8, 1.2, 1.4, 2.4], group)))
  return new Set(range(group * perLeaf, count).map(at => (at * 7_919) % users))
}

function usersOf(size: Size, group: number): Set<number> {
  const users = new Set(directUsers(size, group))
  for (const nested of nestedGroups(size, group)) for (const user of usersOf(size, nested)) users.add(user)
  return users
}

function certificate({ users, groups }: Size, members: number): Certificate {
  return { complete: true, checks: [], users, groups, members }
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => from + at)
}

function* chunks(count: number): Generator<readonly number[]> {
  for (let from = 0; from < count; from += 1_000) yield range(from, Math.min(1_000, count - from))
}
