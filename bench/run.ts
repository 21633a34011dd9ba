/**
 * `npm run bench [-- NAME…]`: runs bench/NAME.ts, all of them without a NAME, one after another and each in a
 * process of its own. Every line on stdout is a figure as JSON: what was measured, and the floor beside it.
 */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** What prints a figure is a bench; the other files beside it help. */
const known = globSync('*.ts', { cwd: import.meta.dirname })
  .filter(file =>
    /^import .*\bfigure\b.* from '.\/figure\.ts'$/m.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
  )
  .map(file => basename(file, '.ts'))
  .toSorted()
const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => !known.includes(name))

if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are: ${known.join(', ')}.`)
  process.exitCode = 64
} else {
  for (const name of wanted.length > 0 ? wanted : known) {
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], { stdio: 'inherit' })
    if (status !== 0) {
      console.error(`bench ${name} failed`)
      process.exitCode = 1
    }
  }
}
