import { isIP } from 'node:net'

/**
 * Whether a host, as `URL` spells it (`127.1` is `127.0.0.1` there, an IPv6 address stands in brackets), is this
 * machine's own loopback: what is sent there needs no encryption. Nothing is looked up.
 */
export function isLoopback(host: string): boolean {
  return /^(localhost|\[?::1\]?)$/i.test(host) || (isIP(host) === 4 && host.startsWith('127.'))
}
