/** An answer before it is sent. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Empty where there is no body. */
  readonly text: string
  /** Whether that is not what its type says. */
  readonly broken?: true
}

export const JSON_TYPE = {
  'content-type': 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...JSON_TYPE, ...headers }, text: JSON.stringify(body) }
}

/** Text that is JSON already. */
export function raw(text: string): Answer {
  return { status: 200, headers: JSON_TYPE, text }
}

export function plain(text: string): Answer {
  return { status: 200, headers: { 'content-type': 'text/plain' }, text }
}

/** What Graph says when it refuses. */
export class Refused extends Error {
  readonly answer: Answer
  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.answer = refusal(status, code, message, headers)
  }
}

export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return json(status, { error: { code, message, innerError: INNER } }, headers)
}

const INNER = {
  date: '2026-11-25T06:00:00',
  'request-id': '63f2093c-0000-4000-8000-000000000000',
  'client-request-id': 'e60ed0ba-0000-4000-8000-000000000000',
}

export const bad = (message: string) => new Refused(400, 'BadRequest', message)
export const unsupported = (message: string) => new Refused(400, 'Request_UnsupportedQuery', message)
export const denied = () =>
  new Refused(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
export const noSegment = (segment: string) => bad(`Resource not found for the segment '${segment}'.`)
export const noSuch = (id: string) =>
  new Refused(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  )
