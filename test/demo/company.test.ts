import { expect, test } from 'vitest'
import { type Company, company, news } from '../support/company/company.ts'
import { headquarters, tokyo } from '../support/company/exports.ts'

const one = company(1)
const two = company(2)
const half = company('half')
const { joiner, mover, leaver, married, renamedGroup, movedGroup } = news()

const person = (of: Company, id: string) => of.users.find(user => user.id === id)
const group = (of: Company, name: string) => of.groups.find(group => group.name === name)!
const byId = (of: Company) => new Map(of.groups.map(group => [group.id, group]))

test('the company is the same every time', () => {
  expect(company(1)).toEqual(one)
  expect(one.users.length).toBe(300)
  expect(one.users[0]).toMatchObject({
    name: 'Oliver Thistlewood',
    mail: 'oliver.thistlewood@example.com',
    region: 'emea',
  })
})

test('ids are UUIDs, unique across people and groups', () => {
  for (const day of [one, two, half]) {
    const ids = [...day.users, ...day.groups].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every(id => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true)
  }
})

test('every member is someone', () => {
  for (const day of [one, two, half]) {
    const ids = new Set([...day.users, ...day.groups].map(({ id }) => id))
    expect(day.groups.flatMap(({ members }) => members).filter(member => !ids.has(member))).toEqual([])
  }
})

test('two people claim one address, and only they', () => {
  const mails = one.users.map(({ mail }) => mail)
  const shared = mails.filter((mail, at) => mails.indexOf(mail) !== at)
  expect(shared.length).toBe(1)
  expect(mails.filter(mail => mail === shared[0]).length).toBe(2)
})

test('there are guests, disabled people, people of one name, and names of many scripts', () => {
  expect(one.users.filter(({ type }) => type === 'guest').length).toBe(11)
  expect(one.users.filter(({ enabled }) => !enabled).length).toBe(5)
  expect(one.users.filter(({ familyName }) => familyName === '').length).toBe(18)
  for (const script of ['Latin', 'Greek', 'Cyrillic', 'Arabic', 'Han', 'Hiragana', 'Hangul', 'Devanagari']) {
    expect(one.users.filter(({ name }) => new RegExp(`\\p{Script=${script}}`, 'u').test(name)).length).toBeGreaterThan(
      1,
    )
  }
})

test('addresses are plain ASCII, whatever the name', () => {
  expect(
    one.users.map(({ mail }) => mail).filter(mail => !/^[a-z0-9.-]+@example\.(com|org|co\.jp)$/.test(mail)),
  ).toEqual([])
})

test('guilds contain each other, everyone is reached by two ways, and a group is empty', () => {
  const design = group(one, 'guild-design')
  const research = group(one, 'guild-research')
  expect(design.members).toContain(research.id)
  expect(research.members).toContain(design.id)

  const team = group(one, 'emea-engineering').id
  const parents = one.groups.filter(({ members }) => members.includes(team)).map(({ id }) => id)
  expect(parents.length).toBe(2)
  expect(parents.every(parent => group(one, 'everyone').members.includes(parent))).toBe(true)

  expect(group(one, 'launch').members).toEqual([])
})

test('on day two one joins, one leaves, one moves, one marries, and everyone else stays', () => {
  const changed = two.users.filter(user => JSON.stringify(user) !== JSON.stringify(person(one, user.id)))
  expect(new Set(changed.map(({ id }) => id))).toEqual(new Set([joiner, mover, married]))
  expect(one.users.filter(({ id }) => !person(two, id)).map(({ id }) => id)).toEqual([leaver])
  expect([person(one, mover)?.region, person(two, mover)?.region]).toEqual(['emea', 'amer'])
  expect(person(two, married)).toMatchObject({ familyName: 'Winterbourne', id: married })
  expect(person(two, married)?.mail).not.toBe(person(one, married)?.mail)
})

test('on day two a group has another name, and one sits below another', () => {
  expect([byId(one).get(renamedGroup)?.name, byId(two).get(renamedGroup)?.name]).toEqual(['apac-support', 'apac-care'])
  const holders = (of: Company) =>
    of.groups.filter(({ members }) => members.includes(movedGroup)).map(({ name }) => name)
  expect([holders(one), holders(two)]).toEqual([['payments'], ['platform']])
})

test('the broken export lacks every second person and no group', () => {
  expect(half.users.length).toBe(150)
  expect(half.groups.map(({ id }) => id)).toEqual(two.groups.map(({ id }) => id))
  expect(new Set(half.users.map(({ id }) => id)).isSubsetOf(new Set(two.users.map(({ id }) => id)))).toBe(true)
})

test('headquarters exports two regions, Tokyo the third, and nobody is in both or in none', () => {
  const hq = headquarters(1).users
  const apac = tokyo(1)
  const inHq = one.users.filter(({ id }) => hq.includes(id))
  const inTokyo = one.users.filter(({ id }) => apac.includes(`entryUUID: ${id}`))
  expect([inHq.length, inTokyo.length]).toEqual([210, 90])
  expect(new Set([...inHq, ...inTokyo]).size).toBe(300)
  expect(tokyo('half')).toBe(tokyo(2))
})
