import { conformance } from '../../conformance.ts'
import { startGraph } from '../../support/graph/index.ts'
import { sourceAt } from './given.ts'

conformance('entra', {
  names: { mail: 'mail', title: 'jobTitle', description: 'description' },
  async open({ users, groups }, { breaksOff }) {
    const graph = await startGraph({
      users: users.map(({ id, enabled, name, mail, title }) => ({
        id,
        accountEnabled: enabled,
        displayName: name,
        userPrincipalName: `${id}@example.com`,
        mail,
        ...(title !== undefined && { jobTitle: title }),
      })),
      groups: groups.map(({ id, name, description, members }) => ({
        id,
        displayName: name,
        members,
        ...(description !== undefined && { description }),
      })),
    })
    if (breaksOff) graph.misbehave(({ path }) => (path.includes('skiptoken') ? 'no-items' : undefined))
    return {
      source: sourceAt(graph),
      state: async () => graph.writes,
      close: () => graph.close(),
    }
  },
})
