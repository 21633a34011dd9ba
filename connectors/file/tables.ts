import type { AttributeType, ReadRequest } from '../../src/connector.ts'
import { fault, type SourceFile, tail } from './client.ts'
import { attributeOf, groupOfRow, isList, membershipOfRow, type Picked, userOfRow } from './convert.ts'
import { type Row, rows } from './csv.ts'
import { BATCH, BUILT_IN, emptyFile, endsAsBefore, type Format, type Piece } from './format.ts'

const USER_COLUMNS = ['id']
const GROUP_COLUMNS = ['id', 'name']
const MEMBER_COLUMNS = ['group', 'member']

/** A directory as CSV files: users and, where there are groups, groups and members. */
export function tables(users: SourceFile, groups: SourceFile | undefined, members: SourceFile | undefined): Format {
  const files = [users, groups, members].filter(file => file !== undefined)
  return {
    files,
    async attributes(signal) {
      if (members) await declared(members, MEMBER_COLUMNS, signal)
      return {
        user: await declared(users, USER_COLUMNS, signal),
        group: groups ? await declared(groups, GROUP_COLUMNS, signal) : {},
        caseInsensitive: false,
        closed: true,
      }
    },
    async *pieces(request) {
      yield* readUsers(users, request)
      if (groups && members) {
        const ids = new Set<string>()
        yield* readGroups(groups, request, ids)
        yield* readMembers(members, request, ids)
      }
      yield* endsAsBefore(files, await withoutLineBreak(files), 'line break', request.previous)
    },
  }
}

function readUsers(file: SourceFile, { userAttributes, signal }: ReadRequest): AsyncGenerator<Piece> {
  const prepare = (columns: readonly string[]) => {
    const picked = pick(file, columns, userAttributes)
    const enabled = columns.indexOf('enabled')
    return (row: Row) => userOfRow(file, row, picked, enabled)
  }
  return pieces(file, signal, USER_COLUMNS, prepare, users => [{ part: 'users', users }])
}

function readGroups(file: SourceFile, { groupAttributes, signal }: ReadRequest, ids: Set<string>) {
  const prepare = (columns: readonly string[]) => {
    const picked = pick(file, columns, groupAttributes)
    return (row: Row) => groupOfRow(file, row, picked)
  }
  return pieces(file, signal, GROUP_COLUMNS, prepare, groups => {
    for (const { id } of groups) ids.add(id)
    return [{ part: 'groups', groups }]
  })
}

/** Rows of one group may stand apart; a member may be a user or a group. */
async function* readMembers(
  file: SourceFile,
  { signal }: ReadRequest,
  groups: ReadonlySet<string>,
): AsyncGenerator<Piece> {
  let unlisted = 0
  let firstUnlisted = 0
  const prepare = (columns: readonly string[]) => {
    const [group, member] = [columns.indexOf('group'), columns.indexOf('member')]
    return (row: Row) => membershipOfRow(file, row, group, member)
  }
  yield* pieces(file, signal, MEMBER_COLUMNS, prepare, batch => {
    const byGroup = new Map<string, string[]>()
    for (const { group, member, line } of batch) {
      const members = byGroup.get(group)
      if (members) members.push(member)
      else if (groups.has(group)) byGroup.set(group, [member])
      else if (unlisted++ === 0) firstUnlisted = line
    }
    return Array.from(byGroup, ([group, members]) => ({ part: 'members', group, members }))
  })
  const detail =
    unlisted === 0
      ? `${file.name}: every group that has members is listed`
      : `${file.name}: groups that are not listed have members (${unlisted} rows, the first is line ${firstUnlisted}). Were the files written at different times? Write them again`
  yield { part: 'check', check: { check: 'groups-listed', passed: unlisted === 0, detail } }
}

/** Converts row by row, batch by batch; what the header says is worked out once, by `prepare`. */
async function* pieces<Converted>(
  file: SourceFile,
  signal: AbortSignal,
  needed: readonly string[],
  prepare: (columns: readonly string[]) => (row: Row) => Converted,
  part: (batch: readonly Converted[]) => Iterable<Piece>,
): AsyncGenerator<Piece> {
  let convert: ((row: Row) => Converted) | undefined
  for await (const [first, ...others] of rows(file, signal, BATCH)) {
    if (!first) continue
    signal.throwIfAborted()
    const body = convert ? [first, ...others] : others
    convert ??= prepare(columnsIn(file, first, needed))
    yield* part(body.map(convert))
  }
  if (!convert) yield emptyFile(file, 'its first line names the columns')
}

/** The first row, checked. */
function columnsIn(file: SourceFile, { line, cells }: Row, needed: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  for (const [at, cell] of cells.entries()) {
    const name = attributeOf(cell)
    if (name === '') throw fault(file, line, 1, `column ${at + 1} has no name`)
    if (isList(cell) && BUILT_IN.has(name))
      throw fault(file, line, 1, `${name} is one value: name the column "${name}"`)
    if (seen.has(name)) throw fault(file, line, 1, `two columns are named ${JSON.stringify(name)}`)
    seen.add(name)
  }
  for (const name of needed) {
    if (cells.includes(name)) continue
    throw fault(file, line, 1, `no column "${name}". The first line names the columns, separated by commas`)
  }
  return cells
}

async function declared(file: SourceFile, needed: readonly string[], signal: AbortSignal) {
  for await (const [first] of rows(file, signal, 1)) {
    if (!first) continue
    const names = columnsIn(file, first, needed).filter(cell => !BUILT_IN.has(attributeOf(cell)))
    return Object.fromEntries(
      names.map((cell): [string, AttributeType] => [attributeOf(cell), isList(cell) ? 'list' : 'text']),
    )
  }
  throw fault(file, 1, 1, 'is empty: its first line names the columns')
}

/** Where the asked-for attributes stand. One that is gone would be cleared everywhere, so it is an error. */
function pick(file: SourceFile, columns: readonly string[], names: readonly string[]): Picked {
  const attributes = names.map(name => {
    const column = columns.findIndex(cell => attributeOf(cell) === name)
    if (column < 0) throw fault(file, 1, 1, `no column ${JSON.stringify(name)}, which a profile reads`)
    return { name, column, list: isList(columns[column]!) }
  })
  return { id: columns.indexOf('id'), name: columns.indexOf('name'), attributes }
}

async function withoutLineBreak(files: readonly SourceFile[]): Promise<SourceFile[]> {
  const missing: SourceFile[] = []
  for (const file of files) {
    const last = (await tail(file, 1))[0]
    if (last !== undefined && last !== 10 && last !== 13) missing.push(file)
  }
  return missing
}
