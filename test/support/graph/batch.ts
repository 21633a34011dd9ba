import { bad } from './answer.ts'

export interface BatchItem {
  readonly id: string
  readonly method: string
  /** With the version. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** The items of a batch; throws what Graph refuses as malformed. */
export function parseBatch(text: string): BatchItem[] {
  const requests = requestsOf(text)
  if (requests.length > 20) throw bad(`Number of batch request steps exceeds the maximum value of 20.`)
  const ids = new Set<string>()
  return requests.map(({ id, method, url, headers, dependsOn }) => {
    if (typeof id !== 'string' || typeof method !== 'string' || typeof url !== 'string') {
      throw bad('Invalid batch payload format.')
    }
    if (ids.has(id)) throw bad(`Request Id ${id} has to be unique in a batch.`)
    if (dependsOn !== undefined) throw bad('The double has no order among the items of a batch.')
    ids.add(id)
    const own = typeof headers === 'object' && headers !== null ? Object.entries(headers) : []
    return {
      id,
      method: method.toUpperCase(),
      path: `/v1.0${url.startsWith('/') ? '' : '/'}${url}`,
      headers: Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), String(value)])),
    }
  })
}

function requestsOf(text: string): Record<string, unknown>[] {
  try {
    const { requests } = JSON.parse(text) as { requests?: unknown }
    if (Array.isArray(requests) && requests.length > 0) return requests as Record<string, unknown>[]
  } catch {
    // Said below.
  }
  throw bad('Invalid batch payload format.')
}
