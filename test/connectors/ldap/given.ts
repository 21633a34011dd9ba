import { ldap } from '../../../connectors/ldap/index.ts'
import { type LdapOptions, options } from '../../../connectors/ldap/options.ts'
import type { Source } from '../../../src/connector.ts'
import type { FakeEntry, FakeLdap, Values } from '../../support/fake-ldap.ts'
import { READER } from '../../support/slapd.ts'

process.env['LDAP_TEST_PASSWORD'] = READER.password

/** Options as a config gives them, signing in as the account that may read. */
export function given(more: Readonly<Record<string, unknown>>): LdapOptions {
  return options.parse({ bind: { dn: READER.dn, password: { env: 'LDAP_TEST_PASSWORD' } }, ...more })
}

export function sourceOf(more: Readonly<Record<string, unknown>>): Source {
  return ldap.open(given(more), { name: 'hq', folder: import.meta.dirname })
}

export const TREE = { users: { base: 'ou=people,o=x' }, groups: { base: 'ou=groups,o=x' } }

/** A source that reads a fake server, whose users are below ou=people,o=x and groups below ou=groups,o=x. */
export function sourceAt({ url }: FakeLdap, more: Readonly<Record<string, unknown>> = {}): Source {
  return sourceOf({ url, ...TREE, ...more })
}

export const BASES: readonly FakeEntry[] = [
  { dn: 'ou=people,o=x', attributes: {} },
  { dn: 'ou=groups,o=x', attributes: {} },
]

export function person(uid: string, more: Readonly<Record<string, Values>> = {}): FakeEntry {
  return { dn: `uid=${uid},ou=people,o=x`, attributes: { entryUUID: [`id-of-${uid}`], uid: [uid], cn: [uid], ...more } }
}

export function team(cn: string, members: Values, more: Readonly<Record<string, Values>> = {}): FakeEntry {
  return {
    dn: `cn=${cn},ou=groups,o=x`,
    attributes: { entryUUID: [`id-of-${cn}`], cn: [cn], member: members, ...more },
  }
}

export function people(count: number): FakeEntry[] {
  return Array.from({ length: count }, (_, nth) => person(`p${nth}`))
}
