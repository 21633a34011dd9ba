import { type Cel, isList, isMap, LONGEST_LIST, Trouble, type Work } from './work.ts'

const MISFIT = new Trouble('two values do not go together here; convert one with string(), int() or double()')
const OVERFLOW = new Trouble('a whole number comes out larger than CEL knows; use double()')
const BY_ZERO = new Trouble('a number is divided by zero; test it first')
const LARGEST = 2n ** 63n - 1n

export function add(one: Cel, other: Cel, work: Work): Cel {
  if (typeof one === 'string' && typeof other === 'string') {
    work.text(one.length + other.length)
    return one + other
  }
  if (isList(one) && isList(other)) {
    work.list(one.length + other.length)
    return [...one, ...other]
  }
  return arithmetic('+', one, other)
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

/** Between whole numbers, or between others; never across, as in CEL. */
export function arithmetic(operator: ArithmeticOperator, one: Cel, other: Cel): Cel {
  if (typeof one === 'bigint' && typeof other === 'bigint') return whole(operator, one, other)
  if (typeof one !== 'number' || typeof other !== 'number') throw MISFIT
  switch (operator) {
    case '+':
      return one + other
    case '-':
      return one - other
    case '*':
      return one * other
    case '/':
      return one / other
    case '%':
      throw MISFIT
  }
}

function whole(operator: ArithmeticOperator, one: bigint, other: bigint): bigint {
  if ((operator === '/' || operator === '%') && other === 0n) throw BY_ZERO
  const result =
    operator === '+'
      ? one + other
      : operator === '-'
        ? one - other
        : operator === '*'
          ? one * other
          : operator === '/'
            ? one / other
            : one % other
  if (result > LARGEST || result < -LARGEST - 1n) throw OVERFLOW
  return result
}

export function negated(value: Cel): Cel {
  if (typeof value === 'bigint') return whole('-', 0n, value)
  if (typeof value === 'number') return -value
  throw MISFIT
}

export type Comparison = '<' | '<=' | '>' | '>='

export function compare(operator: Comparison, one: Cel, other: Cel, work: Work): boolean {
  const order = orderOf(one, other, work)
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

/** NaN where there is no order: every comparison with it is false. */
function orderOf(one: Cel, other: Cel, work: Work): number {
  if (typeof one === 'string' && typeof other === 'string') {
    work.steps(1 + (Math.min(one.length, other.length) >> 6))
    return one < other ? -1 : one > other ? 1 : 0
  }
  if (typeof one === 'boolean' && typeof other === 'boolean') return Number(one) - Number(other)
  const numbers =
    (typeof one === 'bigint' || typeof one === 'number') && (typeof other === 'bigint' || typeof other === 'number')
  if (!numbers) throw MISFIT
  if (one < other) return -1
  if (one > other) return 1
  return Number.isNaN(one) || Number.isNaN(other) ? Number.NaN : 0
}

const NOT_BOOLEAN = new Trouble('a value is not true or false where a condition stands; compare it with something')

export function condition(value: Cel): boolean {
  if (typeof value === 'boolean') return value
  throw NOT_BOOLEAN
}

const NO_ITEMS = new Trouble('a value is neither list nor map, so that it has no entries; write [ … ] around it')

/** The entries of a list, or the keys of a map. */
export function items(value: Cel): readonly Cel[] {
  if (isList(value)) return value
  if (value === '') return []
  if (typeof value !== 'object' || value === null) throw NO_ITEMS
  const keys = isMap(value) ? [...value.keys()] : Object.keys(value)
  if (keys.length > LONGEST_LIST) throw NO_ITEMS
  return keys
}
