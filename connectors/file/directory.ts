import type { AttributeType, ReadRequest } from '../../src/connector.ts'
import type { SourceGroup, SourceUser } from '../../src/model.ts'
import { fault, type SourceFile } from './client.ts'
import {
  type Asked,
  groupOf,
  type Identity,
  identityOf,
  kindOf,
  LISTS,
  membersOf,
  severalIn,
  uidsOf,
  userOf,
} from './entry.ts'
import { BATCH, BUILT_IN, emptyFile, endsAsBefore, type Format, type Piece } from './format.ts'
import { entries, type LdifRemarks, noRemarks } from './ldif.ts'
import { normalDn } from '../../src/dn.ts'

/** A directory as an LDIF export. `types` says which attributes are lists, where that is not known anyway. */
export function directory(file: SourceFile, types: Readonly<Record<string, 'text' | 'list'>>): Format {
  const declared = new Map(Object.entries(types).map(([name, type]) => [name.toLowerCase(), type]))
  const isList = (name: string) => {
    const type = declared.get(name.toLowerCase())
    return type ? type === 'list' : LISTS.has(name.toLowerCase())
  }
  const asked = (names: readonly string[]) => names.map((name): Asked => ({ name, list: isList(name) }))
  return {
    files: [file],
    /** Where the file is cut short or nobody is in it, any name passes: reading says what is wrong. */
    async attributes(signal) {
      const remarks = noRemarks()
      const found = { user: new Set<string>(), group: new Set<string>() }
      let whole = true
      try {
        for await (const entry of entries(file, signal, remarks)) {
          const kind = kindOf(entry)
          if (kind) for (const name of entry.values.keys()) found[kind].add(name)
        }
      } catch (error) {
        if (signal.aborted || found.user.size === 0) throw error
        whole = false
      }
      const typed = (names: Set<string>) => {
        const spelt = Array.from(names, name => remarks.spelling.get(name) ?? name).filter(
          name => !BUILT_IN.has(name.toLowerCase()),
        )
        return Object.fromEntries(spelt.map((name): [string, AttributeType] => [name, isList(name) ? 'list' : 'text']))
      }
      const closed = whole && found.user.size > 0
      return { user: typed(found.user), group: typed(found.group), caseInsensitive: true, closed }
    },
    pieces: request => read(file, request, asked(request.userAttributes), asked(request.groupAttributes)),
  }
}

async function* read(
  file: SourceFile,
  { signal, previous }: ReadRequest,
  ofUsers: readonly Asked[],
  ofGroups: readonly Asked[],
): AsyncGenerator<Piece> {
  const remarks = noRemarks()
  const names = nameTable()
  const groups: { readonly id: string; readonly members: Uint32Array }[] = []
  const several = new Map<string, number>()
  let identity: Identity | undefined
  let count = 0
  let people: SourceUser[] = []
  let teams: SourceGroup[] = []
  for await (const entry of entries(file, signal, remarks)) {
    count++
    if (!entry.values.has('objectclass'))
      throw fault(file, entry.line, 1, 'an entry without objectClass: export that, too')
    const kind = kindOf(entry)
    if (!kind) continue
    const { by, id } = identityOf(entry)
    identity ??= by
    if (by !== identity) {
      const [has, before] = by === 'DN' ? ['no lasting id', identity] : [by, identity === 'DN' ? 'none' : identity]
      throw fault(
        file,
        entry.line,
        1,
        `an entry with ${has}, where the entries before have ${before}. Export the operational attributes of all ("*" "+")`,
      )
    }
    if (!names.name(normalDn(entry.dn), id))
      throw fault(file, entry.line, 1, 'this dn stands in the file for the second time')
    for (const name of severalIn(entry, kind === 'user' ? ofUsers : ofGroups))
      several.set(name, (several.get(name) ?? 0) + 1)
    if (kind === 'user') {
      for (const uid of uidsOf(entry)) names.name(uidKey(uid), id)
      people.push(userOf(entry, id, by, ofUsers))
    } else {
      const group = groupOf(entry, id, ofGroups)
      if (!group) throw fault(file, entry.line, 1, 'a group without a cn')
      teams.push(group)
      const { dns, uids } = membersOf(entry)
      groups.push({ id, members: Uint32Array.from([...dns, ...uids.map(uidKey)], names.number) })
    }
    if (people.length + teams.length < BATCH) continue
    signal.throwIfAborted()
    yield { part: 'users', users: people }
    yield { part: 'groups', groups: teams }
    people = []
    teams = []
  }
  if (people.length > 0) yield { part: 'users', users: people }
  if (teams.length > 0) yield { part: 'groups', groups: teams }
  for (const { id, members } of groups) {
    signal.throwIfAborted()
    if (members.length > 0) yield { part: 'members', group: id, members: Array.from(members, names.idOf) }
  }
  for (const [name, users] of several) {
    yield {
      part: 'finding',
      finding: {
        finding: 'several-values',
        message: `${name} has several values in ${users} ${users === 1 ? 'entry' : 'entries'}; the first in byte order is taken. To have them all, set attributes: { ${name}: list } on the source`,
      },
    }
  }
  yield* remarked(file, remarks, count)
  if (identity) yield sameIdentity(identity, previous)
  yield names.clashes()
  yield* endsAsBefore([file], remarks.endsInBlankLine ? [] : [file], 'blank line', previous)
}

/** Names of entries as numbers, met as member or as entry in any order, and the ids that they turn out to mean. */
function nameTable() {
  const numbers = new Map<string, number>()
  const texts: string[] = []
  const ids: (string | undefined)[] = []
  const clashing = new Set<number>()
  const number = (name: string): number => {
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, texts.length)
    return texts.push(name) - 1
  }
  let clashed = 0
  return {
    number,
    /** False where the name means another id already. */
    name(name: string, id: string): boolean {
      const at = number(name)
      const taken = ids[at] !== undefined
      if (taken) clashing.add(at)
      else ids[at] = id
      return !taken
    },
    /** The name itself where the file has no such entry. */
    idOf(at: number): string {
      if (clashing.has(at)) clashed++
      return ids[at] ?? texts[at]!
    },
    clashes(): Piece {
      const detail =
        clashed === 0
          ? 'every memberUid means one user'
          : `${clashed} memberUid values mean several users: make uid unique, or export one branch`
      return { part: 'check', check: { check: 'uid-unique', passed: clashed === 0, detail } }
    },
  }
}

/** Beside the DNs, and never equal to one. */
const uidKey = (uid: string) => `uid:${uid}`

/** What the tool that wrote the export said about it. */
function* remarked(file: SourceFile, remarks: LdifRemarks, count: number): Generator<Piece> {
  if (count === 0 && !remarks.versioned)
    yield emptyFile(file, 'its first line is "version: 1" when there really is nobody')
  if (remarks.result !== undefined) {
    const passed = /^0\b/.test(remarks.result)
    const detail = `${file.name}: the search that wrote it ended with ${passed ? 'success' : `"${remarks.result}"; export again without that limit`}`
    yield { part: 'check', check: { check: 'search-result', passed, detail } }
  }
  if (remarks.announced !== undefined) {
    const detail = `${file.name}: ${count} entries, ${remarks.announced} announced by ldapsearch`
    yield { part: 'check', check: { check: 'entries-announced', passed: count === remarks.announced, detail } }
  }
  if (remarks.referrals > 0) {
    const detail = `${file.name}: ${remarks.referrals} parts of the directory are on another server; export from one that holds all`
    yield { part: 'check', check: { check: 'no-referrals', passed: false, detail } }
  }
}

/** Ids of another sort would turn everyone into a leaver and a joiner. */
function sameIdentity(identity: Identity, previous: ReadRequest['previous']): Piece {
  const check = `ids-by-${identity}`
  const other = previous?.checks.find(
    before => before.check.startsWith('ids-by-') && before.passed && before.check !== check,
  )
  const detail = other
    ? `people were known by ${other.check.slice('ids-by-'.length)} before, and are by ${identity} now: export the same attributes as before`
    : `people are known by ${identity}`
  return { part: 'check', check: { check, passed: !other, detail } }
}
