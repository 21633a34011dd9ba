import type { Json } from '../model.ts'
import type { Filter, Literal, Operator } from './filter.ts'
import { fold, isAbsent, isList, isObject, type JsonObject, ownInAnyCase } from './json.ts'
import type { Path } from './path.ts'

/** Whether a resource fits a filter. An attribute that nobody has is absent. */
export function matches(resource: JsonObject, filter: Filter): boolean {
  switch (filter.filter) {
    case 'values':
      return listOf(outerValue(resource, filter.path)).some(value => matchesValue(value, filter.inner))
    case 'compare':
      return compares(valuesAt(resource, filter.path), filter)
    case 'present':
      return isPresent(valuesAt(resource, filter.path))
    case 'and':
      return filter.all.every(one => matches(resource, one))
    case 'or':
      return filter.all.some(one => matches(resource, one))
    case 'not':
      return !matches(resource, filter.inner)
  }
}

/** Whether one value of a list fits the filter that stood in brackets behind the list's name. */
export function matchesValue(value: Json, filter: Filter): boolean {
  switch (filter.filter) {
    case 'and':
      return filter.all.every(one => matchesValue(value, one))
    case 'or':
      return filter.all.some(one => matchesValue(value, one))
    case 'not':
      return !matchesValue(value, filter.inner)
    case 'compare':
      return compares(innerValues(value, filter.path.sub ?? 'value'), filter)
    case 'present':
      return isPresent(innerValues(value, filter.path.sub ?? 'value'))
    case 'values':
      return false
  }
}

/** Whether a filter looks at this attribute. */
export function mentions(filter: Filter, attribute: string): boolean {
  switch (filter.filter) {
    case 'and':
    case 'or':
      return filter.all.some(one => mentions(one, attribute))
    case 'not':
      return mentions(filter.inner, attribute)
    case 'compare':
    case 'present':
    case 'values':
      return filter.path.attribute === attribute
  }
}

function outerValue(resource: JsonObject, { urn, attribute }: Path): Json | undefined {
  const [, container] = urn === undefined ? [urn, resource] : ownInAnyCase(resource, urn)
  return isObject(container) && attribute !== undefined ? ownInAnyCase(container, attribute)[1] : undefined
}

function listOf(value: Json | undefined): readonly Json[] {
  if (isAbsent(value)) return []
  return isList(value) ? value : [value]
}

function valuesAt(resource: JsonObject, path: Path): readonly Json[] {
  const all = listOf(outerValue(resource, path))
  if (path.sub !== undefined) return all.flatMap(value => innerValues(value, path.sub ?? ''))
  return all.flatMap(value => (isObject(value) && path.definition?.multiValued ? innerValues(value, 'value') : [value]))
}

/** A sub-attribute of one value; of a value that is not complex, `value` is itself (RFC 7643 §2.4). */
function innerValues(value: Json, sub: string): readonly Json[] {
  if (isObject(value)) return listOf(ownInAnyCase(value, sub)[1])
  return sub === 'value' ? [value] : []
}

function isPresent(values: readonly Json[]): boolean {
  return values.some(value => !isAbsent(value) && value !== '')
}

interface Comparison {
  readonly path: Path
  readonly operator: Operator
  readonly value: Literal
}

function compares(values: readonly Json[], { path, operator, value: literal }: Comparison): boolean {
  const definition = path.subDefinition ?? valueDefinition(path) ?? path.definition
  const inText = operator === 'co' || operator === 'sw' || operator === 'ew'
  const read = definition?.type === 'dateTime' && !inText ? instant : definition?.caseExact ? exact : folded
  const wanted = read(literal)
  if (operator === 'ne') return !holds('eq', values, wanted, read)
  return holds(operator, values, wanted, read)
}

/** Comparing a list of complex values compares their `value`. */
function valueDefinition({ definition, sub }: Path) {
  if (sub !== undefined || !definition?.multiValued) return undefined
  return definition.subAttributes.find(({ name }) => name === 'value')
}

function holds(operator: Operator, values: readonly Json[], wanted: Json, read: (value: Json) => Json): boolean {
  if (wanted === null) return operator === 'eq' && values.length === 0
  return values.some(value => compare(operator, read(value), wanted))
}

function compare(operator: Operator, value: Json, wanted: Json): boolean {
  if (operator === 'eq') return value === wanted
  if (typeof value === 'string' && typeof wanted === 'string') {
    if (operator === 'co') return value.includes(wanted)
    if (operator === 'sw') return value.startsWith(wanted)
    if (operator === 'ew') return value.endsWith(wanted)
    return inOrder(operator, value < wanted ? -1 : value > wanted ? 1 : 0)
  }
  return typeof value === 'number' && typeof wanted === 'number' && inOrder(operator, value - wanted)
}

function inOrder(operator: Operator, difference: number): boolean {
  if (operator === 'gt') return difference > 0
  if (operator === 'ge') return difference >= 0
  if (operator === 'lt') return difference < 0
  return operator === 'le' && difference <= 0
}

function exact(value: Json): Json {
  return value
}

function folded(value: Json): Json {
  return typeof value === 'string' ? fold(value) : value
}

function instant(value: Json): Json {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? value : time
}
