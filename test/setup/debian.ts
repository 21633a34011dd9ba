import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'

/** Debian packages that tests run as real programs, and a file of each that shows it is there. */
const NEEDED = { slapd: '/usr/sbin/slapd', 'ldap-utils': '/usr/bin/ldapsearch' }

/**
 * Installs what the tests need of the system, where that is Debian and this is root; no service is started.
 * Returns what is missing all the same, after a notice: the tests that need it are skipped.
 */
export function prepare(): readonly string[] {
  const debian = existsSync('/usr/bin/apt-get')
  if (missing().length > 0 && debian && process.getuid?.() === 0) withoutServices(() => install(missing()))
  const still = missing()
  if (still.length === 0) {
    console.log(`${Object.keys(NEEDED).join(', ')}: there`)
    return []
  }
  const how = debian ? `sudo apt-get install ${still.join(' ')}` : 'install OpenLDAP with its server and its clients'
  console.log(`SKIPPED, since ${still.join(' and ')} cannot be found: the tests against a real LDAP server.`)
  console.log(`To run them: ${how}`)
  return still
}

function missing(): string[] {
  return Object.entries(NEEDED).flatMap(([name, file]) => (existsSync(file) ? [] : [name]))
}

function install(names: readonly string[]): void {
  console.log(`installing ${names.join(', ')}`)
  for (const command of [['update'], ['install', '--yes', '--no-install-recommends', ...names]]) {
    const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...command]
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const { status, stderr } = spawnSync('apt-get', options, { encoding: 'utf8', env })
    if (status !== 0) console.log(`apt-get ${command.join(' ')} failed: ${stderr.trim()}`)
  }
}

/** Debian starts what it installs, unless this file says no. It is gone again afterwards, after Ctrl-C too. */
function withoutServices(work: () => void): void {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return work()
  const wait = (): void => {}
  process.on('SIGINT', wait)
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    work()
  } finally {
    rmSync(policy)
    process.off('SIGINT', wait)
  }
}
