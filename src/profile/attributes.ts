import type { AttributeType, DeclaredAttributes } from '../connector.ts'
import { suggestion } from './suggestion.ts'
import { type Cel, type Code, type Frame, isList, LONGEST_LIST, LONGEST_TEXT, Trouble, type Work } from './work.ts'

/** An attribute that an expression names: its name in the connector's spelling, and its type. */
export interface Attribute {
  readonly name: string
  readonly type: AttributeType
  /** `id`, `name` and `enabled`, which are no attributes of the source. */
  readonly ownOfSubject: boolean
}

export type Kind = 'user' | 'group'

/** What `user.NAME` is; otherwise the fault's message. */
export function resolve(kind: Kind, name: string, declared: DeclaredAttributes): Attribute | string {
  const same = (one: string): boolean =>
    one === name || (declared.caseInsensitive && one.toLowerCase() === name.toLowerCase())
  const own = Object.entries(OWN[kind]).find(([known]) => same(known))
  if (own) return { name: own[0], type: own[1], ownOfSubject: true }
  const types = declared[kind]
  const spelled = Object.hasOwn(types, name) ? name : Object.keys(types).find(same)
  if (spelled !== undefined) return { name: spelled, type: types[spelled] ?? 'any', ownOfSubject: false }
  if (!declared.closed) return { name, type: 'any', ownOfSubject: false }
  const near = suggestion(name, [...Object.keys(OWN[kind]), ...Object.keys(types)])
  return `the source has no attribute ${name} for a ${kind}; ${near === undefined ? 'name one that it has' : `did you mean ${near}?`}`
}

const OWN: Readonly<Record<Kind, Readonly<Record<string, AttributeType>>>> = {
  user: { id: 'text', name: 'text', enabled: 'boolean' },
  group: { id: 'text', name: 'text' },
}

/** Reads an attribute, or ends the evaluation where it cannot be told. */
export function reader({ name, type, ownOfSubject }: Attribute): Code {
  if (ownOfSubject) return ownReader(name)
  const missing = absent(name, type)
  const unknown = new Trouble(`the source could not tell ${name}`, { unknown: name })
  const typed = typedReader(name, type)
  return frame => {
    const { subject } = frame
    const value = Object.hasOwn(subject.attributes, name) ? subject.attributes[name] : undefined
    if (value !== undefined) return typed(value, frame)
    if (subject.unknown?.includes(name)) throw unknown
    return missing()
  }
}

function ownReader(name: string): Code {
  if (name === 'id') return ({ subject }) => subject.id
  if (name === 'name') return ({ subject }) => subject.name
  const unsaid = new Trouble('the source did not say whether this user is enabled', { absent: true })
  return ({ subject }) => {
    if (subject.enabled === undefined) throw unsaid
    return subject.enabled
  }
}

/** A value under a name, as the declared type has it. */
export function typedReader(name: string, type: AttributeType): (value: Cel, frame: Frame) => Cel {
  const wrong = new Trouble(`${name} is not of the type that the source declares for it; map another attribute`)
  switch (type) {
    case 'text': {
      const long = new Trouble(`${name} is longer than ${LONGEST_TEXT} characters; map another attribute`)
      return (value, frame) => {
        const text = typeof value === 'string' ? value : oneText(value, name, frame)
        if (text === undefined) throw wrong
        if (text.length > LONGEST_TEXT) throw long
        return text
      }
    }
    case 'boolean':
      return value => {
        if (typeof value === 'boolean') return value
        const text = typeof value === 'string' ? value.toLowerCase() : undefined
        if (text === 'true' || text === 'false') return text === 'true'
        throw wrong
      }
    case 'number':
      return value => {
        if (typeof value === 'number') return value
        throw wrong
      }
    case 'list':
      return (value, { work }) => listOf(value, name, work)
    case 'any':
      return value => value
    default:
      return 'listOf' in type ? (value, { work }) => listOf(value, name, work) : value => value
  }
}

/** What stands for an attribute that is not there. */
export function absent(name: string, type: AttributeType): () => Cel {
  if (type === 'boolean' || type === 'number') {
    const hold = new Trouble(`${name} is absent; give another value with coalesce(user.${name}, …)`, { absent: true })
    return () => {
      throw hold
    }
  }
  if (type === 'list' || (typeof type === 'object' && 'listOf' in type)) return () => []
  return () => ''
}

function oneText(value: Cel, name: string, frame: Frame): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!isList(value)) return undefined
  const texts = value.filter(item => typeof item === 'string')
  if (texts.length !== value.length) return undefined
  if (texts.length > 1) frame.several = name
  return firstInByteOrder(texts, frame.work)
}

/** The first of several texts as UTF-8 bytes sort, so that no order of the source's matters. */
export function firstInByteOrder(texts: readonly string[], work: Work): string {
  work.list(texts.length)
  return texts.reduce((first, text) => (inByteOrder(text, first) < 0 ? text : first), texts[0] ?? '')
}

function inByteOrder(one: string, other: string): number {
  if (SURROGATE.test(one) || SURROGATE.test(other)) return Buffer.compare(Buffer.from(one), Buffer.from(other))
  return one < other ? -1 : one > other ? 1 : 0
}
const SURROGATE = /[\uD800-\uDFFF]/

/** Texts come in byte order, since directories return values in any; a list of anything else stays as it is. */
function listOf(value: Cel, name: string, work: Work): readonly Cel[] {
  if (!isList(value)) return value === '' ? [] : [value]
  if (value.length > LONGEST_LIST) {
    throw new Trouble(`${name} has more than ${LONGEST_LIST} values; map another attribute`)
  }
  work.steps(value.length)
  const texts = value.filter(item => typeof item === 'string')
  return texts.length === value.length && texts.length > 1 ? texts.sort(inByteOrder) : value
}

/** The declared types of attributes, for comparison: a changed type can change what comes out. */
export function typesRead(names: readonly string[], declared: DeclaredAttributes): readonly unknown[] {
  const types = (kind: Kind, name: string): AttributeType | null =>
    Object.hasOwn(declared[kind], name) ? (declared[kind][name] ?? null) : null
  return [...new Set(names)].sort().map(name => [name, types('user', name), types('group', name)])
}
