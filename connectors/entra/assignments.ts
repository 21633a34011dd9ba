import { RollcallError } from '../../src/errors.ts'
import { type Listing, readListing } from './pages.ts'
import type { Session } from './session.ts'
import { COST } from './throttle.ts'

const TOP = 999

export interface Assigned {
  readonly users: ReadonlySet<string>
  readonly groups: ReadonlySet<string>
}

/** Who is assigned to an enterprise application, in whatever role. */
export async function assignedTo(
  { graph, signal }: Pick<Session, 'graph'> & { readonly signal: AbortSignal },
  application: string,
): Promise<Assigned> {
  const users = new Set<string>()
  const groups = new Set<string>()
  for await (const items of readListing(graph, listingOf(application, graph.base), signal)) {
    for (const { principalId, principalType } of items) {
      if (typeof principalId !== 'string')
        throw new RollcallError(
          'source_denied',
          'GET appRoleAssignedTo: who is assigned is not told; grant the application permission Application.Read.All, with admin consent.',
        )
      if (principalType === 'User') users.add(principalId)
      else if (principalType === 'Group') groups.add(principalId)
    }
  }
  return { users, groups }
}

function listingOf(application: string, base: string): Listing {
  const path = `/servicePrincipals(appId='${encodeURIComponent(application.replaceAll("'", "''"))}')/appRoleAssignedTo`
  return {
    path: `${base}${path}?$top=${TOP}`,
    what: `GET ${path}`,
    cost: COST.other,
    permission: 'Application.Read.All',
    top: TOP,
    limited: item => typeof item['principalId'] !== 'string',
  }
}
