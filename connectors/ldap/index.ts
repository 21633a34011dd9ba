import type { Connector, Place, ReadingPart, ReadRequest } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import { type LdapOptions, options } from './options.ts'
import { GROUP_ATTRIBUTES, USER_ATTRIBUTES } from './schema.ts'

/** Users and groups in an LDAP directory: OpenLDAP, 389 Directory Server, FreeIPA, Active Directory, Samba and others. */
export const ldap: Connector<LdapOptions> = {
  kind: 'ldap',
  options,
  async attributes({ attributes }) {
    const declared = (schema: typeof USER_ATTRIBUTES) => {
      const own = new Set(Object.keys(attributes).map(name => name.toLowerCase()))
      const published = Object.entries(schema).filter(([name]) => !own.has(name.toLowerCase()))
      return Object.fromEntries([...published, ...Object.entries(attributes)])
    }
    return { user: declared(USER_ATTRIBUTES), group: declared(GROUP_ATTRIBUTES), caseInsensitive: true, closed: true }
  },
  open(given, place) {
    return {
      name: place.name,
      kind: 'ldap',
      read: request => read(given, place, request),
      async *check(signal) {
        const { check } = await import('./check.ts')
        yield* check(given, place, signal)
      },
    }
  },
}

async function* read(given: LdapOptions, place: Place, request: ReadRequest): AsyncGenerator<ReadingPart> {
  try {
    const reading = await import('./reading.ts')
    yield* reading.read(given, place, request)
  } catch (error) {
    if (!(error instanceof RollcallError) || error === request.signal.reason) throw error
    throw new RollcallError(error.code, `ldap "${place.name}": ${error.message}`, { cause: error })
  }
}
