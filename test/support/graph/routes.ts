import { bad, denied, json, noSegment, noSuch, plain, raw, Refused, type Answer } from './answer.ts'
import type { Deltas } from './delta.ts'
import type { Directory, Kept, Kind } from './directory.ts'
import * as listing from './listing.ts'
import type { PageSizes } from './model.ts'
import { demand } from './permissions.ts'
import { type Accepted, parseQuery } from './query.ts'

/** The paths of v1.0 that the double knows, each with the parameters that it takes; all others are refused. */

export interface Tenant {
  readonly root: string
  readonly id: string
  readonly name: string
  readonly directory: Directory
  readonly deltas: Deltas
  readonly extensions: ReadonlySet<string>
  readonly pageSizes: Partial<PageSizes>
  readonly listDeleted: boolean
}

export interface Read {
  /** With the version and the query. */
  readonly path: string
  readonly roles: ReadonlySet<string>
  readonly eventual: boolean
}

const LIST = ['select', 'filter', 'top', 'count', 'orderby', 'expand', 'skiptoken']
const MEMBERS = ['select', 'top', 'count', 'skiptoken']
const DELTA = ['select', 'filter', 'deltatoken', 'skiptoken']
const CASTS: Readonly<Record<string, Kind>> = {
  'microsoft.graph.user': 'user',
  'microsoft.graph.group': 'group',
  'microsoft.graph.device': 'device',
  'microsoft.graph.orgContact': 'orgContact',
  'microsoft.graph.servicePrincipal': 'servicePrincipal',
}

/** Throws what is refused. */
export function answerTo(tenant: Tenant, read: Read): Answer {
  const resource = read.path.split('?')[0]!
  const [empty, version, first = '', ...rest] = resource.split('/').map(decodeURIComponent)
  if (empty !== '' || version !== 'v1.0') throw noSegment(version ?? '')
  const asking = (accepted: Partial<Accepted> & Pick<Accepted, 'entity' | 'parameters'>): listing.Asking => ({
    directory: tenant.directory,
    roles: read.roles,
    root: tenant.root,
    query: parseQuery(read.path, read.eventual, { extensions: tenant.extensions, advanced: true, ...accepted }),
    pageSizes: tenant.pageSizes,
    listDeleted: tenant.listDeleted,
  })
  if (first === 'users' || first === 'groups') return collection(tenant, read, first, rest, asking)
  if (first === 'organization' && rest.length === 0) {
    const { query } = asking({ entity: 'organization', parameters: ['select'] })
    demand(read.roles, 'organization')
    return organization(tenant, query.select)
  }
  if (/^servicePrincipals(\(|$)/.test(first)) return principal(tenant, read, first, rest, asking)
  if (first === 'directory' && rest[0] === 'deletedItems') {
    const kind = CASTS[rest[1] ?? '']
    if (rest.length !== 2 || (kind !== 'user' && kind !== 'group')) throw noSegment(rest[1] ?? '')
    const asked = asking({ entity: kind, parameters: MEMBERS })
    demand(read.roles, kind === 'group' ? 'deleted group' : 'user')
    return listing.deleted(asked, kind)
  }
  throw noSegment(first)
}

type Ask = (accepted: Partial<Accepted> & Pick<Accepted, 'entity' | 'parameters'>) => listing.Asking

function collection(tenant: Tenant, read: Read, name: 'users' | 'groups', rest: readonly string[], ask: Ask): Answer {
  const entity = name === 'users' ? 'user' : 'group'
  const [second, third, fourth, fifth] = rest
  if (second === undefined) {
    const asking = ask({ entity, parameters: LIST })
    demand(read.roles, entity)
    return listing.list(asking, name)
  }
  if (second === '$count' && third === undefined) {
    const asking = ask({ entity, parameters: ['filter'], needsEventual: true })
    demand(read.roles, entity)
    return listing.count(asking, name)
  }
  if ((second === 'delta' || second === 'microsoft.graph.delta' || second === 'delta()') && third === undefined) {
    const { query } = ask({ entity, parameters: DELTA })
    demand(read.roles, entity)
    const { directory, root, deltas, pageSizes } = tenant
    return deltas.answer({ directory, collection: name, roles: read.roles, root, query, pageSizes })
  }
  const kept = tenant.directory.get(second)
  const there = kept?.kind === entity && kept.state === 'there' ? kept : undefined
  if (third === undefined) {
    const asking = ask({ entity, parameters: ['select', 'expand'] })
    demand(read.roles, entity)
    return listing.single(asking, there, second, name)
  }
  const relation = /^(transitiveMembers|members|transitiveMemberOf|memberOf)$/.exec(third)?.[1]
  if (relation === undefined || (name === 'users' && relation.toLowerCase().endsWith('members'))) throw noSegment(third)
  const only = fourth === undefined || fourth === '$count' ? undefined : CASTS[fourth]
  if (fourth !== undefined && fourth !== '$count' && only === undefined) throw noSegment(fourth)
  const isCount = fourth === '$count' || fifth === '$count'
  if (rest.length > 3 + (only ? 1 : 0) || (fifth !== undefined && fifth !== '$count')) throw noSegment(fifth ?? '')
  const asking = ask({
    entity: only ?? 'directoryObject',
    parameters: isCount ? [] : MEMBERS,
    needsEventual: isCount || only !== undefined,
  })
  demand(read.roles, 'group')
  if (only && !isCount && !asking.query.count) throw bad('Unsupported Query.')
  if (!there) throw noSuch(second)
  return related(asking, there, relation, only, isCount)
}

function related(asking: listing.Asking, of: Kept, relation: string, only: Kind | undefined, isCount: boolean): Answer {
  const transitive = relation.startsWith('transitive')
  if (relation.toLowerCase().endsWith('memberof')) {
    if (isCount) throw new Refused(501, 'NotImplemented', 'The double does not count these.')
    return listing.memberOf(asking, of, transitive, only)
  }
  return isCount
    ? plain(String(listing.countMembers(asking, of, transitive, only)))
    : listing.members(asking, of, transitive, only)
}

function organization({ root, id, name }: Tenant, select: readonly string[] | undefined): Answer {
  const all: Readonly<Record<string, unknown>> = {
    id,
    displayName: name,
    tenantType: 'AAD',
    verifiedDomains: [{ name: 'example.com', isDefault: true, isInitial: false, type: 'Managed' }],
  }
  const one = Object.fromEntries((select ?? Object.keys(all)).map(property => [property, all[property] ?? null]))
  return json(200, { '@odata.context': `${root}/v1.0/$metadata#organization`, value: [one] })
}

function principal(tenant: Tenant, read: Read, first: string, rest: readonly string[], ask: Ask): Answer {
  const { directory, root } = tenant
  const [, key] = /^servicePrincipals\(appId='([^']*)'\)$/.exec(first) ?? []
  if (first === 'servicePrincipals' && rest.length === 0) {
    const { query } = ask({ entity: 'servicePrincipal', parameters: LIST })
    demand(read.roles, 'servicePrincipal')
    const named = /\$filter=appId(?:%20|\+)eq(?:%20|\+)(?:'|%27)([^'%]+)/.exec(read.path)?.[1]
    if (named === undefined || query.filter === undefined) throw denied()
    const found = directory.assigned(named) ? [JSON.stringify(shownPrincipal(named))] : []
    return raw(`{"@odata.context":"${root}/v1.0/$metadata#servicePrincipals","value":[${found.join(',')}]}`)
  }
  const application = key ?? rest[0]?.replace(/^principal-/, '') ?? ''
  const last = key === undefined ? rest.slice(1) : rest
  if (key === undefined && first !== 'servicePrincipals') throw noSegment(first)
  if (last.length === 0) {
    ask({ entity: 'servicePrincipal', parameters: ['select'] })
    demand(read.roles, 'servicePrincipal')
    if (!directory.assigned(application)) throw noSuch(application)
    return json(200, {
      '@odata.context': `${root}/v1.0/$metadata#servicePrincipals/$entity`,
      ...shownPrincipal(application),
    })
  }
  if (last.length !== 1 || last[0] !== 'appRoleAssignedTo') throw noSegment(last[0] ?? '')
  const asking = ask({ entity: 'appRoleAssignment', parameters: ['select', 'top', 'skiptoken'] })
  demand(read.roles, 'servicePrincipal')
  const ids = directory.assigned(application)
  if (!ids) throw noSuch(application)
  return listing.assigned(asking, `principal-${application}`, ids)
}

function shownPrincipal(application: string) {
  return { id: `principal-${application}`, appId: application, displayName: 'Example', accountEnabled: true }
}
