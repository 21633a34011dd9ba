/** Reads a tenant, once or once more, and says how long that took; for entra.ts, which starts it. */
import { mkdirSync } from 'node:fs'
import { entra } from '../connectors/entra/index.ts'
import { growSlowly } from '../src/cli/heap.ts'
import type { ReadingPart, Since } from '../src/connector.ts'
import { openState } from '../src/state/open.ts'
import type { GraphPlace } from './entra-graph.ts'
import { peakMiB } from './figure.ts'

growSlowly() // as the command does
const [place = '', folder] = process.argv.slice(2)
const { url, login, tenant, client } = JSON.parse(place) as GraphPlace
const options = entra.options.parse({
  tenant,
  client,
  credential: { secret: { env: 'ENTRA_SECRET' } },
  endpoints: { login, graph: url },
  tls: { ca: { env: 'ENTRA_CA' } },
})
const source = entra.open(options, { name: 'bench', folder: '.' })
const counts = { users: 0, groups: 0, members: 0, complete: false }

async function* read(since: Since | undefined): AsyncGenerator<ReadingPart> {
  const request = {
    userAttributes: ['mail', 'givenName', 'surname', 'jobTitle', 'department', 'preferredLanguage'],
    groupAttributes: ['description'],
    inScope: () => true,
    scope: 'everything',
    allUsers: true,
    ...(since && { since }),
    signal: new AbortController().signal,
  }
  for await (const part of source.read(request)) {
    if (part.part === 'users') counts.users += part.users.length
    if (part.part === 'groups') counts.groups += part.groups.length
    if (part.part === 'members') counts.members += part.members.length
    if (part.part === 'end') counts.complete = part.certificate.complete
    yield part
  }
}

const start = performance.now()
if (folder === undefined) {
  for await (const _ of read(undefined));
} else {
  mkdirSync(folder, { recursive: true })
  const now = new Date()
  const state = openState(folder, { command: 'bench', now })
  await state.cache.keepReading('bench', read(state.cache.since('bench')), now)
  state.close()
}
const seconds = (performance.now() - start) / 1_000
process.stdout.write(JSON.stringify({ ...counts, seconds, peakMiB: peakMiB() }))
