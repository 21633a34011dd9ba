/** Reads the directory at the URL given, keeps nothing, and says how long that took; for google.ts, which starts it. */
import { google } from '../connectors/google/index.ts'
import { growSlowly } from '../src/cli/heap.ts'
import { peakMiB } from './figure.ts'

growSlowly() // as the command does
const [admin, token, as, requestsPerMinute] = process.argv.slice(2)
const options = google.options.parse({
  admin: as,
  credential: { key: { env: 'GOOGLE_KEY' } },
  endpoints: { admin, token },
  requestsPerMinute: Number(requestsPerMinute),
})
const counts = { users: 0, groups: 0, members: 0 }
const start = performance.now()
const parts = google.open(options, { name: 'bench', folder: '.' }).read({
  userAttributes: ['primaryEmail', 'givenName', 'familyName', 'title', 'department', 'preferredLanguage'],
  groupAttributes: ['description'],
  inScope: () => true,
  scope: 'everything',
  allUsers: true,
  signal: new AbortController().signal,
})
let failed: readonly string[] = ['no end']
for await (const part of parts) {
  if (part.part === 'users') counts.users += part.users.length
  if (part.part === 'groups') counts.groups += part.groups.length
  if (part.part === 'members') counts.members += part.members.length
  if (part.part === 'end') failed = part.certificate.checks.filter(({ passed }) => !passed).map(({ detail }) => detail)
}
const seconds = (performance.now() - start) / 1_000
process.stdout.write(JSON.stringify({ ...counts, seconds, failed, peakMiB: peakMiB() }))
