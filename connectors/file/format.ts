import type { DeclaredAttributes, ReadingPart, ReadRequest } from '../../src/connector.ts'
import type { Attributes, Certificate, Check, Value } from '../../src/model.ts'
import type { SourceFile } from './client.ts'

/** One way to write a directory down. What is the same for all (certificate, counts, unique ids) is done once, in index.ts. */
export interface Format {
  readonly files: readonly SourceFile[]
  /** Throws where the file cannot tell. */
  attributes(signal: AbortSignal): Promise<DeclaredAttributes>
  pieces(request: ReadRequest): AsyncIterable<Piece>
}

export type Piece = Exclude<ReadingPart, { part: 'end' }> | { readonly part: 'check'; readonly check: Check }

/** How many users or groups go into one part. */
export const BATCH = 1000

/** Told on their own, and therefore not among the attributes. */
export const BUILT_IN: ReadonlySet<string> = new Set(['id', 'enabled', 'name'])

/** Attributes as own properties, whatever they are called: a column `__proto__` is a column. Absent values are left out. */
export function attributesOf(pairs: Iterable<readonly [string, Value | undefined]>): Attributes {
  const present: [string, Value][] = []
  for (const [name, value] of pairs) if (value !== undefined) present.push([name, value])
  return Object.fromEntries(present)
}

export function passedBefore(previous: Certificate | undefined, check: string): boolean {
  return previous?.checks.some(before => before.check === check && before.passed) ?? false
}

/** A file without anything in it says nothing about whether anyone is left. */
export function emptyFile(file: SourceFile, now: string): Piece {
  return { part: 'check', check: { check: 'has-header', passed: false, detail: `${file.name} is empty: ${now}` } }
}

/**
 * An exporter ends its files in the same way every time, so an end that is missing today and was there before
 * is a sign of a file cut short. Nothing is said where the exporter never wrote one.
 */
export function endsAsBefore(
  files: readonly SourceFile[],
  missing: readonly SourceFile[],
  end: string,
  previous: Certificate | undefined,
): Piece[] {
  const check = `ends-in-${end.replaceAll(' ', '-')}`
  if (missing.length === 0) {
    const names = files.map(file => file.name).join(', ')
    return [{ part: 'check', check: { check, passed: true, detail: `${names}: the last line is whole` } }]
  }
  if (!passedBefore(previous, check)) return []
  const detail = `${missing.map(file => file.name).join(', ')}: no ${end} at the end, where there was one before. Cut off? Write it again, or add the ${end}`
  return [{ part: 'check', check: { check, passed: false, detail } }]
}
