/** How Google says no; bodies as documented and as seen, facts by reason. */
export class Refusal extends Error {
  readonly status: number
  readonly body: unknown

  constructor(status: number, body: unknown) {
    super(`refused with ${status}`)
    this.status = status
    this.body = body
  }
}

interface Told {
  readonly domain?: string
  readonly status?: string
  readonly location?: string
  readonly details?: readonly unknown[]
}

export function refusal(code: number, reason: string, message: string, told: Told = {}): Refusal {
  const { domain = 'global', status, location, details } = told
  const where = location === undefined ? {} : { locationType: 'parameter', location }
  return new Refusal(code, {
    error: {
      code,
      message,
      errors: [{ message, domain, reason, ...where }],
      ...(status !== undefined && { status }),
      ...(details !== undefined && { details }),
    },
  })
}

const QUOTA =
  "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service 'admin.googleapis.com' for consumer 'project_number:123456789012'."

export const REFUSALS = {
  overQuota: () => refusal(403, 'rateLimitExceeded', QUOTA, { domain: 'usageLimits', status: 'PERMISSION_DENIED' }),
  unauthorized: () =>
    refusal(
      401,
      'authError',
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
      { status: 'UNAUTHENTICATED', location: 'Authorization' },
    ),
  insufficientScope: () =>
    refusal(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.', {
      status: 'PERMISSION_DENIED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
          domain: 'googleapis.com',
        },
      ],
    }),
  forbidden: () => refusal(403, 'forbidden', 'Not Authorized to access this resource/api'),
  notFound: (what: string) => refusal(404, 'notFound', `Resource Not Found: ${what}`),
  deleted: () => refusal(412, 'conditionNotMet', 'User is deleted.'),
  invalid: (what: string) => refusal(400, 'invalid', what === '' ? 'Invalid Input' : `Invalid Input: ${what}`),
  badRequest: () => refusal(400, 'badRequest', 'Bad Request'),
  outOfRange: (name: string, value: string, low: string, high: string) =>
    refusal(400, 'invalidParameter', `Invalid value '${value}'. Values must be within the range: [${low}, ${high}]`, {
      location: name,
    }),
  /** What the front of every Google API refuses before the API itself is asked. */
  argument: (field: string, description: string) =>
    refusal(400, 'badRequest', description, {
      status: 'INVALID_ARGUMENT',
      details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description }] }],
    }),
} as const
