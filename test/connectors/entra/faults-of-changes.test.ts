import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Source } from '../../../src/connector.ts'
import type { GraphDouble } from '../../support/graph/index.ts'
import { readAgain, reading } from '../../support/reading.ts'
import { ASKED, group, openTeams, person, said, sweep, user } from './sweep.ts'

/** The same where changes alone are asked for. */

let graph: GraphDouble
let source: Source
beforeAll(async () => {
  const opened = await openTeams()
  graph = opened.graph
  source = opened.source
})
afterAll(() => graph.close())

test('a reading of what changed is right, or an error that names the request', async () => {
  const before = await reading(source, ASKED)
  graph.putUser(person(1, { department: 'Design' }))
  graph.putUser(person(5))
  graph.softDelete(user(4))
  graph.hardDelete(user(3))
  graph.addMember(group(2), user(5))
  graph.removeMember(group(2), user(2))
  graph.putGroup({ id: group(4), displayName: 'new' })
  graph.addMember(group(4), user(2))
  graph.addMember(group(1), group(4))
  const read = () => readAgain(source, before, ASKED)
  expect((await read()).parts[0]).toBe('since')
  expect(said(await read())).toEqual(said(await reading(source, ASKED)))
  const { wrong, runs, whole } = await sweep(graph, read)
  expect(wrong).toEqual([])
  expect(runs).toBeGreaterThan(100)
  expect(whole).toBeGreaterThan(runs / 2)
})
