import type { CheckLine } from '../connector.ts'
import { RollcallError } from '../errors.ts'
import type { Dialect } from '../model.ts'
import { isRecord } from './answer.ts'
import type { Client } from './client.ts'
import { parseResource } from './resource.ts'

/** Asks for one page of users and groups and for what the target says of itself; writes nothing, never throws for answers. */
export async function* checkTarget(client: Client, dialect: Dialect, signal: AbortSignal): AsyncGenerator<CheckLine> {
  for (const kind of ['user', 'group'] as const) {
    const began = Date.now()
    const line = await told(async () => {
      const { total, resources } = await client.list(kind, firstPage(dialect), signal)
      const nameless = resources.filter(raw => !parseResource(raw, kind)).length
      const what = `${total ?? 'an unknown number of'} ${kind}s, dialect ${dialect.name}, ${Date.now() - began} ms a request`
      if (nameless > 0) return { ok: false, what: `${what}; ${nameless} without an id`, now: 'ask the provider' }
      return { ok: true, what }
    })
    yield line
    if (!line.ok) return
  }
  const config: unknown = await client.discover(signal).catch((error: unknown) => {
    if (signal.aborted) throw error
    return undefined
  })
  if (!isRecord(config)) return
  for (const { says, now } of contradictions(config, dialect))
    yield { ok: false, what: `ServiceProviderConfig ${says}`, now }
}

async function told(ask: () => Promise<CheckLine>): Promise<CheckLine> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof RollcallError) || error.code === 'interrupted') throw error
    return { ok: false, what: error.message, now: adviceFor(error.code) }
  }
}

function adviceFor(code: RollcallError['code']): string {
  if (code === 'target_denied') return 'make a new token for this directory, and put it where the config says'
  return 'see whether the url is right, and whether the target is up and reachable from here'
}

/** Where the target's own description (RFC 7643 §5) and the dialect do not agree. It is known to err both ways. */
function contradictions(config: Readonly<Record<string, unknown>>, dialect: Dialect) {
  const says = (name: string) => {
    const part = config[name]
    return isRecord(part) ? part['supported'] : undefined
  }
  const found: { readonly says: string; readonly now: string }[] = []
  if (says('patch') === false && dialect.users.update === 'patch')
    found.push({ says: 'knows no PATCH', now: 'set users.update to put in the dialect, or ask the provider' })
  if (says('filter') === false && dialect.users.filter.length > 0)
    found.push({ says: 'knows no filters', now: 'set users.filter and groups.filter to [] in the dialect' })
  const pagination = config['pagination']
  if (isRecord(pagination) && pagination['index'] === false && dialect.paging.style === 'index')
    found.push({ says: 'pages by cursor only', now: 'set paging.style to cursor in the dialect' })
  return found
}

function firstPage(dialect: Dialect): string {
  return dialect.paging.style === 'cursor' ? 'cursor=&count=1' : 'startIndex=1&count=1'
}
