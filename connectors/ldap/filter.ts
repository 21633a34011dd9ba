/**
 * Search filters as text (RFC 4515) into the bytes of a request (RFC 4511 §4.5.1). Escapes are bytes, not characters,
 * so `\c3\a9` and the sixteen bytes of an objectGUID arrive as they are; blanks between the parts are passed over.
 */

const AND = 0xa0
const OR = 0xa1
const NOT = 0xa2
const EQUALS = 0xa3
const SUBSTRINGS = 0xa4
const PRESENT = 0x87
const EXTENSIBLE = 0xa9
const COMPARED: Readonly<Record<string, number>> = { '=': EQUALS, '>=': 0xa5, '<=': 0xa6, '~=': 0xa8 }

/** As deep as anyone nests by hand, and far from what a stack holds. */
const DEPTH = 100

/** Throws a `SyntaxError` that says where (1-based). */
export function filterBytes(text: string): Buffer {
  const parser = new Parser(text)
  const bytes = parser.filter(0)
  parser.end()
  return bytes
}

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  filter(depth: number): Buffer {
    if (depth > DEPTH) throw this.#wrong('nested too deeply')
    this.#blanks()
    this.#expect('(')
    this.#blanks()
    const bytes = this.#inner(depth)
    this.#expect(')')
    this.#blanks()
    return bytes
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.#wrong('something follows the last ")"')
  }

  #inner(depth: number): Buffer {
    const char = this.#text[this.#at]
    if (char === '&' || char === '|') {
      this.#at++
      this.#blanks()
      const parts: Buffer[] = []
      while (this.#text[this.#at] === '(') parts.push(this.filter(depth + 1))
      return element(char === '&' ? AND : OR, ...parts)
    }
    if (char !== '!') return this.#comparison()
    this.#at++
    return element(NOT, this.filter(depth + 1))
  }

  #comparison(): Buffer {
    const [whole = '', attribute = '', rest = '', operator = ''] =
      /^([A-Za-z0-9][\w.;-]*)? *((?::[A-Za-z0-9.-]+)*) *(:=|>=|<=|~=|=)/.exec(this.#text.slice(this.#at)) ?? []
    if (whole === '') throw this.#wrong('an attribute and one of = >= <= ~= := expected')
    if (operator !== ':=' && (rest !== '' || attribute === '')) throw this.#wrong('an attribute expected')
    this.#at += whole.length
    const from = this.#at
    while (this.#at < this.#text.length && this.#text[this.#at] !== ')' && this.#text[this.#at] !== '(') this.#at++
    const value = this.#text.slice(from, this.#at)
    if (operator === ':=') return this.#extensible(attribute, rest, this.#bytes(value))
    const tag = COMPARED[operator]
    if (tag === undefined) throw this.#wrong(`no operator ${operator}`)
    if (tag !== EQUALS || !value.includes('*')) {
      if (value.includes('*')) throw this.#wrong('"*" has a meaning after = only; as a character it is \\2a')
      return element(tag, octets(Buffer.from(attribute)), octets(this.#bytes(value)))
    }
    if (value === '*') return element(PRESENT, Buffer.from(attribute))
    const pieces = value.split('*')
    const parts = pieces.flatMap((piece, nth) => {
      if (piece === '') return []
      const position = nth === 0 ? 0x80 : nth === pieces.length - 1 ? 0x82 : 0x81 // initial, final, any
      return [element(position, this.#bytes(piece))]
    })
    if (parts.length === 0) return element(PRESENT, Buffer.from(attribute)) // ** and the like
    return element(SUBSTRINGS, octets(Buffer.from(attribute)), element(0x30, ...parts))
  }

  /** attribute[:dn][:rule]:=value */
  #extensible(attribute: string, rest: string, value: Buffer): Buffer {
    const names = rest.split(':').slice(1)
    const dn = names[0]?.toLowerCase() === 'dn'
    const [rule, ...more] = dn ? names.slice(1) : names
    if (more.length > 0 || (rule === undefined && attribute === '')) throw this.#wrong('attribute:rule:=value expected')
    return element(
      EXTENSIBLE,
      ...(rule === undefined ? [] : [element(0x81, Buffer.from(rule))]),
      ...(attribute === '' ? [] : [element(0x82, Buffer.from(attribute))]),
      element(0x83, value),
      ...(dn ? [element(0x84, Buffer.from([0xff]))] : []),
    )
  }

  #bytes(value: string): Buffer {
    const pieces = value.split(/\\([0-9a-fA-F]{2})/)
    const bad = pieces.some((piece, nth) => nth % 2 === 0 && piece.includes('\\'))
    if (bad) throw this.#wrong('a "\\" must be followed by two hexadecimal digits')
    return Buffer.concat(pieces.map((piece, nth) => Buffer.from(piece, nth % 2 === 0 ? 'utf8' : 'hex')))
  }

  #expect(char: string): void {
    if (this.#text[this.#at] !== char) throw this.#wrong(`"${char}" expected`)
    this.#at++
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #wrong(what: string): SyntaxError {
    return new SyntaxError(`${what}, at character ${this.#at + 1} of the filter`)
  }
}

function octets(content: Buffer): Buffer {
  return element(0x04, content)
}

function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content])
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes = [24, 16, 8, 0].map(by => (length >>> by) & 0xff)
  const content = bytes.slice(bytes.findIndex(byte => byte !== 0))
  return [0x80 + content.length, ...content]
}
