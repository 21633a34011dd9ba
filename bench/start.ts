/** How much longer `rollcall --help` takes than node does for nothing: medians of alternating runs. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../test/setup/build.ts'
import { figure, median } from './figure.ts'

const RUNS = 15
const command = join(import.meta.dirname, '../dist/rollcall.js')
const folder = mkdtempSync(join(tmpdir(), 'rollcall-start-'))

await bundle()
run(command, '--help') // fills the compile cache
const times = Array.from({ length: RUNS }, () => ({ bare: run('--eval', '0').time, help: run(command, '--help').time }))
const floor = median(times.map(({ bare }) => bare))
const value = median(times.map(({ help }) => help)) - floor
figure({ bench: 'start', value, unit: 'ms over bare node', floor, peakMiB: peak() })
rmSync(folder, { recursive: true })

function run(...options: string[]): { readonly time: number; readonly stderr: string } {
  const start = performance.now()
  const env = { ...process.env, XDG_CACHE_HOME: folder }
  const { status, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8', env })
  const time = performance.now() - start
  if (status !== 0) throw new Error(`node ${options.join(' ')} ended ${status}: ${stderr}`)
  return { time, stderr }
}

/** What the command itself held: it says so as it ends. */
function peak(): number {
  const tell = "process.on('exit', () => process._rawDebug(process.resourceUsage().maxRSS))"
  return Math.round(Number(run('--import', `data:text/javascript,${tell}`, command, '--help').stderr) / 1024)
}
