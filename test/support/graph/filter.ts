import { navigationType, propertyType } from './contract.ts'
import { bad, unsupported } from './answer.ts'

/** `$filter`, as far as directory objects know it (OData 4.01 §11.2.6). */
export interface Filter {
  test(properties: Readonly<Record<string, unknown>>): boolean
  /** Whether it asks for ConsistencyLevel and `$count`. */
  readonly advanced: boolean
  /** The ids of `id eq '…' or id eq '…'`; undefined where it is anything else. */
  readonly ids: readonly string[] | undefined
}

type Expression =
  | { readonly is: 'or' | 'and'; readonly of: readonly [Expression, Expression] }
  | { readonly is: 'not'; readonly of: Expression }
  | { readonly is: 'compare'; readonly path: string; readonly operator: string; readonly value: Literal }
  | { readonly is: 'in'; readonly path: string; readonly values: readonly Literal[] }
  | { readonly is: 'call'; readonly name: string; readonly path: string; readonly value: Literal }
  | { readonly is: 'any'; readonly path: string; readonly variable: string; readonly of: Expression }

type Literal = string | number | boolean | null

const TOKEN = /\s*(?:'((?:[^']|'')*)'|([A-Za-z_][\w./-]*)|(-?\d[\w.:+-]*)|([(),:]))/y

/** Throws what Graph refuses, names that the type does not have among it. */
export function parseFilter(text: string, entity: string, extensions: ReadonlySet<string>): Filter {
  const tokens = tokensOf(text)
  let at = 0
  const peek = () => tokens[at]
  const next = () => {
    const token = tokens[at++]
    if (token === undefined) throw invalid(text)
    return token
  }
  const expect = (symbol: string) => {
    if (next().symbol !== symbol) throw invalid(text)
  }
  const literal = (): Literal => {
    const { string, name, number } = next()
    if (string !== undefined) return string
    if (name === 'true' || name === 'false') return name === 'true'
    if (name === 'null') return null
    if (number !== undefined) return Number.isNaN(Number(number)) ? number : Number(number)
    throw invalid(text)
  }
  const property = (variables: readonly string[]): string => {
    const { name } = next()
    if (name === undefined) throw invalid(text)
    if (!variables.includes(name)) known(name.split('/')[0]!, entity, extensions)
    return name
  }
  const either = (variables: readonly string[]): Expression => {
    let left = both(variables)
    while (peek()?.name === 'or') {
      at++
      left = { is: 'or', of: [left, both(variables)] }
    }
    return left
  }
  const both = (variables: readonly string[]): Expression => {
    let left = one(variables)
    while (peek()?.name === 'and') {
      at++
      left = { is: 'and', of: [left, one(variables)] }
    }
    return left
  }
  const one = (variables: readonly string[]): Expression => {
    const token = peek()
    if (token?.symbol === '(') {
      at++
      const inner = either(variables)
      expect(')')
      return inner
    }
    if (token?.name === 'not') {
      at++
      return { is: 'not', of: one(variables) }
    }
    if (token?.name !== undefined && /^(startswith|endswith|contains)$/i.test(token.name)) {
      at++
      expect('(')
      const path = property(variables)
      expect(',')
      const value = literal()
      expect(')')
      if (/^contains$/i.test(token.name)) throw unsupported('Unsupported Query.')
      return { is: 'call', name: token.name.toLowerCase(), path, value }
    }
    if (token?.name?.endsWith('/any')) {
      at++
      const path = token.name.slice(0, -'/any'.length)
      known(path.split('/')[0]!, entity, extensions)
      expect('(')
      const variable = next().name
      if (variable === undefined) throw invalid(text)
      expect(':')
      const of = either([...variables, variable])
      expect(')')
      return { is: 'any', path, variable, of }
    }
    const path = property(variables)
    const operator = next().name
    if (operator === 'in') {
      expect('(')
      const values = [literal()]
      while (peek()?.symbol === ',') {
        at++
        values.push(literal())
      }
      expect(')')
      if (values.length > 15) throw bad('Too many child clauses specified in search filter expression.')
      return { is: 'in', path, values }
    }
    if (operator === undefined || !/^(eq|ne|gt|ge|lt|le)$/.test(operator)) throw invalid(text)
    const value = literal()
    if (typeof value === 'string' && value.length > 120) throw unsupported('Unsupported Query.')
    return { is: 'compare', path, operator, value }
  }

  const expression = either([])
  if (at < tokens.length) throw invalid(text)
  return {
    test: properties => holds(expression, properties),
    advanced: isAdvanced(expression),
    ids: idsOf(expression),
  }
}

/** Whether `$select`, `$filter` or `$orderby` may name this. */
export function known(name: string, entity: string, extensions: ReadonlySet<string>): void {
  const entities =
    entity === 'directoryObject' ? ['user', 'group', 'device', 'orgContact', 'servicePrincipal'] : [entity]
  if (entities.some(one => (propertyType(one, name) ?? navigationType(one, name)) !== undefined)) return
  if (extensions.has(name)) return
  throw bad(
    `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${entity}'.`,
  )
}

interface Token {
  readonly string?: string | undefined
  readonly name?: string | undefined
  readonly number?: string | undefined
  readonly symbol?: string | undefined
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  const end = text.trimEnd().length
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (match === null) throw invalid(text)
    const [, string, name, number, symbol] = match
    tokens.push({ string: string?.replaceAll("''", "'"), name, number, symbol })
  }
  return tokens
}

function invalid(text: string) {
  return bad(`Invalid filter clause: There is an unterminated or unexpected token in '${text}'.`)
}

function holds(expression: Expression, properties: Readonly<Record<string, unknown>>): boolean {
  switch (expression.is) {
    case 'or':
      return expression.of.some(one => holds(one, properties))
    case 'and':
      return expression.of.every(one => holds(one, properties))
    case 'not':
      return !holds(expression.of, properties)
    case 'in':
      return expression.values.some(value => same(valueAt(properties, expression.path), value))
    case 'any': {
      const values = valueAt(properties, expression.path)
      return (
        Array.isArray(values) &&
        values.some(value => holds(expression.of, { ...properties, [expression.variable]: value }))
      )
    }
    case 'call': {
      const found = valueAt(properties, expression.path)
      const value = typeof found === 'string' ? found.toLowerCase() : ''
      const part = String(expression.value).toLowerCase()
      return expression.name === 'startswith' ? value.startsWith(part) : value.endsWith(part)
    }
    case 'compare':
      return compared(valueAt(properties, expression.path), expression.operator, expression.value)
  }
}

function compared(value: unknown, operator: string, other: Literal): boolean {
  if (operator === 'eq') return same(value, other)
  if (operator === 'ne') return !same(value, other)
  if (typeof value !== typeof other || value === null || other === null) return false
  const [one, two] = [value as string, other as string]
  switch (operator) {
    case 'gt':
      return one > two
    case 'ge':
      return one >= two
    case 'lt':
      return one < two
    default:
      return one <= two
  }
}

function same(value: unknown, other: Literal): boolean {
  const fold = (one: unknown) => (typeof one === 'string' ? one.toLowerCase() : (one ?? null))
  return fold(value) === fold(other)
}

function valueAt(properties: Readonly<Record<string, unknown>>, path: string): unknown {
  return path
    .split('/')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : null),
      properties,
    )
}

function isAdvanced(expression: Expression): boolean {
  switch (expression.is) {
    case 'or':
    case 'and':
      return expression.of.some(isAdvanced)
    case 'not':
      return true
    case 'any':
      return isAdvanced(expression.of)
    case 'in':
      return false
    case 'call':
      return expression.name === 'endswith'
    case 'compare':
      return expression.operator === 'ne' || (expression.operator === 'eq' && expression.value === null)
  }
}

function idsOf(expression: Expression): string[] | undefined {
  if (expression.is === 'or') {
    const [one, two] = expression.of.map(idsOf)
    return one && two && [...one, ...two]
  }
  const { is } = expression
  if (is !== 'compare' || expression.path !== 'id' || expression.operator !== 'eq') return undefined
  return typeof expression.value === 'string' ? [expression.value] : undefined
}
