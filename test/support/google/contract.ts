import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REFUSALS } from './refusal.ts'

/** Of the discovery document what a reader can get wrong: paths, parameters, scopes, and the shape of answers. */
interface Contract {
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly methods: Readonly<Record<string, Omit<Method, 'id'>>>
  readonly schemas: Readonly<Record<string, Shape>>
}

export interface Method {
  readonly id: string
  readonly path: string
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly response: string
  readonly scopes: readonly string[]
}

interface Parameter {
  readonly type: 'string' | 'integer' | 'boolean'
  readonly location: 'path' | 'query'
  readonly enum?: readonly string[]
  readonly minimum?: string
  readonly maximum?: string
}

export interface Shape {
  readonly type?: string
  readonly $ref?: string
  readonly items?: Shape
  readonly additionalProperties?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
}

const FILE = join(import.meta.dirname, '../../fixtures/google/directory-v1.json')
const contract: Contract = JSON.parse(readFileSync(FILE, 'utf8'))

const routes = Object.entries(contract.methods).map(([id, method]) => {
  const names: string[] = []
  const pattern = method.path.replaceAll(/\{(\+?)(\w+)\}/g, (_, rest: string, name: string) => {
    names.push(name)
    return rest ? '(.+)' : '([^/]+)'
  })
  return { method: { id, ...method }, names, pattern: new RegExp(`^/${pattern}$`) }
})

export interface Asked {
  readonly method: Method
  /** Of the path and of the query, as text. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Undefined where there is no such path. Throws the refusal of what the method does not take. */
export function asked(path: string, query: URLSearchParams): Asked | undefined {
  for (const { method, names, pattern } of routes) {
    const match = pattern.exec(path)
    if (!match) continue
    const parameters: Record<string, string> = {}
    for (const [nth, name] of names.entries()) parameters[name] = decoded(match[nth + 1] ?? '')
    for (const [name, value] of query) {
      const known = method.parameters[name] ?? contract.parameters[name]
      if (known?.location !== 'query') {
        throw REFUSALS.argument(
          '',
          `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`,
        )
      }
      if (name in parameters) throw REFUSALS.argument(name, `Invalid value at '${name}': given more than once`)
      check(name, known, value)
      parameters[name] = value
    }
    if ((parameters['alt'] ?? 'json') !== 'json') throw REFUSALS.argument('alt', 'only json is to be had here')
    if ((parameters['quotaUser'] ?? '').length > 40) throw REFUSALS.invalid('quotaUser')
    return { method, parameters }
  }
  return undefined
}

function check(name: string, { type, enum: values, minimum = '0', maximum = '2147483647' }: Parameter, value: string) {
  const wrong = (kind: string) =>
    REFUSALS.argument(name, `Invalid value at '${name}' (TYPE_${kind}), ${JSON.stringify(value)}`)
  if (type === 'boolean' && !/^(true|false)$/.test(value)) throw wrong('BOOL')
  if (type === 'integer') {
    if (!/^-?\d+$/.test(value)) throw wrong('INT32')
    if (Number(value) < Number(minimum) || Number(value) > Number(maximum)) {
      throw REFUSALS.outOfRange(name, value, minimum, maximum)
    }
  }
  if (values && !values.includes(value)) throw wrong('ENUM')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw REFUSALS.badRequest()
  }
}

export function shapeOf(response: string): Shape {
  return { $ref: response }
}

/** Follows a reference. */
export function resolved(shape: Shape): Shape {
  return shape.$ref === undefined ? shape : (contract.schemas[shape.$ref] ?? {})
}
