import { denied } from './answer.ts'
import type { Kind } from './directory.ts'

/** Which of a token's roles let what be read. */
const READERS: Readonly<Record<Readable, readonly string[]>> = {
  user: ['User.Read.All', 'User.ReadWrite.All'],
  group: ['GroupMember.Read.All', 'GroupMember.ReadWrite.All', 'Group.Read.All', 'Group.ReadWrite.All'],
  device: ['Device.Read.All', 'Device.ReadWrite.All'],
  orgContact: ['OrgContact.Read.All'],
  servicePrincipal: ['Application.Read.All', 'Application.ReadWrite.All'],
  organization: ['Organization.Read.All', 'Organization.ReadWrite.All'],
  'deleted group': ['Group.Read.All', 'Group.ReadWrite.All'],
}
const WHOLE_DIRECTORY = ['Directory.Read.All', 'Directory.ReadWrite.All']

export type Readable = Kind | 'organization' | 'deleted group'

export function mayRead(roles: ReadonlySet<string>, what: Readable): boolean {
  return [...READERS[what], ...WHOLE_DIRECTORY].some(role => roles.has(role))
}

/** Throws 403 where it may not. */
export function demand(roles: ReadonlySet<string>, what: Readable): void {
  if (!mayRead(roles, what)) throw denied()
}

/** Properties that ask for a role of their own; without it they come as null. */
export const GUARDED: Readonly<Record<string, string>> = {
  customSecurityAttributes: 'CustomSecAttributeAssignment.Read.All',
  employeeLeaveDateTime: 'User-LifeCycleInfo.Read.All',
  signInActivity: 'AuditLog.Read.All',
}

/** Members of a group with hidden membership come as none at all without this. */
export const HIDDEN = 'Member.Read.Hidden'
