import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openState } from '../../../src/state/open.ts'
import { type GoogleDouble, type GoogleOptions, startGoogle } from '../../support/google/index.ts'
import { readAgain, reading, request } from '../../support/reading.ts'
import { sourceAt } from './given.ts'

const idOf = (nth: number) => `1${String(nth).padStart(20, '0')}`
const PEOPLE = Array.from({ length: 30 }, (_, nth) => ({ id: idOf(nth), primaryEmail: `p${nth}@example.com` }))
const COMPANY: GoogleOptions = {
  perMinute: Number.POSITIVE_INFINITY,
  users: PEOPLE,
  groups: [
    { id: '01all', email: 'all@example.com', members: ['02design', '03empty', idOf(7)] },
    { id: '02design', email: 'design@example.com', members: PEOPLE.slice(0, 12).map(({ id }) => id) },
    { id: '03empty', email: 'empty@example.com', members: [] },
    { id: '04search', email: 'search@example.com', members: PEOPLE.slice(10).map(({ id }) => id) },
  ],
}

let double: GoogleDouble | undefined
afterEach(async () => {
  await double?.close()
  double = undefined
})

const memberRequests = ({ requests }: GoogleDouble) => requests.filter(({ path }) => path.includes('/members?'))

test('where Google says by its etag that members are as they were, they are not told again', async () => {
  double = await startGoogle({ ...COMPANY, etags: true })
  const source = sourceAt(double)
  const first = await reading(source)
  double.reset()
  const second = await readAgain(source, first)
  expect(memberRequests(double).map(({ headers }) => typeof headers['if-none-match'])).toEqual(Array(4).fill('string'))
  expect(double.notModified).toBe(4)
  expect(second.parts).not.toContain('members')
  expect([second.users, second.groups, second.members]).toEqual([first.users, first.groups, first.members])
  expect(second.certificate.complete).toBe(true)
})

test('a joiner of one group has the members of that group told, and of no other', async () => {
  double = await startGoogle({ ...COMPANY, etags: true })
  const source = sourceAt(double)
  const first = await reading(source)
  double.addMember('02design', idOf(20))
  double.removeMember('04search', idOf(29))
  const told: string[] = []
  const before = { ...first }
  const second = await readAgain(
    {
      ...source,
      async *read(given) {
        for await (const part of source.read(given)) {
          if (part.part === 'members') told.push(part.group)
          yield part
        }
      },
    },
    before,
  )
  expect(told.toSorted()).toEqual(['02design', '04search'])
  expect(second.members.get('02design')).toContain(idOf(20))
  expect(second.members.get('04search')).not.toContain(idOf(29))
  expect(second.members.get('01all')).toEqual(first.members.get('01all'))
})

test('where Google never says so, a second reading asks no more than the first', async () => {
  double = await startGoogle(COMPANY)
  const source = sourceAt(double)
  const first = await reading(source)
  const asked = double.requests.length
  double.reset()
  const second = await readAgain(source, first)
  expect(double.requests.length).toBeLessThanOrEqual(asked)
  expect(second.members).toEqual(first.members)
})

test('the state takes in nothing where nothing changed, and what changed where something did', async () => {
  double = await startGoogle({ ...COMPANY, etags: true })
  const source = sourceAt(double)
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-google-'))
  const state = openState(join(folder, 'state'), { command: 'test', now: new Date() })
  try {
    const keep = async () => {
      const since = state.cache.since('hq')
      const previous = state.cache.reading('hq')?.certificate
      const asked = request({ ...(since && { since }), ...(previous && { previous }) })
      return state.cache.keepReading('hq', source.read(asked), new Date())
    }
    expect((await keep()).certificate).toMatchObject({ complete: true, users: 30, groups: 4 })
    expect((await keep()).changed).toBe(0)
    double.removeMember('02design', idOf(3))
    expect((await keep()).changed).toBe(1)
    expect((await keep()).changed).toBe(0)
  } finally {
    state.close()
    rmSync(folder, { recursive: true })
  }
})
