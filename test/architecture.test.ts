import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/**
 * Each part, and what it may import beside its own files. `state` is the file src/state.ts, `state/` the folder;
 * `npm` is any package; `connectors` is their table, which only `cli/` and the library know.
 */
const CONTRACTS = ['model', 'errors', 'connector', 'target', 'state']
const STAGE = [...CONTRACTS, 'pipeline/', 'planfile', 'npm']
const MAY_IMPORT: Readonly<Record<string, readonly string[] | 'anything'>> = {
  model: [],
  errors: [],
  connector: ['model', 'errors', 'npm'],
  target: ['model', 'errors', 'connector'],
  state: ['model', 'errors', 'connector', 'target'],
  planfile: ['model', 'errors', 'pipeline/', 'npm'],
  plan: [...STAGE, 'plan/'],
  'plan/': [...STAGE, 'plan'],
  apply: [...STAGE, 'apply/', 'plan'],
  'apply/': [...STAGE, 'apply', 'plan'],
  secret: ['errors', 'npm'],
  dn: [],
  'http/': ['errors', 'secret', 'npm'],
  'pipeline/': ['model', 'errors', 'npm'],
  'profile/': ['model', 'errors', 'connector', 'npm'],
  'report/': ['model', 'errors', 'npm'],
  'state/': [...CONTRACTS, 'pipeline/', 'npm'],
  'scim/': ['model', 'errors', 'connector', 'target', 'http/', 'npm'],
  'config/': ['connector', 'model', 'errors', 'secret', 'http/', 'profile/', 'npm'],
  'sandbox/': ['model', 'errors', 'scim/', 'npm'],
  'connectors/KIND/': ['connector', 'model', 'errors', 'secret', 'dn', 'http/', 'npm'],
  connectors: ['connector', 'connectors/KIND/'],
  'cli/': 'anything',
  index: 'anything',
}

/** The part a file belongs to: `src/plan.ts` to `plan`, `src/scim/patch.ts` to `scim/`, a connector's to `connectors/KIND/`. */
function partOf(path: string): string {
  const [top = path, first = '', ...rest] = path.split('/')
  if (top === 'connectors') return rest.length > 0 ? `connectors/${first}/` : 'connectors'
  if (top !== 'src') return top
  return rest.length > 0 ? `${first}/` : first.replace(/\.ts$/, '')
}

function row(part: string): string {
  return part.replace(/^connectors\/.+\/$/, 'connectors/KIND/')
}

function files(...patterns: string[]): { readonly path: string; readonly text: string }[] {
  return patterns
    .flatMap(pattern => globSync(pattern, { cwd: ROOT }))
    .map(path => ({ path: path.split(sep).join('/'), text: readFileSync(join(ROOT, path), 'utf8') }))
    .toSorted((one, other) => (one.path < other.path ? -1 : 1))
}

/** Imports of a file, static, dynamic and of types, as `file:line`, from part, to part. Those of Node are left out. */
function imports({ path, text }: { readonly path: string; readonly text: string }): [string, string, string][] {
  return [...text.matchAll(/(?:\bfrom|\bimport\(?)\s*'([^']+)'/g)].flatMap(({ 1: name = '', index }) => {
    if (name.startsWith('node:')) return []
    const to = name.startsWith('.') ? partOf(new URL(name, `file:///${path}`).pathname.slice(1)) : 'npm'
    return [[`${path}:${text.slice(0, index).split('\n').length}`, partOf(path), to]]
  })
}

const code = files('src/**/*.ts', 'connectors/**/*.ts')

test('every part of the program has its row', () => {
  expect([...new Set(code.map(({ path }) => row(partOf(path))))].filter(part => !(part in MAY_IMPORT))).toEqual([])
})

test('imports point inwards', () => {
  const wrong = code.flatMap(imports).filter(([, from, to]) => {
    const allowed = MAY_IMPORT[row(from)] ?? []
    const sibling = from.startsWith('connectors/') && to.startsWith('connectors/')
    return from !== to && allowed !== 'anything' && (sibling || !allowed.includes(row(to)))
  })
  expect(wrong.map(([at, from, to]) => `${at}: ${from} imports ${to}`)).toEqual([])
})

test('what is published names no path of a machine and no host of a package registry', () => {
  const published = [...code, ...files('config/**/*.*', 'docs/**/*.*', 'README.md', 'package.json', '.npmrc')]
  const local = new RegExp(`/(home|Users)/\\w|[A-Z]:\\\\Users|/root/|//(registry|deb)[.]|${RegExp.escape(`${ROOT}/`)}`)
  const wrong = published.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (local.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  )
  expect(wrong).toEqual([])
})
