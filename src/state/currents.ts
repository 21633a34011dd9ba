import type { DatabaseSync } from 'node:sqlite'
import { RollcallError } from '../errors.ts'
import type { Certificate, Check, ScimResource, TargetResource } from '../model.ts'
import { canonicalAt, hash52, keyOf, primaryEmail } from '../pipeline/canonical.ts'
import { setHash } from '../pipeline/sets.ts'
import type { ManagedPaths } from '../state.ts'
import type { TargetPart } from '../target.ts'
import { AT, type Column, columns, type Packed } from './columns.ts'
import { GROUP, gatherer, type Kind, NOTHING, type Roster, roster, sortedSet, USER } from './roster.ts'
import { numberOf, pack, transaction } from './tables.ts'

/** What a user or group is compared and found by. Zero stands for no value. */
export interface Keys {
  readonly name: number
  readonly mail: number
  readonly external: number
}

export function keysOf(resource: ScimResource, name: 'userName' | 'displayName'): Keys {
  return { name: keyOf(resource[name]), mail: keyOf(primaryEmail(resource)), external: keyOf(resource['externalId']) }
}

/**
 * Takes in a listing of the target. `userPaths` and `groupPaths` are the attributes that some profile manages,
 * in a fixed order: a row's hash covers these alone, so that it equals the hash of what is desired exactly when
 * nothing managed differs. From a listing that is not certified, nobody is taken for gone.
 */
export function keepCurrent(
  db: DatabaseSync,
  name: string,
  paths: ManagedPaths,
  parts: AsyncIterable<TargetPart>,
  now: Date,
): Promise<Certificate> {
  return transaction(db, async () => {
    const target = numberOf(db, 'c_target', name)
    const store = columns(db)
    const { users, groups } = remembered(db, target)
    const open = (column: Column<Packed>) => store.open(column, target)
    const [kinds, live, active, docHashes] = [open(AT.kind), open(AT.live), open(AT.active), open(AT.docHash)]
    const [hashes, names, mails] = [open(AT.hash), open(AT.name), open(AT.mail)]
    const [externals, idKeys] = [open(AT.external), open(AT.idKey)]
    const [membersHashes, memberCounts] = [open(AT.membersHash), open(AT.memberCount)]
    const ids = store.ids('at')
    const putUser = db.prepare('INSERT OR REPLACE INTO c_tuser (num, doc) VALUES (?, ?)')
    const putGroup = db.prepare(
      'INSERT INTO c_tgroup (num, doc) VALUES (?, ?) ON CONFLICT (num) DO UPDATE SET doc = excluded.doc',
    )

    const managed = [...paths.user, '', ...paths.group, ''].join('\n')
    let repeats = 0
    const take = (kind: Kind, { id, resource }: TargetResource) => {
      const known = kind === USER ? users : groups
      const entry = known.enter(id)
      if (known.seen[entry] !== NOTHING) {
        repeats++
        return
      }
      known.seen[entry] = kind
      const num = known.nums[entry]!
      const doc = JSON.stringify(resource)
      const docHash = hash52(managed + doc)
      if (known.stored[entry] !== NOTHING && known.hashes[entry] === docHash && !known.gone[entry]) return
      if (known.stored[entry] === NOTHING) {
        kinds.set(num, kind)
        ids.set(num, id)
        idKeys.set(num, hash52(id))
      }
      const keys = keysOf(resource, kind === USER ? 'userName' : 'displayName')
      live.set(num, 1)
      active.set(num, kind === USER && resource['active'] !== false ? 1 : 0)
      docHashes.set(num, docHash)
      hashes.set(num, hash52(canonicalAt(resource, kind === USER ? paths.user : paths.group)))
      names.set(num, keys.name)
      mails.set(num, kind === USER ? keys.mail : 0)
      externals.set(num, keys.external)
      ;(kind === USER ? putUser : putGroup).run(num, doc)
    }

    const members = gatherer()
    let certificate: Certificate | undefined
    for await (const part of parts) {
      switch (part.part) {
        case 'users':
          for (const user of part.users) take(USER, user)
          break
        case 'groups':
          for (const group of part.groups) take(GROUP, group)
          break
        case 'members': {
          const group = groups.enter(part.group)
          for (const member of part.members) members.add(group, users.enter(member))
          break
        }
        case 'end':
          certificate = part.certificate
      }
    }
    if (!certificate)
      throw new RollcallError(
        'target_incomplete',
        `target "${name}" ended its listing without saying whether it was complete. Nothing was changed.`,
      )
    const repeated: Check = {
      check: 'no-repeats',
      passed: repeats === 0,
      detail: repeats === 0 ? 'every id came once' : `${repeats} ids came more than once`,
    }
    const whole = {
      ...certificate,
      checks: [...certificate.checks, repeated],
      complete: certificate.complete && repeated.passed,
    }

    const setMembers = db.prepare('UPDATE c_tgroup SET members = ? WHERE num = ?')
    for (let group = 0; group < groups.size; group++) {
      if (groups.seen[group] === NOTHING) continue
      // A member that is no user of the listing (a nested group, someone just deleted) is not ours to remove.
      const present = members.of(group).filter(member => users.seen[member] !== NOTHING)
      const packed = sortedSet(present.map(member => users.nums[member]!))
      const hash = paths.members ? setHash(packed) : HIDDEN
      const num = groups.nums[group]!
      const isStored = groups.stored[group] !== NOTHING && !groups.gone[group]
      if (isStored && hash === groups.membersHashes[group]) continue
      setMembers.run(paths.members ? pack(packed) : null, num)
      membersHashes.set(num, hash)
      memberCounts.set(num, packed.length)
    }
    for (const known of whole.complete ? [users, groups] : []) {
      for (let entry = 0; entry < known.size; entry++) {
        if (known.seen[entry] === NOTHING && known.stored[entry] !== NOTHING) live.set(known.nums[entry]!, 0)
      }
    }
    for (const column of [kinds, live, active, docHashes, hashes, names, mails, externals, idKeys, ids]) column.save()
    membersHashes.save()
    memberCounts.save()
    db.prepare('UPDATE c_target SET read_at = ?, certificate = ? WHERE num = ?').run(
      now.toISOString(),
      JSON.stringify(whole),
      target,
    )
    return whole
  })
}

/** In place of a hash of members that the target does not show. */
const HIDDEN = -1

/** Who is known of this target by id; users and groups apart, since some targets number each from 1. */
function remembered(db: DatabaseSync, target: number): { readonly users: Roster; readonly groups: Roster } {
  const store = columns(db)
  const ids = store.ids('at').all()
  const counter = { next: Math.max(1, ids.length) }
  const [users, groups] = [roster(counter), roster(counter)]
  const kinds = store.load(AT.kind, target, ids.length)
  const live = store.load(AT.live, target, ids.length)
  const hashes = store.load(AT.docHash, target, ids.length)
  const membersHashes = store.load(AT.membersHash, target, ids.length)
  for (let num = 1; num < ids.length; num++) {
    if (kinds[num] === NOTHING) continue
    const kind = kinds[num] === USER ? USER : GROUP
    const entry = { num, hash: hashes[num]!, membersHash: membersHashes[num]!, kind, gone: live[num] === 0 } as const
    ;(kind === USER ? users : groups).remember(ids[num]!, entry)
  }
  return { users, groups }
}
