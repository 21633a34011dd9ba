import { type EntraOptions, options } from '../../../connectors/entra/options.ts'
import type { Tuning } from '../../../connectors/entra/session.ts'
import { openSource } from '../../../connectors/entra/source.ts'
import type { Source } from '../../../src/connector.ts'
import type { GraphDouble } from '../../support/graph/index.ts'

/** No test waits for seconds: refusals are asked about again almost at once. */
export const HASTE: Tuning = {
  patience: { attempts: 5, first: 1, longest: 20, giveUp: 60_000 },
  deadlines: { connect: 5_000, silence: 500, whole: 5_000 },
  haste: 100,
  secondLook: 1,
}

/** Options as a config gives them, for the application that the double knows. */
export function given(graph: GraphDouble, more: Readonly<Record<string, unknown>> = {}): EntraOptions {
  process.env['ENTRA_TEST_SECRET'] = graph.secret
  process.env['ENTRA_TEST_CA'] = graph.ca
  return options.parse({
    tenant: graph.tenant,
    client: graph.client,
    credential: { secret: { env: 'ENTRA_TEST_SECRET' } },
    endpoints: { login: graph.login, graph: graph.url },
    tls: { ca: { env: 'ENTRA_TEST_CA' } },
    ...more,
  })
}

export function sourceAt(
  graph: GraphDouble,
  more: Readonly<Record<string, unknown>> = {},
  tuning: Tuning = {},
): Source {
  return openSource('entra', given(graph, more), { name: 'hq', folder: import.meta.dirname }, { ...HASTE, ...tuning })
}
