import type { Dialect, Json, Value } from '../model.ts'

/** What a SCIM attribute becomes; a fault says why it cannot. */
export type Shaped = { readonly value: Json | undefined; readonly several?: true } | { readonly fault: string }

type Emails = Dialect['users']['emails']
type Item = Readonly<Record<string, Json>>

/** A value as the attribute under a path takes it; undefined where it comes out empty. */
export function shape(path: string, value: Value | undefined, emails: Emails): Shaped {
  if (path === 'active') return active(value)
  const list = LISTS[path]
  if (list) return several(path, value, list, path === 'emails' ? emails : 'many')
  return { value: plain(value) }
}

/** How text becomes an entry of a multi-valued attribute (RFC 7643 §4.1.2), and whether each of several texts does. */
interface List {
  readonly entry: (text: string) => Item
  readonly each: boolean
  /** Without it an entry says nothing. */
  readonly key?: string
}

const LISTS: Readonly<Record<string, List>> = {
  emails: { entry: value => ({ value, type: 'work', primary: true }), each: false, key: 'value' },
  phoneNumbers: { entry: value => ({ value, type: 'work' }), each: false, key: 'value' },
  photos: { entry: value => ({ value, type: 'photo' }), each: false, key: 'value' },
  ims: { entry: value => ({ value }), each: false, key: 'value' },
  addresses: { entry: formatted => ({ formatted, type: 'work' }), each: false },
  roles: { entry: value => ({ value }), each: true, key: 'value' },
  entitlements: { entry: value => ({ value }), each: true, key: 'value' },
  x509Certificates: { entry: value => ({ value }), each: true, key: 'value' },
}

function active(value: Value | undefined): Shaped {
  if (typeof value === 'boolean') return { value }
  const text = typeof value === 'string' ? value.trim().toLowerCase() : undefined
  if (text === 'true' || text === 'false') return { value: text === 'true' }
  return { fault: 'came out as neither true nor false; map it to something like ${user.enabled}' }
}

function several(path: string, value: Value | undefined, { entry, each, key }: List, emails: Emails): Shaped {
  const known = plain(value)
  if (known === undefined) return { value: undefined }
  if (typeof known === 'string') return { value: [entry(known)] }
  if (!isList(known)) return { fault: 'came out as neither text nor a list; map it to text or to [{"value": …}]' }
  const texts = known.filter(item => typeof item === 'string')
  if (texts.length === known.length) {
    if (each) return { value: texts.map(entry) }
    const [first = '', ...others] = texts.toSorted(inByteOrder)
    return others.length > 0 ? { value: [entry(first)], several: true } : { value: [entry(first)] }
  }
  const items = known.filter(isItem)
  if (items.length < known.length)
    return { fault: 'came out as a list of unlike values; make each {"value": …, "type": …}' }
  const complete = key === undefined ? items : items.filter(item => typeof item[key] === 'string')
  return { value: complete.length > 0 ? onePrimary(path, complete, emails) : undefined }
}

/** At most one entry is primary; exactly one where the target insists, and none besides where it takes but one. */
function onePrimary(path: string, items: readonly Item[], emails: Emails): readonly Json[] {
  const chosen = items.findIndex(item => item['primary'] === true)
  const primary = chosen < 0 && path === 'emails' && (emails !== 'many' || items.length === 1) ? 0 : chosen
  const marked = items.map((item, index): Item => {
    if (index === primary) return { ...item, primary: true }
    return item['primary'] === true ? { ...item, primary: false } : item
  })
  const only = marked[primary]
  return emails === 'one' && path === 'emails' && only ? [only] : marked
}

/**
 * JSON without what is empty (RFC 7643 §2.5: absent, null and [] are one). Half a surrogate pair, which UTF-8 cannot
 * carry, becomes U+FFFD here rather than on the way.
 */
function plain(value: Value | undefined): Json | undefined {
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed()
  if (typeof value !== 'object') return value
  if (isList(value)) {
    const items = value.flatMap(item => plain(item) ?? [])
    return items.length > 0 ? items : undefined
  }
  const entries = Object.entries(value).flatMap(([name, inner]): [string, Json][] => {
    const known = plain(inner)
    return known === undefined ? [] : [[name, known]]
  })
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}

export function isItem(value: Json | undefined): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function inByteOrder(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
