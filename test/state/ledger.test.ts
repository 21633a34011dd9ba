import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Intent, Link, OutcomeRow } from '../../src/state.ts'
import { openLedger } from '../../src/state/ledger.ts'
import { migrate } from '../../src/state/schema.ts'

function openOne() {
  const db = new DatabaseSync(':memory:')
  migrate(db)
  return openLedger(db, 'memory')
}
function link(sourceId: string, scimId: string, more: Partial<Link> = {}): Link {
  return { kind: 'user', source: 'hq', sourceId, scimId, profile: 'emea', echo: undefined, ...more }
}
function begun(ledger: ReturnType<typeof openOne>, planId = 'p1', more: { approved?: boolean; digest?: string } = {}) {
  return ledger.beginRun({
    command: 'apply',
    target: 'cloud',
    planId,
    digest: 'sha256:d',
    startedAt: '2026-11-24T17:02:46.000Z',
    approved: false,
    ...more,
  })
}
function intent(runId: string, line: number, planId = 'p1'): Intent {
  return { runId, planId, target: 'cloud', line, step: 0, change: `change of line ${line}` }
}
function outcome(runId: string, line: number, what: OutcomeRow['outcome'], planId = 'p1'): OutcomeRow {
  return { runId, planId, line, step: 0, outcome: what }
}

test('a link is found from both ends, and is one however often it is put', () => {
  const ledger = openOne()
  ledger.putLinks('cloud', [link('ada', 'u1'), link('ada', 'g1', { kind: 'group' })])
  ledger.putLinks('cloud', [link('ada', 'u2')])
  expect(ledger.link('cloud', 'user', 'hq', 'ada')).toEqual(link('ada', 'u2'))
  expect(ledger.linksTo('cloud', 'user', 'u2')).toEqual([link('ada', 'u2')])
  expect(ledger.linksTo('cloud', 'user', 'u1')).toEqual([])
  expect(ledger.linksTo('cloud', 'group', 'g1')).toMatchObject([{ kind: 'group', sourceId: 'ada' }])
  expect(ledger.link('other', 'user', 'hq', 'ada')).toBeUndefined()
  expect(ledger.link('cloud', 'user', 'tokyo', 'ada')).toBeUndefined()
})

test('who follows the versions hears of each changed link once, as it is now, and of removed ones', () => {
  const ledger = openOne()
  const heard = (since: number) =>
    [...ledger.linksSince('cloud', since)].map(({ sourceId, scimId, removed }) => [sourceId, scimId, removed])
  ledger.putLinks('cloud', [link('ada', 'u1'), link('grace', 'u2'), link('jun', 'u3')])
  ledger.putLinks('other', [link('ada', 'x1')])
  const version = ledger.linkVersion('cloud')
  expect(heard(0)).toEqual([
    ['ada', 'u1', false],
    ['grace', 'u2', false],
    ['jun', 'u3', false],
  ])
  expect(heard(version)).toEqual([])
  ledger.putLinks('cloud', [link('ada', 'u1')])
  expect(ledger.linkVersion('cloud')).toBe(version)
  ledger.putLinks('cloud', [link('ada', 'u9')])
  ledger.removeLink('cloud', 'user', 'hq', 'jun')
  expect(heard(version)).toEqual([
    ['ada', 'u9', false],
    ['jun', 'u3', true],
  ])
  expect(ledger.link('cloud', 'user', 'hq', 'jun')).toBeUndefined()
  ledger.putLinks('cloud', [link('jun', 'u4')])
  expect(heard(version).at(-1)).toEqual(['jun', 'u4', false])
})

test('what the target made of values comes back with the link, absent ones too', () => {
  const ledger = openOne()
  const echo = { title: { sent: 'a', kept: undefined }, 'name.givenName': { sent: ['x', { y: null }], kept: 'X' } }
  ledger.putLinks('cloud', [link('ada', 'u1', { echo })])
  expect(ledger.link('cloud', 'user', 'hq', 'ada')?.echo).toEqual(echo)
})

test('a target is known once it has a link or an applied plan, and stays known', () => {
  const ledger = openOne()
  expect(ledger.knows('cloud')).toBe(false)
  begun(ledger)
  expect(ledger.knows('cloud')).toBe(false)
  ledger.markApplied('p1', 'cloud')
  expect([ledger.knows('cloud'), ledger.appliedInFull('p1'), ledger.appliedInFull('p2')]).toEqual([true, true, false])
  ledger.putLinks('other', [link('ada', 'u1')])
  ledger.removeLink('other', 'user', 'hq', 'ada')
  expect(ledger.knows('other')).toBe(true)
})

test('an intent is open until its outcome is known', () => {
  const ledger = openOne()
  const run = begun(ledger)
  const open = () => ledger.unsettled('cloud').map(({ line }) => line)
  ledger.journal({ intents: [2, 3, 4, 5].map(line => intent(run, line)), outcomes: [] })
  expect(ledger.unsettled('cloud')[0]).toEqual(intent(run, 2))
  ledger.journal({
    intents: [],
    outcomes: [outcome(run, 2, 'applied'), outcome(run, 3, 'failed'), outcome(run, 4, 'unknown')],
  })
  expect(open()).toEqual([4, 5])
  expect(ledger.unsettled('cloud')[0]?.change).toBe('change of line 4')
  expect(ledger.outcomesOf('p1')).toEqual(
    new Map([
      [2, 'applied'],
      [3, 'failed'],
      [4, 'unknown'],
    ]),
  )
  ledger.journal({ intents: [], outcomes: [], withdrawn: [2, 4, 5].map(line => ({ planId: 'p1', line, step: 0 })) })
  expect(open()).toEqual([])
  expect(ledger.outcomesOf('p1')).toEqual(
    new Map([
      [2, 'applied'],
      [3, 'failed'],
    ]),
  )
  expect(ledger.unsettled('other')).toEqual([])
})

test('intents, outcomes and links stand or fall together', () => {
  const ledger = openOne()
  const run = begun(ledger)
  expect(() =>
    ledger.journal({
      intents: [intent(run, 2), intent(run, 3, 'never begun')],
      outcomes: [],
      links: [{ target: 'cloud', link: link('ada', 'u1') }],
    }),
  ).toThrow('no run was begun for plan never begun')
  expect(ledger.unsettled('cloud')).toEqual([])
  expect(ledger.link('cloud', 'user', 'hq', 'ada')).toBeUndefined()
})

test('a link handed on is first taken from the former, then given', () => {
  const ledger = openOne()
  ledger.putLinks('cloud', [link('former', 'u1')])
  const unlink = { target: 'cloud', kind: 'user', source: 'hq', sourceId: 'former' } as const
  ledger.journal({
    intents: [],
    outcomes: [],
    unlinks: [unlink],
    links: [{ target: 'cloud', link: link('rehired', 'u1') }],
  })
  expect(ledger.linksTo('cloud', 'user', 'u1').map(({ sourceId }) => sourceId)).toEqual(['rehired'])
})

test('the history tells each run’s own outcomes, while a plan is continued and after', () => {
  const ledger = openOne()
  const first = begun(ledger, 'p1', { approved: true })
  ledger.journal({
    intents: [2, 3].map(line => intent(first, line)),
    outcomes: [outcome(first, 2, 'applied'), outcome(first, 3, 'unknown')],
  })
  expect(ledger.run(first)?.run.counts).toEqual({ applied: 1, unknown: 1 })
  ledger.endRun(first, { endedAt: '2026-11-24T17:03:00.000Z', exitCode: 4, message: 'interrupted' })
  const second = begun(ledger)
  ledger.journal({
    intents: [intent(second, 3)],
    outcomes: [{ ...outcome(second, 3, 'applied'), scimId: 'u3', message: 'was so already' }],
  })
  ledger.endRun(second, { endedAt: '2026-11-24T17:04:00.000Z', exitCode: 0, message: '' })
  expect(ledger.runs().map(({ id, exitCode, counts }) => [id, exitCode, counts])).toEqual([
    ['20261124-170246-0001', 4, { applied: 1, unknown: 1 }],
    ['20261124-170246-0002', 0, { applied: 1 }],
  ])
  expect([...(ledger.run(second)?.outcomes ?? [])]).toEqual([
    { ...outcome(second, 3, 'applied'), scimId: 'u3', message: 'was so already' },
  ])
  expect(ledger.run('nope')).toBeUndefined()
  expect(ledger.approved('p1', 'sha256:d')).toBe(true)
  expect([ledger.approved('p1', 'sha256:e'), ledger.approved('p2', 'sha256:d')]).toEqual([false, false])
})

test('members written are a set, with those in doubt apart', () => {
  const ledger = openOne()
  ledger.changeWrittenMembers('cloud', 'g1', { add: ['u2', 'u1', 'u3'] })
  ledger.changeWrittenMembers('cloud', 'g1', { add: ['u1'], remove: ['u3'], unsure: ['u4', 'u2'] })
  ledger.changeWrittenMembers('other', 'g1', { add: ['x'] })
  expect([...ledger.writtenMembers('cloud')]).toEqual([{ group: 'g1', members: ['u1'], unsure: ['u2', 'u4'] }])
  expect(ledger.writtenMembersOf('cloud', 'g1')).toEqual(new Set(['u1']))
  ledger.changeWrittenMembers('cloud', 'g1', { add: ['u2'], remove: ['u4', 'u1'] })
  expect([...ledger.writtenMembers('cloud')]).toEqual([{ group: 'g1', members: ['u2'], unsure: [] }])
})

test('text from outside is data, whatever it looks like', () => {
  const ledger = openOne()
  const odd = `'; DROP TABLE l_link; -- \u0000 ${'é'.repeat(300)}`
  ledger.putLinks(odd, [link(odd, odd, { source: odd, profile: odd })])
  expect(ledger.link(odd, 'user', odd, odd)).toMatchObject({ scimId: odd, profile: odd })
})

test('what is gathered is seen at once, and is on disk, all of it, once it is committed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-ledger-'))
  const file = join(folder, 'ledger.db')
  const opened = () => {
    const db = new DatabaseSync(file)
    db.exec('PRAGMA journal_mode = WAL')
    migrate(db)
    return openLedger(db, file)
  }
  const [ledger, onDisk] = [opened(), opened()]
  const seen = (by: typeof ledger) => [
    by.link('cloud', 'user', 'hq', 'ada')?.scimId,
    by.unsettled('cloud').map(({ line }) => line),
  ]
  const run = begun(ledger)
  ledger.gather()
  ledger.journal({ intents: [intent(run, 2)], outcomes: [] })
  ledger.putLinks('cloud', [link('ada', 'u1')])
  expect(seen(ledger)).toEqual(['u1', [2]])
  expect(seen(onDisk)).toEqual([undefined, []])
  ledger.commit()
  expect(onDisk.unsettled('cloud')).toEqual([intent(run, 2)])
  expect(opened().link('cloud', 'user', 'hq', 'ada')?.scimId).toBe('u1')

  ledger.gather()
  ledger.putLinks('cloud', [link('grace', 'u2'), link('ada', 'u3')])
  expect(() => ledger.journal({ intents: [intent(run, 3, 'never begun')], outcomes: [] })).toThrow('never begun')
  ledger.commit()
  expect(['ada', 'grace'].map(id => ledger.link('cloud', 'user', 'hq', id)?.scimId)).toEqual(['u1', undefined])
  rmSync(folder, { recursive: true })
})

test('a ledger of version 1 keeps what it held open, and what became of the rest', () => {
  const db = new DatabaseSync(':memory:')
  migrate(db, 1)
  db.exec(`
    INSERT INTO l_target (num, name) VALUES (1, 'cloud');
    INSERT INTO l_plan (num, id, target) VALUES (1, 'p1', 1);
    INSERT INTO l_run (num, id, command, target, plan, digest, started_at, approved)
      VALUES (1, 'r1', 'apply', 'cloud', 1, 'sha256:d', '2026-11-24T17:02:46.000Z', 0);
    INSERT INTO l_step (plan, line, step, run, change, outcome)
      VALUES (1, 2, 0, 1, NULL, 'applied'), (1, 3, 0, 1, 'change of line 3', 'unknown'), (1, 4, 0, 1, 'change of line 4', NULL);
  `)
  migrate(db)
  const ledger = openLedger(db, 'memory')
  expect(ledger.unsettled('cloud')).toEqual([intent('r1', 3), intent('r1', 4)])
  expect(ledger.outcomesOf('p1')).toEqual(
    new Map([
      [2, 'applied'],
      [3, 'unknown'],
    ]),
  )
  ledger.journal({ intents: [], outcomes: [outcome('r1', 3, 'applied'), outcome('r1', 4, 'failed')] })
  expect(ledger.unsettled('cloud')).toEqual([])
})
