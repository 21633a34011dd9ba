/** rollcall as a library: what the command line is made of, for programs that bring their own sources, targets or state. */
export type * from './connector.ts'
export { type ErrorCode, exitCode, RollcallError } from './errors.ts'
export type * from './model.ts'
export type * from './target.ts'
