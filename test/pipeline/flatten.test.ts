import fc from 'fast-check'
import { expect, test } from 'vitest'
import { direct, flatten, type MemberGraph } from '../../src/pipeline/flatten.ts'

/** `{ all: ['ada', 'eng'] }`: names that are keys are groups, others users. */
function graphOf(groups: Record<string, readonly string[]>) {
  const names = [...new Set([...Object.keys(groups), ...Object.values(groups).flat()])]
  const node = new Map(names.map((name, at) => [name, at]))
  const groupNames = Object.keys(groups)
  const offsets = new Uint32Array(groupNames.length + 1)
  const members: number[] = []
  groupNames.forEach((name, at) => {
    for (const member of groups[name] ?? []) members.push(node.get(member) ?? -1)
    offsets[at + 1] = members.length
  })
  const groupAt = Int32Array.from(names, name => groupNames.indexOf(name))
  const graph: MemberGraph = { offsets, members: Uint32Array.from(members), groupAt }
  const named = (users: Uint32Array | undefined) => [...(users ?? [])].map(user => names[user] ?? '?').sort()
  return {
    graph,
    flattened: () => {
      const flat = flatten(graph)
      return Object.fromEntries(groupNames.map((name, at) => [name, named(flat[at])]))
    },
    direct: (name: string) => named(direct(graph, groupNames.indexOf(name))),
  }
}

/** The plain way: walk from every group, remembering what was met. */
function walked(groups: Record<string, readonly string[]>): Record<string, string[]> {
  const usersWithin = (group: string) => {
    const users = new Set<string>()
    const reached = new Set([group])
    for (const name of reached) {
      for (const member of groups[name] ?? []) {
        if (member in groups) reached.add(member)
        else users.add(member)
      }
    }
    return [...users].sort()
  }
  return Object.fromEntries(Object.keys(groups).map(name => [name, usersWithin(name)]))
}

test('a member of a nested group is a user of the group above', () => {
  expect(graphOf({ all: ['eng', 'ada'], eng: ['grace'] }).flattened()).toEqual({
    all: ['ada', 'grace'],
    eng: ['grace'],
  })
})

test('groups that contain each other have the same users, and so has whoever contains one of them', () => {
  const groups = { a: ['b', 'ada'], b: ['c', 'grace'], c: ['a', 'linus'], above: ['b'] }
  const everyone = ['ada', 'grace', 'linus']
  expect(graphOf(groups).flattened()).toEqual({ a: everyone, b: everyone, c: everyone, above: everyone })
})

test('a user reached by two paths is in the group once, and a group may contain itself', () => {
  const groups = { top: ['left', 'right', 'top'], left: ['base'], right: ['base'], base: ['ada', 'ada'] }
  expect(graphOf(groups).flattened()['top']).toEqual(['ada'])
})

test('an empty group has no users', () => {
  expect(graphOf({ none: [], holder: ['none'] }).flattened()).toEqual({ none: [], holder: [] })
})

test('direct members are the users a group names itself, each once', () => {
  expect(graphOf({ all: ['eng', 'ada', 'ada'], eng: ['grace'] }).direct('all')).toEqual(['ada'])
})

test('nesting two hundred thousand deep is no different from nesting twice', () => {
  const depth = 200_000
  const offsets = Uint32Array.from({ length: depth + 1 }, (_, at) => at)
  const members = Uint32Array.from({ length: depth }, (_, at) => at + 1) // the last member is the one user
  const groupAt = Int32Array.from({ length: depth + 1 }, (_, node) => (node < depth ? node : -1))
  const flat = flatten({ offsets, members, groupAt })
  expect([...(flat[0] ?? [])]).toEqual([depth])
})

test('a group of a million users flattens into itself and its parent', () => {
  const users = 1_000_000
  const members = Uint32Array.from({ length: users + 1 }, (_, at) => (at < users ? at + 2 : 0))
  const groupAt = new Int32Array(users + 2).fill(-1)
  groupAt[0] = 0
  groupAt[1] = 1
  const flat = flatten({ offsets: Uint32Array.of(0, users, users + 1), members, groupAt })
  expect(flat.map(each => each.length)).toEqual([users, users])
})

test('whatever the nesting, flattening agrees with walking from every group', () => {
  const names = ['g0', 'g1', 'g2', 'g3', 'g4', 'g5']
  const member = fc.constantFrom(...names, 'ada', 'grace', 'linus', 'margaret')
  const groups = fc.record(Object.fromEntries(names.map(name => [name, fc.array(member, { maxLength: 6 })])))
  fc.assert(
    fc.property(groups, drawn => {
      expect(graphOf(drawn).flattened()).toEqual(walked(drawn))
    }),
    { numRuns: 1_000 },
  )
})
