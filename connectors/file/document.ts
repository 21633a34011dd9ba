import type { AttributeType } from '../../src/connector.ts'
import type { SourceGroup, SourceUser } from '../../src/model.ts'
import { fault, type SourceFile } from './client.ts'
import { groupOfObject, isObject, typeOf, userOfObject, widest } from './convert.ts'
import { BATCH, BUILT_IN, emptyFile, type Format, type Piece } from './format.ts'
import { elements } from './json.ts'

/** A directory as one JSON document: `{ users: [{ id, … }], groups: [{ id, name, members: [id, …] }] }`. */
export function document(file: SourceFile): Format {
  return {
    files: [file],
    /**
     * An attribute may be named when any user has it. Where the file is cut short or nobody is in it, any name passes:
     * reading says what is wrong.
     */
    async attributes(signal) {
      const types = { users: new Map<string, AttributeType>(), groups: new Map<string, AttributeType>() }
      const declared = (closed: boolean) => ({
        user: Object.fromEntries(types.users),
        group: Object.fromEntries(types.groups),
        caseInsensitive: false,
        closed,
      })
      try {
        for await (const element of elements(file, signal)) {
          if (element.index < 0 || (element.key !== 'users' && element.key !== 'groups')) continue
          if (!('value' in element) || !isObject(element.value)) continue
          const known = types[element.key]
          for (const [name, value] of Object.entries(element.value)) {
            if (value === null || BUILT_IN.has(name) || (element.key === 'groups' && name === 'members')) continue
            known.set(name, widest(known.get(name), typeOf(value)))
          }
        }
      } catch (error) {
        if (signal.aborted || (types.users.size === 0 && types.groups.size === 0)) throw error
        return declared(false)
      }
      return declared(types.users.size > 0)
    },
    async *pieces({ userAttributes, groupAttributes, signal }) {
      const seen = new Set<string>()
      const users: SourceUser[] = []
      const groups: SourceGroup[] = []
      const members = new Map<string, readonly string[]>()
      const flush = function* (): Generator<Piece> {
        if (users.length > 0) yield { part: 'users', users: users.splice(0) }
        if (groups.length > 0) yield { part: 'groups', groups: groups.splice(0) }
        for (const [group, ids] of members) yield { part: 'members', group, members: ids }
        members.clear()
      }
      for await (const element of elements(file, signal)) {
        const { key, line, column } = element
        if (key !== 'users' && key !== 'groups') continue
        if (!('value' in element)) {
          if (seen.has(key)) throw fault(file, line, column, `"${key}" stands here for the second time`)
          seen.add(key)
          continue
        }
        const wrong = (message: string) => fault(file, line, column, `${key}[${element.index}]: ${message}`)
        if (key === 'users') users.push(userOfObject(element.value, userAttributes, wrong))
        else {
          const { group, members: ids } = groupOfObject(element.value, groupAttributes, wrong)
          groups.push(group)
          if (ids.length > 0) members.set(group.id, [...(members.get(group.id) ?? []), ...ids])
        }
        if (users.length + groups.length < BATCH) continue
        signal.throwIfAborted()
        yield* flush()
      }
      yield* flush()
      if (seen.size === 0) {
        yield emptyFile(file, 'write {"users":[],"groups":[]} when there really is nobody')
        return
      }
      for (const key of ['users', 'groups']) {
        if (!seen.has(key)) throw fault(file, 1, 1, `no array "${key}": write [] when there are none`)
      }
    },
  }
}
