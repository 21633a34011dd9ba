import type { Place, ReadingPart, ReadRequest, Source } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import type { EntraOptions } from './options.ts'
import type { Tuning } from './session.ts'

/** One tenant. `tuning` is for tests. */
export function openSource(kind: string, options: EntraOptions, place: Place, tuning: Tuning = {}): Source {
  return {
    name: place.name,
    kind,
    read: request => read(kind, options, place, request, tuning),
    async *check(signal, asked) {
      const { check } = await import('./check.ts')
      yield* check(options, place, { signal, asked }, tuning)
    },
  }
}

async function* read(
  kind: string,
  options: EntraOptions,
  place: Place,
  request: ReadRequest,
  tuning: Tuning,
): AsyncGenerator<ReadingPart> {
  try {
    const reading = await import('./reading.ts')
    yield* reading.read(options, place, request, tuning)
  } catch (error) {
    if (!(error instanceof RollcallError) || error === request.signal.reason) throw error
    throw new RollcallError(error.code, `${kind} "${place.name}": ${error.message}`, { cause: error })
  }
}
