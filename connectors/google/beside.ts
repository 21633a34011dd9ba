import * as z from 'zod'
import type { Asked, CheckLine, Place } from '../../src/connector.ts'
import { RollcallError } from '../../src/errors.ts'
import { type Client, openClient, type Tuning } from './client.ts'
import type { GoogleOptions } from './options.ts'
import { SCOPES } from './scopes.ts'

interface Beside {
  readonly options: GoogleOptions
  readonly place: Place
  readonly signal: AbortSignal
  readonly tuning: Tuning
}

/** What needs scopes that reading does without. */
export async function* lookBeside(given: Beside, asked: Asked): AsyncGenerator<CheckLine> {
  const { options, signal } = given
  const { customer } = options
  const domains = await extra(given, SCOPES.domain, client =>
    client.request(
      {
        what: 'the domains',
        call: (api, seam) => api.domains.list({ customer, fields: 'domains(domainName,isPrimary,verified)' }, seam),
        shape: domainsShape,
        mayRefuse: true,
      },
      signal,
    ),
  )
  yield {
    ok: true,
    what:
      domains?.judged === 'fine'
        ? `the domains are ${domains.value.domains.map(domainText).join(', ')}`
        : `the domains are not shown: that takes the scope ${SCOPES.domain}, which is needed for nothing else`,
  }
  const named = Object.keys(options.schemas)
  if (named.length === 0 || !asked.userAttributes.has('customSchemas')) return
  const schemas = await extra(given, SCOPES.userschema, client =>
    client.request(
      {
        what: 'the custom schemas',
        call: (api, seam) =>
          api.schemas.list({ customerId: customer, fields: 'schemas(schemaName,fields(fieldName))' }, seam),
        shape: schemasShape,
        mayRefuse: true,
      },
      signal,
    ),
  )
  if (schemas?.judged !== 'fine') {
    yield {
      ok: true,
      what: `whether the custom schemas ${named.join(', ')} are there is not known: that takes the scope ${SCOPES.userschema}`,
    }
    return
  }
  yield* schemaLines(options, schemas.value.schemas)
}

const domainsShape = z.object({
  domains: z
    .array(z.object({ domainName: z.string(), isPrimary: z.boolean().optional(), verified: z.boolean().optional() }))
    .default([]),
})

const schemasShape = z.object({
  schemas: z
    .array(z.object({ schemaName: z.string(), fields: z.array(z.object({ fieldName: z.string() })).default([]) }))
    .default([]),
})

function domainText({ domainName, isPrimary, verified }: z.output<typeof domainsShape>['domains'][number]): string {
  const said = [...(isPrimary ? ['primary'] : []), ...(verified ? [] : ['not verified'])]
  return said.length > 0 ? `${domainName} (${said.join(', ')})` : domainName
}

function* schemaLines(
  { schemas }: GoogleOptions,
  there: z.output<typeof schemasShape>['schemas'],
): Generator<CheckLine> {
  for (const [name, fields] of Object.entries(schemas)) {
    const schema = there.find(({ schemaName }) => schemaName === name)
    const missing = Object.keys(fields).filter(field => !schema?.fields.some(({ fieldName }) => fieldName === field))
    const what = `the custom schema ${name} is there`
    if (schema && missing.length === 0) yield { ok: true, what }
    else {
      const names = schema ? schema.fields.map(({ fieldName }) => fieldName) : there.map(({ schemaName }) => schemaName)
      const now = `${schema ? `it has no ${missing.join(', ')}` : 'it is not'}; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}: correct schemas (names as the API has them: Admin console → Directory → Users → More options → Manage custom attributes)`
      yield { ok: false, what, now }
    }
  }
}

/** Undefined where the scope is not delegated. */
async function extra<T>(
  { options, place, signal, tuning }: Beside,
  scope: string,
  ask: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  const client = await openClient(options, [scope], place, tuning)
  try {
    await client.signIn(signal)
    return await ask(client)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof RollcallError) return undefined
    throw error
  } finally {
    await client.close()
  }
}
