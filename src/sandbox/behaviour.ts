import type { Dialect } from '../model.ts'

/** What the sandbox does where the knobs of a dialect leave it open: they say what a client may rely on. */
export interface Behaviour {
  /** Path of the base URL. */
  readonly base: string
  /** `rfc`: any filter of RFC 7644. `equality`: one `eq` on an attribute that the dialect lists. */
  readonly filters: 'rfc' | 'equality'
  /** Whether a query parameter that is not described fails the request. */
  readonly strictParameters: boolean
  /** Discovery without a token (RFC 7644 §4). */
  readonly openDiscovery: boolean
  /** Bodies of 401: SCIM errors, or `{error, traceId}`. */
  readonly denial: 'scim' | 'trace'
  /** POST to `/.search`; and whether `/Bulk` and `/Me` are known, and refused with 501. */
  readonly search: boolean
  readonly membersOnCreate: { readonly taken: boolean; readonly most: number }
  readonly groupsAsMembers: boolean
  readonly unknownMember: 400 | 404
  readonly removal: { readonly pathFilter: boolean; readonly valueArray: 'taken' | 'refused' | 'removes-all' }
  readonly replaceMembers: boolean
  readonly maxMembers: number
  readonly maxMemberBytes: number
  /** What a PATCH is answered with: 204, or 200 and the whole resource. */
  readonly patchAnswer: 'nothing' | 'resource'
  /** Users are linked to accounts, and lose the link when the e-mail of an unmanaged one is written. */
  readonly accounts: boolean
  /** Whether a PATCH of `emails` with what is stored already is refused. */
  readonly sameEmails: 'taken' | 'refused'
  /** `externalId: ""` and `groups: []` where there is nothing to show; `active` is true unless told otherwise. */
  readonly showsEmpty: boolean
}

/** What a dialect file's own words come to: RFC 7644, held to the knobs. */
function fromKnobs({ groups, members }: Dialect): Behaviour {
  return {
    base: '/scim/v2',
    filters: 'equality',
    strictParameters: false,
    openDiscovery: false,
    denial: 'scim',
    search: false,
    membersOnCreate: { taken: groups.create.withMembers, most: groups.create.maxMembers || Number.POSITIVE_INFINITY },
    groupsAsMembers: false,
    unknownMember: 400,
    removal:
      members.remove === 'path-filter'
        ? { pathFilter: true, valueArray: 'refused' }
        : { pathFilter: false, valueArray: 'taken' },
    replaceMembers: members.replace === 'allowed',
    maxMembers: members.maxPerRequest,
    maxMemberBytes: members.maxBytes,
    patchAnswer: 'nothing',
    accounts: false,
    sameEmails: 'taken',
    showsEmpty: false,
  }
}

/** RFC 7643 and 7644 in full. The knobs of `generic` are what a careful client uses of that, no limit of the server. */
const GENERIC: Partial<Behaviour> = {
  filters: 'rfc',
  openDiscovery: true,
  search: true,
  membersOnCreate: { taken: true, most: Number.POSITIVE_INFINITY },
  groupsAsMembers: true,
  // §3.5.2.2: without a filter in the path all values go, whatever the operation's value says.
  removal: { pathFilter: true, valueArray: 'removes-all' },
  replaceMembers: true,
  maxMembers: Number.POSITIVE_INFINITY,
  maxMemberBytes: Number.POSITIVE_INFINITY,
}

/** As Atlassian's API description, recorded answers and issue tracker have it. */
const ATLASSIAN: Partial<Behaviour> = {
  base: '/scim/directory/sandbox',
  strictParameters: true,
  denial: 'trace',
  unknownMember: 404,
  // Which form is right is not documented; connectors in use send either.
  removal: { pathFilter: true, valueArray: 'taken' },
  patchAnswer: 'resource',
  accounts: true,
  sameEmails: 'refused', // ID-8027
  showsEmpty: true,
}

export function behaviourOf(dialect: Dialect): Behaviour {
  const particulars = dialect.name === 'generic' ? GENERIC : dialect.name === 'atlassian' ? ATLASSIAN : {}
  return { ...fromKnobs(dialect), ...particulars }
}
