import type { Check } from '../../src/model.ts'
import type { Claims } from './credential.ts'
import type { EntraOptions } from './options.ts'

/**
 * Which application permissions a reading needs, the least one of each, and the others that include it
 * (https://learn.microsoft.com/graph/permissions-reference).
 */
export interface Need {
  readonly permission: string
  readonly why: string
  /** The attribute of users that asks for it; undefined for what every reading needs. */
  readonly attribute?: string
}

const INCLUDED: Readonly<Record<string, readonly string[]>> = {
  'User.Read.All': ['User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  'GroupMember.Read.All': [
    'GroupMember.ReadWrite.All',
    'Group.Read.All',
    'Group.ReadWrite.All',
    'Directory.Read.All',
    'Directory.ReadWrite.All',
  ],
  'Application.Read.All': [
    'Application.ReadWrite.All',
    'Application.ReadWrite.OwnedBy',
    'Directory.Read.All',
    'Directory.ReadWrite.All',
  ],
  'CustomSecAttributeAssignment.Read.All': ['CustomSecAttributeAssignment.ReadWrite.All'],
  'User-LifeCycleInfo.Read.All': ['User-LifeCycleInfo.ReadWrite.All'],
}

const OF_ATTRIBUTES: Readonly<Record<string, string>> = {
  customSecurityAttributes: 'CustomSecAttributeAssignment.Read.All',
  employeeLeaveDateTime: 'User-LifeCycleInfo.Read.All',
}

export const HIDDEN_MEMBERS = 'Member.Read.Hidden'

export function needsOf({ application }: EntraOptions, userAttributes: Iterable<string>): Need[] {
  const own = [...userAttributes].flatMap(attribute => {
    const permission = OF_ATTRIBUTES[attribute]
    return permission === undefined ? [] : [{ permission, why: `to read ${attribute}`, attribute }]
  })
  return [
    { permission: 'User.Read.All', why: 'to read users' },
    { permission: 'GroupMember.Read.All', why: 'to read groups and their members' },
    ...(application === undefined
      ? []
      : [{ permission: 'Application.Read.All', why: 'to read who is assigned to the application' }]),
    ...own,
  ]
}

/** Undefined where the token does not say: it is somebody's own, or opaque. */
export function isGranted(permission: string, claims: Claims | undefined): boolean | undefined {
  const roles = claims?.roles ?? (claims?.tid !== undefined && claims.scp === undefined ? [] : undefined)
  return roles && [permission, ...(INCLUDED[permission] ?? [])].some(one => roles.includes(one))
}

/** What the application may do, against what it must. */
export function permitted(needs: readonly Need[], claims: Claims | undefined): Check {
  const missing = needs.filter(({ permission }) => isGranted(permission, claims) === false)
  const check = 'permissions-granted'
  if (missing.length > 0) {
    const named = missing.map(({ permission, why }) => `${permission} (${why})`).join(', ')
    return { check, passed: false, detail: `missing: ${named}. Grant it to the application, with admin consent` }
  }
  const sure = isGranted('User.Read.All', claims) !== undefined
  const names = needs.map(({ permission }) => permission).join(', ')
  return { check, passed: true, detail: sure ? `granted: ${names}` : `the token does not tell; needed: ${names}` }
}
