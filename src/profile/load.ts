import { hash } from 'node:crypto'
import type { DeclaredAttributes } from '../connector.ts'
import type { Dialect, Expression, GroupSelector, Mapping, Position, Profile } from '../model.ts'
import { typesRead } from './attributes.ts'
import { type Checked, checkYaml, type Fault, type Path } from './document.ts'
import { type Compiling, compileCondition, compileMapping, type Written } from './expression.ts'
import { canonicalPath, isWritable, within, writablePaths } from './paths.ts'
import { compileSelector } from './selectors.ts'
import { type ProfileContent, profileShape } from './shape.ts'

export { profileShape } from './shape.ts'

/** A profile whose form is right. Whether its lines mean something is told by `compileProfile`. */
export interface ParsedProfile {
  readonly name: string
  /** As messages show it. */
  readonly file: string
  readonly source: string
  readonly target: string
  readonly content: ProfileContent
  readonly document: Pick<Checked<ProfileContent>, 'at' | 'inside'>
}

/** Reads a profile's text, every fault at once. */
export function parseProfile(
  file: string,
  name: string,
  text: string,
): { readonly profile: ParsedProfile | undefined; readonly faults: readonly Fault[] } {
  const { value, faults, at, inside } = checkYaml(file, text, profileShape)
  if (value === undefined) return { profile: undefined, faults }
  const { source, target } = value
  return { profile: { name, file, source, target, content: value, document: { at, inside } }, faults }
}

/**
 * Compiles a profile against the attributes its source declares and, where it is known, what its target's dialect
 * can take. Every fault at once.
 */
export function compileProfile(
  parsed: ParsedProfile,
  declared: DeclaredAttributes,
  dialect: Dialect | undefined,
): { readonly profile: Profile | undefined; readonly faults: readonly Fault[] } {
  const { name, file, source, target, content } = parsed
  const faults: Fault[] = []
  const lines = new Lines(parsed, declared, dialect, faults)
  const user = lines.mappings('user')
  const group = lines.mappings('group')
  lines.required('user', user, ['userName', ...(dialect?.users.required ?? [])])
  if (content.scope.groups.length > 0) lines.required('group', group, ['displayName'])
  const match = lines.keys('match', user)
  const matchGroups = lines.keys('matchGroups', group)
  const scope = lines.scope()
  if (faults.length > 0) return { profile: undefined, faults }
  const { addresses, takeOver, strangers, leavers, goneGroups, rename, mergeGroups, limits } = content
  const rules = { addresses, takeOver, strangers, leavers, goneGroups, rename, mergeGroups, limits }
  const profile = { name, file, source, target, scope, match, matchGroups, user, group, ...rules }
  return { profile: { ...profile, hash: hashOf(profile, declared, dialect) }, faults: [] }
}

class Lines {
  readonly #content: ProfileContent
  readonly #document: ParsedProfile['document']
  readonly #declared: DeclaredAttributes
  readonly #dialect: Dialect | undefined
  readonly #faults: Fault[]

  constructor(parsed: ParsedProfile, declared: DeclaredAttributes, dialect: Dialect | undefined, faults: Fault[]) {
    this.#content = parsed.content
    this.#document = parsed.document
    this.#declared = declared
    this.#dialect = dialect
    this.#faults = faults
  }

  mappings(kind: 'user' | 'group'): Mapping[] {
    const mappings: Mapping[] = []
    for (const [written, text] of Object.entries(this.#content[kind])) {
      const at = this.#document.at([kind, written], 'key')
      const known = canonicalPath(kind, written, this.#dialect)
      if ('message' in known) {
        this.#fault(at, known.message)
        continue
      }
      const { path, wanted } = known
      const twin = mappings.find(other => within(path, other.path) || within(other.path, path))
      if (twin) this.#fault(at, `${path} is mapped by the line of ${twin.path} already; remove one of the two`)
      if (!isWritable(kind, path, this.#dialect)) {
        const stored = writablePaths(kind, this.#dialect).join(', ')
        this.#fault(
          at,
          `a target with dialect ${this.#dialect?.name} does not store ${path}; remove the line. It stores ${stored}`,
        )
      }
      const compiled = compileMapping(this.#written([kind, written], text), wanted, this.#compiling(kind))
      if ('faults' in compiled) this.#faults.push(...compiled.faults)
      else mappings.push({ path, at, expression: compiled.expression })
    }
    return mappings
  }

  required(kind: 'user' | 'group', mappings: readonly Mapping[], paths: readonly string[]): void {
    const written = [...Object.keys(this.#content[kind]), ...mappings.map(({ path }) => path)]
    for (const path of new Set(paths)) {
      if (written.some(line => within(line, path) || within(path, line))) continue
      this.#fault(
        this.#document.at([kind], 'key'),
        `no line maps ${path}, which the target requires; add one, or everyone is held`,
      )
    }
  }

  /** `match` or `matchGroups`: attributes that a line maps, in the RFC's spelling. */
  keys(list: 'match' | 'matchGroups', mappings: readonly Mapping[]): string[] {
    const kind = list === 'match' ? 'user' : 'group'
    return this.#content[list].flatMap((written, index) => {
      const known = canonicalPath(kind, written, this.#dialect)
      const at = this.#document.at([list, index])
      if ('message' in known) this.#fault(at, known.message)
      else if (mappings.some(({ path }) => path === known.path)) return [known.path]
      else if (!Object.keys(this.#content[kind]).some(line => line.toLowerCase() === known.path.toLowerCase())) {
        this.#fault(at, `nobody can be recognised by ${written}, since no line maps it; add one under ${kind}:`)
      }
      return []
    })
  }

  scope(): Profile['scope'] {
    const { groups, users, when, members } = this.#content.scope
    if (groups.length === 0 && users === 'members') {
      const at = this.#document.at(['scope'], 'key')
      this.#fault(at, 'nobody is in scope; name groups, or write users: all or users: { members: [ … ] }')
    }
    const condition = when === undefined ? undefined : this.#condition(when)
    const chosen =
      typeof users === 'string' ? users : { members: this.#selectors(users.members, ['scope', 'users', 'members']) }
    return {
      groups: this.#selectors(groups, ['scope', 'groups']),
      users: chosen,
      members,
      ...(condition ? { when: condition } : {}),
    }
  }

  #selectors(selectors: ProfileContent['scope']['groups'], path: Path): GroupSelector[] {
    return selectors.flatMap((selector, index) => {
      const own = [...path, index]
      const text = typeof selector === 'object' && 'when' in selector ? selector.when : ''
      const written = this.#written([...own, 'when'], text)
      const compiled = compileSelector(selector, this.#document.at(own), written, this.#compiling('group'))
      if ('selector' in compiled) return [compiled.selector]
      this.#faults.push(...compiled.faults)
      return []
    })
  }

  #condition(when: string): Expression | undefined {
    const compiled = compileCondition(this.#written(['scope', 'when'], when), this.#compiling('user'))
    if ('expression' in compiled) return compiled.expression
    this.#faults.push(...compiled.faults)
    return undefined
  }

  #written(path: Path, text: string): Written {
    return { text, place: offset => this.#document.inside(path, offset) }
  }

  #compiling(kind: 'user' | 'group'): Compiling {
    return { kind, declared: this.#declared }
  }

  #fault(at: Position, message: string): void {
    this.#faults.push({ ...at, message })
  }
}

/** Comments and layout do not count; the types of what is read do, since they decide what comes out. */
function hashOf(profile: Omit<Profile, 'hash'>, declared: DeclaredAttributes, dialect: Dialect | undefined): string {
  const mappings = (lines: readonly Mapping[]): unknown[] =>
    lines.map(({ path, expression }) => [path, expression.text])
  const { file: _, scope, user, group, ...rules } = profile
  const reads = [...user, ...group].flatMap(({ expression }) => expression.reads)
  const content = {
    ...rules,
    scope: {
      groups: scope.groups.map(({ text }) => text),
      users: typeof scope.users === 'string' ? scope.users : scope.users.members.map(({ text }) => text),
      when: scope.when?.text ?? null,
      members: scope.members,
    },
    user: mappings(user),
    group: mappings(group),
    types: typesRead([...reads, ...(scope.when?.reads ?? [])], declared),
    dialect: dialect ? { emails: dialect.users.emails, required: dialect.users.required } : null,
  }
  return hash('sha256', JSON.stringify(sorted(content)), 'hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, sorted(inner)])
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
