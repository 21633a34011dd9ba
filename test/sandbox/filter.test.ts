import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { USER } from '../../src/sandbox/attributes.ts'
import { parseFilter } from '../../src/sandbox/filter.ts'
import { matches } from '../../src/sandbox/match.ts'
import { ScimError } from '../../src/sandbox/scim-error.ts'

const ada = {
  id: '8e9a',
  userName: 'Ada@example.com',
  externalId: 'Src-1',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  active: true,
  emails: [
    { value: 'ada@example.com', type: 'work', primary: true },
    { value: 'ada@example.net', type: 'home' },
  ],
  meta: { created: '2026-03-01T09:00:00Z' },
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'R&D' },
}

describe('Ada is found', () => {
  test.each([
    'userName eq "ada@EXAMPLE.com"',
    'USERNAME Eq "ada@example.com"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@example.com"',
    'urn:IETF:params:scim:schemas:extension:enterprise:2.0:User:Department eq "r&d"',
    'externalId eq "Src-1"',
    'name.familyName sw "love"',
    'name.familyName ew "LACE"',
    'name.familyName co "vel"',
    'title ne "Engineer"',
    'not (title pr)',
    'emails co "example.net"',
    'emails.type eq "home"',
    'emails[type eq "work" and value ew "example.com"]',
    'emails[type eq "work" and primary eq true]',
    'active eq true and (title pr or name.givenName eq "ada")',
    'title pr and active eq false or userName pr',
    'meta.created gt "2026-03-01T09:59:00+01:00"',
    'meta.created le "2026-03-01T09:00:00.000Z"',
    'meta.created sw "2026"',
    'userName gt "Ab"',
    'name.middleName eq null',
    'userName eq"ada@example.com"',
    'userName eq "\\u0061da@example.com"',
  ])('by %s', filter => {
    expect(matches(ada, parseFilter(filter, USER))).toBe(true)
  })
})

describe('Ada is not found', () => {
  test.each([
    'externalId eq "src-1"', // caseExact
    'id eq "8E9A"',
    'emails[type eq "work" and value ew "example.net"]', // not one value, but two
    'userName eq 5',
    'active eq "true"',
    'nobodyHasThis eq "x"',
    'name.middleName pr',
    'userName eq null',
    'toString pr',
    '$proto pr',
    'userName ne "ADA@example.com"',
    'meta.created lt "2020-01-01T00:00:00Z"',
  ])('by %s', filter => {
    expect(matches(ada, parseFilter(filter, USER))).toBe(false)
  })
})

test.each([
  '',
  ' ',
  'userName',
  'userName eq',
  'userName eq ada',
  'userName eq "ada',
  'userName eq "\\x"',
  'userName like "ada"',
  'userName eq "a" and',
  'userName eq "a" or or title pr',
  'userName eq "a") ',
  '(userName eq "a"',
  'not userName pr',
  'emails[type eq "work"',
  'emails[type eq "work"].value eq "x"',
  'emails[addresses[type eq "work"]]',
  'a.b.c eq "x"',
  'active gt true',
  'userName gt null',
  'userName co 5',
  'x509Certificates.value gt "a"',
  '1abc eq "x"',
  'userName eq "a"title pr',
])('%j is no filter', filter => {
  expect(() => parseFilter(filter, USER)).toThrow(expect.objectContaining({ status: 400, scimType: 'invalidFilter' }))
})

test('a filter nested without end is refused, a long one is not', () => {
  const nested = `${'('.repeat(10_000)}title pr${')'.repeat(10_000)}`
  expect(() => parseFilter(nested, USER)).toThrow(/more than 50 deep/)
  const long = Array.from({ length: 20_000 }, (_, at) => `title eq "${at}"`).join(' or ')
  expect(matches({ title: '19999' }, parseFilter(long, USER))).toBe(true)
})

// A second evaluator, as plain as can be, on an AST that is written out with any spacing and case.
type Tree =
  | { readonly is: 'and' | 'or'; readonly one: Tree; readonly other: Tree }
  | { readonly is: 'not'; readonly tree: Tree }
  | Leaf
interface Leaf {
  readonly is: 'leaf'
  readonly attribute: string
  readonly op: string
  readonly value: string
}
const ATTRIBUTES = ['title', 'nickName', 'displayName', 'externalId']
const TEXTS = ['', 'a', 'A', 'ab', 'b"b', 'back\\slash', 'é', '(x)', ' and ']
const { tree } = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      is: fc.constant('leaf' as const),
      attribute: fc.constantFrom(...ATTRIBUTES),
      op: fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'pr'),
      value: fc.constantFrom(...TEXTS),
    }),
    fc.record({ is: fc.constantFrom('and' as const, 'or' as const), one: tie('tree'), other: tie('tree') }),
    fc.record({ is: fc.constant('not' as const), tree: tie('tree') }),
  ),
}))

function written(node: Tree, above: 'or' | 'and' | 'top'): string {
  if (node.is === 'not') return `not (${written(node.tree, 'top')})`
  if (node.is === 'leaf') {
    return node.op === 'pr' ? `${node.attribute} pr` : `${node.attribute} ${node.op} ${JSON.stringify(node.value)}`
  }
  // Parentheses only where precedence asks for them: or in and.
  const text = `${written(node.one, node.is)} ${node.is.toUpperCase()}  ${written(node.other, node.is)}`
  return node.is === 'or' && above === 'and' ? `(${text})` : text
}

function holds(node: Tree, who: Readonly<Record<string, string>>): boolean {
  switch (node.is) {
    case 'not':
      return !holds(node.tree, who)
    case 'and':
      return holds(node.one, who) && holds(node.other, who)
    case 'or':
      return holds(node.one, who) || holds(node.other, who)
    case 'leaf':
      return compares(node, who)
  }
}

function compares(node: Leaf, who: Readonly<Record<string, string>>): boolean {
  const folded = (text: string) => (node.attribute === 'externalId' ? text : text.toLowerCase())
  const stored = who[node.attribute]
  if (node.op === 'pr') return stored !== undefined && stored !== ''
  if (stored === undefined) return node.op === 'ne'
  const [value, wanted] = [folded(stored), folded(node.value)]
  switch (node.op) {
    case 'eq':
      return value === wanted
    case 'ne':
      return value !== wanted
    case 'co':
      return value.includes(wanted)
    case 'sw':
      return value.startsWith(wanted)
    case 'ew':
      return value.endsWith(wanted)
    case 'gt':
      return value > wanted
    case 'ge':
      return value >= wanted
    case 'lt':
      return value < wanted
    default:
      return value <= wanted
  }
}

test('any filter, written out and read again, means what it meant', () => {
  const who = fc.dictionary(fc.constantFrom(...ATTRIBUTES), fc.constantFrom(...TEXTS))
  fc.assert(
    fc.property(tree, who, (node, one) => {
      expect(matches(one, parseFilter(written(node, 'top'), USER))).toBe(holds(node, one))
    }),
    { numRuns: 2_000 },
  )
})

test('whatever text is given, it is a filter or refused as none', () => {
  const pieces = fc.array(
    fc.constantFrom(
      'userName',
      'emails',
      ' ',
      'eq',
      '"a"',
      'and',
      'or',
      'not',
      '(',
      ')',
      '[',
      ']',
      '.',
      'pr',
      '\\',
      '"',
    ),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map(all => all.join('')),
      ),
      text => {
        const outcome = (() => {
          try {
            return parseFilter(text, USER).filter
          } catch (thrown) {
            return thrown instanceof ScimError ? thrown.scimType : thrown
          }
        })()
        expect(['and', 'or', 'not', 'present', 'compare', 'values', 'invalidFilter']).toContain(outcome)
      },
    ),
    { numRuns: 3_000 },
  )
})
