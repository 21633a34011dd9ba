import type { DatabaseSync } from 'node:sqlite'
import type { Ledger } from '../state.ts'
import { journal } from './journal.ts'
import { ledgerLinks } from './ledger-links.ts'
import { ledgerRuns } from './ledger-runs.ts'
import { shadow } from './shadow.ts'
import { transactionSync } from './tables.ts'
import { usable } from './unusable.ts'

/**
 * What must not be lost: links, journal, runs, approvals, and the members written where a target does not show
 * them. The tables are those of `schema.ts`, on a connection with `synchronous=FULL`. `where` names the file in
 * messages; whatever keeps the ledger from being written is a `state_unusable` error.
 */
export function openLedger(db: DatabaseSync, where: string): Ledger {
  const links = ledgerLinks(db)
  const runs = ledgerRuns(db)
  const steps = journal(db, runs)
  const members = shadow(db, links.targetNumber)
  const write = <T>(work: () => T): T => {
    try {
      return usable(where, () => (db.isTransaction ? work() : transactionSync(db, work)))
    } catch (cause) {
      if (db.isTransaction) db.exec('ROLLBACK')
      links.forget()
      throw cause
    }
  }

  return {
    knows: links.knows,
    hasApplied: links.hasApplied,
    linkVersion: links.version,
    linksSince: links.since,
    link: links.link,
    linksTo: links.linksTo,
    putLinks: (target, some) => write(() => links.put(some.map(link => ({ target, link })))),
    removeLink: (target, kind, source, sourceId) => write(() => links.remove([{ target, kind, source, sourceId }])),

    writtenMembers: members.all,
    writtenMembersOf: members.of,
    changeWrittenMembers: (target, group, change) => write(() => members.change([{ target, group, ...change }])),

    beginRun: run => write(() => runs.begin(run, links.targetNumber(run.target))),
    endRun: (id, end) => write(() => runs.end(id, end)),
    runs: runs.all,
    run: runs.one,
    approved: runs.approved,

    journal: entries =>
      write(() => {
        steps.withdraw(entries.withdrawn ?? [])
        steps.intend(entries.intents)
        steps.settle(entries.outcomes)
        links.remove(entries.unlinks ?? [])
        links.put(entries.links ?? [])
        members.change(entries.members ?? [])
      }),
    gather() {
      if (!db.isTransaction) usable(where, () => db.exec('BEGIN IMMEDIATE'))
    },
    commit() {
      if (db.isTransaction) write(() => db.exec('COMMIT'))
    },
    outcomesOf: steps.outcomesOf,
    unsettled: steps.unsettled,
    appliedInFull: runs.appliedInFull,
    markApplied: (planId, target) =>
      write(() => {
        runs.markApplied(planId)
        links.markApplied(target)
      }),
    close: () => db.close(),
  }
}
