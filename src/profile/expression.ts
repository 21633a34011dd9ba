import type { DeclaredAttributes } from '../connector.ts'
import type { Evaluated, Expression, Position, Subject } from '../model.ts'
import { firstInByteOrder, type Kind } from './attributes.ts'
import { type CompiledCel, compileCel } from './cel.ts'
import type { Fault } from './document.ts'
import { condition } from './operators.ts'
import { parseTemplate } from './template.ts'
import { type Cel, type Code, type Frame, isList, toValue, Trouble, Work } from './work.ts'

/** Text of a profile, and where each of its characters stands in the file. */
export interface Written {
  readonly text: string
  place(offset: number): Position
}

/** What a mapping's value is for: one text, true or false, a list of them, or whatever comes out. */
export type Wanted = 'text' | 'boolean' | 'list' | 'any'

export interface Compiling {
  readonly kind: Kind
  readonly declared: DeclaredAttributes
}

type Compiled = { readonly expression: Expression } | { readonly faults: readonly Fault[] }

/** A mapping: text with `${…}`. One that is a single `${…}` keeps its type, anything else is text. */
export function compileMapping(written: Written, wanted: Wanted, { kind, declared }: Compiling): Compiled {
  const { parts, unfinished } = parseTemplate(written.text)
  if (unfinished !== undefined) {
    return {
      faults: [
        {
          ...written.place(unfinished),
          message:
            'this ${ is never closed; close it with }, and put the whole text in quotes, since YAML takes a # after a blank for a comment',
        },
      ],
    }
  }
  const faults: Fault[] = []
  const compiled = parts.map(part => {
    if (part.part === 'text') return part.text
    const result = compileCel(part.source, kind, declared)
    if ('compiled' in result) return result.compiled
    for (const { offset, message } of result.faults) faults.push({ ...written.place(part.offset + offset), message })
    return ''
  })
  const filled = compiled.filter(part => typeof part !== 'string' || part.trim() !== '')
  const [only] = filled
  const single = filled.length === 1 && only !== undefined && typeof only !== 'string' ? only : undefined
  for (const [index, part] of compiled.entries()) {
    if (typeof part === 'string') continue
    const message = misfit(part.type, single ? wanted : 'part')
    const offset = parts[index]?.part === 'expression' ? parts[index].offset : 0
    if (message !== undefined) faults.push({ ...written.place(offset), message })
  }
  if (faults.length > 0) return { faults }
  const code = single ? fitting(single.code, wanted) : joined(compiled)
  return { expression: expressionOf(written, compiled, code) }
}

/** A condition: CEL that yields true or false, without `${…}`. */
export function compileCondition(written: Written, { kind, declared }: Compiling): Compiled {
  const bare = /^\s*\$\{/.exec(written.text)
  if (bare) return { faults: [{ ...written.place(0), message: 'a condition is CEL alone; write it without ${ and }' }] }
  const result = compileCel(written.text, kind, declared)
  if ('faults' in result) {
    return { faults: result.faults.map(({ offset, message }) => ({ ...written.place(offset), message })) }
  }
  const { compiled } = result
  if (compiled.type !== 'bool' && compiled.type !== 'dyn') {
    return {
      faults: [
        {
          ...written.place(0),
          message: `a condition must yield true or false, not ${inWords(compiled.type)}; compare it with something`,
        },
      ],
    }
  }
  return { expression: expressionOf(written, [compiled], frame => condition(compiled.code(frame))) }
}

function expressionOf(written: Written, compiled: readonly (CompiledCel | string)[], code: Code): Expression {
  const reads = new Set(compiled.flatMap(part => (typeof part === 'string' ? [] : part.reads)))
  return { text: written.text, at: written.place(0), reads: [...reads], evaluate: subject => evaluate(code, subject) }
}

function evaluate(code: Code, subject: Subject): Evaluated {
  const frame: Frame = { subject, work: new Work(), slots: [], several: undefined }
  try {
    const value = toValue(code(frame), frame.work)
    return frame.several === undefined ? { value } : { value, several: frame.several }
  } catch (error) {
    if (error instanceof Trouble)
      return error.unknown === undefined ? { fault: error.message } : { unknown: error.unknown }
    if (error instanceof RangeError)
      return { fault: 'the values are nested too deep or too long; map another attribute' }
    throw error
  }
}

/** Why a type cannot become what is wanted, and what now. */
function misfit(type: string, wanted: Wanted | 'part'): string | undefined {
  const word = inWords(type)
  if (type === 'dyn') return undefined
  if (type.startsWith('map<') || type.startsWith('Part') || type.startsWith('list<list')) {
    if (wanted === 'any' || (wanted === 'list' && type.startsWith('map<'))) return undefined
    return 'this yields a block of values where text is needed; name one of them'
  }
  if (word === type && !type.startsWith('list<'))
    return `this yields ${type}, which SCIM has no place for; turn it into text`
  if (type === 'list' || type.startsWith('list<')) {
    if (wanted === 'part') return 'this yields a list amid text; join it, like ${join(user.x, ", ")}'
    if (wanted === 'boolean') return 'this yields a list where true or false is needed; compare it with something'
    return wanted === 'text' && type !== 'list' && type !== 'list<string>' && type !== 'list<dyn>'
      ? 'this yields a list of values where text is needed; take one with first()'
      : undefined
  }
  if (wanted === 'boolean' && type !== 'bool' && type !== 'string')
    return `this yields ${word}, where true or false is needed; compare it with something`
  return undefined
}

function inWords(type: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    bool: 'true or false',
    double: 'a number',
    int: 'a whole number',
    list: 'a list',
  }
  return words[type] ?? (type.startsWith('list<') ? 'a list' : type.startsWith('map<') ? 'a block of values' : type)
}

const NO_TEXT = new Trouble('a value comes out that is no text; name a part of it, or turn it into text with string()')

/** One text of what came out, the first of several; numbers in their shortest form. */
function fitting(code: Code, wanted: Wanted): Code {
  if (wanted !== 'text') return code
  return frame => {
    const value = code(frame)
    if (typeof value === 'string' || value === null) return value
    if (!isList(value)) return textOf(value)
    const texts: string[] = []
    for (const item of value) {
      const text = item === null ? '' : textOf(item)
      if (text !== '') texts.push(text)
    }
    if (texts.length > 1) frame.several ??= ''
    return firstInByteOrder(texts, frame.work)
  }
}

function textOf(value: Cel): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object') throw NO_TEXT
  return String(value)
}

function joined(parts: readonly (CompiledCel | string)[]): Code {
  const codes = parts.map((part): string | Code => (typeof part === 'string' ? part : part.code))
  return frame => {
    let text = ''
    for (const code of codes) {
      const piece = typeof code === 'string' ? code : pieceOf(code(frame))
      frame.work.text(text.length + piece.length)
      text += piece
    }
    return squeezed(text)
  }
}

function pieceOf(value: Cel): string {
  return value === null ? '' : textOf(value)
}

/** Runs of blanks as one, none at the ends. Blanks of other scripts stay: they may be part of a name. */
function squeezed(text: string): string {
  if (!UNEVEN.test(text)) return text
  return text.replaceAll(/[ \t\r\n]+/g, ' ').replaceAll(/^ | $/g, '')
}

const UNEVEN = /[\t\r\n]| {2}|^ | $/
