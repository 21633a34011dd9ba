import type { Since } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import { countOf, type WireGroup } from './convert.ts'
import { type Counting, tallyOf } from './counting.ts'
import type { Directory, Member, Members } from './directory.ts'

/** A group whose members are to be read. */
export interface Asked {
  readonly id: string
  readonly email: string
  /** Its directMembersCount. */
  readonly count: number | undefined
  /** Of its members, as they were in the last reading. */
  readonly etag: string | undefined
}

export type MembersRead =
  | { readonly is: 'there'; readonly rows: readonly Member[]; readonly etag: string | undefined }
  /** As in the last reading, by the etag. */
  | { readonly is: 'unchanged'; readonly members: readonly string[]; readonly etag: string }
  | { readonly is: 'gone' }
  /** The counts do not agree, however often they are asked for. */
  | { readonly is: 'doubtful'; readonly rows: readonly Member[] }

/** Readings of one group, at most. */
const TURNS = 4

/**
 * The direct members of a group. Google has been seen to answer with fewer, or with none, and success: so an answer is
 * believed that agrees with the group's own count, and has lost nobody since the last reading; another one when it comes
 * twice the same, and agrees with the count.
 */
export async function readMembers(
  { id, email, count: listed, etag }: Asked,
  directory: Directory,
  counting: Counting,
  since: Since | undefined,
): Promise<MembersRead> {
  const known = since?.kindOf(id) === 'group' ? since.members(id) : undefined
  let count = listed
  let before: readonly Member[] | undefined
  let mark = etag
  let vanished = false
  for (let turn = 1; turn <= TURNS; turn++) {
    const answer = await directory.members({ id, email }, mark)
    if (answer.is === 'gone') {
      if ((await again(directory, id)) === undefined) return { is: 'gone' }
      if (vanished) throw neitherHereNorThere(email)
      vanished = true
      continue
    }
    if (answer.is === 'unchanged') {
      if (known && mark !== undefined && since && counting.agrees(count, tallyBefore(known, since)))
        return { is: 'unchanged', members: known, etag: mark }
      mark = undefined
      continue
    }
    const { rows } = answer
    const doubt = doubtAbout(answer, count, counting, known)
    if (doubt === undefined) return answer
    const isSame = before !== undefined && sameMembers(before, rows)
    const isExplained = () => counting.explains(email, count, tallyOf(rows), !hasAll(rows, known))
    if (isSame && (doubt !== 'count' || isExplained())) return answer
    before = rows
    mark = undefined
    if (doubt === 'count') {
      const group = await again(directory, id)
      if (group) count = countOf(group)
      else if ((await directory.members({ id, email }, undefined)).is === 'gone') return { is: 'gone' }
      else throw neitherHereNorThere(email)
    }
  }
  return { is: 'doubtful', rows: before ?? [] }
}

function doubtAbout(
  { rows, hollow }: Extract<Members, { readonly is: 'there' }>,
  count: number | undefined,
  counting: Counting,
  known: readonly string[] | undefined,
): 'count' | 'lost' | 'less' | undefined {
  const tally = tallyOf(rows)
  if (!counting.agrees(count, tally)) return 'count'
  if (hollow) return 'less'
  if (known === undefined) return rows.length === 0 || count === undefined ? 'less' : undefined
  return tally.everyone || hasAll(rows, known) ? undefined : 'lost'
}

function hasAll(rows: readonly Member[], known: readonly string[] = []): boolean {
  const ids = new Set(rows.map(({ id }) => id))
  return known.every(id => ids.has(id))
}

function tallyBefore(members: readonly string[], since: Since) {
  const groups = members.filter(id => since.kindOf(id) === 'group').length
  const users = members.length - groups
  return { certain: users, users, groups, everyone: false }
}

function sameMembers(one: readonly Member[], other: readonly Member[]): boolean {
  const ids = new Set(one.map(({ id }) => id))
  return one.length === other.length && other.every(({ id }) => ids.has(id))
}

async function again(directory: Directory, id: string): Promise<WireGroup | undefined> {
  const group = await directory.group(id)
  if (group.is === 'there') return group.item
  if (group.is === 'gone') return undefined
  throw new RollcallError(
    'source_denied',
    `the group ${id} was shown in the list, and is refused by itself; look whether the administrator may read all groups, and run again.`,
  )
}

function neitherHereNorThere(email: string): RollcallError {
  return new RollcallError(
    'source_incomplete',
    `of the group ${email} and its members one is there and the other is not. The last reading stands, nothing of it will be removed; run again later.`,
  )
}
