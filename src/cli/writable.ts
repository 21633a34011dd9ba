import type { CheckLine } from '../connector.ts'
import type { Dialect, Mapping, Profile } from '../model.ts'

/** What of a profile its target cannot take: paths it does not store, and required ones that no line maps. */
export function unwritable(profile: Profile, dialect: Dialect): CheckLine[] {
  const { users, groups } = dialect
  return [
    ...refused(profile.user, users.writable, `users at a target with dialect ${dialect.name}`),
    ...refused(profile.group, groups.writable, `groups at a target with dialect ${dialect.name}`),
    ...users.required
      .filter(path => !profile.user.some(mapping => within(mapping.path, path) || within(path, mapping.path)))
      .map(path => ({
        ok: false,
        what: `${profile.file}: dialect ${dialect.name} requires ${path}, and no line maps it`,
        now: `add a line for ${path} under user:, or everyone will be held`,
      })),
  ]
}

function refused(mappings: readonly Mapping[], writable: readonly string[] | '*', where: string): CheckLine[] {
  if (writable === '*') return []
  return mappings
    .filter(({ path }) => !writable.some(allowed => within(path, allowed)))
    .map(({ path, at }) => ({
      ok: false,
      what: `${at.file}:${at.line}:${at.column}: ${path} is not stored for ${where}`,
      now: `remove the line; what is stored: ${writable.join(', ')}`,
    }))
}

/** `name.givenName` is within `name`, `urn:…:User:department` within `urn:…:User`. */
function within(path: string, outer: string): boolean {
  const [inside, outside] = [path.toLowerCase(), outer.toLowerCase()]
  return inside === outside || inside.startsWith(`${outside}.`) || inside.startsWith(`${outside}:`)
}
