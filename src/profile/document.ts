import type { ZodType } from 'zod'
import type { Position } from '../model.ts'
import { plainSentences } from './issues.ts'
import { parseYaml } from './yaml.ts'

export { suggestion } from './suggestion.ts'

/** Something wrong in a file; lines and columns from 1, columns in UTF-16 units. The message says what, and what now. */
export interface Fault {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

export type Path = readonly (string | number)[]

export interface Checked<T> {
  /** Undefined where there are faults. */
  readonly value: T | undefined
  readonly faults: readonly Fault[]
  /** Where the value under a path stands, or its key; for what is not there, what it would stand in. */
  at(path: Path, where?: 'key' | 'value'): Position
  /** Where a character of the text under a path stands, whatever its quotes, escapes and folded lines. */
  inside(path: Path, offset: number): Position
}

/**
 * A YAML document against a shape, with every fault at once. What YAML does behind one's back is a fault, too:
 * tags, anchors, aliases, merge keys, keys that are not text or given twice, several documents, directives.
 */
export function checkYaml<T>(file: string, text: string, shape: ZodType<T>): Checked<T> {
  const { value, wellFormed, faults, at, inside } = parseYaml(file, text)
  if (!wellFormed) return { value: undefined, faults: first(faults), at, inside }
  const result = shape.safeParse(value, { error: plainSentences.error, reportInput: true })
  if (result.success) return { value: faults.length > 0 ? undefined : result.data, faults: first(faults), at, inside }
  const found = plainSentences
    .of(result.error.issues)
    .map(({ path, where, message }) => ({ ...at(path, where), message }))
  return { value: undefined, faults: first([...faults, ...found]), at, inside }
}

/** One line for each, `file:line:column: message`, in the order of the files' names and lines. */
export function renderFaults(faults: readonly Fault[]): string {
  return sorted(faults)
    .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
    .join('\n')
}

const MOST_FAULTS = 100

/** In order, and no more than somebody would read. */
function first(faults: readonly Fault[]): readonly Fault[] {
  const ordered = sorted(faults)
  const next = ordered[MOST_FAULTS]
  if (!next) return ordered
  const more = {
    ...next,
    message: `here and below are ${ordered.length - MOST_FAULTS} more faults; correct these first`,
  }
  return [...ordered.slice(0, MOST_FAULTS), more]
}

function sorted(faults: readonly Fault[]): Fault[] {
  return faults.toSorted(
    (one, other) =>
      (one.file < other.file ? -1 : one.file > other.file ? 1 : 0) ||
      one.line - other.line ||
      one.column - other.column,
  )
}
