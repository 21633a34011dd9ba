import { afterEach, describe, expect, test } from 'vitest'
import type { Source } from '../src/connector.ts'
import { RollcallError } from '../src/errors.ts'
import { checking, type Reading, reading, request } from './support/reading.ts'

/** A directory in nobody's format. Ids are UUIDs and unique across users and groups; groups may be nested in circles. */
export interface Directory {
  readonly users: readonly DirectoryUser[]
  readonly groups: readonly DirectoryGroup[]
}

export interface DirectoryUser {
  readonly id: string
  readonly enabled: boolean
  /** What the source calls this user for people: displayName, cn, name … Any Unicode but NUL. */
  readonly name: string
  readonly mail: string
  /** May be missing. */
  readonly title?: string
}

export interface DirectoryGroup {
  readonly id: string
  readonly name: string
  readonly description?: string
  /** Ids of users and groups; possibly none. */
  readonly members: readonly string[]
}

export interface Opened {
  readonly source: Source
  /** Anything that would differ if the source had written something: a hash of the files, contextCSN, requests that were not reads. */
  state(): Promise<unknown>
  close(): Promise<void>
}

export interface Traits {
  /** What this connector calls the attributes; the last is the group's. */
  readonly names: { readonly mail: string; readonly title: string; readonly description: string }
  /**
   * Puts the directory where the connector reads it (a real file, a real server, a double on the loopback) under
   * the ids given, and opens a source on it. With `breaksOff` the remote gives less than everything in the way
   * that is likeliest there: the file is cut off, a size limit is hit, the connection drops half way.
   */
  open(directory: Directory, options: { readonly breaksOff: boolean }): Promise<Opened>
}

/** What every connector must do, whatever it reads. Called from each connector's test. */
export function conformance(kind: string, { names, open }: Traits): void {
  describe(`every source: ${kind}`, () => {
    let opened: Opened | undefined
    const given = async (directory: Directory, breaksOff = false) => {
      opened = await open(directory, { breaksOff })
      return opened
    }
    const userAttributes = [names.mail, names.title]
    const groupAttributes = [names.description]
    const all = { userAttributes, groupAttributes }

    afterEach(async () => {
      const last = opened
      opened = undefined
      await last?.close()
    })

    test('everyone is read, disabled or not, with what was asked for', async () => {
      const { source } = await given(OFFICE)
      const { users } = await reading(source, all)
      expect(sorted(users.values())).toEqual(
        sorted(OFFICE.users).map(({ id, enabled, name, mail, title }) => ({
          id,
          enabled,
          name,
          attributes: { [names.mail]: mail, ...(title !== undefined && { [names.title]: title }) },
        })),
      )
    })

    test('every group is read, and one without members is a group as well', async () => {
      const { source } = await given(OFFICE)
      const { groups, members } = await reading(source, all)
      expect(sorted(groups.values())).toEqual(
        sorted(OFFICE.groups).map(({ id, name, description }) => ({
          id,
          name,
          attributes: description === undefined ? {} : { [names.description]: description },
        })),
      )
      expect(members.get(EMPTY) ?? []).toEqual([])
    })

    test('members are the direct ones, nested groups among them, circles and all', async () => {
      const { source } = await given(OFFICE)
      expect(edges(await reading(source))).toEqual(edgesOf(OFFICE))
    })

    test('whoever is not asked for an attribute does not tell it', async () => {
      const { source } = await given(OFFICE)
      const none = await reading(source)
      expect([...none.users.values(), ...none.groups.values()].map(({ attributes }) => attributes)).toEqual(
        [...OFFICE.users, ...OFFICE.groups].map(() => ({})),
      )
      const one = await reading(source, { userAttributes: [names.title] })
      expect(one.users.get(ADA)?.attributes).toEqual({ [names.title]: 'Countess' })
    })

    test('the end comes last and once, and its certificate counts what came', async () => {
      const { source } = await given(OFFICE)
      const read = await reading(source)
      expect(read.parts.filter(part => part === 'end')).toEqual(['end'])
      expect(read.parts.at(-1)).toBe('end')
      const { complete, checks, users, groups, members } = read.certificate
      expect(checks.filter(({ passed }) => !passed)).toEqual([])
      expect({ complete, users, groups, members }).toEqual({
        complete: true,
        users: OFFICE.users.length,
        groups: OFFICE.groups.length,
        members: edgesOf(OFFICE).length,
      })
      expect(checks.length).toBeGreaterThan(0)
    })

    test('nobody comes twice', async () => {
      const { source } = await given(MANY)
      expect((await reading(source)).repeated).toEqual([])
    })

    test('read again, a directory that did not change says the same, and is certified again', async () => {
      const { source } = await given(OFFICE)
      const first = await reading(source, all)
      const second = await reading(source, { ...all, previous: first.certificate })
      expect(second.certificate.checks.filter(({ passed }) => !passed)).toEqual([])
      expect(second.certificate.complete).toBe(true)
      expect(sorted(second.users.values())).toEqual(sorted(first.users.values()))
      expect(sorted(second.groups.values())).toEqual(sorted(first.groups.values()))
      expect(edges(second)).toEqual(edges(first))
    })

    test('names arrive as they are, whatever is in them', async () => {
      const { source } = await given(ODD)
      const { users, groups } = await reading(source, { userAttributes })
      expect(sorted(users.values()).map(({ name }) => name)).toEqual(ODD_NAMES)
      expect(sorted(users.values()).map(({ attributes }) => attributes[names.title])).toEqual(ODD_NAMES)
      expect(sorted(groups.values()).map(({ name }) => name)).toEqual(ODD_NAMES)
    })

    test('a group of thousands keeps all of them, and so does a list of thousands', async () => {
      const { source } = await given(MANY)
      const read = await reading(source)
      expect(read.certificate.complete).toBe(true)
      expect([read.users.size, read.groups.size]).toEqual([MANY.users.length, MANY.groups.length])
      expect(edges(read)).toEqual(edgesOf(MANY))
    })

    test('when one group is in scope, the groups nested in it come with their members', async () => {
      const { source } = await given(OFFICE)
      const read = await reading(source, { inScope: group => group.name === 'guild-design', allUsers: false })
      expect(read.certificate.complete).toBe(true)
      for (const id of [DESIGN, RESEARCH]) {
        expect(read.groups.has(id)).toBe(true)
        expect(new Set(read.members.get(id))).toEqual(new Set(OFFICE.groups.find(group => group.id === id)?.members))
      }
      expect([ADA, GRACE].map(id => read.users.has(id))).toEqual([true, true])
    })

    test('a directory with nobody in it is read as just that', async () => {
      const { source } = await given({ users: [], groups: [] })
      const { users, groups, members, certificate } = await reading(source)
      expect([users.size, groups.size, members.size, certificate.complete]).toEqual([0, 0, 0, true])
    })

    test('a directory that breaks off is an error or not certified, never a small directory', async () => {
      const { source } = await given(MANY, true)
      const end = await reading(source).then(
        ({ certificate }) => (certificate.complete ? 'certified complete' : 'not certified'),
        (error: unknown) => (error instanceof RollcallError ? error.code : error),
      )
      expect(['not certified', 'source_incomplete', 'source_denied']).toContain(end)
    })

    test('called off, it ends with the reason it was given, before it starts and on the way', async () => {
      const { source } = await given(MANY)
      const reason = new RollcallError('interrupted', 'called off')
      await expect(reading(source, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      const controller = new AbortController()
      const halfWay = async () => {
        for await (const { part } of source.read(request({ signal: controller.signal }))) {
          expect(part).not.toBe('end')
          controller.abort(reason)
        }
      }
      await expect(halfWay()).rejects.toBe(reason)
    })

    test('a reader that goes away in the middle leaves the source fit to be read again', async () => {
      const { source } = await given(MANY)
      for await (const { part } of source.read(request())) {
        if (part === 'users') break
      }
      expect((await reading(source)).users.size).toBe(MANY.users.length)
    })

    test('reading and checking write nothing', async () => {
      const { source, state } = await given(OFFICE)
      const before = await state()
      await reading(source, all)
      await checking(source)
      expect(await state()).toEqual(before)
    })

    test('the connection test of a directory in order finds no fault', async () => {
      const { source } = await given(OFFICE)
      const lines = await checking(source)
      expect(lines.filter(({ ok }) => !ok)).toEqual([])
      expect(lines.length).toBeGreaterThan(0)
    })
  })
}

// ── the directories ────────────────────────────────────────────────────────────────────────────────

const uuid = (kind: 'a' | 'b', nth: number) => `${kind.repeat(8)}-0000-4000-8000-${nth.toString(16).padStart(12, '0')}`
const user = (nth: number) => uuid('a', nth)
const group = (nth: number) => uuid('b', nth)

const [ADA, GRACE, ALAN, EDSGER] = [user(1), user(2), user(3), user(4)]
const [ALL, DESIGN, RESEARCH, EMPTY] = [group(1), group(2), group(3), group(4)]

/** Small: a diamond (all holds design and research), a circle (design and research), a disabled user, an empty group. */
const OFFICE: Directory = {
  users: [
    { id: ADA, enabled: true, name: 'Ada Lovelace', mail: 'ada@example.com', title: 'Countess' },
    { id: GRACE, enabled: true, name: 'Grace Hopper', mail: 'grace@example.com', title: 'Rear Admiral' },
    { id: ALAN, enabled: false, name: 'Alan Turing', mail: 'alan@example.com' },
    { id: EDSGER, enabled: true, name: 'Edsger W. Dijkstra', mail: 'edsger@example.org', title: 'Goto' },
  ],
  groups: [
    { id: ALL, name: 'all', description: 'Everyone there is', members: [DESIGN, RESEARCH, ALAN, EDSGER] },
    { id: DESIGN, name: 'guild-design', members: [ADA, RESEARCH] },
    { id: RESEARCH, name: 'guild-research', description: 'Those who search', members: [GRACE, ADA, DESIGN] },
    { id: EMPTY, name: 'launch', description: 'Nobody yet', members: [] },
  ],
}

const ODD_NAMES = [
  `Rhys "the Hat" O'Brien`,
  'Müller-Lüdenscheid, Jürgen; Großmann',
  '東雲 結衣 \u{1F431}\u200d\u{1F4BB}',
  'ليلى الحسن \u202egnp.exe',
  'back\\slash \\, \\2c #hash +plus <less> =equals',
  ' leads, trails and  doubles ',
  'two\nlines, and\r\nthree',
  '\u001b[31mred\u001b[0m \u0007',
  "'; drop table users; -- ${user.id} $(id) {{id}}",
  '*)(objectClass=*',
  'e\u0301 is not \u00e9',
  '__proto__',
  'constructor',
  '=1+1',
  'null',
  '0042',
]

const ODD: Directory = {
  users: ODD_NAMES.map((name, nth) => ({
    id: user(100 + nth),
    enabled: true,
    name,
    mail: `odd${nth}@example.com`,
    title: name,
  })),
  groups: ODD_NAMES.map((name, nth) => ({ id: group(100 + nth), name, members: [user(100 + nth)] })),
}

const CROWD = Array.from({ length: 3_500 }, (_, nth) => user(1_000 + nth))

/** More than a page of anything: users, groups, members of one group. */
const MANY: Directory = {
  users: CROWD.map((id, nth) => ({ id, enabled: nth % 7 !== 0, name: `Person ${nth}`, mail: `p${nth}@example.com` })),
  groups: [
    { id: group(1_000), name: 'crowd', members: CROWD },
    ...Array.from({ length: 1_200 }, (_, nth) => ({
      id: group(1_001 + nth),
      name: `team-${nth}`,
      members: [CROWD[nth]!, group(1_000 + nth)],
    })),
  ],
}

// ── comparing ──────────────────────────────────────────────────────────────────────────────────────

function sorted<Item extends { readonly id: string }>(items: Iterable<Item>): Item[] {
  return [...items].sort((one, other) => (one.id < other.id ? -1 : 1))
}

/** Direct memberships as `group member`, each once, in order. */
function edges({ members }: Reading): string[] {
  return [...new Set([...members].flatMap(([group, ids]) => ids.map(id => `${group} ${id}`)))].sort()
}

function edgesOf({ groups }: Directory): string[] {
  return groups.flatMap(({ id, members }) => members.map(member => `${id} ${member}`)).sort()
}
