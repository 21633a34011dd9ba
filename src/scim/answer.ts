import { RollcallError } from '../errors.ts'
import type { Answer } from '../http/pace.ts'
import type { Dialect } from '../model.ts'

/** What an error answer says, in whatever shape. */
export interface Told {
  readonly scimType?: string
  /** For people: one line without control characters, and without the secrets. */
  readonly detail: string
}

/** Reads SCIM errors (RFC 7644 §3.12), `{error, traceId}`, `{message}`, plain text; of HTML only that it is that. */
export function toldBy({ text, headers }: Answer, secrets: readonly string[]): Told {
  const isHtml = /^\s*</.test(text) || String(headers['content-type']).includes('html')
  const body = isHtml ? undefined : parseJson(text)
  if (!isRecord(body)) return { detail: isHtml ? 'a web page, not SCIM' : oneLine(text, secrets) }
  const [detail] = ['detail', 'message', 'error', 'error_description', 'description'].flatMap(name => {
    const value = body[name]
    return typeof value === 'string' && value !== '' ? [value] : []
  })
  const { scimType, traceId } = body
  const trace = typeof traceId === 'string' ? ` (traceId ${traceId})` : ''
  return {
    detail: oneLine(`${detail ?? ''}${trace}`, secrets),
    ...(typeof scimType === 'string' && /^\w{1,40}$/.test(scimType) && { scimType }),
  }
}

/** The error that an answer other than 2xx stands for. `what`: target, method and path. */
export function refusalOf(what: string, answer: Answer, secrets: readonly string[], isWrite: boolean): RollcallError {
  const { status } = answer
  if (status < 400) {
    const place = originOf(answer.headers['location'])
    return new RollcallError(
      'target_unavailable',
      `${what} was answered with a redirect (${status})${place ? ` to ${place}` : ''}, which is not followed: the credential stays with the configured origin. Correct the target's url.`,
    )
  }
  const { scimType, detail } = toldBy(answer, secrets)
  const said = [String(status), scimType, detail].filter(Boolean).join(' ')
  if (status === 401 || status === 403)
    return new RollcallError(
      'target_denied',
      `${what} was denied (${said}). See whether the target's token is still valid and meant for this url, make a new one if need be, and run again.`,
    )
  if (status === 404 && isWrite) return new RollcallError('target_gone', `${what}: not there any more (${said}).`)
  return new RollcallError('target_rejected', `${what} was rejected (${said}).`)
}

/** Whether an answer to a POST means *exists already*. */
export function isConflict({ status }: Answer, { scimType, detail }: Told, dialect: Dialect): boolean {
  if (status === 409 || (status >= 400 && status < 500 && scimType === 'uniqueness')) return true
  return dialect.conflicts.some(
    conflict => conflict.status === status && detail.toLowerCase().includes(conflict.detail.toLowerCase()),
  )
}

/** Undefined where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function oneLine(text: string, secrets: readonly string[]): string {
  let line = text.slice(0, 4_000)
  for (const secret of secrets) if (secret !== '') line = line.replaceAll(secret, '[secret]')
  return (line.trim().split(/[\r\n]/)[0] ?? '').replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 300)
}

function originOf(location: string | string[] | undefined): string | undefined {
  const [text] = Array.isArray(location) ? location : [location]
  return text !== undefined && URL.canParse(text) ? new URL(text).origin : undefined
}

export function codeOf(error: unknown): RollcallError['code'] | undefined {
  return error instanceof RollcallError ? error.code : undefined
}
