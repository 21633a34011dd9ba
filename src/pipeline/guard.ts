import type { Breach, Change, LimitName, Limit, Limits } from '../model.ts'

/** What limits are when nobody says otherwise. Whatever kind is not named here has none. */
export const DEFAULT_LIMITS: Limits = {
  'deactivate-user': { percent: 10 },
  'remove-members': { percent: 20 },
  'update-user': { percent: 30 },
  'create-user': { percent: 50 },
  'change-address': { percent: 5 },
  'relink-user': { percent: 1 },
  'empty-group': { count: 0 },
  'delete-user': { count: 0 },
  'delete-group': { count: 0 },
  'shrink-users': { percent: 10 },
  'shrink-groups': { percent: 10 },
  'shrink-members': { percent: 10 },
  floor: 10,
}

/** What is managed already: linked active users, linked groups, memberships in these. */
export interface Managed {
  readonly users: number
  readonly groups: number
  readonly memberships: number
}

/** How much of what a plan does, by the limit that it counts for. */
export type Tally = Partial<Record<LimitName, number>>

export interface Counted {
  /** `target atlassian` or `profile emea`. */
  readonly scope: string
  readonly tally: Tally
  readonly managed: Managed
  readonly limits: Limits
}

/** A source's counts now, and those that shrinkage is measured from. */
export interface Shrinkage {
  readonly source: string
  readonly before: { readonly users: number; readonly groups: number; readonly members: number }
  readonly now: { readonly users: number; readonly groups: number; readonly members: number }
}

/**
 * The limits that are exceeded (I4). `first`: nothing was ever applied to this target, so that creates, updates
 * and adoptions are not limited yet.
 */
export function guard(
  counted: readonly Counted[],
  shrinkage: readonly Shrinkage[],
  limits: Limits,
  first: boolean,
): readonly Breach[] {
  const breaches: Breach[] = []
  for (const { source, before, now } of shrinkage) {
    for (const what of ['users', 'groups', 'members'] as const) {
      const name = `shrink-${what}` as const
      const lost = before[what] - now[what]
      const exceeded = exceeds(limits, name, lost, before[what])
      if (lost <= 0 || exceeded === undefined) continue
      breaches.push({
        limit: name,
        scope: `source ${source}`,
        changes: lost,
        managed: before[what],
        allowed: exceeded,
        message: `source ${source} has ${lost} of its ${before[what]} ${what} less than before (${percentOf(lost, before[what])}), and ${exceeded} are allowed. If they really left, approve this plan; if not, mend the source and run again.`,
      })
    }
  }
  for (const { scope, tally, managed, limits: own } of counted) {
    for (const name of NAMES) {
      const changes = tally[name] ?? 0
      if (changes === 0 || (first && UNLIMITED_AT_FIRST.has(name))) continue
      const of = managed[UNITS[name]]
      const exceeded = exceeds(own, name, changes, of)
      if (exceeded === undefined) continue
      breaches.push({
        limit: name,
        scope,
        changes,
        managed: of,
        allowed: exceeded,
        message: `${name}: ${changes} at ${scope}, which manages ${of} ${UNITS[name]}; ${exceeded} ${exceeded.endsWith('%') ? `of them (at least of ${floorOf(own)})` : 'in one run'} is allowed.`,
      })
    }
  }
  return breaches
}

/** Of a joiner nothing matters but that there is one. */
export type Countable = Change | { readonly change: 'create-user'; readonly profile: string }

/** Adds a change to what it counts for. Members count one by one. */
export function count(tally: Tally, change: Countable): void {
  const add = (name: LimitName, times = 1) => {
    tally[name] = (tally[name] ?? 0) + times
  }
  switch (change.change) {
    case 'add-members':
    case 'remove-members':
      add(change.change, change.members.length + (change.strangers?.length ?? 0))
      return
    case 'update-user':
      add(change.change)
      if ('userName' in change.after || 'emails' in change.after) add('change-address')
      return
    case 'adopt-user':
    case 'relink-user':
      add(change.change)
      if (change.after['active'] === false && change.before['active'] !== false) add('deactivate-user')
      return
    default:
      add(change.change)
  }
}

/** `10%` or `0`, as configured. */
export function limitText(limit: Limit): string {
  return 'percent' in limit ? `${limit.percent}%` : String(limit.count)
}

/** Every limit as it is written, by name; undefined ones left out. */
export function limitTexts(limits: Limits): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const name of [...NAMES, 'shrink-users', 'shrink-groups', 'shrink-members'] as const) {
    const limit = limits[name]
    if (limit) texts[name] = limitText(limit)
  }
  texts['floor'] = String(floorOf(limits))
  return texts
}

function exceeds(limits: Limits, name: LimitName, changes: number, of: number): string | undefined {
  const limit = limits[name]
  if (!limit) return undefined
  const over = 'count' in limit ? changes > limit.count : changes * 100 > limit.percent * Math.max(of, floorOf(limits))
  return over ? limitText(limit) : undefined
}

function floorOf(limits: Limits): number {
  return limits.floor ?? DEFAULT_LIMITS.floor ?? 0
}

function percentOf(part: number, whole: number): string {
  return `${Math.round((part * 100) / Math.max(1, whole))}%`
}

const UNITS = {
  'create-user': 'users',
  'adopt-user': 'users',
  'relink-user': 'users',
  'update-user': 'users',
  'deactivate-user': 'users',
  'reactivate-user': 'users',
  'delete-user': 'users',
  'create-group': 'groups',
  'adopt-group': 'groups',
  'update-group': 'groups',
  'delete-group': 'groups',
  'add-members': 'memberships',
  'remove-members': 'memberships',
  'empty-group': 'groups',
  'change-address': 'users',
} as const satisfies Partial<Record<LimitName, keyof Managed>>
type Counting = keyof typeof UNITS
const NAMES: readonly Counting[] = [
  'create-user',
  'adopt-user',
  'relink-user',
  'update-user',
  'change-address',
  'deactivate-user',
  'reactivate-user',
  'delete-user',
  'create-group',
  'adopt-group',
  'update-group',
  'delete-group',
  'add-members',
  'remove-members',
  'empty-group',
]

const UNLIMITED_AT_FIRST: ReadonlySet<LimitName> = new Set<LimitName>([
  'create-user',
  'adopt-user',
  'update-user',
  'change-address',
  'create-group',
  'adopt-group',
  'update-group',
  'add-members',
])
