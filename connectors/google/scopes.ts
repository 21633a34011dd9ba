import type { GoogleOptions } from './options.ts'

const scope = (name: string) => `https://www.googleapis.com/auth/admin.directory.${name}.readonly`

/** https://developers.google.com/workspace/admin/directory/v1/guides/authorizing */
export const SCOPES = {
  user: scope('user'),
  /** Members too. */
  group: scope('group'),
  orgunit: scope('orgunit'),
  userschema: scope('userschema'),
  domain: scope('domain'),
} as const

/** Those without which nothing can be read. A token request fails whole where one of its scopes is not delegated. */
export function neededScopes({ orgUnits }: Pick<GoogleOptions, 'orgUnits'>): string[] {
  return [SCOPES.user, SCOPES.group, ...(orgUnits ? [SCOPES.orgunit] : [])]
}
