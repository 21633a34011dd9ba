import { afterEach, beforeEach, expect, test } from 'vitest'
import { EVERYONE, groupThere, label, type Person, type Scene, stage, there } from '../support/scene.ts'

let on: Awaited<ReturnType<typeof stage>>
beforeEach(async () => {
  on = await stage()
})
afterEach(() => on.close())

const ada: Person = { id: 'ada', title: 'Engineer' }
const grace: Person = { id: 'grace', title: 'Lead' }
const taro: Person = { id: 'taro' }

/** What is planned of a reading that is certified, and then of the same when the source has failed and that reading stands in (I1). */
async function certainAndNot(scene: Scene): Promise<readonly [readonly string[], readonly string[]]> {
  const certain = await on.planned({ ...scene, limits: { floor: 1000 } })
  const uncertain = await on.planned({ ...scene, failed: ['hq'], limits: { floor: 1000 } })
  return [certain.changes.map(label), uncertain.changes.map(label)]
}

const links = { 'hq/ada': 's1', 'hq/grace': 's2', 'hq/taro': 's3' }

test('nobody is deactivated on the word of an incomplete reading: gone, disabled, or held and disabled', async () => {
  const sources = {
    hq: {
      users: [
        { ...ada, enabled: false },
        { ...grace, mail: '', enabled: false },
      ],
    },
  }
  const users = [there('s1', ada), there('s2', grace), there('s3', taro)]
  const deactivated = ['- ada@example.com', '- grace@example.com', '- taro@example.com']
  expect(await certainAndNot({ sources, users, links })).toEqual([deactivated, []])
})

test('nobody is deleted on the word of an incomplete reading', async () => {
  const sources = { hq: { users: [ada, grace] } }
  const users = [there('s1', ada), there('s2', grace), there('s3', taro)]
  const profiles = { emea: `${EVERYONE}leavers: delete` }
  expect(await certainAndNot({ sources, users, links, profiles })).toEqual([['x taro@example.com'], []])
})

test('nobody is deactivated for having left the scope of an incomplete reading', async () => {
  const sources = { hq: { users: [ada, grace, taro] } }
  const users = [there('s1', ada), there('s2', grace), there('s3', taro)]
  const profiles = { emea: EVERYONE.replace('users: all', `users: all, when: "user.title != ''"`) }
  expect(await certainAndNot({ sources, users, links, profiles })).toEqual([['- taro@example.com'], []])
})

test('nobody regains access on the word of an incomplete reading: a flag that vanished reads as enabled', async () => {
  const sources = { hq: { users: [ada, grace, taro] } }
  const users = [there('s1', { ...ada, enabled: false }), there('s2', grace), there('s3', taro)]
  expect(await certainAndNot({ sources, users, links })).toEqual([['^ ada@example.com'], []])
})

test('no value is cleared on the word of an incomplete reading', async () => {
  const sources = { hq: { users: [ada, grace, taro] } }
  const users = [there('s1', ada), there('s2', grace), there('s3', { ...taro, title: 'Chef' })]
  expect(await certainAndNot({ sources, users, links })).toEqual([['~ taro@example.com title'], []])
})

test('nobody is removed from a group on the word of an incomplete reading, not even a stranger', async () => {
  const sources = { hq: { users: [ada, grace, taro], groups: [{ id: 'g1', name: 'team-a', members: ['ada'] }] } }
  const users = [there('s1', ada), there('s2', grace), there('s3', taro), there('s9', { id: 'stranger' })]
  const groups = [groupThere('t1', 'team-a', ['s1', 's2', 's9'])]
  const scene = { sources, users, groups, links, groupLinks: { 'hq/g1': 't1' } }
  expect(await certainAndNot(scene)).toEqual([['team-a - grace, s9'], []])
})

test('no group is emptied or deleted on the word of an incomplete reading', async () => {
  const sources = { hq: { users: [ada, grace, taro], groups: [] } }
  const users = [there('s1', ada), there('s2', grace), there('s3', taro)]
  const groups = [groupThere('t1', 'team-a', ['s1'])]
  const scene = { sources, users, groups, links, groupLinks: { 'hq/g1': 't1' } }
  expect(await certainAndNot(scene)).toEqual([['team-a - ada'], []])
  const deleting = { ...scene, profiles: { emea: `${EVERYONE}goneGroups: delete` } }
  expect((await certainAndNot(deleting))[1]).toEqual([])
  expect((await certainAndNot(deleting))[0]).not.toEqual([])
})

test('nobody whose own source was read incompletely is removed from a group of another source', async () => {
  const scene: Scene = {
    profiles: { emea: EVERYONE, apac: `source: tokyo\n${EVERYONE}` },
    sources: {
      hq: { users: [ada], groups: [{ id: 'g1', name: 'team-a', members: ['ada'] }] },
      tokyo: { users: [taro] },
    },
    users: [there('s1', ada), there('s3', taro)],
    groups: [groupThere('t1', 'team-a', ['s1', 's3'])],
    links: { 'hq/ada': 's1', 'tokyo/taro/apac': 's3' },
    groupLinks: { 'hq/g1': 't1' },
  }
  expect((await on.planned(scene)).changes.map(label)).toEqual(['team-a - taro'])
  expect((await on.planned({ ...scene, failed: ['tokyo'] })).changes).toEqual([])
})
