import type { Json } from '../model.ts'
import type { JsonObject } from './json.ts'
import type { Question } from './listing.ts'

/** Of a body: text, or text in UTF-8. */
export type Piece = string | Uint8Array

/** What is answered. A body in pieces is long, and made while it is sent. */
export interface Reply {
  readonly status: number
  readonly body?: string | Iterable<Piece>
  readonly location?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A request for users or groups, read and parsed. */
export interface Asked {
  readonly question: Question
  /** Of a POST, PUT or PATCH. */
  readonly body: Json
  /** Of the body. */
  readonly bytes: number
}

export function json(status: number, body: JsonObject): Reply {
  return { status, body: JSON.stringify(body) }
}

export const NO_CONTENT: Reply = { status: 204 }
