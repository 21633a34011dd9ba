import type { JsonObject } from './json.ts'

/** RFC 7644 §3.12, table 9; RFC 9865. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidCursor'

/** A request refused; nothing of it has taken place. */
export class ScimError extends Error {
  readonly status: number
  readonly scimType: ScimType | undefined
  constructor(status: number, detail: string, scimType?: ScimType) {
    super(detail)
    this.status = status
    this.scimType = scimType
  }
}

export function bad(scimType: ScimType, detail: string): ScimError {
  return new ScimError(400, detail, scimType)
}

/** The body that says it. `status` is text (RFC 7644 §3.12). */
export function errorBody(status: number, detail: string, scimType?: ScimType): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(scimType && { scimType }),
    detail,
  }
}
