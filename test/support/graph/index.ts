import type { GraphDouble, GraphOptions } from './model.ts'

export type {
  DeltaManners,
  Fault,
  GraphDouble,
  GraphGroup,
  GraphOptions,
  GraphOther,
  GraphRequest,
  GraphUser,
} from './model.ts'

/** Microsoft Graph on the loopback, stateful and strict; see model.ts for what it can be told. */
export function startGraph(_options: GraphOptions = {}): Promise<GraphDouble> {
  return Promise.reject(new Error('not there yet'))
}
