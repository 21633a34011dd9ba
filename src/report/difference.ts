import type { Json, ScimResource } from '../model.ts'
import { escapeTerminal } from './escape.ts'
import { fit } from './width.ts'

/** One attribute on both sides; undefined and null are the absent value. */
export interface Difference {
  /** As profiles write it: `title`, `name.givenName`, `urn:…:User:department`. */
  readonly path: string
  readonly before: Json | undefined
  readonly after: Json | undefined
}

/** Attribute by attribute, one level deep, in the order in which they stand; those alike on both sides left out. */
export function differences(before: ScimResource | null, after: ScimResource | null): Difference[] {
  const all: Difference[] = []
  for (const outer of keys(before ?? {}, after ?? {})) {
    const left = before?.[outer]
    const right = after?.[outer]
    if (!isObject(left) && !isObject(right)) all.push({ path: outer, before: left, after: right })
    else {
      const [from, to] = [isObject(left) ? left : {}, isObject(right) ? right : {}]
      const separator = outer.startsWith('urn:') ? ':' : '.'
      for (const inner of keys(from, to)) {
        all.push({ path: `${outer}${separator}${inner}`, before: from[inner], after: to[inner] })
      }
    }
  }
  return all.filter(({ before: from, after: to }) => JSON.stringify(from ?? null) !== JSON.stringify(to ?? null))
}

/** `title`, `enterprise:department`. */
export function shortPath(path: string): string {
  return escapeTerminal(path.startsWith(ENTERPRISE) ? `enterprise:${path.slice(ENTERPRISE.length)}` : path)
}

/** A value as people write it, safe to show: `"Lead"`, `true`, `"ada@example.com" (work, primary)`, `none`. */
export function valueText(value: Json | undefined): string {
  if (value === undefined || value === null) return 'none'
  if (typeof value === 'string') return `"${escapeTerminal(value)}"`
  if (isList(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ')
  if (isObject(value)) return objectText(value)
  return String(value)
}

/**
 * Both sides of a difference, each within so many columns. Long values are shown from where they begin to
 * differ, and values that look alike are told apart by their code points.
 */
export function sides({ before, after }: Difference, columns: number): string {
  const [left, right] = [valueText(before), valueText(after)]
  const alike = left.normalize('NFKC') === right.normalize('NFKC') ? ` (${codePoints(left, right)})` : ''
  const shared = sharedStart(left, right)
  const skip = shared > columns / 2 ? shared - 10 : 0
  const shown = (text: string) => fit(skip > 0 && text.length > columns ? `…${text.slice(skip)}` : text, columns)
  return `${shown(left)} → ${shown(right)}${alike}`
}

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:'

function objectText(object: { readonly [name: string]: Json }): string {
  const { value, type, primary, ...rest } = object
  if (value === undefined || value === null || Object.keys(rest).length > 0) {
    const inside = Object.entries(object).map(([name, inner]) => `${escapeTerminal(name)}: ${valueText(inner)}`)
    return `{ ${inside.join(', ')} }`
  }
  const notes = [...(typeof type === 'string' ? [escapeTerminal(type)] : []), ...(primary === true ? ['primary'] : [])]
  return notes.length > 0 ? `${valueText(value)} (${notes.join(', ')})` : valueText(value)
}

/** `U+00A0 → U+0020`: the first characters that differ, for values no eye can tell apart. */
function codePoints(left: string, right: string): string {
  const at = sharedStart(left, right)
  const named = (text: string) => {
    const code = text.codePointAt(at)
    return code === undefined ? 'the end' : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  }
  return `they look alike: ${named(left)} → ${named(right)} at character ${at}`
}

function sharedStart(left: string, right: string): number {
  let at = 0
  while (at < left.length && left[at] === right[at]) at++
  return at
}

function keys(left: object, right: object): Set<string> {
  return new Set([...Object.keys(left), ...Object.keys(right)])
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
