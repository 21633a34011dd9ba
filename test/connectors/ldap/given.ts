import { options, type LdapOptions } from '../../../connectors/ldap/options.ts'
import { READER } from '../../support/slapd.ts'

/** Options as a config gives them, signing in as the account that may read. */
export function given(more: Readonly<Record<string, unknown>>): LdapOptions {
  const password = { command: [process.execPath, '-e', `process.stdout.write(${JSON.stringify(READER.password)})`] }
  return options.parse({ bind: { dn: READER.dn, password }, ...more })
}
