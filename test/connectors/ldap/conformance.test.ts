import { spawnSync } from 'node:child_process'
import { afterAll, describe } from 'vitest'
import { conformance, type Directory } from '../../conformance.ts'
import { directoryLdif, GROUPS, PEOPLE } from '../../support/ldif.ts'
import { ADMIN, LDAPSEARCH, type Slapd, slapdAvailable, startSlapd, SUFFIX } from '../../support/slapd.ts'
import { sourceOf } from './given.ts'

/** One for each directory, for all tests: nothing is written to them. */
const servers = new Map<string, Promise<Slapd>>()

afterAll(async () => {
  for (const server of servers.values()) await (await server).stop()
})

function serverOf(directory: Directory, breaksOff: boolean): Promise<Slapd> {
  const key = `${JSON.stringify(directory).length} ${directory.users[0]?.id} ${breaksOff}`
  const limits = breaksOff ? { limits: 'size.soft=500 size.hard=500' } : {}
  const server = servers.get(key) ?? startSlapd({ ldif: directoryLdif(directory), ...limits })
  servers.set(key, server)
  return server
}

describe.skipIf(!slapdAvailable)('a real OpenLDAP server', () => {
  conformance('ldap', {
    names: { mail: 'mail', title: 'title', description: 'description' },
    async open(directory, { breaksOff }) {
      const { url } = await serverOf(directory, breaksOff)
      return {
        source: sourceOf({ url, users: { base: PEOPLE }, groups: { base: GROUPS } }),
        async state() {
          const how = ['-x', '-LLL', '-H', url, '-D', ADMIN.dn, '-w', ADMIN.password, '-b', SUFFIX, '-s', 'base']
          const { status, stdout } = spawnSync(LDAPSEARCH, [...how, 'contextCSN'], { encoding: 'utf8' })
          return { status, stdout }
        },
        close: async () => {},
      }
    },
  })
})
