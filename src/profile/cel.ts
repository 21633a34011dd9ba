import { Environment, ParseError, TypeError } from '@marcbachmann/cel-js'
import type { AttributeType, DeclaredAttributes } from '../connector.ts'
import type { Attribute, Kind } from './attributes.ts'
import { OWN_FUNCTIONS } from './functions.ts'
import { type CodeFault, compileProgram } from './program.ts'
import type { Code } from './work.ts'

/** An expression that was parsed, type-checked and compiled. */
export interface CompiledCel {
  readonly code: Code
  /** Of what it yields, in CEL's words: `string`, `bool`, `list<string>`, `dyn` … */
  readonly type: string
  /** In the connector's spelling, without `id`, `name` and `enabled`. */
  readonly reads: readonly string[]
}

const LONGEST_EXPRESSION = 10_000

/**
 * The one place that knows the CEL library: it parses and checks types. Evaluating is ours, since the library
 * knows no limit to what one evaluation may cost.
 */
export function compileCel(
  source: string,
  kind: Kind,
  declared: DeclaredAttributes,
): { readonly compiled: CompiledCel } | { readonly faults: readonly CodeFault[] } {
  if (source.trim() === '') return { faults: [{ offset: 0, message: `nothing stands here; ${EMPTY}` }] }
  if (source.length > LONGEST_EXPRESSION) {
    return {
      faults: [{ offset: 0, message: `the expression is longer than ${LONGEST_EXPRESSION} characters; split it up` }],
    }
  }
  try {
    const parsed = BASE.parse(source)
    const { code, attributes, faults } = compileProgram(parsed.ast, kind, declared)
    if (faults.length > 0) return { faults }
    const checked = environmentFor(kind, attributes).check(source)
    if (!checked.valid || checked.type === undefined) return { faults: [faultOf(checked.error)] }
    const reads = [...attributes.values()].filter(({ ownOfSubject }) => !ownOfSubject).map(({ name }) => name)
    return { compiled: { code, type: checked.type, reads: [...new Set(reads)] } }
  } catch (error) {
    return { faults: [faultOf(error)] }
  }
}

const EMPTY = 'write an expression, in quotes if it holds a # or starts with !'

const BASE = OWN_FUNCTIONS.flatMap(({ signatures }) => signatures).reduce(
  (environment, signature) => environment.registerFunction(signature, () => ''),
  new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 4_000, maxDepth: 100, maxListElements: 2_000, maxMapEntries: 2_000, maxCallArguments: 32 },
  }).registerOperator('double == int', () => false),
)

/** Knows the attributes that the expression names, and no others. */
function environmentFor(kind: Kind, attributes: ReadonlyMap<string, Attribute>): Environment {
  const environment = BASE.clone()
  let count = 0
  const typeName = (type: AttributeType): string => {
    if (typeof type === 'string') return CEL_TYPES[type]
    if ('listOf' in type) return `list<${typeName(type.listOf)}>`
    const name = `Part${count++}`
    const fields: Record<string, string> = Object.fromEntries(
      Object.entries(type.object).map(([field, inner]) => [field, typeName(inner)]),
    )
    environment.registerType(name, { fields })
    return name
  }
  const fields: Record<string, string> = Object.fromEntries(
    [...attributes].map(([written, { type }]) => [written, typeName(type)]),
  )
  environment.registerType('Subject', { fields })
  return environment.registerVariable(kind, 'Subject')
}

const CEL_TYPES = { text: 'string', boolean: 'bool', number: 'double', list: 'list<string>', any: 'dyn' } as const

function faultOf(error: unknown): CodeFault {
  if (error instanceof ParseError) {
    return {
      offset: error.range?.start ?? 0,
      message: `${inWords(error.summary)}; ${PARSE_NOW[error.code] ?? INCOMPLETE}`,
    }
  }
  if (error instanceof TypeError) return { offset: startOf(error), message: typeFault(error.code, error.summary) }
  if (error instanceof RangeError) return { offset: 0, message: 'the expression is nested too deep; split it up' }
  const why = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
  return { offset: 0, message: `the expression cannot be understood (${why}); write it another way` }
}

function startOf(error: TypeError): number {
  const { node } = error
  return node?.op === 'rcall' || node?.op === 'call' ? node.start : (node?.pos ?? error.range?.start ?? 0)
}

const INCOMPLETE = 'close every bracket and quote, and put the whole value in quotes if it holds a # or a colon'
const PARSE_NOW: Readonly<Record<string, string>> = {
  limit_exceeded: 'split the expression up',
  reserved_identifier: 'CEL keeps this word to itself; name an attribute as user["…"]',
  newline_in_string: 'write \\n for a line break',
}

function typeFault(code: string, summary: string): string {
  const what = inWords(summary)
  switch (code) {
    case 'no_matching_overload':
      return `${what.replace('found no matching overload for', 'these values do not fit')}; convert them with string(), join() or first()`
    case 'no_such_overload':
      return `${what.replace('no such overload:', 'these do not go together:')}; convert one with string(), or compare like with like`
    case 'invalid_condition_type':
      return `${what}; compare it with something, like user.x != ""`
    case 'incompatible_ternary_branches':
      return `${what}; make both of one type`
    default:
      return `${what}; correct it`
  }
}

/** CEL's names of types as the docs have them. */
function inWords(summary: string): string {
  return summary
    .replaceAll(/\bstring\b(?!\()/g, 'text')
    .replaceAll(/\bbool\b(?!\()/g, 'boolean')
    .replaceAll(/\bdouble\b(?!\()/g, 'number')
    .replaceAll(/\bint\b(?!\()/g, 'whole number')
    .replaceAll(/\bdyn\b/g, 'any')
    .replaceAll(/list<(\w+)>/g, 'list of $1')
    .replace(/, got EOF$/, ', but it ends')
    .replace('Unexpected token: EOF', 'the expression ends too early')
    .replace(/Expected (\w+), got (\w+)/, '$1 is missing before $2')
    .replace(/Expected (\w+), but it ends/, 'the expression ends where $1 is missing')
}
