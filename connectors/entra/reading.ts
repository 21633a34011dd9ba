import type { Place, ReadingPart, ReadRequest } from '../../src/connector.ts'
import type { EntraOptions } from './options.ts'
import { readAll } from './full.ts'
import { openSession, runOf, type Tuning } from './session.ts'

export async function* read(
  options: EntraOptions,
  place: Place,
  request: ReadRequest,
  tuning: Tuning,
): AsyncGenerator<ReadingPart> {
  const session = await openSession(options, place, request.signal, tuning)
  try {
    const run = runOf(session, request, request.signal)
    yield* readAll(run, 'nothing to build upon')
  } finally {
    await session.graph.close()
  }
}
