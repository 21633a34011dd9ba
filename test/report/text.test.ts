import { expect, test } from 'vitest'
import type { Certificate, Change } from '../../src/model.ts'
import { renderText, type TextOptions } from '../../src/report/text.ts'
import { goneGroup, held, joiner, joining, leaver, mover, textOf, view } from './view.ts'

const plain: TextOptions = { columns: 100, colour: false, all: false }
const certificate: Certificate = {
  complete: true,
  checks: [{ check: 'users counted twice', passed: true, detail: '12 of 12' }],
  users: 12,
  groups: 3,
  members: 20,
}

test('a plan is read from its counts to what to do now', async () => {
  const plan = view([joiner, mover, leaver, goneGroup, joining, held], {
    readings: [{ source: 'hq', reading: 7, certificate }],
  })
  const names: Record<string, string> = { u1: 'ada@example.com', u2: 'grace@example.com' }
  const text = await textOf(
    renderText(plan, {
      ...plain,
      nameOf: (_, id) => names[id],
      flattened: () => ({ direct: 1, users: 2 }),
      file: 'plan.ndjson',
    }),
  )
  expect(text).toBe(`atlassian: 5 changes   1 irreversible
https://api.example.com/scim/directory/d1  2026-11-24 08:00 UTC  sha256:4be1

                      emea   apac   all
  + create-user          1      ·     1
  ~ update-user          1      ·     1
  - deactivate-user      ·      1     1
  x delete-group         1      ·     1   1 irreversible
  + add-members          2      ·     2

emea
  + create-user  1 user
    ada@example.com  new in scope through group atlassian-users
  ~ update-user  1 user
    grace@example.com  changed at the source
      title: "Engineer" → "Lead"
      name.familyName: "Hopper" → none
  x delete-group  1 group   1 irreversible
    atlassian-old  gone from the source [irreversible]
  + add-members  2 memberships
    atlassian-users  in the group at the source
      1 direct user → 2 users with nested groups
      ada@example.com, grace@example.com

apac
  - deactivate-user  1 user
    taro@example.co.jp  left every group in scope

Read
  hq  12 users, 3 groups, 20 members; complete, 1 check passed

Findings  they stop nothing
  held  1
    jiro@example.co.jp: has no surname (profiles/apac.yaml:14:3)

To apply it:
  rollcall apply plan.ndjson
`)
})

test('a plan without changes says that nothing is to be done', async () => {
  expect(await textOf(renderText(view([]), { ...plain, file: 'plan.ndjson' }))).toBe(
    'atlassian: nothing to do, it is as it should be\n' +
      'https://api.example.com/scim/directory/d1  2026-11-24 08:00 UTC  sha256:4be1\n',
  )
})

test('a plan over its limits says which, and gives the command that approves exactly this plan', async () => {
  const breach = {
    limit: 'deactivate-user',
    scope: 'profile apac',
    changes: 1,
    managed: 5,
    allowed: '10%',
    message: '1 of 5 managed users of profile apac would be deactivated; 10% of 10 allows 1 at most.',
  } as const
  const text = await textOf(renderText(view([leaver], { breaches: [breach] }), { ...plain, file: "it's.ndjson" }))
  expect(text).toContain('Over the limits\n  ! 1 of 5 managed users of profile apac would be deactivated')
  expect(text).toContain('Held: it is over 1 limit. Read the plan; to apply it:\n')
  expect(text).toContain("rollcall apply 'it'\\''s.ndjson' --approve sha256:4be1")
})

test('a source that stands in is told, with the check that failed', async () => {
  const failed = { ...certificate, complete: false, checks: [{ check: 'users', passed: false, detail: '9 of 12' }] }
  const text = await textOf(
    renderText(view([joiner], { readings: [{ source: 'hq', reading: 7, certificate: failed, standIn: true }] }), plain),
  )
  expect(text.replace(/\s+/g, ' ')).toContain(
    'NOT complete; it could not be read now, so its last complete reading stands in',
  )
  expect(text).toContain('failed users: 9 of 12')
})

test('of many changes the first are shown and the rest are counted; -v shows all, in several passes if need be', async () => {
  const many = Array.from(
    { length: 1500 },
    (_, at): Change => ({ ...mover, sourceId: `u${at}`, name: `user${at}@example.com` }),
  )
  const few = await textOf(renderText(view(many), plain))
  expect(few).toContain('user19@example.com')
  expect(few).not.toContain('user20@example.com')
  expect(few).toContain('… and 1480 more (-v shows all)')
  const all = await textOf(renderText(view([leaver, ...many]), { ...plain, all: true }))
  expect(all.match(/user\d+@example\.com/g)).toHaveLength(1500)
  expect(all).not.toContain('more (-v')
})

test('findings of many kinds are grouped by kind, each with its count', async () => {
  const many = Array.from({ length: 30 }, (_, at) => ({ ...held, name: `user${at}@example.com` }))
  const text = await textOf(renderText(view([...many, { finding: 'collision', message: 'two of one name' }]), plain))
  expect(text).toContain('  collision  1\n    two of one name\n  held  30\n')
  expect(text).toContain('    … and 10 more (-v shows all)\n')
})

test('nothing in a plan can act upon the terminal', async () => {
  const evil = '\x1b[31mroot\x1b[0m\u202e\n'
  const text = await textOf(
    renderText(
      view(
        [
          { ...mover, name: evil, reason: evil, before: { [evil]: evil }, after: { [evil]: [{ value: `${evil}2` }] } },
          { ...joining, name: evil, members: [evil] },
          { finding: evil, name: evil, message: evil, at: evil },
        ],
        {
          target: evil,
          url: evil,
          readings: [{ source: evil, reading: 1, certificate: { ...certificate, asOf: evil } }],
        },
      ),
      { ...plain, file: evil },
    ),
  )
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/)
  expect(text).toContain('\\x1b[31mroot')
})

test('values that look alike are told apart, and long ones are shown where they differ', async () => {
  const nbsp: Change = { ...mover, before: { title: 'Site\u00a0Lead' }, after: { title: 'Site Lead' } }
  expect(await textOf(renderText(view([nbsp]), plain))).toContain('they look alike: U+00A0 → U+0020')
  const long = 'x'.repeat(200)
  const tail: Change = { ...mover, before: { title: `${long}1` }, after: { title: `${long}2` } }
  expect(await textOf(renderText(view([tail]), plain))).toMatch(/title: …x+1" → …x+2"/)
})

test('counts of many profiles are listed where a table would be too wide', async () => {
  const lines = Array.from({ length: 30 }, (_, at): Change => ({ ...mover, profile: `region-${at}` }))
  const text = await textOf(renderText(view(lines, { inputs: { profiles: {}, limits: {}, lines: '' } }), plain))
  expect(text).toContain('  region-7\n    ~ 1 update-user\n')
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
})

test('colours are there only when asked for', async () => {
  expect(await textOf(renderText(view([mover]), plain))).not.toContain('\x1b[')
  expect(await textOf(renderText(view([mover]), { ...plain, colour: true }))).toContain('\x1b[33m')
})
