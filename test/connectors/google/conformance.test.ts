import { google } from '../../../connectors/google/index.ts'
import { conformance } from '../../conformance.ts'
import { startGoogle } from '../../support/google/index.ts'
import { given, sourceAt } from './given.ts'

conformance('google', {
  names: { mail: 'primaryEmail', title: 'title', description: 'description' },
  async open(directory, { breaksOff }) {
    const double = await startGoogle({
      perMinute: Number.POSITIVE_INFINITY,
      users: directory.users.map(({ id, enabled, name, mail, title }) => ({
        id,
        primaryEmail: mail,
        suspended: !enabled,
        name: { fullName: name },
        ...(title !== undefined && { organizations: [{ title, primary: true }] }),
      })),
      groups: directory.groups.map(({ id, name, description, members }, nth) => ({
        id,
        name,
        email: `group${nth}@example.com`,
        members,
        ...(description !== undefined && { description }),
      })),
    })
    if (breaksOff) double.misbehave(({ path }) => (/users\?.*pageToken/.test(path) ? 'no-items' : undefined))
    return {
      source: breaksOff ? sourceAt(double) : google.open(given(double), { name: 'hq', folder: import.meta.dirname }),
      state: async () => double.writes,
      close: () => double.close(),
    }
  },
})
