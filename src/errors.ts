/**
 * What stops a run. A message says where, what, and what now; `cause` keeps the evidence; neither holds a
 * secret. Codes are stable words for programs; exit codes are those of the command line.
 */
export type ErrorCode =
  | 'usage' // wrong usage of the command line
  | 'config_invalid' // config or profile at fault; the message lists every fault
  | 'secret_unavailable' // a SECRET could not be got
  | 'source_incomplete' // a source failed, or answered with less than everything
  | 'source_denied' // a source refused the credential or a permission
  | 'target_incomplete' // the target's listing cannot be trusted
  | 'target_denied' // 401, 403: stops the run
  | 'target_unavailable' // no answer worth having after every attempt
  | 'target_rejected' // the target refused one request for good (400, 409 …): fails one change
  | 'target_gone' // 404 on a write: what the link points at is not there
  | 'unknown_outcome' // a write was sent and nobody can say whether it took place
  | 'plan_invalid' // a plan file that is not one, was altered, is stale or already applied
  | 'over_limit' // a plan over its limits, without approval
  | 'busy' // another run is at work on this state
  | 'state_unusable' // state folder or file: newer version, no space, no permission
  | 'interrupted'

export class RollcallError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'RollcallError'
    this.code = code
  }
}

/** The exit code of a run that this error stopped. */
export function exitCode(code: ErrorCode): number {
  switch (code) {
    case 'usage':
      return 64
    case 'config_invalid':
    case 'secret_unavailable':
      return 78
    case 'over_limit':
      return 3
    case 'busy':
      return 5
    case 'interrupted':
      return 130
    case 'source_incomplete':
    case 'source_denied':
    case 'target_incomplete':
    case 'target_denied':
    case 'target_unavailable':
    case 'target_rejected':
    case 'target_gone':
    case 'unknown_outcome':
    case 'plan_invalid':
    case 'state_unusable':
      return 1
  }
}
