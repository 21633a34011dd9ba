import { resolved, type Shape, shapeOf } from './contract.ts'
import { REFUSALS } from './refusal.ts'

/** Partial responses: `nextPageToken,users(id,name/givenName)`. */

/** Which keys, and what of them; `*` for any key. */
type Mask = Map<string, Mask | 'all'>

export type Projection = (value: unknown) => unknown

const known = new Map<string, Projection>()

/** What `fields` takes of an answer. Throws the refusal of what the answer cannot have. */
export function projection(fields: string | undefined, response: string): Projection {
  if (fields === undefined || fields === '*') return value => value
  const key = `${response} ${fields}`
  const before = known.get(key)
  if (before) return before
  const mask = parse(fields)
  check(mask, shapeOf(response), [])
  const made: Projection = value => project(value, mask)
  known.set(key, made)
  return made
}

function parse(fields: string): Mask {
  let at = 0
  const fault = () => REFUSALS.argument('fields', `Invalid field selection ${fields}`)
  const name = () => {
    const [found] = /^(\*|[\w-]+)/.exec(fields.slice(at)) ?? []
    if (found === undefined) throw fault()
    at += found.length
    return found
  }
  const list = (): Mask => {
    const mask: Mask = new Map()
    do {
      let here = mask
      for (;;) {
        const key = name()
        if (fields[at] === '/') {
          at++
          here = below(here, key)
          continue
        }
        if (fields[at] === '(') {
          at++
          merge(below(here, key), list())
          if (fields[at] !== ')') throw fault()
          at++
        } else here.set(key, 'all')
        break
      }
    } while (fields[at] === ',' && ++at > 0)
    return mask
  }
  const mask = list()
  if (at < fields.length) throw fault()
  return mask
}

function below(mask: Mask, key: string): Mask {
  const already = mask.get(key)
  if (already instanceof Map) return already
  const made: Mask = new Map()
  if (already === undefined) mask.set(key, made)
  return made
}

function merge(into: Mask, other: Mask): void {
  for (const [key, value] of other) into.set(key, value)
}

function check(mask: Mask, shape: Shape, path: readonly string[]): void {
  const whole = resolved(shape)
  if (whole.type === 'any') return
  if (whole.type === 'array' && whole.items) return check(mask, whole.items, path)
  for (const [key, sub] of mask) {
    const here = [...path, key]
    if (key === '*') {
      if (sub !== 'all') for (const one of Object.values(whole.properties ?? {})) check(sub, one, here)
      continue
    }
    const properties = whole.properties ?? {}
    const property = Object.hasOwn(properties, key) ? properties[key] : whole.additionalProperties
    if (!property) {
      const at = here.join('.')
      throw REFUSALS.argument(at, `Error expanding 'fields' parameter. Cannot find matching fields for path '${at}'.`)
    }
    if (sub !== 'all') check(sub, property, here)
  }
}

function project(value: unknown, mask: Mask): unknown {
  if (Array.isArray(value)) return value.map(item => project(item, mask))
  if (typeof value !== 'object' || value === null) return value
  const found: Record<string, unknown> = {}
  const given: Readonly<Record<string, unknown>> = { ...(mask.has('*') && value) }
  for (const key of Object.keys(given)) take(found, key, given[key], mask.get('*'))
  for (const [key, sub] of mask) if (key !== '*' && key in value) take(found, key, Reflect.get(value, key), sub)
  return found
}

function take(found: Record<string, unknown>, key: string, value: unknown, sub: Mask | 'all' | undefined): void {
  if (value !== undefined) found[key] = sub instanceof Map ? project(value, sub) : value
}
