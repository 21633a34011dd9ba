import type { ScimResource } from '../model.ts'
import { canonical, pathsOf, pick, valueAt } from '../pipeline/canonical.ts'
import type { Echo } from '../state.ts'

/** What a change finds: as the plan expected (and what is left to write), already done, or moved since. */
export type Found =
  | { readonly found: 'expected'; readonly before: ScimResource; readonly after: ScimResource }
  | { readonly found: 'done' }
  | { readonly found: 'moved'; readonly paths: readonly string[] }

/** Holds `before` and `after` of a change against the resource as it is (I7); paths already as wanted are left out. */
export function compare(before: ScimResource, after: ScimResource, current: ScimResource): Found {
  const moved: string[] = []
  const left: string[] = []
  for (const path of new Set([...pathsOf(before), ...pathsOf(after)])) {
    const is = textAt(current, path)
    if (is === textAt(after, path)) continue
    ;(is === textAt(before, path) ? left : moved).push(path)
  }
  if (moved.length > 0) return { found: 'moved', paths: moved }
  if (left.length === 0) return { found: 'done' }
  return {
    found: 'expected',
    before: pick(left, path => valueAt(before, path)),
    after: pick(left, path => valueAt(after, path)),
  }
}

/** `active` is true where a target does not say (RFC 7643 §4.1.1 leaves the default to it, and all of them take true). */
function textAt(resource: ScimResource, path: string): string {
  return canonical(valueAt(resource, path)) || (path === 'active' ? 'true' : '')
}

/**
 * The link's echo after a write: what the target stored otherwise than sent, under each path written; what was
 * known of other paths stays. Without `stored` nothing is known of the paths written.
 */
export function echoAfter(
  known: Echo | undefined,
  sent: ScimResource,
  stored: ScimResource | undefined,
): Echo | undefined {
  if (!known && stored === sent) return undefined
  const echo: Record<string, Echo[string]> = { ...known }
  for (const path of pathsOf(sent)) {
    delete echo[path]
    if (!stored) continue
    const [was, kept] = [valueAt(sent, path), valueAt(stored, path)]
    if (canonical(was) !== canonical(kept)) echo[path] = { sent: was ?? null, kept: kept ?? null }
  }
  return Object.keys(echo).length > 0 ? echo : undefined
}
