import type { TargetResource } from '../model.ts'
import type { Site } from './site.ts'

/** A direct look into a sandbox that runs in this process, past HTTP, dialect and faults. */
export interface Directory {
  /** In order of creation. */
  users(): readonly TargetResource[]
  groups(): readonly TargetResource[]
  /** Ids of a group's members; none where there is no such group. */
  members(groupId: string): readonly string[]
  /** How many requests came, by method and kind: `GET Users`, `PATCH Groups`, `POST Users/.search`. */
  requests(): Readonly<Record<string, number>>
  forgetRequests(): void
  /** Turns a fault on, or anew from its first request; with undefined off. Throws `usage` for what there is not. */
  setFault(name: string, value?: string): void
}

export function directory({ store, faults }: Site, requests: Map<string, number>): Directory {
  return {
    users: () => Array.from(store.users.all(), ({ id, resource }) => ({ id, resource })),
    groups: () => Array.from(store.groups.all(), ({ id, resource }) => ({ id, resource })),
    members: groupId => [...store.members(groupId)],
    requests: () => Object.fromEntries(requests),
    forgetRequests: () => requests.clear(),
    setFault: (name, value) => faults.set(name, value),
  }
}
