import * as z from 'zod'
import { Secret, secret } from '../secret.ts'
import { isLoopback } from './loopback.ts'

/**
 * The address of a service, without slashes at its end: https, or http to this machine where `plain` says so. `own`
 * tells what else is wrong with one for this service.
 */
export const endpoint = ({
  plain,
  own,
}: {
  readonly plain: boolean
  readonly own?: (url: URL) => string | undefined
}) =>
  z
    .string()
    .superRefine((text, { addIssue }) => {
      const fault = faultOf(text, plain, own)
      if (fault !== undefined) addIssue(fault)
    })
    .transform(text => text.trim().replace(/\/+$/, ''))

function faultOf(text: string, plain: boolean, own?: (url: URL) => string | undefined): string | undefined {
  const url = URL.parse(text.trim())
  if (url === null || url.hostname === '') return 'this is no address; write it whole: https://HOST'
  if (url.username !== '' || url.password !== '') return 'a credential in an address shows in logs; take it out'
  if (text.includes('?') || text.includes('#')) return 'this address has a ? or a #; cut it there'
  const fault = own?.(url)
  if (fault !== undefined) return fault
  if (url.protocol === 'https:') return undefined
  if (plain && url.protocol === 'http:' && isLoopback(url.hostname)) return undefined
  return 'this address is not encrypted; use https://'
}

const PROXY =
  'a proxy is http://HOST:PORT, or with a credential in it { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT, …] }'

/** The `proxy` of a source. */
export const proxy = z
  .union([z.string().regex(/^https?:\/\/[^@/?#\s]+\/?$/, PROXY), secret], { error: PROXY })
  .describe('The proxy that requests go through: an address, or a secret.')

/** Its URL; relative paths start from `folder`. Throws `secret_unavailable` where it cannot be had. */
export async function readProxy(given: z.infer<typeof proxy> | undefined, folder: string): Promise<string | undefined> {
  return given instanceof Secret ? given.read(folder) : given
}
