import type { CheckLine, Connector, Place, ReadingPart, ReadRequest, Source } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import type { Certificate, Check } from '../../src/model.ts'
import { type SourceFile, type Stamp, sourceFile, stamp } from './client.ts'
import { directory } from './directory.ts'
import { document } from './document.ts'
import type { Format, Piece } from './format.ts'
import { type FileOptions, options } from './options.ts'
import { tables } from './tables.ts'

/** Users and groups in files: CSV, JSON or LDIF. For exports, for demonstrations, and to copy from. */
export const file: Connector<FileOptions> = {
  kind: 'file',
  options,
  async attributes(given, place) {
    try {
      return await formatOf(given, place).attributes(new AbortController().signal)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new RollcallError('config_invalid', `source "${place.name}": ${message}`, { cause })
    }
  },
  open(given, place) {
    const format = formatOf(given, place)
    const source: Source = {
      name: place.name,
      kind: 'file',
      read: request => read(place.name, format, request),
      check: signal => check(source, format.files, signal),
    }
    return source
  },
}

function formatOf({ path, users, groups, members, attributes }: FileOptions, { folder }: Place): Format {
  const at = (name: string | undefined) => (name === undefined ? undefined : sourceFile(name, folder))
  if (path === undefined) return tables(sourceFile(users ?? '', folder), at(groups), at(members))
  return /\.ldif$/i.test(path)
    ? directory(sourceFile(path, folder), attributes ?? {})
    : document(sourceFile(path, folder))
}

async function* read(name: string, format: Format, request: ReadRequest): AsyncGenerator<ReadingPart> {
  const counts = { users: 0, groups: 0, members: 0 }
  const ids = new Set<string>()
  const repeated = new Set<string>()
  const checks: Check[] = []
  try {
    const before = await stamps(format.files)
    for await (const piece of format.pieces(request)) {
      request.signal.throwIfAborted()
      if (piece.part === 'check') checks.push(piece.check)
      else {
        count(piece, counts, ids, repeated)
        yield piece.part === 'finding' ? { part: 'finding', finding: { ...piece.finding, source: name } } : piece
        request.progress?.(counts)
      }
    }
    const server = format.files.map(file => file.name).join(', ')
    const asOf = before.map(({ changed }) => new Date(changed).toISOString()).join(' ')
    checks.push(uniqueIds(repeated))
    checks.push(unchanged(format.files, before, await stamps(format.files)))
    if (request.previous?.server === server) checks.push(notOlder(format.files, asOf, request.previous))
    const certificate = { complete: checks.every(check => check.passed), checks, ...counts, server, asOf }
    yield { part: 'end', certificate }
  } catch (error) {
    if (request.signal.aborted || !(error instanceof RollcallError)) throw error
    throw new RollcallError(error.code, `file "${name}": ${error.message}`, { cause: error })
  }
}

function count(
  piece: Exclude<Piece, { part: 'check' }>,
  counts: { users: number; groups: number; members: number },
  ids: Set<string>,
  repeated: Set<string>,
): void {
  const enter = ({ id }: { readonly id: string }) => {
    if (ids.has(id)) repeated.add(id)
    else ids.add(id)
  }
  switch (piece.part) {
    case 'users':
      piece.users.forEach(enter)
      counts.users += piece.users.length
      break
    case 'groups':
      piece.groups.forEach(enter)
      counts.groups += piece.groups.length
      break
    case 'members':
      counts.members += piece.members.length
      break
    case 'since':
    case 'gone':
    case 'finding':
      break
  }
}

function stamps(files: readonly SourceFile[]): Promise<Stamp[]> {
  return Promise.all(files.map(stamp))
}

function uniqueIds(repeated: ReadonlySet<string>): Check {
  const [first] = repeated
  const detail =
    first === undefined
      ? 'every id is there once'
      : `${repeated.size === 1 ? 'one id is' : `${repeated.size} ids are`} there more than once among users and groups (${JSON.stringify(first)}): make them unique`
  return { check: 'unique-ids', passed: first === undefined, detail }
}

function unchanged(files: readonly SourceFile[], before: readonly Stamp[], after: readonly Stamp[]): Check {
  const moved = files.filter((_, at) => {
    const [was, is] = [before[at], after[at]]
    return was?.size !== is?.size || was?.changed !== is?.changed || was?.inode !== is?.inode
  })
  const detail =
    moved.length === 0
      ? 'nothing was written while it was read'
      : `${moved.map(({ name }) => name).join(', ')} changed while being read: run again once it is written`
  return { check: 'unchanged', passed: moved.length === 0, detail }
}

/** A restored copy, or one that a stale share shows, brings back who left. */
function notOlder(files: readonly SourceFile[], asOf: string, previous: Certificate): Check {
  const was = previous.asOf?.split(' ') ?? []
  const older = files.filter((_, at) => (asOf.split(' ')[at] ?? '') < (was[at] ?? ''))
  const detail =
    older.length === 0
      ? 'not older than at the last reading'
      : `${older.map(({ name }) => name).join(', ')}: older than at the last reading. A restored copy? If it is the right one, touch it`
  return { check: 'not-older', passed: older.length === 0, detail }
}

/** Reads everything: files are near, and what is wrong in them is what an admin wants to know. */
async function* check(source: Source, files: readonly SourceFile[], signal: AbortSignal): AsyncGenerator<CheckLine> {
  const names = files.map(({ name }) => name).join(', ')
  try {
    const request = {
      userAttributes: [],
      groupAttributes: [],
      inScope: () => true,
      scope: 'everything',
      allUsers: true,
      signal,
    }
    for await (const part of source.read(request)) {
      if (part.part !== 'end') continue
      const { users, groups, members, checks } = part.certificate
      yield { ok: true, what: `${names}: ${users} users, ${groups} groups, ${members} memberships` }
      for (const { check, passed, detail } of checks) {
        yield passed ? { ok: true, what: detail } : { ok: false, what: check, now: detail }
      }
    }
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    yield { ok: false, what: `${names} can be read`, now: error.message }
  }
}
