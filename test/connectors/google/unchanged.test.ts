import { afterEach, describe, expect, test } from 'vitest'
import { parseCheckpoint, writeCheckpoint } from '../../../connectors/google/checkpoint.ts'
import { type GoogleDouble, type GoogleOptions, startGoogle } from '../../support/google/index.ts'
import { readAgain, reading } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

let double: GoogleDouble | undefined
afterEach(() => double?.close())

const [ADA, GRACE, ALAN] = ['100000000000000000001', '100000000000000000002', '100000000000000000003']
async function directory(more: GoogleOptions = {}): Promise<GoogleDouble> {
  double = await startGoogle({
    users: ['ada', 'grace', 'alan'].map((name, nth) => ({
      id: `10000000000000000000${nth + 1}`,
      primaryEmail: `${name}@example.com`,
      orgUnitPath: '/Sales',
    })),
    orgUnits: [{ orgUnitPath: '/Sales' }, { orgUnitPath: '/Support' }],
    groups: [
      { id: '01crew', email: 'crew@example.com', members: ['02inner', ADA] },
      { id: '02inner', email: 'inner@example.com', members: [GRACE] },
      { id: '03all', email: 'all@example.com', members: ['C0example1'] },
    ],
    customer: 'C0example1',
    etags: true,
    perMinute: Number.POSITIVE_INFINITY,
    ...more,
  })
  return double
}
const membersAsked = (google: GoogleDouble) =>
  google.requests
    .filter(({ path }) => path.includes('/members'))
    .map(({ path }) => /groups\/(\w+)/.exec(path)?.[1] ?? '')

describe('a directory that honours etags', () => {
  test('is asked whether members changed, and where they did not nothing is told of them', async () => {
    const google = await directory()
    const before = await reading(sourceAt(google))
    google.reset()
    const again = await readAgain(sourceAt(google), before)
    expect(again.parts).toEqual(['since', 'users', 'groups', 'end'])
    expect(google.notModified).toBe(2)
    expect(again.certificate).toMatchObject({ complete: true, users: 3, groups: 3, members: 0 })
    expect([again.users, again.members]).toEqual([before.users, before.members])
  })

  test('tells who joined, who left and which group is gone', async () => {
    const google = await directory()
    const before = await reading(sourceAt(google))
    google.addMember('02inner', ALAN)
    google.removeUser(GRACE)
    google.putUser({ id: '100000000000000000009', primaryEmail: 'new@example.com' })
    google.removeGroup('01crew')
    const again = await readAgain(sourceAt(google), before)
    const whole = await reading(sourceAt(google))
    expect(again.certificate.complete).toBe(true)
    expect([...again.users.keys()].toSorted()).toEqual([...whole.users.keys()].toSorted())
    expect([...again.groups.keys()].toSorted()).toEqual(['02inner', '03all'])
    expect(again.members.get('02inner')).toEqual([ALAN])
    expect(again.members.get('03all')?.toSorted()).toEqual([ADA, ALAN, '100000000000000000009'])
  })

  test('is not believed where the group’s own count says otherwise', async () => {
    const google = await directory()
    const before = await reading(sourceAt(google))
    google.addMember('02inner', ALAN)
    google.misbehave(({ headers }) =>
      headers['if-none-match'] === undefined ? undefined : { fault: 'answer', status: 304 },
    )
    const again = await readAgain(sourceAt(google), before)
    expect([again.members.get('02inner'), again.certificate.complete]).toEqual([[GRACE, ALAN], true])
  })

  test('someone who comes back into the reading comes back into their groups', async () => {
    const google = await directory()
    const source = sourceAt(google, { orgUnits: ['/Sales'] })
    const grace = { id: GRACE, primaryEmail: 'grace@example.com' }
    const first = await reading(source)
    google.putUser({ ...grace, orgUnitPath: '/Support' })
    const second = await readAgain(source, first)
    expect([second.users.has(GRACE), second.members.get('02inner') ?? []]).toEqual([false, []])
    google.putUser({ ...grace, orgUnitPath: '/Sales' })
    const third = await readAgain(source, second)
    expect([third.users.has(GRACE), third.members.get('02inner')]).toEqual([true, [GRACE]])
  })

  test('is read in full once other attributes or groups are asked for', async () => {
    const google = await directory()
    const before = await reading(sourceAt(google))
    google.reset()
    const again = await readAgain(sourceAt(google), before, { scope: 'otherwise' })
    expect([again.parts.includes('since'), google.notModified]).toEqual([false, 0])
    expect(again.certificate).toMatchObject({ complete: true, members: 6 })
  })
})

test('a directory that does not honour etags is asked no more for it, and told of what changed only', async () => {
  const google = await directory({ etags: false })
  const before = await reading(sourceAt(google))
  const first = membersAsked(google)
  google.reset()
  const again = await readAgain(sourceAt(google), before)
  expect(membersAsked(google).toSorted()).toEqual(first.toSorted())
  expect(again.certificate).toMatchObject({ complete: true, members: 0 })
  expect([again.users, again.members]).toEqual([before.users, before.members])
})

describe('the checkpoint', () => {
  test('comes back as it was left', () => {
    const left = { scope: 'x', etags: new Map([['01crew', '"abc"']]) }
    expect(parseCheckpoint(writeCheckpoint(left))).toEqual(left)
  })

  test.each([[undefined], [''], ['{}'], ['{"google":2,"scope":"x","etags":{}}'], ['null']])('%s is none', text => {
    expect(parseCheckpoint(text)).toBeUndefined()
  })

  test('of 20 000 groups stays within two megabytes, whatever their etags', () => {
    const etags = new Map(Array.from({ length: 20_000 }, (_, nth) => [`01x0gk373c${nth}`, `"${'e'.repeat(120)}"`]))
    const text = writeCheckpoint({ scope: 'x', etags })
    expect(text.length).toBeLessThan(2_000_000)
    expect(parseCheckpoint(text)?.etags.size).toBeGreaterThan(5_000)
  })
})
