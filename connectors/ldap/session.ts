import type { Place } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import { readTls } from '../../src/http/tls.ts'
import type { Mark } from './certificate.ts'
import { accountOf, type Credential, entries, type Paging, type Search, signIn } from './client.ts'
import type { Connection } from './connection.ts'
import { normalDn } from '../../src/dn.ts'
import type { LdapOptions } from './options.ts'
import { type Asked, Refusal } from './refusal.ts'
import { serverOf } from './server.ts'
import { recognise, ROOT_ATTRIBUTES, type Vendor, vendorOf } from './vendors.ts'

/** A connection, signed in, to a server of a known kind. */
export interface Session {
  readonly connection: Connection
  readonly vendor: Vendor
  readonly paging: Paging
  /** The values of an attribute of the root entry, of those in `ROOT_ATTRIBUTES`. */
  readonly root: (name: string) => readonly string[]
  /** For messages about reading this. */
  asked(what: string): Asked
}

const PAGED = '1.2.840.113556.1.4.319'
const ANYTHING = '(objectClass=*)'

/** Throws `source_incomplete`, `source_denied`, `secret_unavailable`. */
export async function openSession(options: LdapOptions, place: Place, signal: AbortSignal): Promise<Session> {
  const urls = Array.isArray(options.url) ? options.url : [options.url]
  const credential = await credentialOf(options, place)
  const idle = options.timeouts.idle * 1000
  const connection = await signIn({
    servers: urls.map(serverOf),
    credential,
    tls: await readTls(options.tls, place.folder),
    startTls: options.tls?.startTls === true,
    timeouts: { connect: options.timeouts.connect * 1000, idle },
    signal,
  })
  try {
    const account = accountOf(credential)
    const asking = (what: string, unlimited: string) => ({ what, account, unlimited })
    const search: Search = { base: '', scope: 'base', filter: ANYTHING, attributes: ROOT_ATTRIBUTES }
    const slots = ROOT_ATTRIBUTES.map(name => ({ name, as: 'text' as const }))
    const [entry] = await entries(connection, search, idle, asking('the root entry', ''), slots)
    const values = new Map(slots.map(({ name }, slot) => [name.toLowerCase(), entry?.values[slot] ?? []]))
    const root = (name: string) => values.get(name.toLowerCase()) ?? []
    const vendor = vendorOf(options.vendor ?? recognise(root))
    const controls = root('supportedControl')
    const paged = controls.length === 0 || controls.includes(PAGED)
    const unlimited = vendor.unlimited(account)
    return {
      connection,
      vendor,
      root,
      paging: { size: paged ? options.pageSize : undefined, idle },
      asked: what => asking(what, unlimited),
    }
  } catch (error) {
    connection.close()
    throw error
  }
}

async function credentialOf({ bind }: LdapOptions, { folder }: Place): Promise<Credential> {
  return 'dn' in bind ? { dn: bind.dn, password: await bind.password.read(folder) } : bind
}

/**
 * That the base of a search is there and may be seen, asked by itself: some servers answer a search below one that
 * is not, or that the account may not see, with success and nobody. Throws when it is not.
 */
export async function findBase(session: Session, what: string, base: string): Promise<void> {
  const { connection, paging, asked } = session
  const asking = asked(`the base of ${what}, ${base}`)
  const search: Search = { base, scope: 'base', filter: ANYTHING, attributes: ['1.1'] }
  const found = await entries(connection, search, paging.idle, asking, [])
  if (found.length > 0) return
  throw new RollcallError(
    'source_denied',
    `${asking.what}: the server shows nothing there; correct the base, or let ${asking.account} read it and what is below.`,
  )
}

/** Which server this is, and how new its data. */
export async function markOf({ connection, vendor, paging, root, asked }: Session, base: string): Promise<Mark> {
  const server = root('dsServiceName')[0] ?? connection.server.url
  if (vendor.asOf === 'highestCommittedUSN') return { server, asOf: root(vendor.asOf)[0], shared: false }
  const context = contextOf(base, root('namingContexts'))
  if (vendor.asOf === undefined || context === undefined) return { server, asOf: undefined, shared: false }
  const search: Search = { base: context, scope: 'base', filter: ANYTHING, attributes: [vendor.asOf] }
  const slots = [{ name: vendor.asOf, as: 'text' as const }]
  try {
    const [entry] = await entries(connection, search, paging.idle, asked(context), slots)
    const values = entry?.values[0]?.toSorted() ?? []
    return { server, asOf: values.length > 0 ? values.join(' ') : undefined, shared: true }
  } catch (error) {
    // It may be hidden, which is no reason not to read what is below.
    if (error instanceof Refusal) return { server, asOf: undefined, shared: true }
    throw error
  }
}

/** The naming context that a base is in. */
function contextOf(base: string, contexts: readonly string[]): string | undefined {
  const key = normalDn(base)
  const within = contexts.filter(context => key === normalDn(context) || key.endsWith(`,${normalDn(context)}`))
  return within.toSorted((one, other) => other.length - one.length)[0]
}
