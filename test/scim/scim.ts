import { onTestFinished } from 'vitest'
import { openTarget } from '../../src/scim/target.ts'
import { loadDialect } from '../../src/scim/dialect.ts'
import type { Dialect } from '../../src/model.ts'
import type { Target, TargetPart } from '../../src/target.ts'
import { type Heard, type Reply, scripted } from '../support/http.ts'

export const signal = new AbortController().signal
export const TOKEN = 'token-that-nobody-may-see'

/** A dialect with some knobs turned. */
export async function dialectWith(change: (dialect: Dialect) => Partial<Dialect> = () => ({})): Promise<Dialect> {
  const generic = await loadDialect('generic', '.')
  return { ...generic, ...change(generic) }
}

/** A target at a server that answers as the test says; waits are a few milliseconds. */
export async function targetAt(
  answer: (heard: Heard, nth: number) => Reply | Promise<Reply>,
  options: { readonly dialect?: Dialect; readonly headers?: Record<string, string>; readonly largest?: number } = {},
) {
  const server = await scripted(answer)
  const target = openTarget({
    name: 'directory',
    url: `${server.url}/scim/v2/`,
    token: TOKEN,
    dialect: options.dialect ?? (await dialectWith()),
    ...(options.headers && { headers: options.headers }),
    patience: { attempts: 3, first: 2, longest: 200, giveUp: 5_000 },
    ...(options.largest !== undefined && { largest: options.largest }),
    deadlines: { connect: 1_000, silence: 500, whole: 2_000 },
  })
  onTestFinished(() => target.close())
  return { target, heard: server.heard, url: server.url }
}

export function list(resources: readonly unknown[], total = resources.length, more: object = {}): Reply {
  return {
    json: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: total,
      itemsPerPage: resources.length,
      ...more,
      Resources: resources,
    },
  }
}

export function person(n: number, more: object = {}) {
  return { id: `id-${n}`, userName: `person${n}@example.com`, externalId: `ext-${n}`, active: true, ...more }
}

export function people(count: number) {
  return Array.from({ length: count }, (_, index) => person(index + 1))
}

/** What a server that pages well answers. */
export function pageOf(resources: readonly unknown[], { query }: Heard, cap = Number.POSITIVE_INFINITY): Reply {
  const start = Math.max(1, Number(query.get('startIndex') ?? 1))
  const count = Math.min(cap, Number(query.get('count') ?? 100))
  return list(resources.slice(start - 1, start - 1 + count), resources.length, { startIndex: start })
}

export async function everything(target: Target) {
  const parts: TargetPart[] = []
  for await (const part of target.read({ signal })) parts.push(part)
  const end = parts.at(-1)
  if (end?.part !== 'end') throw new Error('no end')
  return {
    users: parts.flatMap(part => (part.part === 'users' ? part.users : [])),
    groups: parts.flatMap(part => (part.part === 'groups' ? part.groups : [])),
    members: Object.fromEntries(parts.flatMap(part => (part.part === 'members' ? [[part.group, part.members]] : []))),
    certificate: end.certificate,
    why: end.certificate.checks.filter(({ passed }) => !passed).map(({ detail }) => detail),
  }
}
