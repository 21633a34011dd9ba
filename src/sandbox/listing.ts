import type { Dialect } from '../model.ts'
import type { ResourceType } from './attributes.ts'
import { type Filter, parseFilter } from './filter.ts'
import { pathText } from './path.ts'
import type { Piece } from './reply.ts'
import { bad } from './scim-error.ts'
import type { Site } from './site.ts'

/** A question for several resources: from the query, or from the body of a POST to `.search`. */
export interface Question {
  readonly filter: string | undefined
  readonly startIndex: number | undefined
  readonly count: number | undefined
  readonly cursor: string | undefined
  readonly attributes: readonly string[]
  readonly excludedAttributes: readonly string[]
}

/** The filter that is to be applied. Throws 400 `invalidFilter` for what the target does not take. */
export function filterOf({ filter: text }: Question, type: ResourceType, site: Site): Filter | undefined {
  if (text === undefined || site.faults.text('ignored-filters') !== undefined) return undefined
  const filter = parseFilter(text, type)
  if (site.behaviour.filters === 'rfc') return filter
  const taken = type.name === 'User' ? site.dialect.users.filter : site.dialect.groups.filter
  const isTaken =
    filter.filter === 'compare' &&
    filter.operator === 'eq' &&
    typeof filter.value === 'string' &&
    taken.includes(pathText(filter.path))
  if (!isTaken) throw bad('invalidFilter', `the only filter is eq on one of: ${taken.join(', ')}`)
  return filter
}

/** Which part of a list is asked for, 0-based. */
export interface Window {
  readonly from: number
  readonly count: number
  readonly startIndex: number
}

/** RFC 7644 §3.4.2.4: a startIndex below 1 is 1, a count below 0 is 0. RFC 9865 where the dialect pages by cursor. */
export function windowOf({ startIndex = 1, count, cursor }: Question, { dialect, faults }: Site): Window {
  const most = Math.min(dialect.paging.max, faults.number('page-max') ?? Number.POSITIVE_INFINITY)
  const taken = Math.max(0, Math.min(count ?? most, most))
  const index = dialect.paging.style === 'cursor' ? 1 : Math.max(1, startIndex)
  const from = dialect.paging.style === 'cursor' && cursor ? positionIn(cursor) : index - 1
  return { from: faults.text('repeat-page') === undefined ? from : 0, count: taken, startIndex: index }
}

function positionIn(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!/^after:\d{1,9}$/.test(text)) throw bad('invalidCursor', 'this is no cursor that was given out here')
  return Number(text.slice('after:'.length))
}

function cursorAt(position: number, { paging }: Dialect): { readonly nextCursor?: string } {
  return paging.style === 'cursor' ? { nextCursor: Buffer.from(`after:${position}`).toString('base64url') } : {}
}

/** A page as it is answered, in pieces; each of its resources is one text, or pieces of it. */
export function* listAnswer(
  total: number,
  window: Window,
  page: readonly (string | Iterable<Piece>)[],
  { dialect, faults }: Site,
): Generator<Piece> {
  const size = page.length
  const end = window.from + size
  const said = faults.text('short-total') === undefined ? total + (faults.number('lying-total') ?? 0) : size
  const head = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: Math.max(0, said),
    startIndex: window.startIndex,
    itemsPerPage: size,
    ...(end < total && size > 0 && cursorAt(end, dialect)),
  }
  yield `${JSON.stringify(head).slice(0, -1)},"Resources":[`
  for (const [at, resource] of page.entries()) {
    if (at > 0) yield ','
    if (typeof resource === 'string') yield resource
    else yield* resource
  }
  yield ']}'
}
