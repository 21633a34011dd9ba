import type { Change, ScimResource } from '../model.ts'
import { fold, primaryEmail } from '../pipeline/canonical.ts'

/** Runs what has the same key one after another, in the order of the calls; a failure holds up nobody. */
export function oneAtATime() {
  const last = new Map<string, Promise<void>>()
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const turn = (last.get(key) ?? Promise.resolve()).then(work)
    const over = turn.then(ignore, ignore)
    last.set(key, over)
    try {
      return await turn
    } finally {
      if (last.get(key) === over) last.delete(key)
    }
  }
}

/**
 * Values that are unique at a target pass from one holder to the next: a change that takes one waits for the
 * change, earlier in the plan and still in flight, that gives it up.
 */
export function handovers() {
  const givingUp = new Map<string, Promise<unknown>>()
  return {
    /** Runs `work` once every value this change takes is free. To be called in the plan's order. */
    async inTurn<T>(change: Change, work: () => Promise<T>): Promise<T> {
      const awaited = givingUp.size === 0 ? [] : taken(change).flatMap(value => givingUp.get(value) ?? [])
      const freed = given(change)
      if (awaited.length + freed.length === 0) return work()
      const done = Promise.all(awaited).then(work)
      const settled = done.then(ignore, ignore)
      for (const value of freed) givingUp.set(value, settled)
      try {
        return await done
      } finally {
        for (const value of freed) if (givingUp.get(value) === settled) givingUp.delete(value)
      }
    },
  }
}

function ignore(): void {}

function taken(change: Change): readonly string[] {
  return 'after' in change && change.after ? uniqueValues(change, change.after) : []
}

function given(change: Change): readonly string[] {
  return 'before' in change && change.before ? uniqueValues(change, change.before) : []
}

function uniqueValues(change: Change, resource: ScimResource): readonly string[] {
  const isGroup = change.change.endsWith('-group')
  const values = {
    externalId: resource['externalId'],
    [isGroup ? 'displayName' : 'userName']: resource[isGroup ? 'displayName' : 'userName'],
    email: primaryEmail(resource),
  }
  return Object.entries(values).flatMap(([attribute, value]) =>
    typeof value === 'string' && value !== '' ? [`${isGroup} ${attribute} ${fold(value)}`] : [],
  )
}
