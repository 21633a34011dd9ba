/** Reads the directory at the URL given, keeps nothing, and says how long that took; for ldap-read.ts, which starts it. */
import { options } from '../connectors/ldap/options.ts'
import { read } from '../connectors/ldap/reading.ts'
import { GROUPS, PEOPLE } from '../test/support/ldif.ts'
import { READER } from '../test/support/slapd.ts'
import { peakMiB } from './figure.ts'

const [url, ...userAttributes] = process.argv.slice(2)
const given = options.parse({
  url,
  bind: { dn: READER.dn, password: { env: 'LDAP_PASSWORD' } },
  users: { base: PEOPLE },
  groups: { base: GROUPS },
})
const request = {
  userAttributes,
  groupAttributes: ['description'],
  inScope: () => true,
  scope: 'everything',
  allUsers: true,
  signal: new AbortController().signal,
}
const counts = { users: 0, groups: 0, members: 0 }
const start = performance.now()
for await (const part of read(given, { name: 'bench', folder: '.' }, request, { counted: false })) {
  if (part.part === 'users') counts.users += part.users.length
  if (part.part === 'groups') counts.groups += part.groups.length
  if (part.part === 'members') counts.members += part.members.length
}
const seconds = (performance.now() - start) / 1000
process.stdout.write(JSON.stringify({ ...counts, seconds, peakMiB: peakMiB() }))
