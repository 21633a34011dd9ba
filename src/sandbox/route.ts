import type { Json } from '../model.ts'
import { createGroup, deleteGroup, listGroups, patchGroup, readGroup, replaceGroup } from './groups.ts'
import { isList, isObject, ownInAnyCase } from './json.ts'
import type { Question } from './listing.ts'
import type { Asked, Reply } from './reply.ts'
import { bad, ScimError } from './scim-error.ts'
import type { Site } from './site.ts'
import { createUser, deleteUser, listUsers, patchUser, readUser, replaceUser } from './users.ts'

/** Where a request goes, and whether it may change something. */
export interface Route {
  readonly writes: boolean
  readonly takesBody: boolean
  /** Query parameters that are described. */
  readonly parameters: readonly string[]
  answer(asked: Asked, site: Site): Reply
}

type Answer = Route['answer']
const PAGE = ['filter', 'startIndex', 'count']
const PART = ['attributes', 'excludedAttributes']

/** By path below the base URL, without query. Throws 404, 405 and 501. */
export function routeOf(method: string, path: string, site: Site): Route {
  const [, kind = '', id, ...deeper] = path.split('/')
  if (kind === 'Users' || kind === 'Groups') {
    if (deeper.length > 0 || id === '') throw unknownPath(path)
    if (id === '.search' && site.behaviour.search)
      return only({ POST: read([], kind === 'Users' ? listUsers : listGroups, true) }, method)
    const name = id === undefined ? undefined : decoded(id)
    return kind === 'Users' ? ofUsers(method, name) : ofGroups(method, name)
  }
  if (site.behaviour.search && id === undefined && (kind === 'Bulk' || kind === 'Me')) {
    throw new ScimError(501, `/${kind} is not supported`)
  }
  throw unknownPath(path)
}

function ofUsers(method: string, id: string | undefined): Route {
  if (id === undefined) {
    return only({ GET: read([...PAGE, ...PART], listUsers), POST: write(PART, createUser) }, method)
  }
  return only(
    {
      GET: read(PART, (asked, site) => readUser(id, asked, site)),
      PUT: write(PART, (asked, site) => replaceUser(id, asked, site)),
      PATCH: write(PART, (asked, site) => patchUser(id, asked, site)),
      DELETE: write([], (_, site) => deleteUser(id, site), false),
    },
    method,
  )
}

/** Which part of a group is asked for may be said where parameters are not checked: no description has it. */
function ofGroups(method: string, id: string | undefined): Route {
  if (id === undefined) {
    return only({ GET: read(PAGE, listGroups), POST: write([], createGroup) }, method)
  }
  return only(
    {
      GET: read([], (asked, site) => readGroup(id, asked, site)),
      PUT: write([], (asked, site) => replaceGroup(id, asked, site)),
      PATCH: write([], (asked, site) => patchGroup(id, asked, site)),
      DELETE: write([], (_, site) => deleteGroup(id, site), false),
    },
    method,
  )
}

function read(parameters: readonly string[], answer: Answer, takesBody = false): Route {
  return { writes: false, takesBody, parameters, answer }
}

function write(parameters: readonly string[], answer: Answer, takesBody = true): Route {
  return { writes: true, takesBody, parameters, answer }
}

function only(routes: Readonly<Record<string, Route>>, method: string): Route {
  const route = Object.hasOwn(routes, method) ? routes[method] : undefined
  if (route === undefined) throw new MethodNotAllowed(method, Object.keys(routes))
  return route
}

/** 405, with what is allowed. */
export class MethodNotAllowed extends ScimError {
  readonly allowed: string
  constructor(method: string, allowed: readonly string[]) {
    super(405, `${method} is not allowed here`)
    this.allowed = allowed.join(', ')
  }
}

/** Throws 404 for what nobody could have encoded. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw unknownPath(segment)
  }
}

export function unknownPath(path: string): ScimError {
  return new ScimError(404, `there is nothing at ${path}`)
}

/** The question in a query. Throws 400 where a parameter is not described, or is no number. */
export function questionIn(query: string, parameters: readonly string[] | undefined): Question {
  if (query === '') return NOTHING
  const given = new URLSearchParams(query)
  if (parameters !== undefined) {
    for (const name of given.keys()) {
      if (!parameters.includes(name)) throw bad('invalidValue', `query parameter ${name} is not supported here`)
    }
  }
  const text = (name: string) => given.get(name) ?? undefined
  const number = (name: string) => {
    const value = text(name)
    return value === undefined || value === '' ? undefined : whole(name, Number(value))
  }
  const names = (name: string) =>
    (text(name) ?? '')
      .split(',')
      .map(one => one.trim())
      .filter(Boolean)
  return {
    filter: text('filter'),
    startIndex: number('startIndex'),
    count: number('count'),
    cursor: text('cursor'),
    attributes: names('attributes'),
    excludedAttributes: names('excludedAttributes'),
  }
}

const NOTHING: Question = {
  filter: undefined,
  startIndex: undefined,
  count: undefined,
  cursor: undefined,
  attributes: [],
  excludedAttributes: [],
}

/** The question in the body of a POST to `.search` (RFC 7644 §3.4.3). */
export function questionInBody(body: Json): Question {
  if (!isObject(body)) throw bad('invalidSyntax', 'the body is no JSON object')
  const value = (name: string) => ownInAnyCase(body, name)[1]
  const text = (name: string) => {
    const found = value(name)
    return typeof found === 'string' ? found : undefined
  }
  const number = (name: string) => {
    const found = value(name)
    return found === undefined || found === null ? undefined : whole(name, found)
  }
  const names = (name: string) => {
    const found = value(name)
    return isList(found) ? found.filter(one => typeof one === 'string') : []
  }
  return {
    filter: text('filter'),
    startIndex: number('startIndex'),
    count: number('count'),
    cursor: text('cursor'),
    attributes: names('attributes'),
    excludedAttributes: names('excludedAttributes'),
  }
}

function whole(name: string, value: Json): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw bad('invalidValue', `${name} is no whole number`)
  return value
}
