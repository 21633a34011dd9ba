import type { Certificate, Check } from '../../src/model.ts'

/** Why a reading may be believed, question by question; pure. */

/** How many there are, asked by itself: just before, and, where that was another number, just after. */
export interface Counts {
  readonly before: number
  readonly after: number | undefined
}

/** Somebody may join while a reading is under way; fewer than both counts are too few. */
export function counted(what: string, read: number, { before, after }: Counts): Check {
  const passed = read >= Math.min(before, after ?? before)
  const numbers = `${read} ${what} read, ${before} counted before${after === undefined ? '' : `, ${after} after`}`
  return {
    check: `${what}-counted-twice`,
    passed,
    detail: passed ? numbers : `${numbers}: run again; if it stays so, ask Microsoft with the time and the tenant's id`,
  }
}

/** Pages read to the end: a listing that is cut short throws, so this says how many there were. */
export function pagesClosed(what: string, pages: number): Check {
  const detail = `${pages} ${pages === 1 ? 'page' : 'pages'}, the last one without a link onwards`
  return { check: `${what}-pages-closed`, passed: true, detail }
}

/** Groups that are listed as empty are counted, since nothing else tells an empty group from an empty answer. */
export function membersCounted(short: readonly string[]): Check {
  const check = 'members-counted-twice'
  const [first] = short
  if (first === undefined) return { check, passed: true, detail: 'groups without members were counted, and have none' }
  const groups = short.length === 1 ? `group ${first} lists` : `${short.length} groups (${first} …) list`
  return { check, passed: false, detail: `${groups} fewer members than are counted: run again` }
}

/** Users without a name or a state are what a missing permission looks like. */
export function toldInFull(limited: number, users: number): Check {
  const check = 'users-told-in-full'
  if (limited === 0) return { check, passed: true, detail: 'every user has a name and a state' }
  const few = `${limited} of ${users} users came with limited information, and are taken as unknown`
  if (limited < users) return { check, passed: true, detail: few }
  return { check, passed: false, detail: `${few}: grant the application permission User.Read.All, with admin consent` }
}

/** Another tenant would turn everyone into a leaver and a joiner. */
export function sameTenant(tenant: string | undefined, previous: Certificate | undefined): Check {
  const check = 'same-tenant'
  if (tenant === undefined) return { check, passed: true, detail: 'the token does not say which tenant it is for' }
  const before = previous?.server
  const passed = before === undefined || !before.startsWith(TENANT) || before === serverOf(tenant)
  return {
    check,
    passed,
    detail: passed
      ? `tenant ${tenant}`
      : `tenant ${tenant} answers now, and ${before.slice(TENANT.length)} did before: correct tenant; to read another one, make it a source of its own`,
  }
}

const TENANT = 'tenant '

export function serverOf(tenant: string): string {
  return `${TENANT}${tenant}`
}

/** Ids of another sort would do the same. */
export function sameIdentity(previous: Certificate | undefined): Check {
  const check = 'ids-by-id'
  const other = previous?.checks.find(before => before.check.startsWith('ids-by-') && before.check !== check)
  return {
    check,
    passed: !other,
    detail: other
      ? `people were known by ${other.check.slice('ids-by-'.length)} before, and are by object id now: make this a source of its own`
      : 'people are known by their object id',
  }
}

export function certificateOf(
  checks: readonly Check[],
  counts: { readonly users: number; readonly groups: number; readonly members: number },
  tenant: string | undefined,
): Certificate {
  const complete = checks.every(({ passed }) => passed)
  return { complete, checks, ...counts, ...(tenant !== undefined && { server: serverOf(tenant) }) }
}
