import * as z from 'zod'
import { isLoopback } from '../http/loopback.ts'

/** The base URL of a SCIM directory, without slashes at its end. Only https, unless the host is the loopback. */
export const baseUrl = z
  .string()
  .superRefine((text, { addIssue }) => {
    const fault = faultOf(text)
    if (fault !== undefined) addIssue(fault)
  })
  .transform(text => text.trim().replace(/\/+$/, ''))

function faultOf(text: string): string | undefined {
  const url = URL.parse(text.trim())
  if (url === null || url.hostname === '') return 'this is no address; write it whole: https://HOST/PATH'
  if (url.username !== '' || url.password !== '')
    return 'a credential in an address shows in logs; take it out, and put it in token'
  if (text.includes('?') || text.includes('#')) return 'a base address has no ? and no #; cut it there'
  if (/\/(Users|Groups)\/*$/i.test(url.pathname)) return 'a base address ends before /Users and /Groups; cut it there'
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return undefined
  if (url.protocol === 'http:') return 'http shows everyone and the token to whoever listens; use https'
  return `this address is ${url.protocol}//; use https://`
}
