/** Runs what was built as its users do: the command from elsewhere, on an older Node, with each source, and the library by its name. */
import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transform } from 'esbuild'
import packageJson from '../../package.json' with { type: 'json' }
import { ROOT } from './command.ts'
import { smokeSources } from './smoke-sources.ts'

const launcher = join(ROOT, 'dist/rollcall.js')
const folder = mkdtempSync(join(tmpdir(), 'rollcall-smoke-'))
const linked = join(folder, 'rollcall')
symlinkSync(launcher, linked)

function node(...options: string[]): SpawnSyncReturns<string> {
  const env = { ...process.env, XDG_CACHE_HOME: folder }
  return spawnSync(process.execPath, options, { cwd: folder, encoding: 'utf8', env })
}

try {
  const version = node(linked, '--version')
  assert.deepEqual([version.stdout, version.status], [`${packageJson.version}\n`, 0], version.stderr)
  const help = node(linked, '--help')
  assert.match(help.stdout, /^ {2}plan /m, help.stderr)

  const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })"
  const refused = node('--import', `data:text/javascript,${encodeURIComponent(older)}`, linked, '--version')
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /^rollcall: .*20\.1\.0.*Node 24/)
  const text = readFileSync(launcher, 'utf8')
  const [now, then] = await Promise.all(['esnext', 'node14'].map(target => transform(text, { target })))
  assert.equal(now?.code, then?.code, 'dist/rollcall.js must be such that older Nodes can parse it')

  const chunks = globSync('*.js', { cwd: join(ROOT, 'dist') }).filter(name => name !== 'rollcall.js')
  for (const chunk of chunks) await import(new URL(`../../dist/${chunk}`, import.meta.url).href)
  const library: object = await import(packageJson.name)
  assert.ok('RollcallError' in library)
  await smokeSources(launcher, folder)
  console.log(`rollcall ${packageJson.version}: the command answers, ${chunks.length} files load`)
} finally {
  rmSync(folder, { recursive: true })
}
