import { holds, isEmpty } from './functions.ts'
import { add, type ArithmeticOperator, arithmetic, type Comparison, compare, condition } from './operators.ts'
import { type Cel, type Code, entry, equal, type Frame, isList, isMap, isObject, Trouble } from './work.ts'

export type BinaryOperator = ArithmeticOperator | Comparison | '==' | '!=' | 'in'

export function binaryCode(op: BinaryOperator, left: Code, right: Code): Code {
  switch (op) {
    case '+':
      return frame => add(left(frame), right(frame), frame.work)
    case '-':
    case '*':
    case '/':
    case '%':
      return frame => arithmetic(op, left(frame), right(frame))
    case '==':
      return frame => equal(left(frame), right(frame), frame.work)
    case '!=':
      return frame => !equal(left(frame), right(frame), frame.work)
    case 'in':
      return frame => {
        const value = left(frame)
        return holds(right(frame), value, frame.work)
      }
    case '<':
    case '<=':
    case '>':
    case '>=':
      return frame => compare(op, left(frame), right(frame), frame.work)
  }
}

/** `&&` and `||`: a side that settles it settles it even where the other cannot be told. */
export function logicalCode(settling: boolean, left: Code, right: Code): Code {
  return frame => {
    let first: boolean
    try {
      first = condition(left(frame))
    } catch (error) {
      if (condition(right(frame)) === settling) return settling
      throw error
    }
    return first === settling ? settling : condition(right(frame))
  }
}

const NO_PARTS = new Trouble('a value has no parts to name; leave out what stands behind the dot')
const NO_KEY = new Trouble('a key of a map is not text; turn it into text with string()')

/** What a value holds under a name: read as its type says, or what stands for it where it is absent. */
export function partCode(
  holder: Code,
  name: string,
  present: (value: Cel, frame: Frame) => Cel,
  missing: () => Cel,
): Code {
  return frame => {
    const from = holder(frame)
    if (from === '') return missing()
    if (!isObject(from) && !isMap(from)) throw NO_PARTS
    const value = entry(from, name)
    return value === undefined ? missing() : present(value, frame)
  }
}

/** An entry of a list or a map; empty text where there is none. */
export function indexCode(holder: Code, index: Code): Code {
  return frame => {
    const from = holder(frame)
    const at = index(frame)
    if (isList(from)) return typeof at === 'bigint' || typeof at === 'number' ? (from[Number(at)] ?? '') : ''
    if (from === '') return ''
    if (!isObject(from) && !isMap(from)) throw NO_PARTS
    return entry(from, at) ?? ''
  }
}

export function mapCode(entries: readonly (readonly [Code, Code])[]): Code {
  return frame => {
    const map = new Map<string, Cel>()
    for (const [key, value] of entries) {
      const name = key(frame)
      if (typeof name !== 'string') throw NO_KEY
      map.set(name, value(frame))
    }
    return map
  }
}

export function hasCode(asked: Code): Code {
  return frame => !isEmpty(orAbsent(asked, frame))
}

/** The last is taken as it is: where it cannot be told, neither can the whole. */
export function coalesceCode(codes: readonly Code[]): Code {
  const last = codes.at(-1) ?? (() => '')
  const others = codes.slice(0, -1)
  return frame => {
    for (const code of others) {
      const value = orAbsent(code, frame)
      if (!isEmpty(value)) return value
    }
    return last(frame)
  }
}

function orAbsent(code: Code, frame: Frame): Cel {
  try {
    return code(frame)
  } catch (error) {
    if (error instanceof Trouble && error.absent) return ''
    throw error
  }
}
