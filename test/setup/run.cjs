'use strict'
/*
 * `node run.cjs FILE ARGUMENTS…` runs one of the project's own scripts, on a fresh machine too: it installs the
 * packages where they are missing or not those of package-lock.json, and picks a Node that is new enough: that of
 * the machine, else the one among the packages. Any Node from 14 on can run this file.
 */
const { spawn, spawnSync } = require('child_process')
const { existsSync, readFileSync } = require('fs')
const { delimiter, dirname, join, resolve } = require('path')

const NEEDED = 24
const windows = process.platform === 'win32'
const root = resolve(__dirname, '../..')
const modules = join(root, 'node_modules')

/** Whether every package of the lock file is there in its version. Those for other platforms need not be. */
function installed() {
  const lock = join(modules, '.package-lock.json')
  if (!existsSync(lock)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(lock, 'utf8')).packages
  return Object.keys(wanted).every(path => {
    if (!path.startsWith('node_modules/') || wanted[path].link) return true
    return present[path] ? present[path].version === wanted[path].version : wanted[path].optional === true
  })
}

function install() {
  console.log('==> Packages')
  // Errors alone: on an older Node every package warns of it, and none of them is run with that one.
  const options = ['ci', '--loglevel=error', '--no-audit', '--no-fund']
  const npm = process.env.npm_execpath
  const { status } = npm
    ? spawnSync(process.env.npm_node_execpath || process.execPath, [npm, ...options], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', options, { cwd: root, stdio: 'inherit', shell: windows })
  if (status !== 0) fail('npm ci failed, as said above. Nothing was run.')
}

/** The first Node that is new enough: the one that runs npm, the one that runs this, the one among the packages. */
function newEnough() {
  const packaged = windows
    ? join(modules, `node-win-${process.arch}/bin/node.exe`)
    : join(modules, `node-${process.platform}-${process.arch}/bin/node`)
  for (const candidate of [process.env.npm_node_execpath, process.execPath, packaged]) {
    if (!candidate || !existsSync(candidate)) continue
    const { stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' })
    if (stdout && parseInt(stdout.slice(1), 10) >= NEEDED) return candidate
  }
  return fail(
    `Node ${NEEDED} or newer is needed; this is ${process.version}, and no package brings one for ` +
      `${process.platform}-${process.arch}. Install it from https://nodejs.org, then run this again.`,
  )
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

if (!installed()) install()
const node = newEnough()
process.env.PATH = [dirname(node), join(modules, '.bin'), process.env.PATH].join(delimiter)
const [file, ...options] = process.argv.slice(2)
const child = spawn(node, [join(root, file), ...options], { cwd: root, stdio: 'inherit' })
process.on('SIGINT', () => {}) // the terminal sends it to the child, too: this one waits for how it ends
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('error', error => fail(`${node} could not be started: ${error.message}`))
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : code
})
