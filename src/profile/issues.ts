import type * as z from 'zod'
import { suggestion } from './suggestion.ts'

/** One thing that does not fit a shape, in plain words. */
interface Misfit {
  readonly path: readonly (string | number)[]
  readonly where: 'key' | 'value'
  readonly message: string
}

/** zod's issues as sentences: `error` writes them while zod knows the schema, `of` puts them in their place. */
export const plainSentences = { error: sentence, of: misfits }

/** Marks a union, which `misfits` explains by the branch that was meant. */
const UNION = '\0'
const MEANT = 'did you mean'

function sentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input)
    case 'unrecognized_keys':
      return issue.keys.map(key => unknownKey(key, keysOf(issue.inst))).join('\n')
    case 'invalid_value': {
      const values = issue.values.map(String)
      const near = typeof issue.input === 'string' ? suggestion(issue.input, values) : undefined
      return issue.input === undefined
        ? 'this is missing; add it'
        : `this must be ${oneOf(values)}${near === undefined ? '; write one of them' : `; ${MEANT} ${near}?`}`
    }
    case 'invalid_union': {
      const options = Array.isArray(issue['options']) ? issue['options'].map(String) : []
      if (issue.discriminator === undefined || options.length === 0) return UNION
      return `${issue.discriminator} must be ${oneOf(options)}; write one of them`
    }
    case 'too_small':
      return `this must ${amount(issue.origin, 'at least', issue.minimum)}; ${Number(issue.minimum) === 1 ? 'write something' : 'raise it'}`
    case 'too_big':
      return `this must ${amount(issue.origin, 'at most', issue.maximum)}; shorten or lower it`
    case 'invalid_format':
      return issue.format === 'url'
        ? 'this is no URL; write one like https://…'
        : 'this does not have the right form; correct it'
    default:
      return 'this is not what is expected here; correct it'
  }
}

function misfits(issues: readonly z.core.$ZodIssue[], outer: Misfit['path'] = []): Misfit[] {
  const found = issues.flatMap(issue => {
    const path = [...outer, ...steps(issue.path)]
    if (issue.code === 'unrecognized_keys') {
      const messages = issue.message.split('\n')
      return issue.keys.map((key, index): Misfit => {
        return { path: [...path, key], where: 'key', message: messages[index] ?? issue.message }
      })
    }
    if (issue.code === 'invalid_key') {
      return issue.issues.map((inner): Misfit => ({ path, where: 'key', message: inner.message }))
    }
    if (issue.code === 'invalid_union' && issue.message === UNION) return meantBranch(issue, path)
    return [{ path, where: 'value' as const, message: issue.message }]
  })
  const named = found.map(({ path, where, message }) => {
    const name = path.at(-1)
    return {
      path,
      where,
      message: typeof name === 'string' ? message.replace(NO_SUBJECT, `${name} `) : message,
    }
  })
  const meant = new Set(named.map(({ message }) => message.split(`${MEANT} `)[1]))
  return named.filter(({ path, message }) => !/ is missing[;:]/.test(message) || !meant.has(`${String(path.at(-1))}?`))
}

/** What a schema says of a key without naming it: *must end in .json*. */
const NO_SUBJECT = /^this (?=is missing)|^(?=(?:is|has|must|cannot|names|stands|signs) )/

/** The branch that what was written comes nearest to: one of its type, with the fewest and least faults. */
function meantBranch(union: z.core.$ZodIssueInvalidUnion, path: Misfit['path']): Misfit[] {
  const atRoot = ({ path, code }: z.core.$ZodIssue): boolean =>
    path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union')
  const fitting = union.errors.filter(issues => !issues.some(atRoot))
  if (fitting.length === 0) {
    const options = [...new Set(union.errors.flat().flatMap(alternatives))]
    const near = typeof union.input === 'string' ? suggestion(union.input, options) : undefined
    const now = near === undefined ? 'write one of them' : `${MEANT} ${near}?`
    return [{ path, where: 'value', message: `this must be ${oneOf(options)}; ${now}` }]
  }
  const [nearest = []] = fitting.toSorted((one, other) => weight(one) - weight(other))
  return misfits(nearest, path)
}

function alternatives(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_type') return [word(issue.expected)]
  if (issue.code === 'invalid_value') return issue.values.map(String)
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(alternatives) : []
}

function weight(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => {
    return sum + (issue.code !== 'unrecognized_keys' || issue.message.includes(MEANT) ? 1 : 2 * issue.keys.length)
  }, 0)
}

function steps(path: readonly PropertyKey[]): (string | number)[] {
  return path.map(step => (typeof step === 'symbol' ? String(step) : step))
}

function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null || !('def' in schema)) return []
  const { def } = schema
  if (typeof def !== 'object' || def === null) return []
  if ('shape' in def && typeof def.shape === 'object' && def.shape !== null) return Object.keys(def.shape)
  if (!('keyType' in def) || typeof def.keyType !== 'object' || def.keyType === null) return []
  return 'options' in def.keyType && Array.isArray(def.keyType.options) ? def.keyType.options.map(String) : []
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = suggestion(key, known)
  if (near !== undefined) return `there is no ${key} here; ${MEANT} ${near}?`
  return `there is no ${key} here; ${known.length > 0 ? `there are ${known.join(', ')}` : 'remove the line'}`
}

function wrongType(expected: string, input: unknown): string {
  if (input === undefined) return `this is missing; add it (${word(expected)})`
  const now = NOW[expected] ?? 'correct it'
  if (input === null) return `nothing stands here, where ${word(expected)} is expected (# starts a comment); ${now}`
  return `this is ${found(input)}, where ${word(expected)} is expected; ${now}`
}

function found(input: unknown): string {
  if (Array.isArray(input)) return 'a list'
  return typeof input === 'object' ? word('object') : word(typeof input)
}

function word(type: string): string {
  return WORDS[type] ?? type
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a block of keys and values',
  record: 'a block of keys and values',
  null: 'nothing',
}

const NOW: Readonly<Record<string, string>> = {
  string: 'put it in quotes',
  number: 'write a number without quotes',
  int: 'write a whole number without quotes',
  boolean: 'write true or false without quotes',
  array: 'write [ … ]',
  tuple: 'write [ … ]',
  object: 'write key: value lines',
  record: 'write key: value lines',
}

function oneOf(values: readonly string[]): string {
  const last = values.at(-1) ?? 'something else'
  return values.length < 2 ? last : `${values.slice(0, -1).join(', ')} or ${last}`
}

function amount(origin: string, bound: string, limit: number | bigint): string {
  if (origin === 'string') return `have ${bound} ${limit} characters`
  return origin === 'array' || origin === 'set' ? `have ${bound} ${limit} entries` : `be ${bound} ${limit}`
}
