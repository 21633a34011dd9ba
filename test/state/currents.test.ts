import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { hash52 } from '../../src/pipeline/canonical.ts'
import { ACTIVE, type Link, MAPPED, type ManagedPaths, type MappedRow } from '../../src/state.ts'
import { openState } from '../../src/state/open.ts'
import { folderWith } from '../support/folder.ts'
import { person } from '../support/plans.ts'
import { fakeTarget, members } from '../support/target.ts'

const NOW = new Date('2026-11-24T06:00:00Z')
const PATHS: ManagedPaths = { user: ['active', 'title', 'userName'], group: ['displayName'], members: true }

function rig() {
  const folder = folderWith()
  const state = openState(folder)
  onTestFinished(() => state.close())
  const { signal } = new AbortController()
  return {
    folder,
    cache: state.cache,
    ledger: state.ledger,
    close: state.close,
    list: (target: ReturnType<typeof fakeTarget>, paths = PATHS, name = 'cloud') =>
      state.cache.keepCurrent(name, paths, target.read({ signal }), NOW),
    readUsers: (ids: readonly string[]) =>
      state.cache.keepReading(
        'hq',
        (async function* () {
          const users = ids.map(id => ({ id, enabled: true, name: id, attributes: { title: `of ${id}` } }))
          yield { part: 'users', users } as const
          const counts = { users: users.length, groups: 0, members: 0 }
          yield { part: 'end', certificate: { complete: true, checks: [], ...counts } } as const
        })(),
        NOW,
      ),
    /** scimIds of everyone at the target now. */
    seen: (name = 'cloud') => {
      const people = state.cache.population(name, 'x')
      return [...people.liveAt].flatMap((live, at) => {
        if (live === 0) return []
        return [state.cache.current(people.kindAt[at] === 1 ? 'user' : 'group', at).id]
      })
    },
  }
}

function linkOf(sourceId: string, scimId: string, more: Partial<Link> = {}): Link {
  return { kind: 'user', source: 'hq', sourceId, scimId, profile: 'emea', echo: undefined, ...more }
}

test('the target is kept as listed: who is active, what they are compared by, who is in which group', async () => {
  const { list, cache, seen } = rig()
  const target = fakeTarget({
    users: { u1: person('ada'), u2: person('grace', { active: false }) },
    groups: { g1: { displayName: 'sales', members: ['u1', 'u2', 'unlisted'] } },
  })
  expect((await list(target)).complete).toBe(true)
  expect(seen()).toEqual(['u1', 'u2', 'g1'])
  const people = cache.population('cloud', 'x')
  const [ada, grace] = ['u1', 'u2'].map(id => cache.numbersAtTarget('cloud', 'user', new Set([id])).get(id) ?? 0)
  const sales = cache.numbersAtTarget('cloud', 'group', new Set(['g1'])).get('g1') ?? 0
  expect([people.activeAt[ada!], people.activeAt[grace!]]).toEqual([1, 0])
  expect([...(cache.currentMembers(sales) ?? [])]).toEqual([ada, grace])
  expect(people.memberCountAt[sales]).toBe(2)
  expect(cache.current('user', ada!)).toEqual({ id: 'u1', resource: person('ada') })
})

test('what is not managed does not count: the hash of a user changes with managed attributes alone', async () => {
  const { list, cache } = rig()
  const target = fakeTarget({ users: { u1: person('ada', { title: 'Engineer' }) } })
  const hash = () => cache.population('cloud', 'x').hashAt[1]
  await list(target)
  const before = hash()
  target.users.set('u1', person('ada', { title: 'Engineer', nickName: 'A' }))
  await list(target)
  expect(hash()).toBe(before)
  target.users.set('u1', person('ada', { title: 'Countess' }))
  await list(target)
  expect(hash()).not.toBe(before)
  await list(target, { ...PATHS, user: ['active', 'userName'] })
  expect(hash()).toBe(hash52('active=true\nuserName="ada@example.com"\n'))
})

test('who is no longer listed is gone, unless the listing was incomplete', async () => {
  const { list, seen } = rig()
  const target = fakeTarget({ users: { u1: person('ada'), u2: person('grace') } })
  await list(target)
  target.users.delete('u2')
  const partial = {
    ...target,
    async *read(options: Parameters<typeof target.read>[0]) {
      for await (const part of target.read(options))
        yield part.part === 'end' ? { ...part, certificate: { ...part.certificate, complete: false } } : part
    },
  }
  await list(partial)
  expect(seen()).toEqual(['u1', 'u2'])
  await list(target)
  expect(seen()).toEqual(['u1'])
})

test('a listing that repeats an id is not complete', async () => {
  const { list } = rig()
  const target = fakeTarget({ users: { u1: person('ada') } })
  const twice = {
    ...target,
    async *read(options: Parameters<typeof target.read>[0]) {
      for await (const part of target.read(options)) {
        yield part
        if (part.part === 'users') yield part
      }
    },
  }
  expect(await list(twice)).toMatchObject({ complete: false, checks: [{ check: 'no-repeats', passed: false }] })
})

test('a listing without an end changes nothing', async () => {
  const { list, seen } = rig()
  const target = fakeTarget({ users: { u1: person('ada') } })
  await list(target)
  const endless = {
    ...target,
    async *read() {
      yield { part: 'users' as const, users: [{ id: 'u2', resource: person('grace') }] }
    },
  }
  await expect(list(endless)).rejects.toMatchObject({ code: 'target_incomplete' })
  expect(seen()).toEqual(['u1'])
})

test('a target that numbers users and groups alike has both', async () => {
  const { list, seen, cache } = rig()
  await list(fakeTarget({ users: { 1: person('ada') }, groups: { 1: { displayName: 'sales', members: ['1'] } } }))
  expect(seen()).toEqual(['1', '1'])
  const observed = cache.observed('cloud')
  expect(await observed.user('1')).toMatchObject({ userName: 'ada@example.com' })
  expect(await observed.group('1')).toEqual({ displayName: 'sales' })
})

test('a target that does not show members has none that are known', async () => {
  const { list, cache } = rig()
  const target = fakeTarget({ groups: { g1: { displayName: 'sales' } }, dialect: members({ readable: 'never' }) })
  await list(target, { ...PATHS, members: false })
  expect(cache.currentMembers(1)).toBeUndefined()
  expect(cache.population('cloud', 'x').membersHashAt[1]).toBe(-1)
  expect(await cache.observed('cloud').members('g1')).toBeUndefined()
  await list(fakeTarget({ groups: { g1: { displayName: 'sales' } } }))
  expect([...(cache.currentMembers(1) ?? [9])]).toEqual([])
})

test('two targets know nothing of each other', async () => {
  const { list, seen, cache } = rig()
  await list(fakeTarget({ users: { u1: person('ada') } }))
  await list(fakeTarget({ users: { u1: person('grace') } }), PATHS, 'other')
  await list(fakeTarget({}))
  expect([seen(), seen('other')]).toEqual([[], ['u1']])
  expect(await cache.observed('other').usersWith('userName', 'grace@example.com')).toEqual(['u1'])
})

test('what is observed are the people of this listing, found by key in any case', async () => {
  const { list, cache } = rig()
  const target = fakeTarget({
    users: { u1: person('ada', { userName: 'Ada@Example.com' }), u2: person('gone') },
    groups: { g1: { displayName: 'Straße', members: ['u1'] } },
  })
  await list(target)
  target.users.delete('u2')
  await list(target)
  const observed = cache.observed('cloud')
  expect(await observed.user('u2')).toBeUndefined()
  expect(await observed.usersWith('userName', 'ada@example.COM')).toEqual(['u1'])
  expect(await observed.usersWith('externalId', 'ada')).toEqual(['u1'])
  expect(await observed.usersWith('userName', 'gone@example.com')).toEqual([])
  expect(await observed.groupsNamed('STRAßE')).toEqual(['g1'])
  expect(await observed.members('g1')).toEqual(new Set(['u1']))
  expect(await observed.members('g9')).toBeUndefined()
})

test('links follow the ledger: new, changed, removed, and of people whom nobody has seen yet', async () => {
  const { list, readUsers, cache, ledger } = rig()
  await readUsers(['ada', 'grace'])
  await list(fakeTarget({ users: { u1: person('ada'), u2: person('grace') } }))
  const links = () => {
    cache.followLinks('cloud', ledger)
    const people = cache.population('cloud', 'x')
    const found: Record<string, string> = {}
    const ids = cache.ids()
    for (const [node, id] of ids.entries()) {
      const at = people.link[node] ?? 0
      if (at === 0) continue
      const back = ids[people.linkOf[at] ?? 0]
      found[id] = `${cache.current('user', at).id} ${people.profileNames[people.linkProfile[node] ?? 0]} of ${back}`
    }
    return found
  }
  ledger.putLinks('cloud', [linkOf('ada', 'u1'), linkOf('taro', 'u9', { profile: 'apac' })])
  expect(links()).toEqual({ ada: 'u1 emea of ada', taro: 'u9 apac of taro' })
  ledger.putLinks('cloud', [linkOf('ada', 'u2'), linkOf('grace', 'u1', { profile: 'apac' })])
  ledger.removeLink('cloud', 'user', 'hq', 'taro')
  expect(links()).toEqual({ ada: 'u2 emea of ada', grace: 'u1 apac of grace' })
  expect(cache.population('cloud', 'x').live[cache.ids().indexOf('taro')]).toBe(0)
  await readUsers(['ada', 'grace', 'taro'])
  expect(cache.ids().filter(id => id === 'taro')).toHaveLength(1)
})

test('what a link says the target makes of values is at hand, and forgotten with the link', async () => {
  const { readUsers, cache, ledger } = rig()
  await readUsers(['ada'])
  const echo = { title: { sent: 'engineer', kept: 'Engineer' } }
  ledger.putLinks('cloud', [linkOf('ada', 'u1', { echo })])
  cache.followLinks('cloud', ledger)
  const { target } = cache.population('cloud', 'x')
  expect(cache.echo(target, 1)).toEqual(echo)
  ledger.removeLink('cloud', 'user', 'hq', 'ada')
  cache.followLinks('cloud', ledger)
  expect(cache.echo(target, 1)).toBeUndefined()
})

function mapped(node: number): MappedRow {
  const keys = { keyName: 11, keyMail: 12, keyExternal: 13 }
  return { node, scope: 5, state: MAPPED | ACTIVE, hash: 99, ...keys }
}

test('whoever was mapped stays mapped until the user or the profiles change', async () => {
  const { readUsers, cache } = rig()
  await readUsers(['ada', 'grace'])
  const { target } = cache.population('cloud', 'profiles 1')
  cache.keepMapped(target, [mapped(1), mapped(2)])
  cache.settle(target, [{ node: 1, hash: 77 }])
  const people = cache.population('cloud', 'profiles 1')
  expect([people.fresh[1], people.scope[1], people.state[1], people.hash[1], people.settled[1]]).toEqual([
    1, 5, 5, 99, 77,
  ])
  expect([people.keyName[1], people.keyMail[1], people.keyExternal[1]]).toEqual([11, 12, 13])

  await readUsers(['ada'])
  await readUsers(['ada', 'grace', 'jun'])
  expect([...cache.population('cloud', 'profiles 1').fresh]).toEqual([0, 1, 1, 0])
  expect([...cache.population('cloud', 'profiles 2').fresh]).toEqual([0, 0, 0, 0])
})

test('a mapping is done again, and a link changed is compared again, before two hashes mean the same', async () => {
  const { readUsers, cache, ledger } = rig()
  await readUsers(['ada'])
  const { target } = cache.population('cloud', 'x')
  const settled = () => cache.population('cloud', 'x').settled[1]
  cache.keepMapped(target, [mapped(1)])
  cache.settle(target, [{ node: 1, hash: 77 }])
  expect(settled()).toBe(77)
  ledger.putLinks('cloud', [linkOf('ada', 'u1')])
  cache.followLinks('cloud', ledger)
  expect(settled()).toBe(0)
})

test('a lost cache costs a full read and nothing else', async () => {
  const self = rig()
  self.ledger.putLinks('cloud', [linkOf('ada', 'u1')])
  await self.readUsers(['ada'])
  await self.list(fakeTarget({ users: { u1: person('ada') } }))
  self.close()
  const db = new DatabaseSync(join(self.folder, 'rollcall.db'))
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'c_*'").all()
  for (const { name } of tables) db.exec(`DROP TABLE ${JSON.stringify(name)}`)
  db.close()

  const state = openState(self.folder)
  expect(state.cache.reading('hq')).toBeUndefined()
  expect(state.ledger.link('cloud', 'user', 'hq', 'ada')?.scimId).toBe('u1')
  state.cache.followLinks('cloud', state.ledger)
  expect(state.cache.population('cloud', 'x').link[1]).toBeGreaterThan(0)
  state.close()
})

test('a cache of another version is made anew', async () => {
  const self = rig()
  await self.readUsers(['ada'])
  self.close()
  const db = new DatabaseSync(join(self.folder, 'rollcall.db'))
  db.exec('UPDATE c_version SET version = 1; CREATE TABLE c_old (num INTEGER)')
  db.close()
  const state = openState(self.folder)
  expect(state.cache.reading('hq')).toBeUndefined()
  state.close()
})
