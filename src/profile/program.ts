import type { ASTNode } from '@marcbachmann/cel-js'
import type { AttributeType, DeclaredAttributes } from '../connector.ts'
import { type Attribute, absent, type Kind, reader, resolve, typedReader } from './attributes.ts'
import {
  type BinaryOperator,
  binaryCode,
  coalesceCode,
  hasCode,
  indexCode,
  logicalCode,
  mapCode,
  partCode,
} from './closures.ts'
import { CEL_FUNCTIONS, CEL_METHODS, OWN_FUNCTIONS, type Run, withPattern } from './functions.ts'
import { bind, isLoop, type LoopName, loop } from './macros.ts'
import { condition, negated } from './operators.ts'
import { suggestion } from './suggestion.ts'
import { type Cel, type Code, Trouble } from './work.ts'

export interface CodeFault {
  readonly offset: number
  readonly message: string
}

export interface Program {
  readonly code: Code
  /** Attributes named, under the names the expression writes them with. */
  readonly attributes: ReadonlyMap<string, Attribute>
  readonly faults: readonly CodeFault[]
}

const DEEPEST = 150
const MOST_MACROS = 2

/**
 * A parsed expression as closures. Only what is known here can be called; names that nobody has are faults.
 * What an evaluation may cost is counted as it goes, so that nothing depends on what the expression looks like.
 */
export function compileProgram(ast: ASTNode, kind: Kind, declared: DeclaredAttributes): Program {
  const compiler = new Compiler(kind, declared)
  const { code } = compiler.compile(ast, { depth: 0, macros: [] })
  return { code, attributes: compiler.attributes, faults: compiler.faults }
}

interface Scope {
  readonly depth: number
  readonly macros: readonly { readonly name: string; readonly type: AttributeType | undefined }[]
}

interface Compiled {
  readonly code: Code
  /** Nodes within: what running it once costs at least. */
  readonly size: number
  /** The declared type, where it is that of an attribute or a part of one. */
  readonly type?: AttributeType
}

class Compiler {
  readonly attributes = new Map<string, Attribute>()
  readonly faults: CodeFault[] = []
  readonly #kind: Kind
  readonly #declared: DeclaredAttributes

  constructor(kind: Kind, declared: DeclaredAttributes) {
    this.#kind = kind
    this.#declared = declared
  }

  compile(node: ASTNode, outer: Scope): Compiled {
    const scope = { ...outer, depth: outer.depth + 1 }
    if (scope.depth > DEEPEST) return this.#fault(node, 'the expression is nested too deep or too long; split it up')
    switch (node.op) {
      case 'value':
        return this.#literal(node, node.args)
      case 'id':
        return this.#variable(node, node.args, scope)
      case '.':
        return this.#field(node, node.args[0], node.args[1], scope)
      case '[]':
        return this.#index(node.args[0], node.args[1], scope)
      case 'call':
        return this.#call(node, node.args[0], node.args[1], scope)
      case 'rcall':
        return this.#method(node, node.args[0], node.args[1], node.args[2], scope)
      case 'list':
        return this.#list(node.args, scope)
      case 'map':
        return this.#map(node, node.args, scope)
      case '?:':
        return this.#conditional(node.args, scope)
      case '&&':
        return this.#logical(false, node.args, scope)
      case '||':
        return this.#logical(true, node.args, scope)
      case '!_': {
        const { code, size } = this.compile(node.args, scope)
        return { code: frame => !condition(code(frame)), size: size + 1 }
      }
      case '-_': {
        const { code, size } = this.compile(node.args, scope)
        return { code: frame => negated(code(frame)), size: size + 1 }
      }
      case '.?':
      case '[?]':
        return this.#fault(node, 'optional access is not taken; what is absent is empty text anyway')
      default:
        return this.#binary(node.op, node.args, scope)
    }
  }

  #fault(node: ASTNode, message: string): Compiled {
    this.faults.push({ offset: node.pos, message })
    return { code: () => '', size: 1 }
  }

  #literal(node: ASTNode, value: unknown): Compiled {
    if (typeof value === 'object' && value !== null) {
      return this.#fault(node, 'bytes and unsigned numbers are not taken; write text or an ordinary number')
    }
    const plain =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
        ? value
        : null
    return { code: () => plain, size: 1 }
  }

  #variable(node: ASTNode, name: string, { macros }: Scope): Compiled {
    const slot = macros.findLastIndex(macro => macro.name === name)
    const variable = macros[slot]
    if (variable) return { code: ({ slots }) => slots[slot] ?? null, size: 1, ...typed(variable.type) }
    if (name === this.#kind) {
      return this.#fault(node, `${name} alone is no value; name one of its attributes, like ${name}.name`)
    }
    const near = suggestion(name, [this.#kind, ...macros.map(macro => macro.name)])
    const now =
      near === undefined ? `put it in quotes if it is text, or write ${this.#kind}.${name}` : `did you mean ${near}?`
    return this.#fault(node, `there is no ${name}; ${now}`)
  }

  #isSubject(node: ASTNode, { macros }: Scope): boolean {
    return node.op === 'id' && node.args === this.#kind && !macros.some(({ name }) => name === node.args)
  }

  #attribute(node: ASTNode, name: string): Compiled {
    const attribute = resolve(this.#kind, name, this.#declared)
    if (typeof attribute === 'string') return this.#fault(node, attribute)
    this.attributes.set(name, attribute)
    return { code: reader(attribute), size: 1, type: attribute.type }
  }

  #field(node: ASTNode, holder: ASTNode, name: string, scope: Scope): Compiled {
    return this.#isSubject(holder, scope)
      ? this.#attribute(node, name)
      : this.#part(node, this.compile(holder, scope), name)
  }

  #part(node: ASTNode, { code, size, type: holderType }: Compiled, name: string): Compiled {
    const parts = typeof holderType === 'object' && 'object' in holderType ? holderType.object : undefined
    if (parts && !Object.hasOwn(parts, name)) {
      const near = suggestion(name, Object.keys(parts))
      const now = near === undefined ? `there are ${Object.keys(parts).join(', ')}` : `did you mean ${near}?`
      return this.#fault(node, `there is no ${name} in this; ${now}`)
    }
    const type = parts?.[name] ?? 'any'
    const [present, missing] = [typedReader(name, type), absent(name, type)]
    return { type, size: size + 1, code: partCode(code, name, present, missing) }
  }

  #index(holder: ASTNode, index: ASTNode, scope: Scope): Compiled {
    if (this.#isSubject(holder, scope)) {
      if (index.op === 'value' && typeof index.args === 'string') return this.#attribute(index, index.args)
      return this.#fault(index, `the attribute must be named in quotes, like ${this.#kind}["cost centre"]`)
    }
    const from = this.compile(holder, scope)
    if (index.op === 'value' && typeof index.args === 'string') return this.#part(index, from, index.args)
    const key = this.compile(index, scope)
    return { size: from.size + key.size + 1, code: indexCode(from.code, key.code) }
  }

  #call(node: ASTNode, name: string, given: readonly ASTNode[], scope: Scope): Compiled {
    if (name === 'has') return this.#has(node, given, scope)
    if (name === 'coalesce') return this.#coalesce(given, scope)
    if (name === 'regexMatch' || name === 'regexReplace') return this.#regex(node, name, given, scope)
    const run = OWN.get(name) ?? own(CEL_FUNCTIONS, name)
    if (run) return this.#run(run, given, scope)
    if (name === 'matches') return this.#fault(node, MATCHES)
    const near = suggestion(name, [...OWN.keys(), ...Object.keys(CEL_FUNCTIONS), 'has'])
    return this.#fault(node, `there is no function ${name}; ${near === undefined ? SEE : `did you mean ${near}?`}`)
  }

  #method(node: ASTNode, name: string, receiver: ASTNode, given: readonly ASTNode[], scope: Scope): Compiled {
    if (name === 'bind' && receiver.op === 'id' && receiver.args === 'cel')
      return this.#macro(node, 'bind', receiver, given, scope)
    if (isLoop(name) && given.length > 1) return this.#macro(node, name, receiver, given, scope)
    const run = own(CEL_METHODS, name)
    if (run) return this.#run(run, [receiver, ...given], scope)
    if (name === 'matches') return this.#fault(node, MATCHES)
    if (OWN.has(name)) return this.#fault(node, `${name} is written as a function; write ${name}(…) around the value`)
    const near = suggestion(name, [...Object.keys(CEL_METHODS), 'exists', 'all', 'map', 'filter'])
    return this.#fault(node, `there is no method ${name}; ${near === undefined ? SEE : `did you mean ${near}?`}`)
  }

  #run(run: Run, given: readonly ASTNode[], scope: Scope): Compiled {
    const compiled = given.map(argument => this.compile(argument, scope))
    const codes = compiled.map(({ code }) => code)
    const size = sizeOf(compiled)
    const [only] = codes
    if (only && codes.length === 1) return { size, code: frame => run([only(frame)], frame.work) }
    return {
      size,
      code: frame =>
        run(
          codes.map(code => code(frame)),
          frame.work,
        ),
    }
  }

  #regex(node: ASTNode, name: string, given: readonly ASTNode[], scope: Scope): Compiled {
    const pattern = given[1]
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string') {
      return this.#fault(pattern ?? node, `the pattern of ${name} must be quoted text, so that it can be checked now`)
    }
    try {
      return this.#run(withPattern(name, pattern.args), given, scope)
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      return this.#fault(pattern, error.message)
    }
  }

  #has(node: ASTNode, given: readonly ASTNode[], scope: Scope): Compiled {
    const [asked] = given
    if (given.length !== 1 || asked?.op !== '.') {
      return this.#fault(
        node,
        `has asks for an attribute, like has(${this.#kind}.name); compare any other value with ""`,
      )
    }
    const { code, size } = this.compile(asked, scope)
    return { size: size + 1, code: hasCode(code) }
  }

  #coalesce(given: readonly ASTNode[], scope: Scope): Compiled {
    const compiled = given.map(argument => this.compile(argument, scope))
    return { size: sizeOf(compiled), code: coalesceCode(compiled.map(({ code }) => code)) }
  }

  #list(entries: readonly ASTNode[], scope: Scope): Compiled {
    const compiled = entries.map(item => this.compile(item, scope))
    const codes = compiled.map(({ code }) => code)
    return { size: sizeOf(compiled), code: frame => codes.map(code => code(frame)) }
  }

  #map(node: ASTNode, entries: readonly (readonly [ASTNode, ASTNode])[], scope: Scope): Compiled {
    const keys = entries.map(([key]) => key)
    if (keys.some(key => key.op === 'value' && typeof key.args !== 'string')) {
      return this.#fault(node, 'the keys of a map must be text; put them in quotes')
    }
    const pairs = entries.map(([key, value]) => [this.compile(key, scope), this.compile(value, scope)] as const)
    const size = sizeOf(pairs.flat())
    const fixed = new Map<string, Cel>()
    for (const [key, value] of entries) {
      if (key.op === 'value' && value.op === 'value' && typeof key.args === 'string' && isPlain(value.args)) {
        fixed.set(key.args, value.args)
      }
    }
    if (entries.flat().every(part => part.op === 'value')) return { size, code: () => fixed }
    return { size, code: mapCode(pairs.map(([key, value]) => [key.code, value.code])) }
  }

  #conditional([test, yes, no]: readonly [ASTNode, ASTNode, ASTNode], scope: Scope): Compiled {
    const [asked, then, otherwise] = [this.compile(test, scope), this.compile(yes, scope), this.compile(no, scope)]
    return {
      size: sizeOf([asked, then, otherwise]),
      code: frame => (condition(asked.code(frame)) ? then.code(frame) : otherwise.code(frame)),
    }
  }

  #logical(settling: boolean, [one, other]: readonly [ASTNode, ASTNode], scope: Scope): Compiled {
    const [left, right] = [this.compile(one, scope), this.compile(other, scope)]
    return { size: sizeOf([left, right]), code: logicalCode(settling, left.code, right.code) }
  }

  #binary(op: BinaryOperator, [one, other]: readonly [ASTNode, ASTNode], scope: Scope): Compiled {
    const [left, right] = [this.compile(one, scope), this.compile(other, scope)]
    return { size: sizeOf([left, right]), code: binaryCode(op, left.code, right.code) }
  }

  #macro(node: ASTNode, name: LoopName | 'bind', receiver: ASTNode, given: readonly ASTNode[], scope: Scope): Compiled {
    if (scope.macros.length >= MOST_MACROS) {
      return this.#fault(node, `${name} stands inside ${MOST_MACROS} others of its kind; split the expression up`)
    }
    const [variable] = given
    if (variable?.op !== 'id') return this.#fault(node, `${name} needs a name first, like ${name}(x, …); write one`)
    const within = (type: AttributeType | undefined): Scope => {
      return { ...scope, macros: [...scope.macros, { name: variable.args, type }] }
    }
    const slot = scope.macros.length
    if (name === 'bind') {
      const [, value, body] = given
      if (!value || !body) return this.#fault(node, 'cel.bind takes a name, a value and an expression; write all three')
      const bound = this.compile(value, scope)
      const result = this.compile(body, within(bound.type))
      return { size: sizeOf([bound, result]), code: bind(slot, bound.code, result.code), ...typed(result.type) }
    }
    const over = this.compile(receiver, scope)
    const bodies = given.slice(1).map(argument => this.compile(argument, within(entryType(over.type))))
    const codes = bodies.map(({ code }) => code)
    return {
      size: over.size + sizeOf(bodies),
      code: loop(name, slot, over.code, codes, sizeOf(bodies)),
      ...typed(name === 'filter' ? over.type : undefined),
    }
  }
}

function typed(type: AttributeType | undefined): { readonly type?: AttributeType } {
  return type === undefined ? {} : { type }
}

function entryType(type: AttributeType | undefined): AttributeType | undefined {
  if (type === 'list') return 'text'
  return typeof type === 'object' && 'listOf' in type ? type.listOf : undefined
}

const OWN = new Map(OWN_FUNCTIONS.map(({ name, run }) => [name, run]))
const MATCHES = "CEL's matches can take for ever; write regexMatch(text, pattern)"
const SEE = 'docs/expressions.md has them all'

function sizeOf(compiled: readonly Compiled[]): number {
  return compiled.reduce((sum, { size }) => sum + size, 1)
}

function own(functions: Readonly<Record<string, Run>>, name: string): Run | undefined {
  return Object.hasOwn(functions, name) ? functions[name] : undefined
}

function isPlain(value: unknown): value is string | number | bigint | boolean | null {
  return value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}
