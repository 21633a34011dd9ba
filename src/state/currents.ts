import type { DatabaseSync } from 'node:sqlite'
import { RollcallError } from '../errors.ts'
import type { Certificate, Check, ScimResource, TargetResource } from '../model.ts'
import { canonicalAt, fold, hash52, primaryEmail } from '../pipeline/canonical.ts'
import type { ManagedPaths } from '../state.ts'
import type { TargetPart } from '../target.ts'
import { GROUP, gatherer, type Kind, NOTHING, roster, sortedSet, USER } from './roster.ts'
import { nextNumber, numberOf, pack, rows, setHash, transaction } from './tables.ts'

/** What a user or group is compared and found by. Zero stands for no value. */
export interface Keys {
  readonly name: number
  readonly mail: number
  readonly external: number
}

export function keysOf(resource: ScimResource, name: 'userName' | 'displayName'): Keys {
  return { name: key(resource[name]), mail: key(primaryEmail(resource)), external: key(resource['externalId']) }
}

export function key(value: unknown): number {
  return typeof value === 'string' && value !== '' ? hash52(fold(value)) : 0
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
    const known = roster(nextNumber(db, ['c_tuser', 'c_tgroup']))
    for (const [num, id, hash, gone] of rows(
      db.prepare('SELECT num, id, doc_hash, gone FROM c_tuser WHERE target = ?'),
      target,
    )) {
      known.remember(String(id), { num: Number(num), hash: Number(hash), membersHash: 0, kind: USER, gone: gone === 1 })
    }
    for (const [num, id, hash, gone, membersHash] of rows(
      db.prepare('SELECT num, id, doc_hash, gone, members_hash FROM c_tgroup WHERE target = ?'),
      target,
    )) {
      known.remember(String(id), {
        num: Number(num),
        hash: Number(hash),
        membersHash: Number(membersHash),
        kind: GROUP,
        gone: gone === 1,
      })
    }
    const insertUser = db.prepare(
      'INSERT INTO c_tuser (num, target, id, doc_hash, hash, gone, active, key_name, key_mail, key_external, doc) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)',
    )
    const updateUser = db.prepare(
      'UPDATE c_tuser SET doc_hash = ?, hash = ?, gone = 0, active = ?, key_name = ?, key_mail = ?, key_external = ?, doc = ? WHERE num = ?',
    )
    const insertGroup = db.prepare(
      'INSERT INTO c_tgroup (num, target, id, doc_hash, hash, gone, key_name, key_external, doc, members_hash, members) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, -1, NULL)',
    )
    const updateGroup = db.prepare(
      'UPDATE c_tgroup SET doc_hash = ?, hash = ?, gone = 0, key_name = ?, key_external = ?, doc = ? WHERE num = ?',
    )

    const managed = [...paths.user, '', ...paths.group, ''].join('\n')
    let repeats = 0
    const take = (kind: Kind, { id, resource }: TargetResource) => {
      const entry = known.enter(id)
      if (known.seen[entry] !== NOTHING) {
        repeats++
        return
      }
      if (known.stored[entry] !== NOTHING && known.stored[entry] !== kind) {
        throw new RollcallError(
          'target_incomplete',
          `target "${name}": the id ${JSON.stringify(id)} is both a user and a group. Nothing was changed; ask the provider.`,
        )
      }
      known.seen[entry] = kind
      const keys = keysOf(resource, kind === USER ? 'userName' : 'displayName')
      const hash = hash52(canonicalAt(resource, kind === USER ? paths.user : paths.group))
      const num = known.nums[entry]!
      const doc = JSON.stringify(resource)
      const docHash = hash52(managed + doc)
      if (kind === USER) {
        const active = resource['active'] === false ? 0 : 1
        if (known.stored[entry] === NOTHING)
          insertUser.run(num, target, id, docHash, hash, active, keys.name, keys.mail, keys.external, doc)
        else if (known.hashes[entry] !== docHash || known.gone[entry])
          updateUser.run(docHash, hash, active, keys.name, keys.mail, keys.external, doc, num)
      } else if (known.stored[entry] === NOTHING)
        insertGroup.run(num, target, id, docHash, hash, keys.name, keys.external, doc)
      else if (known.hashes[entry] !== docHash || known.gone[entry])
        updateGroup.run(docHash, hash, keys.name, keys.external, doc, num)
      known.stored[entry] = kind
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
          const group = known.enter(part.group)
          for (const member of part.members) members.add(group, known.enter(member))
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

    const setMembers = db.prepare('UPDATE c_tgroup SET members_hash = ?, members = ? WHERE num = ?')
    for (let group = 0; paths.members && group < known.size; group++) {
      if (known.seen[group] !== GROUP) continue
      // A member that is no user of the listing (a nested group, someone just deleted) is not ours to remove.
      const users = members.of(group).filter(member => known.seen[member] === USER)
      const packed = sortedSet(users.map(member => known.nums[member]!))
      const hash = setHash(packed)
      if (hash !== known.membersHashes[group] || packed.length === 0)
        setMembers.run(hash, pack(packed), known.nums[group]!)
    }
    if (whole.complete) {
      const goneUser = db.prepare('UPDATE c_tuser SET gone = 1 WHERE num = ?')
      const goneGroup = db.prepare('UPDATE c_tgroup SET gone = 1 WHERE num = ?')
      for (let entry = 0; entry < known.size; entry++) {
        if (known.seen[entry] !== NOTHING || known.stored[entry] === NOTHING || known.gone[entry]) continue
        ;(known.stored[entry] === USER ? goneUser : goneGroup).run(known.nums[entry]!)
      }
    }
    db.prepare('UPDATE c_target SET read_at = ?, certificate = ? WHERE num = ?').run(
      now.toISOString(),
      JSON.stringify(whole),
      target,
    )
    return whole
  })
}
