import type { ResourceType } from './attributes.ts'
import { parsePath, type Path } from './path.ts'
import { bad } from './scim-error.ts'

export type Operator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le'

/** A filter (RFC 7644 §3.4.2.2). Lists hold two or more; `values` asks that one value of a list fits the whole of it. */
export type Filter =
  | { readonly filter: 'and' | 'or'; readonly all: readonly Filter[] }
  | { readonly filter: 'not'; readonly inner: Filter }
  | { readonly filter: 'present'; readonly path: Path }
  | { readonly filter: 'compare'; readonly path: Path; readonly operator: Operator; readonly value: Literal }
  | { readonly filter: 'values'; readonly path: Path; readonly inner: Filter }
export type Literal = string | number | boolean | null

/** A path of a PATCH operation: an attribute path, with a filter on its values where it says so (RFC 7644 §3.5.2). */
export interface PatchPath extends Path {
  readonly where?: Filter
}

/** How deep parentheses and brackets may stand. */
const DEPTH = 50

/** Throws 400 `invalidFilter` for what is no filter. */
export function parseFilter(text: string, type: ResourceType): Filter {
  const parser = new Parser(text, type)
  const filter = parser.either(0)
  parser.end()
  return filter
}

/** Throws 400 `invalidPath`, or `invalidFilter` for what stands in brackets. */
export function parsePatchPath(text: string, type: ResourceType): PatchPath {
  const open = text.indexOf('[')
  const close = text.lastIndexOf(']')
  const tail = close < 0 ? '' : text.slice(close + 1)
  if (open < 0) return parsePath(text, type) ?? notAPath(text)
  if (close < open || !/^(\.[^.]+)?$/.test(tail)) return notAPath(text)
  const path = parsePath(`${text.slice(0, open)}${tail}`, type)
  const outer = parsePath(text.slice(0, open), type)
  if (path?.attribute === undefined || outer?.sub !== undefined) return notAPath(text)
  const parser = new Parser(text.slice(open + 1, close), type, path)
  const where = parser.either(1)
  parser.end()
  return { ...path, where }
}

function notAPath(text: string): never {
  throw bad('invalidPath', `${JSON.stringify(text.slice(0, 100))} is no attribute path`)
}

const SPACE = / +/y
const WORD = /[A-Za-z$][\w$.:-]*/y
const LITERAL = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const OPERATORS: readonly Operator[] = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']

class Parser {
  readonly #text: string
  readonly #type: ResourceType
  /** Inside brackets: whose sub-attributes names mean. */
  readonly #list: Path | undefined
  #at = 0

  constructor(text: string, type: ResourceType, list?: Path) {
    this.#text = text
    this.#type = type
    this.#list = list
  }

  either(depth: number): Filter {
    return this.#joined('or', () => this.#joined('and', () => this.#factor(depth)))
  }

  end(): void {
    this.#take(SPACE)
    if (this.#at < this.#text.length) this.#fail('its end')
  }

  #joined(word: 'and' | 'or', next: () => Filter): Filter {
    const all = [next()]
    while (this.#keyword(word)) all.push(next())
    const [only, second] = all
    return only !== undefined && second === undefined ? only : { filter: word, all }
  }

  #factor(depth: number): Filter {
    if (depth > DEPTH) throw bad('invalidFilter', `the filter is nested more than ${DEPTH} deep`)
    this.#take(SPACE)
    if (this.#take(/\(/y) !== undefined) return this.#closed(this.either(depth + 1), /\)/y, 'a closing parenthesis')
    const negated = this.#take(/not *\(/iy)
    if (negated !== undefined) {
      return { filter: 'not', inner: this.#closed(this.either(depth + 1), /\)/y, 'a closing parenthesis') }
    }
    const word = this.#take(WORD) ?? this.#fail('an attribute')
    const path = this.#path(word)
    if (this.#take(/\[/y) !== undefined) return this.#bracket(path, depth)
    if (path.attribute === undefined) this.#fail('an attribute')
    return this.#comparison(path)
  }

  #bracket(path: Path, depth: number): Filter {
    if (this.#list !== undefined || path.sub !== undefined || path.attribute === undefined) this.#fail('an operator')
    const inside = new Parser(this.#text, this.#type, path)
    inside.#at = this.#at
    const inner = inside.either(depth + 1)
    this.#at = inside.#at
    return { filter: 'values', path, inner: this.#closed(inner, /\]/y, 'a closing bracket') }
  }

  #comparison(path: Path): Filter {
    if (this.#take(SPACE) === undefined) this.#fail('a space')
    const word = (this.#take(/[A-Za-z]+/y) ?? this.#fail('an operator')).toLowerCase()
    if (word === 'pr') return { filter: 'present', path }
    const operator = OPERATORS.find(one => one === word) ?? this.#fail('an operator')
    // RFC 7644 itself leaves this space out, once.
    if (this.#take(SPACE) === undefined && this.#text[this.#at] !== '"') this.#fail('a space')
    const value = this.#literal()
    if (typeof value !== 'string' && ['co', 'sw', 'ew'].includes(operator)) this.#fail('text to compare with')
    const ordered = ['gt', 'ge', 'lt', 'le'].includes(operator)
    const type = (path.subDefinition ?? path.definition)?.type
    if (ordered && (typeof value === 'boolean' || value === null || type === 'boolean' || type === 'binary')) {
      throw bad('invalidFilter', `what is compared by ${operator} has no order`)
    }
    return { filter: 'compare', path, operator, value }
  }

  #literal(): Literal {
    const text = this.#take(LITERAL) ?? this.#fail('a JSON value')
    try {
      const value: unknown = JSON.parse(text)
      if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
        return value
      }
    } catch {
      this.#at -= text.length
    }
    return this.#fail('a JSON value')
  }

  #path(word: string): Path {
    if (this.#list === undefined) return parsePath(word, this.#type) ?? this.#fail('an attribute')
    const { urn, attribute = '' } = this.#list
    if (/[.:]/.test(word)) this.#fail('a sub-attribute')
    return (
      parsePath(`${urn === undefined ? '' : `${urn}:`}${attribute}.${word}`, this.#type) ?? this.#fail('an attribute')
    )
  }

  #keyword(word: 'and' | 'or'): boolean {
    return this.#take(word === 'and' ? / +and(?= |\()/iy : / +or(?= |\()/iy) !== undefined
  }

  #closed(filter: Filter, close: RegExp, what: string): Filter {
    this.#take(SPACE)
    if (this.#take(close) === undefined) this.#fail(what)
    return filter
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #fail(expected: string): never {
    throw bad('invalidFilter', `the filter is at fault at character ${this.#at + 1}: ${expected} was expected`)
  }
}
