import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Dialect } from '../../src/model.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { loadDialect } from '../../src/scim/dialect.ts'

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: ReturnType<typeof JSON.parse>
}

export interface Client extends Sandbox {
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** The id of a user made with this name; the rest as given. */
  user(userName: string, more?: object): Promise<string>
  group(displayName: string, more?: object): Promise<string>
  patch(path: string, ...operations: object[]): Promise<Answer>
}

/** A sandbox that is closed when the test is over, and a client that has the token. */
export async function open(
  dialect: string | Dialect,
  options: { readonly faults?: readonly string[]; readonly data?: string } = {},
): Promise<Client> {
  const loaded = typeof dialect === 'string' ? await loadDialect(dialect, '.') : dialect
  const box = await startSandbox({ dialect: loaded, port: 0, token: 'open sesame', ...options })
  onTestFinished(() => box.close())
  const call: Client['call'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${box.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${box.token}`,
        ...(body !== undefined && { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: parsed(text) }
  }
  const made = async (path: string, body: object) => {
    const answer = await call('POST', path, body)
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.text}`)
    return answer.body.id as string
  }
  return {
    ...box,
    call,
    user: (userName, more = {}) =>
      made('/Users', { schemas: [USER], userName, emails: [{ value: userName, primary: true }], ...more }),
    group: (displayName, more = {}) => made('/Groups', { schemas: [GROUP], displayName, ...more }),
    patch: (path, ...operations) =>
      call('PATCH', path, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations }),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A payload of the RFCs, or what Atlassian's API description says of answers. */
export function fixture(name: string) {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/scim', `${name}.json`), 'utf8'))
}

export function filtered(filter: string): string {
  return `?filter=${encodeURIComponent(filter)}`
}
