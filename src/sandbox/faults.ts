import { RollcallError } from '../errors.ts'

/** Every way to misbehave: what stands behind `=`, what goes without saying, and what it does. */
const FAULTS = {
  'ignored-filters': flag('a filter is ignored: everything is listed'),
  'repeat-page': flag('every page of a listing is the first one'),
  'short-total': flag('totalResults says how many are on the page'),
  'lying-total': value('N', 7, 'totalResults is N too high, or too low below zero', /^-?\d+$/),
  'page-max': value('N', 10, 'pages hold no more than N resources, whatever was asked for'),
  'hidden-members': flag('groups show no members'),
  'truncated-members': value('N', 10, 'groups show no more than N members'),
  'create-without-id': every(1, 'each Nth creation is answered 201 without an id'),
  'rate-limit': text(
    'N[:AFTER]',
    /^\d+(:(\d+|none|date|reset))?$/,
    '429 after every N requests; AFTER: Retry-After in seconds, none, date (HTTP date) or reset (X-RateLimit-Reset)',
  ),
  unavailable: every(10, 'each Nth request is answered 503, and not carried out'),
  'unavailable-after-commit': every(10, 'each Nth write is carried out and answered 503'),
  'error-500': every(10, 'each Nth request is answered 500, and not carried out'),
  'drop-after-commit': every(10, 'each Nth write is carried out, and the connection dropped without an answer'),
  'drop-before-commit': every(10, 'each Nth write is dropped with its connection, and not carried out'),
  slow: value('MS', 200, 'every answer takes MS milliseconds'),
  html: every(1, 'each Nth answer is a page of HTML with status 200; nothing is carried out'),
  'truncated-json': every(1, 'each Nth answer breaks off in the middle'),
  redirect: text('URL', /^https?:\/\//, 'every request is answered 307 to URL'),
  'ignore-clear': flag('clearing an attribute of a user is answered well, and has no effect'),
  'ignore-rename': flag('renaming a group is answered well, and has no effect'),
  rewrite: flag('userName is stored in lower case, and displayName made from the name where it is missing'),
  'stale-reads': value('MS', 1_000, 'for MS milliseconds after a write, reads show what was there before'),
  'conflict-without-scimtype': flag('409 comes without scimType'),
  'reject-path-filter': flag('removing members by a filter in the path is refused with 400'),
  'reject-value-array': flag('removing members by a list as value is refused with 400'),
  'partial-members': flag('an unknown member fails the request, but the others of the request are added'),
  'fail-member': text(
    'WHO[:STATUS]',
    /^.+$/,
    'a PATCH that names this member (id or userName) fails with STATUS, 500 unless told',
  ),
  'forget-attribute': text(
    'NAME',
    /^.+$/,
    'this attribute of a user is dropped without a word: nickName, name.middleName, urn:…:User:department',
  ),
  unmanaged: text('DOMAIN', /^.+$/, 'people with an address in DOMAIN have unmanaged accounts'),
  'taken-group': text('NAME', /^.+$/, 'a group of this name exists where the directory does not show it'),
} as const satisfies Record<string, Fault>

interface Fault {
  readonly placeholder: string
  /** Used where no value is given. */
  readonly usual: string | undefined
  readonly takes: RegExp
  readonly does: string
}

export type FaultName = keyof typeof FAULTS

function flag(does: string): Fault {
  return { placeholder: '', usual: 'on', takes: /^on$/, does }
}
function every(usual: number, does: string): Fault {
  return value('N', usual, does, /^[1-9]\d*$/)
}
function value(placeholder: string, usual: number, does: string, takes = /^\d+$/): Fault {
  return { placeholder, usual: String(usual), takes, does }
}
function text(placeholder: string, takes: RegExp, does: string): Fault {
  return { placeholder, usual: undefined, takes, does }
}

/** One line for each fault, for people. */
export function faultList(): string {
  const lines = Object.entries(FAULTS).map(([name, { placeholder, usual, does }]) => {
    const shown = placeholder === '' ? name : `${name}=${placeholder}`
    const unless = placeholder !== '' && usual !== undefined ? ` (${usual} unless told)` : ''
    return `  ${shown.padEnd(28)} ${does}${unless}`
  })
  return lines.join('\n')
}

/** The switches as they stand. */
export interface Faults {
  /** `NAME=VALUE` or `NAME`; `NAME=off` turns it off. Throws `usage`, which lists all. */
  parse(spec: string): void
  /** Undefined turns it off. Throws `usage`. */
  set(name: string, given: string | undefined): void
  text(name: FaultName): string | undefined
  number(name: FaultName): number | undefined
  /** Counts one more; true each Nth time since the fault was set to N. */
  due(name: FaultName): boolean
  /** The same, where N is not the fault's value alone. */
  turn(name: FaultName, every: number): boolean
}

export function faults(): Faults {
  const on = new Map<FaultName, { readonly value: string; count: number }>()
  const set = (name: string, given: string | undefined) => {
    if (!isFault(name))
      throw new RollcallError('usage', `there is no fault ${JSON.stringify(name)}. There are:\n${faultList()}`)
    const { takes, usual, placeholder } = FAULTS[name]
    if (given === undefined || given === 'off') {
      on.delete(name)
      return
    }
    const value = given === '' ? usual : given
    if (value === undefined || !takes.test(value)) {
      const form = placeholder === '' ? `${name}, or ${name}=off` : `${name}=${placeholder}`
      throw new RollcallError(
        'usage',
        `fault ${name}: ${JSON.stringify(given)} is not what it takes; say ${form}. There are:\n${faultList()}`,
      )
    }
    on.set(name, { value, count: 0 })
  }
  const textOf = (name: FaultName) => on.get(name)?.value
  const numberOf = (name: FaultName) => {
    const value = textOf(name)
    return value === undefined ? undefined : Number(value)
  }
  const turn = (name: FaultName, every: number) => {
    const fault = on.get(name)
    if (fault === undefined) return false
    fault.count += 1
    return fault.count % every === 0
  }
  return {
    set,
    parse(spec) {
      const [name = '', ...rest] = spec.split('=')
      set(name, rest.join('='))
    },
    text: textOf,
    number: numberOf,
    due: name => turn(name, numberOf(name) ?? 1),
    turn,
  }
}

function isFault(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name)
}
