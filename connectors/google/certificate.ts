import type { Certificate, Check } from '../../src/model.ts'

/** Why a reading may be believed, question by question; pure. */

/** Pages read to the end: a listing that is cut short throws, so this says how many there were. */
export function pagesClosed(what: string, pages: number): Check {
  const detail = `${pages} ${pages === 1 ? 'page' : 'pages'}, the last one said so`
  return { check: `${what}-pages-closed`, passed: true, detail }
}

/** Groups whose members do not agree with the number of members that the group itself tells. */
export function membersCounted(groups: number, doubtful: readonly string[]): Check {
  const check = 'members-counted'
  if (doubtful.length === 0)
    return { check, passed: true, detail: `the members of ${groups} groups agree with directMembersCount` }
  const some = doubtful.slice(0, 5).join(', ')
  const more = doubtful.length > 5 ? ` and ${doubtful.length - 5} more` : ''
  return {
    check,
    passed: false,
    detail: `the members of ${some}${more} do not agree with directMembersCount, even when read again: run again; if it stays so, and the group is right in the Admin console, name it in miscounted`,
  }
}

/** Another customer's people would all be joiners, and ours leavers. */
export function sameCustomer(customers: readonly string[], asked: string, previous: Certificate | undefined): Check {
  const check = 'same-customer'
  const [customer, ...others] = customers
  if (customer === undefined) return { check, passed: true, detail: 'nobody says which customer they belong to' }
  if (others.length > 0)
    return { check, passed: false, detail: `users of several customers came: ${customers.join(', ')}; run again` }
  if (asked !== 'my_customer' && asked !== customer)
    return { check, passed: false, detail: `${asked} was asked for, and ${customer} came: correct customer` }
  if (previous?.server !== undefined && previous.server !== customer) {
    return {
      check,
      passed: false,
      detail: `customer ${customer}, and ${previous.server} at the last reading: correct admin or credential, or name the customer; for another account make another source`,
    }
  }
  return { check, passed: true, detail: `customer ${customer}` }
}

/** Nobody at all is what a directory that answers badly looks like; who shrinks by less is for the limits. */
export function distance(now: Pick<Certificate, 'users' | 'groups'>, previous: Certificate | undefined): Check {
  const check = 'not-suddenly-empty'
  const numbers = (one: Pick<Certificate, 'users' | 'groups'>) => `${one.users} users and ${one.groups} groups`
  if (previous === undefined) return { check, passed: true, detail: `${numbers(now)}, the first reading` }
  const passed = now.users > 0 || previous.users === 0
  const detail = `${numbers(now)}, ${numbers(previous)} at the last reading`
  return { check, passed, detail: passed ? detail : `${detail}: run again; if it stays so, look at the Admin console` }
}

/** A unit that was renamed would make leavers of all its people. */
export function unitsThere(asked: readonly string[], there: readonly string[], homeless: number): Check {
  const check = 'org-units-there'
  const known = new Set(['/', ...there.map(path => path.toLowerCase())])
  const missing = asked.filter(path => !known.has(path.toLowerCase()))
  if (missing.length > 0) {
    return {
      check,
      passed: false,
      detail: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there: renamed, moved or deleted? Correct orgUnits`,
    }
  }
  if (homeless > 0)
    return { check, passed: false, detail: `${homeless} users do not say which unit they belong to: run again` }
  return { check, passed: true, detail: `${asked.join(', ')} ${asked.length === 1 ? 'is' : 'are'} there` }
}
