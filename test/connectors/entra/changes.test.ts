import { afterEach, expect, test } from 'vitest'
import type { Source } from '../../../src/connector.ts'
import type { SourceGroup } from '../../../src/model.ts'
import { type GraphDouble, type GraphGroup, type GraphOptions, startGraph } from '../../support/graph/index.ts'
import { readAgain, type Reading, reading, request } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

let graph: GraphDouble | undefined
afterEach(async () => {
  await graph?.close()
  graph = undefined
})

const ID = (nth: number) => `00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`
const [ADA, GRACE, ALAN, EDSGER, KATHERINE] = [ID(1), ID(2), ID(3), ID(4), ID(5)]
const [STAFF, DESIGN, RESEARCH, OTHER] = [ID(11), ID(12), ID(13), ID(14)]
const LAPTOP = ID(21)

const person = (id: string, name: string) => ({
  id,
  accountEnabled: true,
  displayName: name,
  userPrincipalName: `${name.toLowerCase()}@example.com`,
  mail: `${name.toLowerCase()}@example.com`,
})
const PEOPLE = [person(ADA, 'Ada'), person(GRACE, 'Grace'), person(ALAN, 'Alan'), person(EDSGER, 'Edsger')]
const GROUPS: readonly GraphGroup[] = [
  { id: STAFF, displayName: 'app-staff', members: [DESIGN, ALAN] },
  { id: DESIGN, displayName: 'design', members: [ADA, GRACE] },
  { id: RESEARCH, displayName: 'research', members: [EDSGER, GRACE] },
  { id: OTHER, displayName: 'other', members: [] },
]

/** Groups whose names begin with app- are in scope, and those nested below them. */
const SCOPED = {
  inScope: ({ name }: SourceGroup) => name.startsWith('app-'),
  allUsers: true,
  scope: 'app-*',
  userAttributes: ['mail'],
}

async function started(more: GraphOptions = {}): Promise<{ graph: GraphDouble; source: Source; before: Reading }> {
  graph = await startGraph({ users: PEOPLE, groups: GROUPS, ...more })
  const source = sourceAt(graph)
  const before = await reading(source, SCOPED)
  expect(before.certificate.checks.filter(({ passed }) => !passed)).toEqual([])
  graph.reset()
  return { graph, source, before }
}

/** What changed, read as changes, which comes to the same as everything read anew. */
async function changed(source: Source, before: Reading): Promise<Reading> {
  const after = await readAgain(source, before, SCOPED)
  expect([after.parts[0], after.certificate.checks[0]?.check]).toEqual(['since', 'read-as-changes'])
  expect(after.repeated).toEqual([])
  await expectSameAsFull(source, after)
  return after
}

async function expectSameAsFull(source: Source, after: Reading): Promise<void> {
  const anew = await reading(source, SCOPED)
  expect(contentOf(after)).toEqual(contentOf(anew))
  const { users, groups } = after.certificate
  expect({ complete: after.certificate.complete, users, groups }).toEqual({
    complete: true,
    users: anew.users.size,
    groups: anew.groups.size,
  })
}

function contentOf({ users, groups, members, findings }: Reading) {
  const byId = <Item extends { readonly id: string }>(items: Iterable<Item>) =>
    [...items].toSorted((one, other) => (one.id < other.id ? -1 : 1))
  return {
    users: byId(users.values()),
    groups: byId(groups.values()),
    members: [...members].flatMap(([group, ids]) => [...new Set(ids)].map(id => `${group} ${id}`)).toSorted(),
    findings,
  }
}

const membersOf = ({ members }: Reading, group: string) => (members.get(group) ?? []).toSorted()

test('where nothing changed, four requests say so and nobody is told', async () => {
  const { graph, source, before } = await started()
  const after = await readAgain(source, before, SCOPED)
  expect(after.parts).toEqual(['since', 'end'])
  expect(graph.requests.length).toBeLessThanOrEqual(6)
  expect(after.certificate).toMatchObject({ complete: true, users: 4, groups: 2 })
})

test('a rename and a new address reach whoever has them, and nobody else is told', async () => {
  const { graph, source, before } = await started()
  graph.putUser({ ...person(ADA, 'Ada'), displayName: 'Ada King', mail: 'ada.king@example.com' })
  const after = await changed(source, before)
  expect(after.users.get(ADA)).toMatchObject({ name: 'Ada King', attributes: { mail: 'ada.king@example.com' } })
  expect(after.parts.filter(part => part !== 'since' && part !== 'end')).toEqual(['users'])
})

test('a joiner comes with the groups they are put in', async () => {
  const { graph, source, before } = await started()
  graph.putUser(person(KATHERINE, 'Katherine'))
  graph.addMember(DESIGN, KATHERINE)
  graph.addMember(OTHER, KATHERINE)
  const after = await changed(source, before)
  expect(membersOf(after, DESIGN)).toEqual([ADA, GRACE, KATHERINE])
})

test('whoever leaves a group leaves that group alone', async () => {
  const { graph, source, before } = await started()
  graph.removeMember(DESIGN, GRACE)
  const after = await changed(source, before)
  expect(membersOf(after, DESIGN)).toEqual([ADA])
  expect(after.users.has(GRACE)).toBe(true)
})

test('a disabled leaver is told as disabled', async () => {
  const { graph, source, before } = await started()
  graph.putUser({ ...person(ALAN, 'Alan'), accountEnabled: false })
  expect((await changed(source, before)).users.get(ALAN)?.enabled).toBe(false)
})

test('a group that is nested anew comes with its members, and leaves again when it is taken out', async () => {
  const { graph, source, before } = await started()
  graph.addMember(DESIGN, RESEARCH)
  const nested = await changed(source, before)
  expect(membersOf(nested, RESEARCH)).toEqual([GRACE, EDSGER])
  graph.removeMember(DESIGN, RESEARCH)
  const apart = await changed(source, nested)
  expect(apart.groups.has(RESEARCH)).toBe(false)
})

test('a circle of groups that is cut off from the scope is gone', async () => {
  const { graph, source, before } = await started()
  graph.addMember(DESIGN, RESEARCH)
  graph.addMember(RESEARCH, DESIGN)
  const circle = await changed(source, before)
  graph.removeMember(STAFF, DESIGN)
  const cut = await changed(source, circle)
  expect([...cut.groups.keys()]).toEqual([STAFF])
})

test('a rename takes a group into scope, and out of it', async () => {
  const { graph, source, before } = await started()
  graph.putGroup({ id: RESEARCH, displayName: 'app-research' })
  const into = await changed(source, before)
  expect(membersOf(into, RESEARCH)).toEqual([GRACE, EDSGER])
  graph.putGroup({ id: RESEARCH, displayName: 'research' })
  expect((await changed(source, into)).groups.has(RESEARCH)).toBe(false)
})

test('a new group in scope is read', async () => {
  const { graph, source, before } = await started()
  graph.putGroup({ id: ID(15), displayName: 'app-launch' })
  graph.addMember(ID(15), ADA)
  expect(membersOf(await changed(source, before), ID(15))).toEqual([ADA])
})

test('someone soft-deleted is gone from users and groups, and back in both when restored', async () => {
  const { graph, source, before } = await started()
  graph.softDelete(GRACE)
  const gone = await changed(source, before)
  expect(gone.users.has(GRACE)).toBe(false)
  expect(membersOf(gone, DESIGN)).toEqual([ADA])
  graph.restore(GRACE)
  const back = await changed(source, gone)
  expect(membersOf(back, DESIGN)).toEqual([ADA, GRACE])
})

test('a soft-deleted group is gone, and restored it is back with members and parents', async () => {
  const { graph, source, before } = await started()
  graph.softDelete(DESIGN)
  const gone = await changed(source, before)
  expect(gone.groups.has(DESIGN)).toBe(false)
  graph.restore(DESIGN)
  const back = await changed(source, gone)
  expect(membersOf(back, STAFF)).toEqual([ALAN, DESIGN])
  expect(membersOf(back, DESIGN)).toEqual([ADA, GRACE])
})

test('someone deleted for good is gone', async () => {
  const { graph, source, before } = await started()
  graph.hardDelete(ADA)
  const after = await changed(source, before)
  expect(after.users.has(ADA)).toBe(false)
  expect(membersOf(after, DESIGN)).toEqual([GRACE])
})

test('devices that come and go are counted as a full reading counts them', async () => {
  const { graph, source, before } = await started({
    others: [{ id: LAPTOP, type: 'device', displayName: 'laptop' }],
  })
  graph.addMember(DESIGN, LAPTOP)
  const come = await changed(source, before)
  expect(come.findings.map(({ message }) => message)).toEqual([
    'one member of a group is a device, neither user nor group, and left out',
  ])
  graph.removeMember(DESIGN, LAPTOP)
  expect((await changed(source, come)).findings).toEqual([])
})

test('changes that are told twice, in any order and on empty pages, come to the same', async () => {
  const { graph, source, before } = await started()
  graph.manners({ shuffle: 7, duplicates: true, replay: 5, emptyPages: true })
  graph.removeMember(DESIGN, GRACE)
  graph.addMember(DESIGN, GRACE)
  graph.removeMember(STAFF, ALAN)
  graph.softDelete(ALAN)
  graph.restore(ALAN)
  graph.putGroup({ id: STAFF, displayName: 'app-everyone' })
  const after = await changed(source, before)
  expect(membersOf(after, STAFF)).toEqual([DESIGN])
})

test.each(['sync-state-not-found', 'gone', 'resync-required', 'expired-page-token'] as const)(
  'where changes are not told any more (%s), everything is read',
  async fault => {
    const { graph, source, before } = await started()
    graph.putUser({ ...person(ADA, 'Ada'), displayName: 'Ada King' })
    graph.misbehave(({ path }) => (path.includes('deltatoken') && !path.includes('latest') ? fault : undefined))
    const after = await readAgain(source, before, SCOPED)
    expect(after.parts[0]).toBe('users')
    expect(after.users.get(ADA)?.name).toBe('Ada King')
    expect([after.certificate.complete, after.checkpoint === undefined]).toEqual([true, false])
  },
)

test('after a week everything is read, and from then on changes again', async () => {
  let now = Date.UTC(2026, 0, 1)
  graph = await startGraph({ users: PEOPLE, groups: GROUPS, now: () => now })
  const source = sourceAt(graph, {}, { now: () => now })
  const before = await reading(source, SCOPED)
  now += 7 * 24 * 3_600_000
  graph.putUser({ ...person(ADA, 'Ada'), displayName: 'Ada King' })
  const after = await readAgain(source, before, SCOPED)
  expect(after.parts[0]).toBe('users')
  await changed(source, after)
})

test('another scope, other attributes or a foreign checkpoint have everything read', async () => {
  const { source, before } = await started()
  const others = [
    { ...SCOPED, scope: 'all-*' },
    { ...SCOPED, userAttributes: ['mail', 'department'] },
  ]
  for (const other of others) expect((await readAgain(source, before, other)).parts[0]).toBe('users')
  for (const checkpoint of ['', '{}', 'null', before.checkpoint!.replace('"version":1', '"version":2')]) {
    expect((await readAgain(source, { ...before, checkpoint }, SCOPED)).parts[0]).toBe('users')
  }
})

test('a change that Graph swallowed shows in the count, and has everything read', async () => {
  const { graph, source, before } = await started()
  graph.putUser(person(KATHERINE, 'Katherine'))
  graph.misbehave(({ path }) => (path.includes('users/delta') && !path.includes('latest') ? 'no-items' : undefined))
  const after = await readAgain(source, before, SCOPED)
  expect(after.parts[0]).toBe('users')
  expect(after.users.has(KATHERINE)).toBe(true)
})

test('where the links of changes are refused, everything is read every time, and certified', async () => {
  const { source } = await started({ delta: { latestRefused: true } })
  const after = await reading(source, SCOPED)
  expect([after.certificate.complete, after.checkpoint]).toEqual([true, undefined])
})

test('where nobody may ask which groups newcomers are in, everything is read', async () => {
  const { graph, source, before } = await started()
  graph.putUser(person(KATHERINE, 'Katherine'))
  graph.misbehave(({ path }) => (path.includes('memberOf') ? 'forbidden' : undefined))
  const after = await readAgain(source, before, SCOPED)
  expect([after.parts[0], after.users.has(KATHERINE)]).toEqual(['users', true])
})

test('a manager is told with the change, kept without it, and found for whoever is new', async () => {
  graph = await startGraph({
    users: [...PEOPLE.slice(1), { ...person(ADA, 'Ada'), manager: GRACE }],
    groups: GROUPS,
  })
  const source = sourceAt(graph)
  const wanted = { ...SCOPED, userAttributes: ['manager'] }
  const before = await reading(source, wanted)
  expect(before.users.get(ADA)?.attributes).toEqual({ manager: GRACE })
  graph.putUser({ ...person(ADA, 'Ada'), displayName: 'Ada King', manager: GRACE })
  graph.putUser({ ...person(ALAN, 'Alan'), manager: ADA })
  graph.putUser({ ...person(KATHERINE, 'Katherine'), manager: ALAN })
  graph.putUser(person(ID(6), 'Barbara'))
  const after = await readAgain(source, before, wanted)
  expect([after.parts[0], after.certificate.checks[0]?.check]).toEqual(['since', 'read-as-changes'])
  expect([ADA, ALAN, KATHERINE, ID(6)].map(id => after.users.get(id)?.attributes)).toEqual([
    { manager: GRACE },
    { manager: ADA },
    { manager: ALAN },
    {},
  ])
})

test('called off while changes are read, it ends with the reason', async () => {
  const { source, before } = await started()
  const reason = new Error('called off')
  const since = { checkpoint: before.checkpoint! }
  const asked = request({ ...SCOPED, signal: AbortSignal.abort(reason) })
  expect(since.checkpoint).not.toBe('')
  await expect(source.read(asked)[Symbol.asyncIterator]().next()).rejects.toBe(reason)
})

test.each([
  { id: ADA, '@removed': { reason: 'moved' } },
  { id: ADA, '@removed': true },
  { id: ADA, displayName: 'Ada King' },
])('a change in a shape that nobody knows (%j) has everything read', async item => {
  const { graph, source, before } = await started()
  const link = `${graph.url}/v1.0/users/delta?$deltatoken=x`
  graph.misbehave(({ path }) =>
    path.includes('users/delta') && !path.includes('latest')
      ? { fault: 'answer', status: 200, body: { value: [item], '@odata.deltaLink': link } }
      : undefined,
  )
  const after = await readAgain(source, before, SCOPED)
  expect([after.parts[0], after.users.get(ADA)?.name, after.certificate.complete]).toEqual(['users', 'Ada', true])
})

/** The first page of changes of a collection, from then on as it is. */
function tell(graph: GraphDouble, collection: 'users' | 'groups', value: readonly unknown[]): void {
  const link = `${graph.url}/v1.0/${collection}/delta?$deltatoken=x`
  graph.misbehave(({ path }) =>
    path.includes(`${collection}/delta`) && !path.includes('latest')
      ? { fault: 'answer', status: 200, body: { value, '@odata.deltaLink': link } }
      : undefined,
  )
}

test('a new member that does not say what it is has everything read', async () => {
  const { graph, source, before } = await started()
  tell(graph, 'groups', [{ id: DESIGN, displayName: 'design', 'members@delta': [{ id: ID(99) }] }])
  expect((await readAgain(source, before, SCOPED)).parts[0]).toBe('users')
})

test('whom changes take out of a group is not put back by what is asked beside them', async () => {
  const { graph, source, before } = await started()
  graph.putUser(person(KATHERINE, 'Katherine'))
  graph.addMember(DESIGN, KATHERINE)
  const gone = { '@odata.type': '#microsoft.graph.user', id: KATHERINE, '@removed': { reason: 'deleted' } }
  tell(graph, 'groups', [{ id: DESIGN, displayName: 'design', 'members@delta': [gone] }])
  const after = await readAgain(source, before, SCOPED)
  expect([after.parts[0], membersOf(after, DESIGN)]).toEqual(['since', [ADA, GRACE]])
})

test('a group that was gone in between is read again, whatever was told of it before', async () => {
  const { graph, source, before } = await started()
  graph.addMember(DESIGN, EDSGER)
  const joined = { '@odata.type': '#microsoft.graph.user', id: EDSGER }
  tell(graph, 'groups', [
    { id: DESIGN, displayName: 'design', 'members@delta': [joined] },
    { id: DESIGN, '@removed': { reason: 'changed' } },
    { id: DESIGN, displayName: 'design' },
  ])
  const after = await readAgain(source, before, SCOPED)
  expect([after.parts[0], membersOf(after, DESIGN)]).toEqual(['since', [ADA, GRACE, EDSGER]])
  expect(membersOf(after, STAFF)).toEqual([ALAN, DESIGN])
})

test('changes that lead in a circle of empty pages have everything read, soon', async () => {
  const { graph, source, before } = await started()
  const link = `${graph.url}/v1.0/users/delta?$skiptoken=round`
  graph.misbehave(({ path }) =>
    path.includes('users/delta') && !path.includes('latest')
      ? { fault: 'answer', status: 200, body: { value: [], '@odata.nextLink': link } }
      : undefined,
  )
  expect((await readAgain(source, before, SCOPED)).parts[0]).toBe('users')
  expect(graph.requests.length).toBeLessThan(40)
})

test('readings of changes one after another still have everything read within a week', async () => {
  let now = Date.UTC(2026, 0, 1)
  graph = await startGraph({ users: PEOPLE, groups: GROUPS, now: () => now })
  const source = sourceAt(graph, {}, { now: () => now })
  let before = await reading(source, SCOPED)
  const first: (string | undefined)[] = []
  for (let day = 2; day <= 8; day += 2) {
    now += 2 * 24 * 3_600_000
    before = await readAgain(source, before, SCOPED)
    first.push(before.parts[0])
  }
  expect(first).toEqual(['since', 'since', 'users', 'since'])
})

test('where every group was in scope and a new one is not, changes are told all the same', async () => {
  const { graph, source } = await started()
  const all = { ...SCOPED, inScope: ({ name }: SourceGroup) => name !== 'secret', scope: 'all but secret' }
  const before = await reading(source, all)
  graph.putGroup({ id: ID(15), displayName: 'secret' })
  const after = await readAgain(source, before, all)
  expect([after.parts[0], after.groups.has(ID(15)), after.groups.size]).toEqual(['since', false, 4])
})

test('where every group is in scope, one that changes did not tell shows in the count', async () => {
  const { graph, source } = await started()
  const all = { ...SCOPED, inScope: () => true, scope: 'all' }
  const before = await reading(source, all)
  graph.putGroup({ id: ID(15), displayName: 'launch' })
  tell(graph, 'groups', [{ id: DESIGN, displayName: 'design' }])
  const after = await readAgain(source, before, all)
  expect([after.parts[0], after.groups.has(ID(15))]).toEqual(['users', true])
})
