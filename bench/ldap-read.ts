/**
 * How long a reading of 100 000 users, 2 000 groups and 300 000 direct memberships takes, beside OpenLDAP's own
 * ldapsearch on the same server, with the same filters, attributes and page size: medians of alternating runs. The
 * second count of a reading is left out, since ldapsearch has none. The reader is a process of its own, bundled as the
 * command is: Node would hold its stripper of types otherwise.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { groupLayout, userLayout } from '../connectors/ldap/convert.ts'
import { vendorOf } from '../connectors/ldap/vendors.ts'
import { largeCompany } from '../test/support/large.ts'
import { GROUPS, PEOPLE } from '../test/support/ldif.ts'
import { LDAPSEARCH, READER, slapdAvailable, startSlapd } from '../test/support/slapd.ts'
import { figure, median } from './figure.ts'

const SIZE = { users: 100_000, groups: 2_000, memberships: 300_000, seed: 20_261_125 }
const RUNS = 7
const ASKED = ['givenName', 'sn', 'mail', 'title', 'telephoneNumber', 'departmentNumber']

if (slapdAvailable) await measure()
else
  process.stderr.write('ldap-read: left out, since there is no slapd here (Debian: apt-get install slapd ldap-utils)\n')

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-ldap-'))
  const script = join(folder, 'drain.mjs')
  const server = await startSlapd({ ldif: largeCompany(SIZE).ldif })
  try {
    await build({
      entryPoints: [join(import.meta.dirname, 'ldap-drain.ts')],
      outfile: script,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
    })
    drain(script, server.url) // fills the server's caches
    const runs = Array.from({ length: RUNS }, () => ({ floor: searched(server.url), ...drain(script, server.url) }))
    figure({
      bench: 'ldap-read',
      value: median(runs.map(({ seconds }) => seconds)),
      unit: 's',
      floor: median(runs.map(({ floor }) => floor)),
      peakMiB: Math.max(...runs.map(({ peakMiB }) => peakMiB)),
    })
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
}

function drain(script: string, url: string): { readonly seconds: number; readonly peakMiB: number } {
  const env = { ...process.env, LDAP_PASSWORD: READER.password }
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, url, ...ASKED], { encoding: 'utf8', env })
  if (status !== 0) throw new Error(`the reader ended ${status}: ${stderr}`)
  const { users, groups, members, seconds, peakMiB } = JSON.parse(stdout)
  if (users !== SIZE.users || groups !== SIZE.groups || members !== SIZE.memberships) {
    throw new Error(`read ${users} users, ${groups} groups, ${members} memberships`)
  }
  return { seconds, peakMiB }
}

function searched(url: string): number {
  const vendor = vendorOf('openldap')
  const start = performance.now()
  for (const [base, filter, slots] of [
    [GROUPS, vendor.groups, groupLayout(vendor, ['description'], {}).slots],
    [PEOPLE, vendor.users, userLayout(vendor, vendor.disabled, ASKED, {}).slots],
  ] as const) {
    const how = ['-LLL', '-x', '-o', 'ldif-wrap=no', '-D', READER.dn, '-w', READER.password, '-H', url]
    const what = ['-E', 'pr=1000/noprompt', '-b', base, filter, ...slots.map(({ name }) => name)]
    const { status } = spawnSync(LDAPSEARCH, [...how, ...what], { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) throw new Error(`ldapsearch ended ${status}`)
  }
  return (performance.now() - start) / 1000
}
