import {
  type Attribute,
  attributeNamed,
  isAttributeName,
  type ResourceType,
  schemaNamed,
  topAttribute,
} from './attributes.ts'

/** An attribute path (RFC 7644 §3.10), in the schema's own spelling where a schema knows it. */
export interface Path {
  /** Of an extension; undefined for what stands at the top of a resource. */
  readonly urn?: string
  /** Undefined for an extension as a whole. */
  readonly attribute?: string
  readonly sub?: string
  readonly definition?: Attribute
  readonly subDefinition?: Attribute
}

/** Undefined where the text is no attribute path. */
export function parsePath(text: string, type: ResourceType): Path | undefined {
  const { urn, rest } = splitUrn(text, type)
  const extension = urn !== undefined && urn !== type.core.id ? { urn } : {}
  if (rest === '') return urn === undefined || urn === type.core.id ? undefined : extension
  const [attribute = '', sub, ...more] = rest.split('.')
  if (more.length > 0 || !isAttributeName(attribute) || (sub !== undefined && !isAttributeName(sub))) return undefined
  const definition =
    extension.urn === undefined
      ? topAttribute(attribute, type)
      : attributeNamed(attribute, schemaNamed(extension.urn, type)?.attributes ?? [])
  const named = { ...extension, attribute: definition?.name ?? attribute, ...(definition && { definition }) }
  if (sub === undefined) return named
  const subDefinition = attributeNamed(sub, definition?.subAttributes ?? [])
  return { ...named, sub: subDefinition?.name ?? sub, ...(subDefinition && { subDefinition }) }
}

/** A URN that no schema knows ends at its last colon. */
function splitUrn(text: string, type: ResourceType): { readonly urn?: string; readonly rest: string } {
  if (!/^urn:/i.test(text)) return { rest: text }
  const lower = text.toLowerCase()
  for (const { id } of [type.core, ...type.extensions]) {
    const known = id.toLowerCase()
    if (lower === known) return { urn: id, rest: '' }
    if (lower.startsWith(`${known}:`)) return { urn: id, rest: text.slice(id.length + 1) }
  }
  const at = text.lastIndexOf(':')
  return { urn: text.slice(0, at), rest: text.slice(at + 1) }
}

/** For messages. */
export function pathText({ urn, attribute, sub }: Path): string {
  const inner = sub === undefined ? attribute : `${attribute}.${sub}`
  return [urn, inner].filter(part => part !== undefined).join(':')
}
