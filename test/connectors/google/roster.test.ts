import { describe, expect, test } from 'vitest'
import { membersOf } from '../../../connectors/google/memberships.ts'
import { GROUP, READ, Roster, USER } from '../../../connectors/google/roster.ts'

describe('who is meant by a member', () => {
  const roster = new Roster()
  const ada = roster.meet('1', USER | READ, ['ada@example.com', 'countess@example.com', 'all@example.com'])
  const grace = roster.meet('2', USER | READ, ['grace@example.com', 'all@example.com'])
  const crew = roster.meet('crew', GROUP | READ, ['crew@example.com', 'grace@example.net'])

  test.each([
    ['its own id, whatever the address', '2', 'ada@example.com', grace],
    ['a primary address', '7', 'Ada@example.com', ada],
    ['an alias', '8', 'countess@example.com', ada],
    ['a group’s alias', '9', 'grace@example.net', crew],
    ['an alias of several', '10', 'all@example.com', 'ambiguous'],
    ['an address of nobody', '11', 'none@example.com', 'unknown'],
    ['no address', '12', undefined, 'unknown'],
  ])('%s', (_, id, address, who) => {
    expect(roster.resolve(roster.listed(id, address))).toBe(who)
  })

  test('someone listed before they are met is known by their own id', () => {
    const late = roster.listed('13', 'ada@example.com')
    expect(roster.resolve(late)).toBe(ada)
    roster.meet('13', USER, ['late@example.com'])
    expect(roster.resolve(late)).toBe(late)
  })

  test('who is left out is counted by why', () => {
    const outside = roster.meet('14', USER, ['outside@example.com'])
    const foreign = roster.number('partner')
    const members = Uint32Array.from([
      ada,
      roster.listed('10', 'all@example.com'),
      roster.listed('11', 'none@example.com'),
      outside,
      foreign,
    ])
    const leftOut = { external: 0, foreign: 0, ambiguous: 0, outside: 0 }
    const walked = {
      group: { id: 'g', name: 'g', attributes: {} },
      unchanged: false,
      members,
      customers: [],
      etag: undefined,
    }
    const given = { roster, customer: 'C0example1', foreign: new Set([foreign]), everyone: () => [ada, grace] }
    expect(membersOf(walked, given, leftOut)).toEqual({ members: new Set([ada]), plain: false })
    expect(leftOut).toEqual({ external: 1, foreign: 1, ambiguous: 1, outside: 1 })
    const all = membersOf(
      { ...walked, members: new Uint32Array(), customers: ['C0example1', 'C0other'] },
      given,
      leftOut,
    )
    expect([all, leftOut.external]).toEqual([{ members: new Set([ada, grace]), plain: false }, 2])
  })

  test('a group is as its list says only where every member is listed under their own id', () => {
    const given = { roster, customer: undefined, foreign: new Set<number>(), everyone: () => [] }
    const leftOut = { external: 0, foreign: 0, ambiguous: 0, outside: 0 }
    const walked = { group: { id: 'g', name: 'g', attributes: {} }, unchanged: false, customers: [], etag: undefined }
    const told = (...members: number[]) => membersOf({ ...walked, members: Uint32Array.from(members) }, given, leftOut)
    expect(told(ada, crew)).toEqual({ members: new Set([ada, crew]), plain: true })
    expect(told(roster.listed('15', 'countess@example.com'))).toEqual({ members: new Set([ada]), plain: false })
  })

  test('more than fit at first keep their marks', () => {
    const many = new Roster()
    for (let nth = 0; nth < 10_000; nth++) many.mark(many.number(String(nth)), nth % 2 === 0 ? USER : GROUP)
    expect([...many.marked(USER)]).toHaveLength(5_000)
    many.unmarkAll(USER)
    expect([[...many.marked(USER)].length, [...many.marked(GROUP)].length]).toEqual([0, 5_000])
  })
})
