import type { ScimResource } from '../model.ts'

/** A user as stored. Every change makes another record. */
export interface UserRecord {
  readonly id: string
  /** Without `id`, `meta`, `schemas` and `groups`. */
  readonly resource: ScimResource
  /** ISO 8601. */
  readonly created: string
  readonly modified: string
  /** The account that this user is linked to, at a target that has accounts. */
  readonly account?: string
}

/** A group as stored, without its members. */
export interface GroupRecord {
  readonly id: string
  readonly resource: ScimResource
  readonly created: string
  readonly modified: string
}

/** What changes in a group's members: all of them first where `clear` says so, then these. */
export interface MemberChange {
  readonly clear?: true
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** One committed write: what the journal holds, and what makes the directory what it is. */
export type Write =
  /** `leaves`: the user is in no group any more. */
  | { readonly write: 'user'; readonly record: UserRecord; readonly leaves?: true }
  | { readonly write: 'group'; readonly record: GroupRecord; readonly members?: MemberChange }
  | { readonly write: 'delete-user' | 'delete-group'; readonly id: string }

/** For lines read back: whether they have the shape that the sandbox itself gives them. */
export function isWrite(value: unknown): value is Write {
  if (!isRecord(value)) return false
  if (value['write'] === 'delete-user' || value['write'] === 'delete-group') return typeof value['id'] === 'string'
  if (value['write'] !== 'user' && value['write'] !== 'group') return false
  const { record, members } = value
  return (
    isRecord(record) &&
    ['id', 'created', 'modified'].every(name => typeof record[name] === 'string') &&
    isRecord(record['resource']) &&
    (members === undefined || (isRecord(members) && isTexts(members['add']) && isTexts(members['remove'])))
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(one => typeof one === 'string')
}
