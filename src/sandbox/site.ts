import type { Dialect } from '../model.ts'
import type { Behaviour } from './behaviour.ts'
import type { Faults } from './faults.ts'
import type { View } from './view.ts'
import type { Write } from './records.ts'
import type { Store } from './store.ts'

/** One sandbox: what it holds, and how it is to behave. */
export interface Site {
  /** The base URL, without a slash at its end. */
  readonly url: string
  readonly dialect: Dialect
  readonly behaviour: Behaviour
  readonly faults: Faults
  readonly store: Store
  /** The directory as reads show it. */
  readonly view: View
  /** On return the write has taken place, and is in the journal where there is one. */
  commit(write: Write): void
}
