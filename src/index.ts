export type * from './model.ts'
export { type ErrorCode, RollcallError } from './errors.ts'
