import type { AttributeType } from '../../src/connector.ts'
import type { Attributes, SourceGroup, SourceUser, Value } from '../../src/model.ts'
import { dnOf, type Entry, type Slot } from './entry.ts'
import { decodingOf, GROUP_ATTRIBUTES, USER_ATTRIBUTES } from './schema.ts'
import type { DisabledRule, Vendor } from './vendors.ts'

/** From entries to users and groups; pure. */

export type ValueType = 'text' | 'list' | 'number' | 'boolean'

/** What to ask for, and where in an entry to look for it. */
export interface UserLayout {
  readonly slots: readonly Slot[]
  readonly id: number
  readonly disabled: number
  /** By preference. */
  readonly names: readonly number[]
  readonly uid: number
  readonly primary: number | undefined
  readonly wanted: readonly Wanted[]
}

export interface GroupLayout {
  readonly slots: readonly Slot[]
  readonly id: number
  readonly name: number
  readonly classes: number
  readonly url: number
  readonly token: number | undefined
  /** DNs first, uids after them. */
  readonly members: readonly number[]
  readonly wanted: readonly Wanted[]
}

interface Wanted {
  readonly name: string
  readonly slot: number
  readonly type: ValueType
}

/** Something about a value that a person should know. */
export interface Remark {
  readonly attribute: string
  readonly remark: 'several-values' | 'not-text' | 'not-a-number' | 'not-a-boolean' | 'ranged-values'
}

export interface Converted<Item> {
  readonly item: Item
  readonly remarks: readonly Remark[]
}

/** `declared` are the source's own types, which go before those of the schemas. */
export function userLayout(
  { id, primary }: Vendor,
  disabled: DisabledRule,
  names: readonly string[],
  declared: Readonly<Record<string, ValueType>>,
): UserLayout {
  const { slots, of } = slotting([[id.attribute, id.as]])
  return {
    id: of(id.attribute),
    disabled: of(disabled.attribute),
    names: ['displayName', 'cn', 'uid', 'sAMAccountName'].map(name => of(name)),
    uid: of('uid'),
    primary: primary && of(primary.user),
    wanted: names.map(name => ({ name, slot: of(name), type: typeOf(name, declared, USER_ATTRIBUTES) })),
    slots,
  }
}

export function groupLayout(
  { id, primary, members, memberUids }: Vendor,
  names: readonly string[],
  declared: Readonly<Record<string, ValueType>>,
): GroupLayout {
  const asked = new Set(names.map(name => name.toLowerCase()))
  const { slots, of } = slotting([[id.attribute, id.as]])
  return {
    id: of(id.attribute),
    name: of('cn'),
    classes: of('objectClass'),
    url: of('memberURL'),
    token: primary && of(primary.group),
    // A profile that names the member list itself gets it kept; members are then taken from there.
    members: [...members, ...memberUids].map(name => of(name, !asked.has(name.toLowerCase()))),
    wanted: names.map(name => ({ name, slot: of(name), type: typeOf(name, declared, GROUP_ATTRIBUTES) })),
    slots,
  }
}

/** Each attribute once, whatever the spelling. */
function slotting(decodings: readonly (readonly [string, Slot['as']])[]) {
  const slots: Slot[] = []
  const numbers = new Map<string, number>()
  const as = new Map(decodings.map(([name, decoding]) => [name.toLowerCase(), decoding]))
  const of = (name: string, each?: boolean): number => {
    const key = name.toLowerCase()
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, slots.length)
    return slots.push({ name, as: as.get(key) ?? decodingOf(key), ...(each && { each: true }) }) - 1
  }
  return { slots, of }
}

function typeOf(
  name: string,
  declared: Readonly<Record<string, ValueType>>,
  schema: Readonly<Record<string, AttributeType>>,
): ValueType {
  const key = name.toLowerCase()
  const own = Object.entries(declared).find(([other]) => other.toLowerCase() === key)
  if (own) return own[1]
  const published = Object.entries(schema).find(([other]) => other.toLowerCase() === key)
  return published?.[1] === 'list' ? 'list' : 'text'
}

/** Undefined where the entry shows no id. */
export function userOf(entry: Entry, layout: UserLayout, rule: DisabledRule): Converted<SourceUser> | undefined {
  const id = idOf(entry, layout.id)
  if (id === undefined) return undefined
  const { attributes, unknown, remarks } = attributesOf(entry, layout.wanted)
  const user = {
    id,
    enabled: enabledOf(entry.values[layout.disabled], rule),
    name: nameOf(entry, layout.names),
    attributes,
  }
  return { item: unknown ? { ...user, unknown } : user, remarks }
}

/**
 * Undefined where the entry shows no id. Members are unknown where the server hides them: a kind of group that
 * cannot be empty shows none, or one that is a search (memberURL) was not carried out.
 */
export function groupOf(entry: Entry, layout: GroupLayout, vendor: Vendor): Converted<SourceGroup> | undefined {
  const id = idOf(entry, layout.id)
  if (id === undefined) return undefined
  const { attributes, unknown, remarks } = attributesOf(entry, layout.wanted)
  const classes = entry.values[layout.classes]?.map(name => name.toLowerCase()) ?? []
  const shown = layout.members.some(slot => entry.values[slot])
  const hidden = !shown && (entry.values[layout.url] || classes.some(name => vendor.neverEmpty.includes(name)))
  const group = { id, name: nameOf(entry, [layout.name]), attributes }
  return {
    item: { ...group, ...(unknown && { unknown }), ...(hidden && { membersUnknown: true }) },
    remarks,
  }
}

/** Ids are UUIDs, which some servers write in another case after an upgrade. */
function idOf({ values }: Entry, slot: number): string | undefined {
  const id = values[slot]?.[0]
  return id === '' ? undefined : id?.toLowerCase()
}

function nameOf(entry: Entry, slots: readonly number[]): string {
  for (const slot of slots) {
    const values = entry.values[slot]
    const name = values && first(values)
    if (name !== undefined) return name
  }
  return dnOf(entry)
}

export function enabledOf(values: readonly string[] | undefined, rule: DisabledRule): boolean | undefined {
  if (!values || values.length === 0) {
    if (rule.present === false) return false
    return rule.absent === 'enabled' ? true : undefined
  }
  if (rule.bits !== undefined) {
    const [value = ''] = values
    return /^-?\d+$/.test(value) ? (Number(value) & rule.bits) === 0 : undefined
  }
  if (rule.present !== undefined) return !rule.present
  return !values.some(value => rule.equals?.some(other => other.toLowerCase() === value.toLowerCase()))
}

function attributesOf(entry: Entry, wanted: readonly Wanted[]) {
  const attributes: Record<string, Value> = {}
  const remarks: Remark[] = []
  let unknown: string[] | undefined
  for (const { name, slot, type } of wanted) {
    const values = entry.values[slot]
    const doubt = doubtAbout(entry, slot, values, type)
    if (doubt) {
      remarks.push({ attribute: name, remark: doubt })
      if (doubt !== 'several-values') {
        ;(unknown ??= []).push(name)
        continue
      }
    }
    const value = values && valueOf(values, type)
    if (value === undefined) continue
    // An attribute may be called anything; so must a key.
    if (name === '__proto__') Object.defineProperty(attributes, name, { value, enumerable: true })
    else attributes[name] = value
  }
  const found: Attributes = attributes
  return { attributes: found, unknown, remarks: remarks.length > 0 ? remarks : NOTHING }
}

const NOTHING: readonly Remark[] = []

function doubtAbout(
  { garbled, ranges }: Entry,
  slot: number,
  values: readonly string[] | undefined,
  type: ValueType,
): Remark['remark'] | undefined {
  if (garbled.includes(slot)) return 'not-text'
  if (ranges.some(range => range.slot === slot && range.to !== undefined)) return 'ranged-values'
  if (!values) return undefined
  if (type === 'number' && !values.every(value => Number.isSafeInteger(numberOf(value)))) return 'not-a-number'
  if (type === 'boolean' && !values.every(value => /^(true|false)$/i.test(value))) return 'not-a-boolean'
  return type !== 'list' && values.length > 1 ? 'several-values' : undefined
}

function valueOf(values: readonly string[], type: ValueType): Value | undefined {
  if (type === 'list') {
    const present = values.includes('') ? values.filter(value => value !== '') : values
    return present.length > 0 ? present : undefined
  }
  const value = first(values)
  if (value === undefined || type === 'text') return value
  return type === 'number' ? numberOf(value) : /^true$/i.test(value)
}

function numberOf(value: string): number {
  return /^[+-]?\d+$/.test(value.trim()) ? Number(value) : Number.NaN
}

/** In byte order, which no server's order has a part in. */
function first(values: readonly string[]): string | undefined {
  if (values.length === 1) return values[0] === '' ? undefined : values[0]
  const present = values.filter(value => value !== '')
  return present.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))[0]
}
