import { check } from '../../../connectors/google/check.ts'
import { TUNING, type Tuning } from '../../../connectors/google/client.ts'
import { type GoogleOptions, options } from '../../../connectors/google/options.ts'
import { read } from '../../../connectors/google/reading.ts'
import type { Source } from '../../../src/connector.ts'
import type { GoogleDouble } from '../../support/google/index.ts'

/** As much patience as is usual, with next to no waits. */
export const QUICK: Tuning = {
  ...TUNING,
  patience: { ...TUNING.patience, first: 1, longest: 2 },
  deadlines: { connect: 2_000, silence: 300, whole: 5_000 },
  look: { times: 3, wait: 1 },
}

type More = Readonly<Record<string, unknown>>

/** Options as a config gives them, for the double, by the key that it has for its service account. */
export function given(double: GoogleDouble, more: More = {}): GoogleOptions {
  const name = `GOOGLE_TEST_KEY_${new URL(double.url).port}`
  process.env[name] = JSON.stringify(double.key)
  return options.parse({
    admin: double.admin,
    credential: { key: { env: name } },
    endpoints: { admin: double.url, token: double.tokenUrl, iam: double.iamUrl },
    requestsPerMinute: 1_000_000,
    ...more,
  })
}

/** A source that reads the double, without a wait worth the name. */
export function sourceAt(double: GoogleDouble, more: More = {}, tuning: Partial<Tuning> = {}): Source {
  const place = { name: 'hq', folder: import.meta.dirname }
  const all = { ...QUICK, ...tuning }
  return {
    name: 'hq',
    kind: 'google',
    read: request => read(given(double, more), place, request, all),
    check: (signal, asked) => check(given(double, more), place, signal, asked, all),
  }
}
