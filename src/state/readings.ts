import type { DatabaseSync } from 'node:sqlite'
import type { ReadingPart } from '../connector.ts'
import { RollcallError } from '../errors.ts'
import type { Attributes, Certificate, Check, Finding, SourceGroup, SourceUser, Value } from '../model.ts'
import { hash52 } from '../pipeline/canonical.ts'
import type { KeptReading, ReadingCounts, StoredReading } from '../state.ts'
import { type Column, columns, NODE, type Packed, SHARED } from './columns.ts'
import { putMembers, standing, wasThere } from './reading-members.ts'
import { remembered } from './remembered.ts'
import { GROUP, gatherer, type Kind, NOTHING, type Roster, USER } from './roster.ts'
import { num, numberOf, text, transaction } from './tables.ts'

/** Takes a reading in whole or not at all: what ends uncertified or throws leaves the last certified one as it was. */
export async function keepReading(
  db: DatabaseSync,
  source: string,
  parts: AsyncIterable<ReadingPart>,
  now: Date,
): Promise<KeptReading> {
  const uncertified = new Uncertified()
  try {
    return await transaction(db, async () => {
      const kept = await take(db, source, parts, now)
      if (kept.certificate.complete) return kept
      uncertified.kept = kept
      throw uncertified // rolls back
    })
  } catch (error) {
    if (error === uncertified && uncertified.kept) return uncertified.kept
    throw error
  }
}

class Uncertified extends Error {
  kept: KeptReading | undefined
}

async function take(
  db: DatabaseSync,
  name: string,
  parts: AsyncIterable<ReadingPart>,
  readAt: Date,
): Promise<KeptReading> {
  const source = numberOf(db, 'c_source', name)
  const store = columns(db)
  const known = remembered(db, source)
  const open = (column: Column<Packed>) => store.open(column, SHARED)
  const [kinds, live, sources] = [open(NODE.kind), open(NODE.live), open(NODE.source)]
  const [hashes, idKeys, membersHashes] = [open(NODE.hash), open(NODE.idKey), open(NODE.membersHash)]
  const ids = store.ids('node')
  const putUser = db.prepare('INSERT OR REPLACE INTO c_user (num, doc) VALUES (?, ?)')
  const putGroup = db.prepare(
    'INSERT INTO c_group (num, doc) VALUES (?, ?) ON CONFLICT (num) DO UPDATE SET doc = excluded.doc',
  )

  let repeats = 0
  let changed = 0
  const take = (kind: Kind, id: string, doc: string) => {
    const entry = known.enter(id)
    if (known.seen[entry] !== NOTHING) {
      repeats++
      return
    }
    known.seen[entry] = kind
    const hash = hash52(doc)
    const stored = known.stored[entry]
    if (stored === kind && known.hashes[entry] === hash && !known.gone[entry]) return
    if (stored !== kind) {
      // New, or a user's id that has become a group's: the number it had stays with what it was.
      if (stored !== NOTHING) live.set(known.renumber(entry), 0)
      const num = known.nums[entry]!
      kinds.set(num, kind)
      sources.set(num, source)
      ids.set(num, id)
      idKeys.set(num, hash52(id))
    }
    const num = known.nums[entry]!
    hashes.set(num, hash)
    live.set(num, 1)
    ;(kind === USER ? putUser : putGroup).run(num, doc)
    changed++
  }

  const counts = { users: 0, groups: 0, members: 0 }
  const members = gatherer()
  const findings: Finding[] = []
  const hidden = new Set<number>()
  /** Where only what changed is told: groups whose members were, and who has gone. */
  let changes: { readonly groups: Set<number>; readonly gone: Set<number> } | undefined
  let first = true
  let end: Extract<ReadingPart, { part: 'end' }> | undefined
  for await (const part of parts) {
    if (end) throw misused(name, 'went on after its end')
    switch (part.part) {
      case 'since':
        if (!first) throw misused(name, 'said in the middle that it tells changes alone')
        if (storedReading(db, name) === undefined)
          throw misused(name, 'told changes alone, and there is nothing they follow')
        changes = { groups: new Set(), gone: new Set() }
        break
      case 'gone':
        if (!changes) throw misused(name, 'named who has gone in a reading of everything')
        for (const id of part.ids) changes.gone.add(known.enter(id))
        break
      case 'users':
        for (const user of part.users) take(USER, user.id, userDoc(user))
        counts.users += part.users.length
        break
      case 'groups':
        for (const group of part.groups) {
          take(GROUP, group.id, groupDoc(group))
          if (group.membersUnknown) hidden.add(known.enter(group.id))
        }
        counts.groups += part.groups.length
        break
      case 'members': {
        const group = known.enter(part.group)
        changes?.groups.add(group)
        for (const member of part.members) members.add(group, known.enter(member))
        counts.members += part.members.length
        break
      }
      case 'finding':
        findings.push(part.finding)
        break
      case 'end':
        end = part
    }
    first = false
  }
  if (!end)
    throw new RollcallError(
      'source_incomplete',
      `source "${name}" ended without saying that it was complete. Its last reading stands, nothing of it will be removed; run again later.`,
    )

  const stands = standing(known, changes)
  const taken = { came: members, hidden, changes }
  const { strays, grown, changed: lists } = putMembers(db, known, membersHashes, taken)
  changed += lists
  if (strays > 0) {
    findings.push({
      finding: 'unknown-members',
      source: name,
      message: `${strays} ${strays === 1 ? 'member is' : 'members are'} neither a user nor a group of this source, and left out`,
    })
  }
  for (let entry = 0; entry < known.size; entry++) {
    if (stands(entry) || !wasThere(known, entry)) continue
    live.set(known.nums[entry]!, 0)
    changed++
  }
  for (const column of [kinds, live, sources, hashes, idKeys, membersHashes, ids]) column.save()

  const { certificate, checkpoint } = end
  const before = storedReading(db, name)
  const now = changes ? countStanding(known, stands) : counts
  const checks: Check[] = [
    ...certificate.checks,
    {
      check: 'no-repeats',
      passed: repeats === 0,
      detail:
        repeats === 0
          ? 'every id came once'
          : `${repeats} ids came more than once: a page was repeated, or ids are not unique`,
    },
    agree('users', now.users, certificate.users),
    agree('groups', now.groups, certificate.groups),
    agree('members', counts.members, certificate.members),
  ]
  const whole: Certificate = {
    ...certificate,
    ...(changes && before && { members: before.certificate.members + grown }),
    checks,
    complete: certificate.complete && checks.every(check => check.passed),
  }
  const reading = changed > 0 || !before ? (before?.reading ?? 0) + 1 : before.reading
  db.prepare(
    'UPDATE c_source SET reading = ?, read_at = ?, certificate = ?, findings = ?, checkpoint = ? WHERE num = ?',
  ).run(reading, readAt.toISOString(), JSON.stringify(whole), JSON.stringify(findings), checkpoint ?? null, source)
  return { source: name, reading, certificate: whole, changed, findings }
}

function countStanding(
  { size, seen, stored }: Roster,
  stands: (entry: number) => boolean,
): Omit<ReadingCounts, 'members'> {
  let [users, groups] = [0, 0]
  for (let entry = 0; entry < size; entry++) {
    if (!stands(entry)) continue
    if ((seen[entry] || stored[entry]) === USER) users++
    else groups++
  }
  return { users, groups }
}

/** A connector that breaks its promise. */
function misused(name: string, what: string): RollcallError {
  return new RollcallError(
    'source_incomplete',
    `source "${name}" ${what}. Its last reading stands; this is a fault of the connector.`,
  )
}

/** The last certified reading of a source. */
export function storedReading(db: DatabaseSync, source: string): StoredReading | undefined {
  const row = db
    .prepare('SELECT reading, read_at, certificate, accepted, findings FROM c_source WHERE name = ?')
    .get(source)
  const certificate = text(row, 'certificate')
  if (!row || !certificate) return undefined
  const accepted = text(row, 'accepted')
  return {
    reading: num(row, 'reading'),
    readAt: text(row, 'read_at') ?? '',
    certificate: JSON.parse(certificate) as Certificate,
    accepted: accepted ? (JSON.parse(accepted) as ReadingCounts) : undefined,
    findings: JSON.parse(text(row, 'findings') ?? '[]') as Finding[],
  }
}

/** From now on shrinkage is counted from this source's reading as it stands. */
export function acceptReading(db: DatabaseSync, source: string): void {
  const stored = storedReading(db, source)
  if (!stored) return
  const { users, groups, members } = stored.certificate
  db.prepare('UPDATE c_source SET accepted = ? WHERE name = ?').run(JSON.stringify({ users, groups, members }), source)
}

/**
 * The id is a column of its own; a stored document holds the rest. Attributes and lists of text are put in order,
 * since servers return them in any: an unchanged user must have an unchanged document.
 */
function ordered(attributes: Attributes): Attributes {
  const names = Object.keys(attributes).sort()
  return Object.fromEntries(names.map(name => [name, inOrder(attributes[name]!)]))
}
function inOrder(value: Value): Value {
  return Array.isArray(value) && value.every(item => typeof item === 'string') ? [...value].sort() : value
}

function userDoc({ enabled, name, attributes, unknown }: SourceUser): string {
  return JSON.stringify({ enabled, name, attributes: ordered(attributes), unknown })
}
function groupDoc({ name, attributes, unknown, membersUnknown }: SourceGroup): string {
  return JSON.stringify({ name, attributes: ordered(attributes), unknown, membersUnknown })
}
export function userOf(id: string, doc: string): SourceUser {
  return { id, enabled: undefined, ...(JSON.parse(doc) as Omit<SourceUser, 'id' | 'enabled'> & { enabled?: boolean }) }
}
export function groupOf(id: string, doc: string): SourceGroup {
  return { id, ...(JSON.parse(doc) as Omit<SourceGroup, 'id'>) }
}

function agree(what: string, came: number, promised: number): Check {
  return {
    check: `${what}-received`,
    passed: came === promised,
    detail: came === promised ? `${came} ${what}` : `${came} ${what} came, ${promised} were promised`,
  }
}
