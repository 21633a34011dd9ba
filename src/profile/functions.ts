import anyAscii from 'any-ascii'
import { RE2JS } from 're2js'
import { type Cel, entry, equal, isList, isMap, isObject, LONGEST_LIST, Trouble, type Work } from './work.ts'

/** Arguments in order, a method's receiver first. Types were checked where they were known. */
export type Run = (given: readonly Cel[], work: Work) => Cel

export interface OwnFunction {
  readonly name: string
  /** For the type-checker; `T` is one type throughout. */
  readonly signatures: readonly string[]
  readonly run: Run
}

/** The functions that rollcall adds to CEL's own. `regexMatch` and `regexReplace` are made for their pattern. */
export const OWN_FUNCTIONS: readonly OwnFunction[] = [
  {
    name: 'lower',
    signatures: ['lower(string): string'],
    run: ([text], work) => changed(text, work, t => t.toLowerCase()),
  },
  {
    name: 'upper',
    signatures: ['upper(string): string'],
    run: ([text], work) => changed(text, work, t => t.toUpperCase()),
  },
  { name: 'trim', signatures: ['trim(string): string'], run: ([text], work) => changed(text, work, t => t.trim()) },
  {
    name: 'normalizeDiacritics',
    signatures: ['normalizeDiacritics(string): string'],
    run: ([text], work) => changed(text, work, ascii),
  },
  {
    name: 'replace',
    signatures: ['replace(string, string, string): string'],
    run: ([text, from, to], work) => replaced(textOf(text), textOf(from), textOf(to), work),
  },
  { name: 'split', signatures: ['split(string, string): list<string>'], run: split },
  { name: 'join', signatures: ['join(list<string>, string): string'], run: join },
  { name: 'first', signatures: ['first(list<T>): T'], run: ([list]) => listOf(list)[0] ?? '' },
  { name: 'last', signatures: ['last(list<T>): T'], run: ([list]) => listOf(list).at(-1) ?? '' },
  {
    name: 'lookup',
    signatures: ['lookup(string, map<string, T>, T): T'],
    run: ([key, table, otherwise]) => entry(table ?? null, key ?? null) ?? otherwise ?? '',
  },
  {
    name: 'coalesce',
    signatures: [2, 3, 4, 5, 6, 7, 8].map(count => `coalesce(${Array(count).fill('T').join(', ')}): T`),
    run: given => given.find(value => !isEmpty(value)) ?? given.at(-1) ?? '',
  },
  {
    name: 'guestAddress',
    signatures: ['guestAddress(string): string'],
    run: ([text], work) => changed(text, work, guestAddress),
  },
  { name: 'regexMatch', signatures: ['regexMatch(string, string): bool'], run: patternNotConstant },
  { name: 'regexReplace', signatures: ['regexReplace(string, string, string): string'], run: patternNotConstant },
]

/** CEL's own that are taken, as functions or methods. What a name is not here for is refused. */
export const CEL_FUNCTIONS: Readonly<Record<string, Run>> = {
  size: ([value], work) => BigInt(sizeOf(value ?? null, work)),
  string: ([value]) => toText(value ?? null),
  int: ([value]) => toInt(value ?? null),
  double: ([value]) => toDouble(value ?? null),
  bool: ([value]) => toBool(value ?? null),
}

export const CEL_METHODS: Readonly<Record<string, Run>> = {
  size: ([value], work) => BigInt(sizeOf(value ?? null, work)),
  startsWith: ([text, start]) => textOf(text).startsWith(textOf(start)),
  endsWith: ([text, end]) => textOf(text).endsWith(textOf(end)),
  contains: ([text, part], work) => indexOf(textOf(text), textOf(part), work) >= 0,
  indexOf: ([text, part], work) => BigInt(indexOf(textOf(text), textOf(part), work)),
  substring: ([text, start, end], work) => substring(textOf(text), start, end, work),
  trim: ([text], work) => changed(text, work, t => t.trim()),
  split: (given, work) => split(given, work),
  join: ([list, separator], work) => join([list ?? null, separator ?? ''], work),
}

/** `regexMatch` or `regexReplace` for one pattern; throws `Trouble` for one that RE2 does not take. */
export function withPattern(name: string, pattern: string): Run {
  const compiled = compilePattern(pattern)
  const cost = compiled.programSize()
  if (name === 'regexMatch') {
    return ([text], work) => {
      const subject = textOf(text)
      work.steps((subject.length * cost) >> 3)
      return compiled.test(subject)
    }
  }
  return ([text, , replacement], work) => {
    const subject = textOf(text)
    work.steps((subject.length * cost) >> 3)
    return regexReplaced(compiled, subject, textOf(replacement), work)
  }
}

const LONGEST_PATTERN = 1_000
const BIGGEST_PROGRAM = 5_000

function compilePattern(pattern: string): RE2JS {
  if (pattern.length > LONGEST_PATTERN)
    throw new Trouble(`the pattern is longer than ${LONGEST_PATTERN} characters; shorten it`)
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(pattern)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Trouble(
      `the pattern does not compile (${why}); RE2's syntax is taken, without look-around and back references`,
    )
  }
  if (compiled.programSize() > BIGGEST_PROGRAM) throw new Trouble('the pattern repeats too much; lower its {counts}')
  return compiled
}

function regexReplaced(pattern: RE2JS, text: string, replacement: string, work: Work): string {
  const matcher = pattern.matcher(text)
  const pieces: string[] = []
  let length = 0
  let last = 0
  while (matcher.find()) {
    const piece =
      text.slice(last, matcher.start()) +
      filledIn(replacement, group => (group <= pattern.groupCount() ? matcher.group(group) : null))
    length += piece.length
    work.text(length)
    work.steps(1 + replacement.length)
    pieces.push(piece)
    last = matcher.end()
  }
  return pieces.join('') + text.slice(last)
}

/** `$1` is the first group, `$0` the match, `$$` a dollar. */
function filledIn(replacement: string, group: (number: number) => string | null): string {
  if (!replacement.includes('$')) return replacement
  return replacement.replaceAll(/\$(\d|\$)/g, (_, what: string) => (what === '$' ? '$' : (group(Number(what)) ?? '')))
}

function patternNotConstant(): never {
  throw new Trouble('the pattern must be quoted text')
}

export function textOf(value: Cel | undefined): string {
  if (typeof value === 'string') return value
  throw NO_TEXT
}

export function listOf(value: Cel | undefined): readonly Cel[] {
  if (value !== undefined && value !== null && isList(value)) return value
  if (value === '') return []
  throw NO_LIST
}

const NO_TEXT = new Trouble('a value is not text where text is needed; turn it into text with string() or join()')
const NO_LIST = new Trouble('a value is no list where a list is needed; write [ … ] around it')

/** Whether CEL's value counts as absent: empty text, an empty list, null. */
export function isEmpty(value: Cel): boolean {
  return value === '' || value === null || (isList(value) && value.length === 0)
}

function changed(value: Cel | undefined, work: Work, change: (text: string) => string): string {
  const text = textOf(value)
  work.text(text.length)
  const result = change(text)
  work.text(result.length)
  return result
}

function ascii(text: string): string {
  return ASCII.test(text) ? text : anyAscii(text.normalize('NFC'))
}
const ASCII = /^[\0-\x7f]*$/

/**
 * Entra ID keeps a guest's address in the user principal name, before `#EXT#` and with `_` for the `@`
 * (learn.microsoft.com/entra/external-id/user-properties). A domain has no `_`, so the last one it is.
 */
function guestAddress(text: string): string {
  const end = text.toUpperCase().indexOf('#EXT#')
  const at = end < 0 ? -1 : text.lastIndexOf('_', end)
  return at < 0 ? text : `${text.slice(0, at)}@${text.slice(at + 1, end)}`
}

function indexOf(text: string, part: string, work: Work): number {
  work.steps(1 + (text.length >> 4) + ((text.length * part.length) >> 8))
  return text.indexOf(part)
}

function replaced(text: string, from: string, to: string, work: Work): string {
  if (from === '' || indexOf(text, from, work) < 0) return text
  const pieces = text.split(from)
  work.text(text.length + (pieces.length - 1) * (to.length - from.length))
  return pieces.join(to)
}

function split([value, by]: readonly Cel[], work: Work): readonly string[] {
  const [text, separator] = [textOf(value), textOf(by)]
  if (text === '') return []
  indexOf(text, separator, work)
  const pieces = separator === '' ? [...text] : text.split(separator, LONGEST_LIST + 1)
  work.list(pieces.length)
  return pieces
}

/** Empty entries are left out, so that no separator stands alone. */
function join([value, between]: readonly Cel[], work: Work): string {
  const separator = between === undefined ? '' : textOf(between)
  const texts: string[] = []
  let length = 0
  for (const item of listOf(value)) {
    const text = textOf(item)
    if (text === '') continue
    length += text.length + separator.length
    work.text(length)
    texts.push(text)
  }
  return texts.join(separator)
}

/** In characters, not UTF-16 units; what lies outside the text is cut off. */
function substring(text: string, start: Cel | undefined, end: Cel | undefined, work: Work): string {
  work.text(text.length)
  const [from, to] = [Number(start ?? 0), end === undefined ? text.length : Number(end)]
  const whole = /[\uD800-\uDFFF]/.test(text) ? [...text] : text
  const part = whole.slice(Math.max(0, from), Math.max(0, from, to))
  return typeof part === 'string' ? part : part.join('')
}

function sizeOf(value: Cel, work: Work): number {
  if (typeof value === 'string') {
    work.text(value.length)
    return /[\uD800-\uDFFF]/.test(value) ? [...value].length : value.length
  }
  if (isList(value)) return value.length
  if (isMap(value)) return value.size
  if (isObject(value)) return Object.keys(value).length
  throw NO_TEXT
}

function toText(value: Cel): string {
  if (typeof value === 'object') throw NO_TEXT
  return String(value)
}

function toInt(value: Cel): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value))
  if (typeof value === 'string' && /^-?\d{1,18}$/.test(value)) return BigInt(value)
  throw NO_NUMBER
}

function toDouble(value: Cel): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string' && /^-?\d{1,300}(\.\d{1,300})?$/.test(value)) return Number(value)
  throw NO_NUMBER
}

function toBool(value: Cel): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string' && /^(true|TRUE|True|t|1)$/.test(value)) return true
  if (typeof value === 'string' && /^(false|FALSE|False|f|0)$/.test(value)) return false
  throw NO_BOOLEAN
}

const NO_NUMBER = new Trouble('a text that should be a number is none; map it with lookup, or test it first')
const NO_BOOLEAN = new Trouble('a text that should be true or false is neither; compare it, like user.x == "yes"')

/** Whether a list, or a map's keys, hold a value. */
export function holds(holder: Cel, value: Cel, work: Work): boolean {
  if (isList(holder)) {
    work.steps(holder.length)
    return holder.some(item => equal(item, value, work))
  }
  return holder !== '' && entry(holder, value) !== undefined
}
