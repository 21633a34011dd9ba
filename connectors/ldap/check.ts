import type { CheckLine, Place } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import { search } from './client.ts'
import { decoder } from './entry.ts'
import type { LdapOptions } from './options.ts'
import { findBase, openSession, type Session } from './session.ts'

/** *Test connection*: signs in, and looks at the bases and the first of what is below each. */
export async function* check(options: LdapOptions, place: Place, signal: AbortSignal): AsyncGenerator<CheckLine> {
  const urls = Array.isArray(options.url) ? options.url : [options.url]
  let session: Session
  try {
    session = await openSession(options, place, signal)
  } catch (error) {
    yield failed(`connects to ${urls.join(', ')} and signs in`, error, signal)
    return
  }
  try {
    const { connection, vendor, asked } = session
    const { url, protocol, near } = connection.server
    const encrypted = protocol === 'ldaps' || options.tls?.startTls === true
    yield { ok: true, what: `connects to ${url}${encrypted ? ' over TLS' : near ? '' : ', without encryption'}` }
    yield { ok: true, what: `signs in as ${asked('').account}` }
    yield { ok: true, what: `the server is ${vendor.name}: people are known by ${vendor.id.attribute}` }
    for (const what of ['users', 'groups'] as const) {
      const branch = options[what]
      if (!branch) continue
      try {
        await findBase(session, `the ${what}`, branch.base)
        yield { ok: true, what: `the base of the ${what} is there` }
        yield await firstPage(session, what, branch)
      } catch (error) {
        yield failed(`reads the ${what} below ${branch.base}`, error, signal)
      }
    }
  } finally {
    session.connection.close()
  }
}

type Branch = LdapOptions['users']

async function firstPage(session: Session, what: 'users' | 'groups', branch: Branch): Promise<CheckLine> {
  const { connection, vendor, paging, asked } = session
  const { base, scope, filter = vendor[what] } = branch
  const wanted = { base, scope, filter, attributes: [vendor.id.attribute] }
  const decode = decoder([{ name: vendor.id.attribute, as: vendor.id.as }])
  let seen = 0
  let more = false
  let nameless = 0
  for await (const { items, page } of search(connection, wanted, paging, asked(`the ${what} below ${base}`), decode)) {
    if (more && items.length > 0) break
    seen += items.length
    nameless += items.filter(({ values }) => !values[0]?.[0]).length
    more = page
  }
  if (nameless > 0) {
    return {
      ok: false,
      what: `${what} show ${vendor.id.attribute}`,
      now: `${nameless} of the first ${seen} do not: let ${asked('').account} read ${vendor.id.attribute}, or set vendor on the source to what the server is.`,
    }
  }
  return { ok: true, what: `the first page of the ${what} has ${seen}` }
}

function failed(what: string, error: unknown, signal: AbortSignal): CheckLine {
  signal.throwIfAborted()
  if (!(error instanceof RollcallError)) throw error
  return { ok: false, what, now: error.message }
}
