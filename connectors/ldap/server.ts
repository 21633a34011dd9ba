import { isLoopback } from '../../src/http/loopback.ts'

/** One server, as its URL says. */
export interface Server {
  readonly url: string
  readonly protocol: 'ldap' | 'ldaps' | 'ldapi'
  readonly host: string
  readonly port: number
  /** Of `ldapi`: the socket. */
  readonly path: string | undefined
  /** Whether what is sent stays on this machine. */
  readonly near: boolean
}

const PORTS = { ldap: 389, ldaps: 636, ldapi: 0 } as const

/** What is wrong with a URL, for whoever wrote it; undefined when it is in order. */
export function faultOf(text: string): string | undefined {
  const url = URL.parse(text)
  if (!url || !/^ldap[si]?:$/.test(url.protocol)) return 'must be a URL: ldaps://HOST or ldaps://HOST:PORT'
  if (url.hostname === '') return 'names no host'
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password: those go in bind'
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
    return 'must end with the host or port: where to search goes in users and groups'
  }
  return undefined
}

/** Of a URL without fault. */
export function serverOf(text: string): Server {
  const url = new URL(text)
  const protocol = url.protocol === 'ldapi:' ? 'ldapi' : url.protocol === 'ldaps:' ? 'ldaps' : 'ldap'
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
  return {
    url: text,
    protocol,
    host,
    port: url.port === '' ? PORTS[protocol] : Number(url.port),
    path: protocol === 'ldapi' ? host : undefined,
    near: protocol === 'ldapi' || isLoopback(host),
  }
}
