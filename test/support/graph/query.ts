import { bad, Refused, unsupported } from './answer.ts'
import { ELSEWHERE, navigationType } from './contract.ts'
import { type Filter, known, parseFilter } from './filter.ts'

/** The parameters of one request, understood; throws what Graph refuses. */
export interface Query {
  readonly select: readonly string[] | undefined
  readonly filter: Filter | undefined
  readonly top: number | undefined
  readonly expand: 'manager' | undefined
  readonly orderby: { readonly property: string; readonly descending: boolean } | undefined
  readonly count: boolean
  readonly eventual: boolean
  readonly skiptoken: string | undefined
  readonly deltatoken: string | undefined
  /** This request again, from elsewhere. */
  linkTo(root: string, parameter: string): string
}

export interface Accepted {
  readonly entity: string
  /** Without the `$`. */
  readonly parameters: readonly string[]
  readonly extensions: ReadonlySet<string>
  /** Whether it is a list or a count of directory objects, where some queries are advanced. */
  readonly advanced: boolean
  /** Whether the path alone makes it advanced: `$count` and casts. */
  readonly needsEventual?: boolean
}

export function parseQuery(path: string, eventual: boolean, accepted: Accepted): Query {
  const { entity, extensions } = accepted
  const at = path.indexOf('?')
  const resource = at < 0 ? path : path.slice(0, at)
  const search = at < 0 ? '' : path.slice(at + 1)
  const given = new URLSearchParams(search)
  for (const name of new Set(given.keys())) {
    if (given.getAll(name).length > 1) {
      throw bad(`Query option '${name}' was specified more than once, but it must be specified at most once.`)
    }
    if (!accepted.parameters.includes(name.replace(/^\$/, '')) || !name.startsWith('$')) throw notTaken(name)
  }
  const select = given
    .get('$select')
    ?.split(',')
    .map(name => name.trim())
  for (const name of select ?? []) {
    if (name !== 'id') known(name, entity, extensions)
    if (entity === 'user' && resource.endsWith('/users') && ELSEWHERE.has(name)) {
      throw new Refused(501, 'NotImplemented', `The '${name}' property is not supported on a list of users.`)
    }
  }
  const filterText = given.get('$filter')
  const filter = filterText === null ? undefined : parseFilter(filterText, entity, extensions)
  const order = given.get('$orderby')
  const [property = '', direction] = order?.split(' ') ?? []
  if (order !== null) known(property, entity, extensions)
  const count = given.get('$count') === 'true'
  const top = topOf(given.get('$top'), select)
  const expand = expandOf(given.get('$expand'), entity)
  const isAdvanced = filter?.advanced === true || (filter !== undefined && order !== null)
  if (accepted.needsEventual && !eventual)
    throw new Refused(400, 'Request_BadRequest', '$count is not currently supported.')
  if (isAdvanced && !(eventual && (count || accepted.needsEventual))) throw unsupported('Unsupported Query.')
  if (expand && eventual && (isAdvanced || count)) throw unsupported('Unsupported Query.')
  return {
    select,
    filter,
    top,
    expand,
    orderby: order === null ? undefined : { property, descending: direction === 'desc' },
    count,
    eventual,
    skiptoken: given.get('$skiptoken') ?? undefined,
    deltatoken: given.get('$deltatoken') ?? undefined,
    linkTo(root, parameter) {
      const rest = search.split('&').filter(one => one !== '' && !/^(\$|%24)skiptoken=/i.test(one))
      return `${root}${resource}?${[...rest, parameter].join('&')}`
    },
  }
}

function notTaken(name: string): Refused {
  if (name === '$skip') return unsupported("'$skip' is not supported by the service.")
  return bad(`Query option '${name}' is not recognized or not supported here.`)
}

function topOf(text: string | null, select: readonly string[] | undefined): number | undefined {
  if (text === null) return undefined
  const top = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (select?.includes('signInActivity') && top > 120) throw bad('Cannot query data for more than 120 users at a time.')
  if (top >= 1 && top <= 999) return top
  throw unsupported(`Invalid page size specified: '${text}'. Must be between 1 and 999 inclusive.`)
}

function expandOf(text: string | null, entity: string): 'manager' | undefined {
  if (text === null) return undefined
  if (/,(?![^(]*\))/.test(text)) throw unsupported('Only one navigation property may be expanded in one request.')
  const [, navigation = '', inner] = /^(\w+)(?:\((.*)\))?$/.exec(text) ?? []
  if (navigationType(entity, navigation) === undefined) {
    throw bad(
      `Parsing OData Select and Expand failed: Could not find a property named '${text}' on type 'microsoft.graph.${entity}'.`,
    )
  }
  if (inner?.includes('$levels')) throw bad("Transitive manager's list is only supported on a single user.")
  if (navigation === 'manager' && (inner === undefined || inner === '$select=id')) return 'manager'
  throw new Refused(501, 'NotImplemented', `The double does not expand ${text}.`)
}
