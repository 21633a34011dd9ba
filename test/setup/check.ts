/**
 * `npm test`: every check of the project, one after another, whatever came of those before it. The last line
 * counts them and the tests. `npm test -- NAME…` runs only the test files whose path holds one of these names.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandOf, run } from './command.ts'
import { prepare } from './debian.ts'

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const names = process.argv.slice(2)
/** Nobody reads notices there: a test that cannot run has failed. */
const ci = process.env['CI'] === 'true'
const checks: Readonly<Record<string, () => Count>> = {
  'Set-up': setUp,
  Format: () => one(run(commandOf('@biomejs/biome', 'biome'), 'format', '--error-on-warnings', '.')),
  Lint: () => one(run(commandOf('oxlint'), '--type-aware', '--deny-warnings')),
  Types: () => one(run(commandOf('typescript', 'tsc'), '-p', '.')),
  'Unused code': () => one(run(commandOf('knip'))),
  Tests: tests,
  'Build, and what was built': () =>
    one(run('test/setup/build.ts') && run('test/setup/smoke.ts') && run(commandOf('publint'), '--strict')),
}

const total = { passed: 0, failed: 0, skipped: 0 }
const failed: string[] = []
for (const [name, check] of Object.entries(checks)) {
  if (names.length > 0 && name !== 'Set-up' && name !== 'Tests') continue
  console.log(`\n==> ${name}`)
  const count = check()
  if (count.failed > 0) failed.push(name)
  total.passed += count.passed
  total.failed += count.failed
  total.skipped += count.skipped
}

console.log(failed.length > 0 ? `\n==> Failed: ${failed.join(', ')}` : '\n==> Everything passed')
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 ? 1 : 0

function one(passed: boolean): Count {
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 }
}

function setUp(): Count {
  const missing = prepare()
  return { passed: 0, failed: ci ? missing.length : 0, skipped: 0 }
}

function tests(): Count {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-test-'))
  const file = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${file}`]
    const ok = run(commandOf('vitest'), 'run', ...names, ...reporters)
    if (!existsSync(file)) return one(false)
    const report: Report = JSON.parse(readFileSync(file, 'utf8'))
    const skipped = report.numPendingTests + report.numTodoTests
    if (skipped > 0 && ci) console.log('Under CI no test may be skipped.')
    const failed = report.numFailedTests + (ci ? skipped : 0)
    // A test file that cannot be loaded has no tests to count.
    return { passed: report.numPassedTests, failed: failed === 0 && !ok ? 1 : failed, skipped: ci ? 0 : skipped }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What vitest's JSON reporter counts. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
}
