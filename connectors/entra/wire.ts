/** Shapes of Graph's answers; pure. */

/** Something with an id. */
export interface Thing {
  readonly id: string
  readonly [property: string]: unknown
}

export interface Page {
  readonly items: readonly Thing[]
  /** The link onwards, and the one to the changes after these, as they came. */
  readonly next: string | undefined
  readonly delta: string | undefined
}

/** What came, or what is wrong with it. */
export type Parsed<Answer> = { readonly answer: Answer } | { readonly fault: string }

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isThing(value: unknown): value is Thing {
  return isRecord(value) && typeof value['id'] === 'string' && value['id'] !== ''
}

export function pageOf(body: unknown): Parsed<Page> {
  if (!isRecord(body)) return { fault: 'no JSON object' }
  const items = body['value']
  if (!Array.isArray(items)) return { fault: 'JSON without a list in it' }
  if (!items.every(isThing)) return { fault: 'a list with something in it that has no id' }
  const next = body['@odata.nextLink']
  const delta = body['@odata.deltaLink']
  return {
    answer: {
      items,
      next: typeof next === 'string' ? next : undefined,
      delta: typeof delta === 'string' ? delta : undefined,
    },
  }
}

/** A count is plain text: `893`, sometimes with a mark of its byte order before it. */
export function countOf(body: unknown): Parsed<number> {
  const text = typeof body === 'string' ? body.replace(/^\uFEFF/, '').trim() : String(body)
  return /^\d{1,12}$/.test(text) ? { answer: Number(text) } : { fault: 'no number' }
}

/** `user`, `group`, `device` …; undefined where it does not say. */
export function kindOf(thing: Thing): string | undefined {
  const type = thing['@odata.type']
  return typeof type === 'string' ? type.replace(/^#?microsoft\.graph\./, '') : undefined
}

/** The code and the message of an error's body. */
export function errorOf(body: unknown): { readonly code: string; readonly message: string } {
  const error = isRecord(body) ? body['error'] : undefined
  if (!isRecord(error)) return { code: '', message: '' }
  return { code: textOf(error['code']), message: textOf(error['message']) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\s+/g, ' ').slice(0, 200) : ''
}

/** Parsed, or the text itself. */
export function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
