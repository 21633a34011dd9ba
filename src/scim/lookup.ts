import { randomUUID } from 'node:crypto'
import { RollcallError } from '../errors.ts'
import type { Dialect, ScimResource, TargetResource } from '../model.ts'
import { codeOf } from './answer.ts'
import type { Client } from './client.ts'
import { equalFilter, foldKey, sameKey } from './filter.ts'
import { listAll } from './listing.ts'
import { hasValue, type Kind, type Parsed } from './resource.ts'

export interface Lookup {
  /** Every resource that verifiably has this value, by filter where the target filters, else from a listing. */
  find(kind: Kind, attribute: string, value: string, signal: AbortSignal): Promise<readonly TargetResource[]>
  /** A POST of this resource ended otherwise than with an id: its keys are not to be taken for absent lightly. */
  doubt(kind: Kind, resource: ScimResource): void
}

/** Keys that a listing is indexed by. */
const KEYS = ['externalId', 'userName', 'displayName']
/** Milliseconds for which a listing answers for what it holds; hits are read again one by one. */
const FRESH = 60_000
/** Values that some filter somewhere gets wrong: quotes, backslashes, signs, whatever is not ASCII. */
const AWKWARD = /[^\w@. -]/

interface Index {
  readonly began: number
  readonly tick: number
  /** Folded key → ids; rejects where the listing cannot be had. */
  readonly ids: Promise<ReadonlyMap<string, readonly string[]>>
}

/**
 * Who holds a key at the target. A filter answer is a hint, never proof: each hit is checked against the key, and a
 * filter that finds nothing is not believed where the target said that the key is taken, or where filters are known
 * to err. A filter that brings strangers is held against a value nobody has; if that brings some, too, filters are
 * not used any more.
 */
export function lookup(client: Client, dialect: Dialect): Lookup {
  const ignores = new Map<Kind, boolean>()
  const indexes = new Map<Kind, Index>()
  const doubts = new Map<string, number>()
  let clock = 0
  const doubtKey = (kind: Kind, attribute: string, value: string) => `${kind} ${attribute} ${foldKey(value)}`

  const list = async (kind: Kind, signal: AbortSignal) => {
    const ids = new Map<string, string[]>()
    for await (const batch of wholly(kind, signal))
      for (const { id, resource } of batch)
        for (const attribute of KEYS) {
          const held = resource[attribute]
          if (typeof held !== 'string' || held === '') continue
          const key = `${attribute} ${foldKey(held)}`
          const others = ids.get(key)
          if (others) others.push(id)
          else ids.set(key, [id])
        }
    return ids
  }
  const indexSince = (kind: Kind, doubted: number, signal: AbortSignal): Index['ids'] => {
    const known = indexes.get(kind)
    if (known && Date.now() - known.began < FRESH && doubted < known.tick) return known.ids
    const ids = list(kind, signal)
    indexes.set(kind, { began: Date.now(), tick: ++clock, ids })
    ids.catch(() => indexes.delete(kind))
    return ids
  }
  /** A whole listing, or an error: nobody is taken for absent from half of one. */
  async function* wholly(kind: Kind, signal: AbortSignal) {
    const { faults } = yield* listAll({ client, dialect, kind, signal })
    if (faults.length > 0)
      throw new RollcallError(
        'target_incomplete',
        `${kind}s were to be looked up at the target, and its listing does not add up: ${faults.join('; ')}. Run again; if it stays so, ask the provider.`,
      )
  }

  const byListing = async (kind: Kind, attribute: string, value: string, signal: AbortSignal) => {
    const found: TargetResource[] = []
    if (!KEYS.includes(attribute)) {
      for await (const batch of wholly(kind, signal))
        found.push(...batch.filter(one => isHit(one, attribute, value)).map(plain))
      return found
    }
    const ids = await indexSince(kind, doubts.get(doubtKey(kind, attribute, value)) ?? 0, signal)
    for (const id of ids.get(`${attribute} ${foldKey(value)}`) ?? []) {
      const one = await client.get(kind, id, signal)
      if (one && isHit(one, attribute, value)) found.push(plain(one))
    }
    return found
  }

  /** Undefined where the filter is refused, or known not to be one. */
  const byFilter = async (kind: Kind, attribute: string, value: string, signal: AbortSignal) => {
    const hits: TargetResource[] = []
    const options = { client, dialect, kind, signal, query: `filter=${equalFilter(attribute, value)}` }
    try {
      for await (const batch of listAll(options)) {
        hits.push(...batch.filter(one => isHit(one, attribute, value)).map(plain))
        if (!ignores.has(kind) && batch.some(one => !isHit(one, attribute, value)))
          ignores.set(kind, await isIgnored(client, dialect, kind, attribute, signal))
        if (ignores.get(kind)) return undefined
      }
    } catch (error) {
      if (codeOf(error) === 'target_rejected' || codeOf(error) === 'target_incomplete') return undefined
      throw error
    }
    return hits
  }

  return {
    async find(kind, attribute, value, signal) {
      const { filter } = kind === 'user' ? dialect.users : dialect.groups
      if (!filter.includes(attribute) || ignores.get(kind)) return byListing(kind, attribute, value, signal)
      const spellings = attribute === 'externalId' ? [value] : [...new Set([value, value.toLowerCase()])]
      for (const spelling of spellings) {
        const hits = await byFilter(kind, attribute, spelling, signal)
        if (hits === undefined) return byListing(kind, attribute, value, signal)
        if (hits.length > 0) return hits
      }
      const isDoubtful = AWKWARD.test(value) || doubts.has(doubtKey(kind, attribute, value))
      return isDoubtful ? byListing(kind, attribute, value, signal) : []
    },
    doubt(kind, resource) {
      const tick = ++clock
      for (const attribute of KEYS) {
        const value = resource[attribute]
        if (typeof value === 'string' && value !== '') doubts.set(doubtKey(kind, attribute, value), tick)
      }
    },
  }
}

/** The canary: nobody has this value, so whoever answers it with somebody does not filter. */
async function isIgnored(client: Client, dialect: Dialect, kind: Kind, attribute: string, signal: AbortSignal) {
  const paging = dialect.paging.style === 'cursor' ? 'cursor=&count=1' : 'startIndex=1&count=1'
  const nobody = `rollcall-nobody-${randomUUID()}`
  const { resources } = await client.list(kind, `filter=${equalFilter(attribute, nobody)}&${paging}`, signal)
  return resources.length > 0
}

function isHit({ resource }: TargetResource, attribute: string, value: string): boolean {
  return hasValue(resource, attribute, held => sameKey(attribute, held, value))
}

function plain({ id, resource }: Parsed): TargetResource {
  return { id, resource }
}
