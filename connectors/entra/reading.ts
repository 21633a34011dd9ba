import type { Place, ReadingPart, ReadRequest } from '../../src/connector.ts'
import { readAll } from './full.ts'
import { readChanges } from './incremental.ts'
import type { EntraOptions } from './options.ts'
import { openSession, runOf, type Tuning } from './session.ts'

/** What changed since the last reading where that can be told without a doubt, and everything otherwise. */
export async function* read(
  options: EntraOptions,
  place: Place,
  request: ReadRequest,
  tuning: Tuning,
): AsyncGenerator<ReadingPart> {
  const stop = new AbortController()
  const signal = AbortSignal.any([request.signal, stop.signal])
  const session = await openSession(options, place, signal, tuning)
  try {
    const run = runOf(session, request, signal)
    const { since } = request
    const increment = since ? await readChanges(run, since) : { doubt: 'there is no last reading to build upon' }
    if ('parts' in increment) yield* increment.parts
    else yield* readAll(run, increment.doubt)
  } finally {
    stop.abort()
    await session.graph.close()
  }
}
