import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { rollcall } from './terminal.ts'

test('help names every command, shows where to start, and gives the exit codes', async () => {
  const { code, out, err } = await rollcall(['--help'])
  expect(code).toBe(0)
  expect(err).toBe('')
  for (const command of ['init', 'check', 'plan', 'apply', 'sync', 'explain', 'runs', 'sandbox', 'schema']) {
    expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
  }
  expect(out).toContain('$ rollcall plan -o plan.ndjson')
  for (const exit of [0, 1, 2, 3, 4, 5, 64, 78, 130]) expect(out).toMatch(new RegExp(`^  ${exit} `, 'm'))
})

test.each(['init', 'check', 'plan', 'apply', 'sync', 'explain', 'runs', 'sandbox', 'schema'])(
  'help of %s has examples and the options that hold everywhere',
  async command => {
    const { code, out } = await rollcall([command, '--help'])
    expect(code).toBe(0)
    expect(out).toContain('Examples:')
    expect(out).toContain('--log-format')
  },
)

test('the version is the package’s', async () => {
  expect(await rollcall(['--version'])).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' })
})

test.each([
  [['paln'], "unknown command 'paln' (Did you mean plan?). See: rollcall --help"],
  [['plan', '--tagret', 'x'], "unknown option '--tagret' (Did you mean --target?). See: rollcall plan --help"],
  [['apply'], "missing required argument 'file'. See: rollcall apply --help"],
  [
    ['plan', 'extra'],
    "too many arguments for 'plan'. Expected 0 arguments but got 1: extra. See: rollcall plan --help",
  ],
  [
    ['explain', 'usr', 'ada'],
    "value 'usr' is invalid for argument 'what'. Allowed choices are user, group. See: rollcall explain --help",
  ],
  [
    ['sandbox', '--port', '99999'],
    "option '--port <number>' argument '99999' is invalid. A port is 0 … 65535. See: rollcall sandbox --help",
  ],
  [
    ['plan', '--log-format', 'xml'],
    "option '--log-format <format>' argument 'xml' is invalid. Allowed choices are text, json. See: rollcall plan --help",
  ],
])('%j is wrong usage, and the message helps', async (argv, message) => {
  expect(await rollcall(argv)).toEqual({ code: 64, out: '', err: `rollcall: ${message}\n` })
})

test('wrong usage with --json is told as a document, too', async () => {
  const { code, out } = await rollcall(['plan', '--nope', '--json'])
  expect(code).toBe(64)
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'usage' } })
})

test('no command at all is wrong usage, answered with the help', async () => {
  const { code, out, err } = await rollcall([])
  expect([code, out]).toEqual([64, ''])
  expect(err).toContain('Start here:')
})

test('a command line cannot act upon the terminal it is told on', async () => {
  const { err } = await rollcall(['\x1b[2J'])
  expect(err).toContain("unknown command '\\x1b[2J'")
})
