import type {
  Dialect,
  Evaluated,
  Finding,
  Json,
  Mapped,
  Mapping,
  Position,
  Profile,
  ScimResource,
  SourceGroup,
  SourceUser,
  Subject,
} from '../model.ts'
import { valueAt } from './canonical.ts'
import { isItem, shape } from './scim-value.ts'

/**
 * A user of the source as the profile maps it, or held. Values are sent as they are; one that comes out empty is
 * left out, to be cleared at the target; one that the source could not tell is neither set nor cleared.
 */
export function mapUser(user: SourceUser, profile: Profile, dialect: Dialect): Mapped {
  const mapping = { subject: user, profile, lines: profile.user }
  const mapped = mapLines(mapping, dialect)
  return outcome(mapped, [
    ...missing(mapping, mapped, ['userName', ...dialect.users.required]),
    ...unprintable(mapping, mapped, 'userName'),
    ...(profile.addresses.length > 0 ? foreignAddresses(mapping, mapped) : []),
  ])
}

/** The same for a group; its members are not mapped but flattened. */
export function mapGroup(group: SourceGroup, profile: Profile, dialect: Dialect): Mapped {
  const mapping = { subject: group, profile, lines: profile.group }
  const mapped = mapLines(mapping, dialect)
  return outcome(mapped, [...missing(mapping, mapped, ['displayName']), ...unprintable(mapping, mapped, 'displayName')])
}

/** What `scope.when` says of a user. One of whom it cannot be told is held, and so not taken for a leaver. */
export function inScope(user: SourceUser, profile: Profile): boolean | { readonly held: Finding } {
  const { when } = profile.scope
  if (!when) return true
  const evaluated = when.evaluate(user)
  if ('value' in evaluated && typeof evaluated.value === 'boolean') return evaluated.value
  const message = `whether this user is in scope cannot be told: ${whyNot(evaluated)}`
  return { held: findingOf('held', { subject: user, profile }, when.at, message) }
}

/** One user or group, and the lines that map it. */
interface Work {
  readonly subject: Subject
  readonly profile: Profile
  readonly lines: readonly Mapping[]
}

interface Lines {
  readonly resource: ScimResource
  readonly unknown: readonly string[]
  readonly findings: readonly Finding[]
  /** Findings that hold. */
  readonly held: readonly Finding[]
}

function mapLines(mapping: Work, dialect: Dialect): Lines {
  const resource: Record<string, Json> = {}
  const unknown: string[] = []
  const findings: Finding[] = []
  const held: Finding[] = []
  for (const line of mapping.lines) {
    const { path, at, expression } = line
    const evaluated = expression.evaluate(mapping.subject)
    if ('unknown' in evaluated) {
      unknown.push(path)
      if (path === 'active') held.push(findingOf('held', mapping, at, `active cannot be told: ${whyNot(evaluated)}`))
      continue
    }
    if ('fault' in evaluated) {
      held.push(findingOf('held', mapping, at, `${path} cannot be told: ${evaluated.fault}`))
      continue
    }
    const shaped = shape(path, evaluated.value, dialect.users.emails)
    if ('fault' in shaped) {
      held.push(findingOf('held', mapping, at, `${path} ${shaped.fault}`))
      continue
    }
    if (shaped.value !== undefined) put(resource, line, shaped.value)
    const several = evaluated.several ?? (shaped.several ? '' : undefined)
    if (several !== undefined) findings.push(findingOf('several-values', mapping, at, severalValues(path, several)))
  }
  return { resource, unknown, findings, held }
}

function outcome({ resource, unknown, findings, held }: Lines, alsoHeld: readonly Finding[]): Mapped {
  const holding = [...held, ...alsoHeld]
  if (holding.length === 0) return { outcome: 'mapped', resource, unknown, findings }
  const { active } = resource
  return {
    outcome: 'held',
    active: typeof active === 'boolean' ? active : undefined,
    findings: [...holding, ...findings],
  }
}

/** Required attributes that no line gave a value. What its line already holds for is not said again. */
function missing(mapping: Work, { resource, unknown, held }: Lines, required: readonly string[]): Finding[] {
  return [...new Set(required)].flatMap(path => {
    if (valueAt(resource, path) !== undefined) return []
    const line = mapping.lines.find(candidate => isWithin(candidate.path, path))
    const at = line?.at ?? { file: mapping.profile.file, line: 1, column: 1 }
    if (held.some(finding => finding.at === placeOf(at))) return []
    const why = unknown.includes(path)
      ? 'could not be told by the source, and the target requires it; grant the permission to read it'
      : 'came out empty, and the target requires it; fill it in at the source, or map it to something that is never empty'
    return [findingOf('held', mapping, at, `${path} ${why}`)]
  })
}

/** Control characters and those that turn the direction of writing: nobody means them, and they make names look like others. */
const UNPRINTABLE = /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd]/

function unprintable(mapping: Work, { resource }: Lines, path: string): Finding[] {
  const value = resource[path]
  if (typeof value !== 'string' || !UNPRINTABLE.test(value)) return []
  return [
    findingOf(
      'held',
      mapping,
      lineOf(mapping, path),
      `${path} holds characters that cannot be seen; remove them at the source`,
    ),
  ]
}

/** A userName that looks like an address, and every e-mail, must be of the profile's domains. */
function foreignAddresses(mapping: Work, { resource }: Lines): Finding[] {
  const { addresses } = mapping.profile
  const { userName, emails } = resource
  const own = (address: string): boolean =>
    addresses.includes(address.slice(address.lastIndexOf('@') + 1).toLowerCase())
  const hold = (path: string): Finding => {
    const domains = addresses.join(', ')
    return findingOf(
      'held',
      mapping,
      lineOf(mapping, path),
      `${path} is outside ${domains}; correct it at the source, or add its domain to addresses`,
    )
  }
  const foreignName = typeof userName === 'string' && userName.includes('@') && !own(userName)
  const foreignEmail = Array.isArray(emails) && (emails as readonly Json[]).some(email => !own(addressOf(email)))
  return [...(foreignName ? [hold('userName')] : []), ...(foreignEmail ? [hold('emails')] : [])]
}

function addressOf(email: Json): string {
  const value = isItem(email) ? email['value'] : undefined
  return typeof value === 'string' && value.includes('@') ? value : ''
}

function put(resource: Record<string, Json>, line: Mapping, value: Json): void {
  const [outer, inner] = splitOf(line)
  if (inner === undefined) resource[outer] = value
  else {
    const holder = resource[outer]
    resource[outer] = isItem(holder) ? Object.assign(holder, { [inner]: value }) : { [inner]: value }
  }
}

type Split = readonly [outer: string, inner?: string]
const splits = new WeakMap<Mapping, Split>()

/** Cut once for each line: text cut anew is a slow key. */
function splitOf(line: Mapping): Split {
  const known = splits.get(line)
  if (known) return known
  const { path } = line
  const at = path.startsWith('urn:') ? path.lastIndexOf(':') : path.indexOf('.')
  const split: Split = at < 0 ? [path] : [path.slice(0, at), path.slice(at + 1)]
  splits.set(line, split)
  return split
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`)
}

function lineOf({ lines, profile }: Work, path: string): Position {
  return lines.find(line => line.path === path)?.at ?? { file: profile.file, line: 1, column: 1 }
}

function severalValues(path: string, attribute: string): string {
  const which = attribute === '' ? path : attribute
  return `${which} has several values, and the first in byte order was taken for ${path}; pick one with first(), or join() them`
}

function whyNot(evaluated: Evaluated): string {
  if ('unknown' in evaluated) return `the source could not tell ${evaluated.unknown}; grant the permission to read it`
  return 'fault' in evaluated ? evaluated.fault : 'it came out as neither true nor false; compare it with something'
}

function findingOf(
  finding: string,
  { subject, profile }: Pick<Work, 'subject' | 'profile'>,
  at: Position,
  message: string,
): Finding {
  const { id: sourceId, name } = subject
  return { finding, profile: profile.name, source: profile.source, sourceId, name, at: placeOf(at), message }
}

function placeOf({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}
