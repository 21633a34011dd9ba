import type { AttributeType } from '../../src/connector.ts'
import type { Attributes, SourceGroup, SourceUser, Value } from '../../src/model.ts'
import { WORKED_OUT } from './schema.ts'
import { isRecord, type Thing } from './wire.ts'

/** From Graph's JSON to users and groups; pure. */

/** An attribute that was asked for. */
export interface Wanted {
  readonly name: string
  readonly type: AttributeType
}

export function wantedOf(names: readonly string[], types: Readonly<Record<string, AttributeType>>): Wanted[] {
  return names.map(name => ({ name, type: types[name] ?? 'any' }))
}

/** What `$select` names of users: what is wanted, and what users are known by. */
export function userSelect(wanted: readonly Wanted[]): string[] {
  const needed = ['id', 'accountEnabled', 'displayName', 'userPrincipalName']
  return [...new Set([...needed, ...wanted.flatMap(({ name }) => WORKED_OUT[name] ?? [name])])]
}

export function groupSelect(wanted: readonly Wanted[]): string[] {
  return [...new Set(['id', 'displayName', 'visibility', ...wanted.map(({ name }) => name)])]
}

/** Whether Graph gave limited information alone: what a missing permission looks like, and no user is. */
export function isLimited(user: Thing): boolean {
  return typeof user['userPrincipalName'] !== 'string' || typeof user['accountEnabled'] !== 'boolean'
}

/** `denied` are attributes that the application may not read, which Graph leaves out without a word. */
export function userOf(thing: Thing, wanted: readonly Wanted[], denied: ReadonlySet<string>): SourceUser {
  const { id } = thing
  const enabled = thing['accountEnabled']
  const limited = isLimited(thing)
  const { attributes, unknown } = attributesOf(thing, wanted, name => limited || denied.has(name))
  return {
    id,
    enabled: limited || typeof enabled !== 'boolean' ? undefined : enabled,
    name: textOf(thing['displayName']) ?? textOf(thing['userPrincipalName']) ?? id,
    attributes,
    ...(unknown && { unknown }),
  }
}

/** Undefined where the group has no name, which no group is without. */
export function groupOf(thing: Thing, wanted: readonly Wanted[], hides: boolean): SourceGroup | undefined {
  const name = textOf(thing['displayName'])
  if (name === undefined) return undefined
  const { attributes, unknown } = attributesOf(thing, wanted, () => false)
  const hidden = hides && isHidden(thing)
  return { id: thing.id, name, attributes, ...(unknown && { unknown }), ...(hidden && { membersUnknown: true }) }
}

function isHidden(group: Thing): boolean {
  const visibility = group['visibility']
  return typeof visibility === 'string' && visibility.toLowerCase() === 'hiddenmembership'
}

function attributesOf(thing: Thing, wanted: readonly Wanted[], untold: (name: string) => boolean) {
  const found: Record<string, Value> = {}
  let unknown: string[] | undefined
  for (const { name, type } of wanted) {
    const raw = name in WORKED_OUT ? workedOut(name, thing) : thing[name]
    const value = valueOf(raw, type)
    if (value === undefined && (untold(name) || isOtherwise(raw))) (unknown ??= []).push(name)
    if (value !== undefined) found[name] = value
  }
  const attributes: Attributes = found
  return { attributes, unknown }
}

function workedOut(name: string, user: Thing): unknown {
  if (name === 'manager') {
    const { manager } = user
    return isRecord(manager) ? manager['id'] : manager
  }
  const principal = textOf(user['userPrincipalName'])
  return principal === undefined ? undefined : isGuest(user['userType'], principal)
}

/** `userType` may be missing on accounts of long ago; the name tells then. */
function isGuest(userType: unknown, principal: string): boolean {
  if (typeof userType === 'string' && userType !== '') return userType.toLowerCase() === 'guest'
  return principal.includes('#EXT#')
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Said, and not what it is declared to be. */
function isOtherwise(raw: unknown): boolean {
  if (raw === undefined || raw === null || raw === '') return false
  return !Array.isArray(raw) || raw.length > 0
}

/** Undefined where there is none, or another type than declared. Null is none, at any depth. */
function valueOf(raw: unknown, type: AttributeType): Value | undefined {
  if (raw === null || raw === undefined) return undefined
  if (type === 'text') return textOf(raw)
  if (type === 'boolean') return typeof raw === 'boolean' ? raw : undefined
  if (type === 'number') return typeof raw === 'number' ? raw : undefined
  if (type === 'any') return plain(raw)
  if (type === 'list') {
    if (!Array.isArray(raw)) return undefined
    const texts = raw.filter(item => typeof item === 'string' && item !== '')
    return texts.length > 0 ? texts : undefined
  }
  return 'listOf' in type === Array.isArray(raw) ? plain(raw) : undefined
}

function plain(raw: unknown): Value | undefined {
  if (Array.isArray(raw)) {
    const items = raw.map(plain).filter(item => item !== undefined)
    return items.length > 0 ? items : undefined
  }
  if (isRecord(raw)) {
    const entries = Object.entries(raw).flatMap(([name, value]): [string, Value][] => {
      const inner = name.includes('@odata.') ? undefined : plain(value)
      return inner === undefined ? [] : [[name, inner]]
    })
    return entries.length > 0 ? Object.fromEntries(entries) : undefined
  }
  return typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' ? raw : undefined
}
