import type { Connector, Place, ReadingPart, ReadRequest } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import { type GoogleOptions, options } from './options.ts'
import { declared } from './schema.ts'

/** Users and groups of Google Workspace and Cloud Identity, through the Directory API. */
export const google: Connector<GoogleOptions> = {
  kind: 'google',
  options,
  attributes: async given => declared(given),
  open(given, place) {
    return {
      name: place.name,
      kind: 'google',
      read: request => read(given, place, request),
      async *check(signal, asked) {
        const { check } = await import('./check.ts')
        yield* check(given, place, signal, asked)
      },
    }
  },
}

async function* read(given: GoogleOptions, place: Place, request: ReadRequest): AsyncGenerator<ReadingPart> {
  try {
    const reading = await import('./reading.ts')
    yield* reading.read(given, place, request)
  } catch (error) {
    if (!(error instanceof RollcallError) || error === request.signal.reason) throw error
    throw new RollcallError(error.code, `google "${place.name}": ${error.message}`, { cause: error })
  }
}
