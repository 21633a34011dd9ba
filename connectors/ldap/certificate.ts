import type { Certificate, Check } from '../../src/model.ts'

/** Why a reading may be believed, question by question; pure. */

/**
 * The same question in another shape: how many there were just before, and, where that was another number, how many
 * there are just after. Somebody may join meanwhile; half the directory may not.
 */
export function counted(what: string, read: number, before: number, after: number | undefined): Check {
  const passed =
    read === before || (after !== undefined && Math.min(before, after) <= read && read <= Math.max(before, after))
  const numbers = `${read} ${what} read, ${before} counted before${after === undefined ? '' : `, ${after} after`}`
  return {
    check: `${what}-counted-twice`,
    passed,
    detail: passed
      ? numbers
      : `${numbers}: run again; if it stays so, the server gives short answers (its log, its limits)`,
  }
}

/** Pages read to the end: a search that is cut short throws, so this says how many there were. */
export function pagesClosed(what: string, pages: number): Check {
  return {
    check: `${what}-pages-closed`,
    passed: true,
    detail: `${pages} ${pages === 1 ? 'page' : 'pages'}, the last one said so`,
  }
}

/** Ids of another sort would turn everyone into a leaver and a joiner. */
export function sameIdentity(attribute: string, previous: Certificate | undefined): Check {
  const check = `ids-by-${attribute}`
  const other = previous?.checks.find(before => before.check.startsWith('ids-by-') && before.check !== check)
  const detail = other
    ? `people were known by ${other.check.slice('ids-by-'.length)} before, and are by ${attribute} now: set vendor on the source to what it was`
    : `people are known by ${attribute}`
  return { check, passed: !other, detail }
}

export function unambiguous(clashes: number): Check {
  const detail =
    clashes === 0
      ? 'every name of a member means one user or group'
      : `${clashes} names of members mean several users: make uid unique below the users' base, or narrow the base`
  return { check: 'members-unambiguous', passed: clashes === 0, detail }
}

/** Parts of the directory on other servers. `elsewhere` are those that hold no people. */
export function noReferences(
  references: readonly string[],
  elsewhere: readonly string[],
  policy: 'fail' | 'ignore',
): Check {
  const others = references.filter(url => !elsewhere.some(start => nameIn(url).startsWith(start.toLowerCase())))
  const [first] = others
  if (first === undefined) return { check: 'no-references', passed: true, detail: 'no part of it is on another server' }
  const parts = `${others.length} ${others.length === 1 ? 'part is' : 'parts are'} on another server (${first})`
  return policy === 'ignore'
    ? { check: 'no-references', passed: true, detail: `${parts}, and left out as configured` }
    : {
        check: 'no-references',
        passed: false,
        detail: `${parts}: read a server that holds all, narrow the base, make it a source of its own, or set references: ignore`,
      }
}

function nameIn(url: string): string {
  const path = /^ldaps?:\/\/[^/]*\/([^?]*)/i.exec(url)?.[1] ?? ''
  try {
    return decodeURIComponent(path).trim().toLowerCase()
  } catch {
    return path.toLowerCase()
  }
}

export interface Mark {
  /** Which server answered. */
  readonly server: string
  /** How new its data is, in its own words. */
  readonly asOf: string | undefined
  /** Whether other servers of this directory count the same way. */
  readonly shared: boolean
}

/** A server restored from a copy, or one that has not caught up, brings back who left. */
export function notOlder({ server, asOf, shared }: Mark, previous: Certificate | undefined): Check {
  const check = 'not-older'
  if (asOf === undefined) return { check, passed: true, detail: 'the server does not say how new its data is' }
  if (previous?.asOf === undefined) return { check, passed: true, detail: `as of ${asOf}` }
  if (!shared && previous.server !== server) {
    return {
      check,
      passed: true,
      detail: `another server than last time (${previous.server ?? 'unknown'}): which is newer cannot be told`,
    }
  }
  const passed = !older(asOf, previous.asOf)
  return {
    check,
    passed,
    detail: passed
      ? `as of ${asOf}, not older than at the last reading`
      : `as of ${asOf}, and ${previous.asOf} at the last reading: a restored server, or one that lags behind? Read another, or run again once it has caught up`,
  }
}

/** Change numbers: a plain count, or one per server that takes writes (time#count#server#modification). */
function older(now: string, before: string): boolean {
  if (/^\d+$/.test(now) && /^\d+$/.test(before)) return BigInt(now) < BigInt(before)
  const [is, was] = [byWriter(now), byWriter(before)]
  const common = [...was.keys()].filter(writer => is.has(writer))
  if (common.length > 0) return common.some(writer => is.get(writer)! < was.get(writer)!)
  return latest(is) < latest(was)
}

function byWriter(asOf: string): Map<string, string> {
  return new Map(asOf.split(' ').map(csn => [csn.split('#')[2] ?? '', csn]))
}

function latest(marks: ReadonlyMap<string, string>): string {
  return [...marks.values()].toSorted().at(-1) ?? ''
}
