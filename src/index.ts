/**
 * rollcall as a library: what the command line is made of, for programs that bring their own sources, targets, state
 * or approval. docs/library.md has a whole program.
 */
export { connectors } from '../connectors/index.ts'
export { apply, type Applied, type ApplyOptions, settle } from './apply.ts'
export { type Config, loadConfig } from './config/load.ts'
export type * from './connector.ts'
export { type ErrorCode, exitCode, RollcallError } from './errors.ts'
export type * from './model.ts'
export { plan, type Planned, type PlanOptions, readSources, type ReadSource, readTarget, type State } from './plan.ts'
export { type PlanFile, readPlan } from './planfile.ts'
export { loadDialect } from './scim/dialect.ts'
export { openTarget } from './scim/target.ts'
export { openState } from './state/open.ts'
export type * from './state.ts'
export type * from './target.ts'
