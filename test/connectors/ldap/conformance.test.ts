import { spawnSync } from 'node:child_process'
import { describe } from 'vitest'
import { ldap } from '../../../connectors/ldap/index.ts'
import { conformance } from '../../conformance.ts'
import { directoryLdif, GROUPS, PEOPLE } from '../../support/ldif.ts'
import { ADMIN, READER, slapdAvailable, startSlapd, SUFFIX } from '../../support/slapd.ts'
import { given } from './given.ts'

describe.skipIf(!slapdAvailable)('a real OpenLDAP server', () => {
  conformance('ldap', {
    names: { mail: 'mail', title: 'title', description: 'description' },
    async open(directory, { breaksOff }) {
      const server = await startSlapd({
        ldif: directoryLdif(directory),
        ...(breaksOff && { limits: 'size.soft=500 size.hard=500' }),
      })
      const options = given({ url: server.url, users: { base: PEOPLE }, groups: { base: GROUPS } })
      return {
        source: ldap.open(options, { name: 'hq', folder: server.folder }),
        async state() {
          const search = ['-x', '-LLL', '-H', server.url, '-D', ADMIN.dn, '-w', ADMIN.password, '-b', SUFFIX]
          const { status, stdout } = spawnSync('ldapsearch', [...search, '-s', 'base', 'contextCSN'], {
            encoding: 'utf8',
          })
          return { status, stdout, account: READER.dn }
        },
        close: () => server.stop(),
      }
    },
  })
})
