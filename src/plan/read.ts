import { hash } from 'node:crypto'
import type { ReadingPart, ReadRequest, Source } from '../connector.ts'
import { RollcallError } from '../errors.ts'
import type { Expression, Profile, SourceGroup } from '../model.ts'
import type { ReadOptions, ReadSource } from '../plan.ts'

/**
 * Reads every source whole or not at all. One that throws or is not certified keeps its last certified reading,
 * and the others go on (I1, I13). Throws the signal's reason when it is aborted, and what the state throws.
 */
export async function readSources(options: ReadOptions): Promise<readonly ReadSource[]> {
  const { sources, profiles, state, signal, now } = options
  const read: ReadSource[] = []
  for (const [name, source] of sources) {
    signal.throwIfAborted()
    const { cache } = state
    try {
      const request = requestFor(source, profiles, options)
      const { certificate } = await cache.keepReading(name, judged(source.read(request), request), now)
      read.push({
        source: name,
        certificate,
        certified: certificate.complete,
        standIn: cache.reading(name) !== undefined,
      })
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof RollcallError && error.code === 'state_unusable') throw error
      read.push({ source: name, certified: false, standIn: cache.reading(name) !== undefined, error })
    }
  }
  return read
}

/** Asks of every group as it comes whether it is in scope: where that cannot be told, the reading is not complete. */
async function* judged(parts: AsyncIterable<ReadingPart>, request: ReadRequest): AsyncGenerator<ReadingPart> {
  for await (const part of parts) {
    if (part.part === 'groups') for (const group of part.groups) request.inScope(group)
    yield part
  }
}

/** Exactly the attributes that profiles name; the connector adds what it needs itself. */
function requestFor(source: Source, all: readonly Profile[], options: ReadOptions): ReadRequest {
  const { state, signal, progress } = options
  const profiles = all.filter(profile => profile.source === source.name)
  const selectors = profiles.flatMap(({ scope: { groups, users } }) => [
    ...groups,
    ...(typeof users === 'object' ? users.members : []),
  ])
  const previous = state.cache.reading(source.name)?.certificate
  const since = state.cache.since(source.name)
  const userAttributes = named(
    profiles.flatMap(({ user, scope }) => [...user.map(of), ...(scope.when ? [scope.when] : [])]),
  )
  const groupAttributes = [
    ...new Set([...named(profiles.flatMap(({ group }) => group.map(of))), ...selectors.flatMap(({ reads }) => reads)]),
  ].sort()
  return {
    userAttributes,
    groupAttributes,
    scope: hash('sha256', JSON.stringify([userAttributes, groupAttributes, selectors.map(({ text }) => text)])),
    inScope: (group: SourceGroup) => selectors.some(selector => selector.matches(group)),
    allUsers: profiles.some(({ scope }) => scope.users === 'all'),
    ...(previous && { previous }),
    ...(since && { since }),
    signal,
    ...(progress && {
      progress: ({ users, groups, members }) => {
        progress({ stage: 'read', of: source.name, done: users, unit: 'users' })
        progress({ stage: 'read', of: source.name, done: groups, unit: 'groups' })
        progress({ stage: 'read', of: source.name, done: members, unit: 'members' })
      },
    }),
  }
}

function of({ expression }: { readonly expression: Expression }): Expression {
  return expression
}

function named(expressions: readonly Expression[]): string[] {
  return [...new Set(expressions.flatMap(({ reads }) => reads))].sort()
}
