import type { AttributeType } from '../../src/connector.ts'
import type { SourceGroup, SourceUser, Value } from '../../src/model.ts'
import { fault, type SourceFile } from './client.ts'
import type { Row } from './csv.ts'
import { attributesOf } from './format.ts'

// ── CSV ────────────────────────────────────────────────────────────────────────────────────────────

/** Which cells of a row hold what; -1 where there is no such column. */
export interface Picked {
  readonly id: number
  readonly name: number
  readonly attributes: readonly { readonly name: string; readonly column: number; readonly list: boolean }[]
}

/** A column `aliases[]` is the attribute `aliases`, a list: its cells hold values separated by `|`. */
export const isList = (column: string): boolean => column.endsWith('[]')
export const attributeOf = (column: string): string => (isList(column) ? column.slice(0, -2) : column)

/** An empty cell is an absent attribute. */
export function userOfRow(file: SourceFile, row: Row, picked: Picked, enabledAt: number): SourceUser {
  const id = idOf(file, row, picked)
  const name = row.cells[picked.name]
  return {
    id,
    enabled: enabledAt < 0 ? undefined : enabledOf(file, row, enabledAt),
    name: name ? name : id,
    attributes: attributesOf(valuesOf(row, picked)),
  }
}

export function groupOfRow(file: SourceFile, row: Row, picked: Picked): SourceGroup {
  const id = idOf(file, row, picked)
  const name = row.cells[picked.name]
  if (!name) throw fault(file, row.line, 1, 'a group without a name')
  return { id, name, attributes: attributesOf(valuesOf(row, picked)) }
}

export interface Membership {
  readonly group: string
  readonly member: string
  readonly line: number
}

export function membershipOfRow(file: SourceFile, { cells, line }: Row, groupAt: number, memberAt: number): Membership {
  const group = cells[groupAt]
  const member = cells[memberAt]
  if (!group) throw fault(file, line, 1, 'a row without a group')
  if (!member) throw fault(file, line, 1, 'a row without a member')
  return { group, member, line }
}

function idOf(file: SourceFile, { cells, line }: Row, { id: at }: Picked): string {
  const id = cells[at]
  if (!id) throw fault(file, line, 1, 'a row without an id')
  return Buffer.from(id).toString() // ids are kept to the end; a cut of the file's text would keep all of that, too
}

function* valuesOf({ cells }: Row, { attributes }: Picked): Generator<readonly [string, Value | undefined]> {
  for (const { name, column, list } of attributes) {
    const cell = cells[column]
    if (!cell) continue
    if (!list) yield [name, cell]
    else {
      const values = cell.split('|').filter(value => value !== '')
      if (values.length > 0) yield [name, values]
    }
  }
}

function enabledOf(file: SourceFile, { cells, line }: Row, at: number): boolean | undefined {
  switch (cells[at]?.trim().toLowerCase()) {
    case 'true':
    case 'yes':
    case '1':
      return true
    case 'false':
    case 'no':
    case '0':
      return false
    case '':
      return undefined
    default:
      throw fault(file, line, 1, 'enabled must be true, false, yes, no, 1, 0 or empty')
  }
}

// ── JSON ───────────────────────────────────────────────────────────────────────────────────────────

export type Wrong = (message: string) => Error

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** null is an absent attribute. */
export function userOfObject(value: unknown, names: readonly string[], wrong: Wrong): SourceUser {
  if (!isObject(value)) throw wrong('a user must be an object { "id": …, … }')
  const { enabled } = value
  if (enabled !== undefined && enabled !== null && typeof enabled !== 'boolean') {
    throw wrong('enabled must be true or false, without quotes')
  }
  const id = textOf(value, 'id', wrong)
  if (!id) throw wrong('no id')
  return {
    id,
    enabled: enabled ?? undefined,
    name: textOf(value, 'name', wrong) || id,
    attributes: attributesOf(named(value, names, wrong)),
  }
}

export function groupOfObject(value: unknown, names: readonly string[], wrong: Wrong) {
  if (!isObject(value)) throw wrong('a group must be an object { "id": …, "name": …, "members": […] }')
  const id = textOf(value, 'id', wrong)
  const name = textOf(value, 'name', wrong)
  if (!id) throw wrong('no id')
  if (!name) throw wrong('a group without a name')
  const given = own(value, 'members')
  if (!Array.isArray(given)) throw wrong('no list of members: write "members": [] when there are none')
  const members = given.map((member: unknown) => {
    if (typeof member !== 'string' || member === '') throw wrong('members must be ids, in quotes')
    return wellFormed(member, 'members', wrong)
  })
  const group: SourceGroup = { id, name, attributes: attributesOf(named(value, names, wrong)) }
  return { group, members }
}

/** What kind of attribute a value shows it to be; empty lists and objects do not narrow it down. */
export function typeOf(value: unknown): AttributeType {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return 'number'
  return Array.isArray(value) && value.every(item => typeof item === 'string') ? 'list' : 'any'
}

export function widest(known: AttributeType | undefined, type: AttributeType): AttributeType {
  return known === undefined || known === type ? type : 'any'
}

function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined
}

function textOf(value: Readonly<Record<string, unknown>>, name: string, wrong: Wrong): string | undefined {
  const text = own(value, name) ?? undefined
  if (text === undefined) return undefined
  if (typeof text !== 'string') throw wrong(`${name} must be text, in quotes`)
  return wellFormed(text, name, wrong)
}

function* named(value: Readonly<Record<string, unknown>>, names: readonly string[], wrong: Wrong) {
  for (const name of names) yield [name, valueOf(own(value, name), name, wrong)] as const
}

const DEEPEST = 32

function valueOf(value: unknown, name: string, wrong: Wrong, depth = 0): Value | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return wellFormed(value, name, wrong)
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      throw wrong(`${JSON.stringify(name)} has more digits than a number keeps: put it in quotes`)
    }
    return value
  }
  if (depth === DEEPEST) throw wrong(`${JSON.stringify(name)} is nested more than ${DEEPEST} deep`)
  if (Array.isArray(value)) {
    const values = value
      .map((item: unknown) => valueOf(item, name, wrong, depth + 1))
      .filter(item => item !== undefined)
    return values.length > 0 ? values : undefined
  }
  return isObject(value)
    ? attributesOf(Object.entries(value).map(([key, inner]) => [key, valueOf(inner, name, wrong, depth + 1)] as const))
    : undefined
}

/** Half a character (`\ud83d` and nothing after it) would be another text once written as UTF-8. */
function wellFormed(text: string, name: string, wrong: Wrong): string {
  if (text.isWellFormed()) return text
  throw wrong(`${JSON.stringify(name)} has half a character (a lone surrogate): write it whole`)
}
