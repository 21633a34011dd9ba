import type { Breach, Change, ChangeKind, Finding, PlanHeader } from '../model.ts'
import { isMembersChange, type Section } from './outline.ts'
import { number, plural, time } from './paint.ts'

/** What is said of a plan in every format, as plain text that is not escaped yet. */

export const SIGNS: Readonly<Record<ChangeKind, string>> = {
  'create-user': '+',
  'adopt-user': '=',
  'relink-user': '=',
  'update-user': '~',
  'reactivate-user': '+',
  'deactivate-user': '-',
  'delete-user': 'x',
  'create-group': '+',
  'adopt-group': '=',
  'update-group': '~',
  'delete-group': 'x',
  'add-members': '+',
  'remove-members': '-',
}

/** `3 users`, `2 memberships in 1 group`. */
export function sizeOf(section: Section): string {
  if (section.kind === 'add-members' || section.kind === 'remove-members') return plural(section.members, 'membership')
  return plural(section.lines, section.kind.endsWith('-user') ? 'user' : 'group')
}

export function total(header: PlanHeader): number {
  return Object.values(header.counts).reduce((sum, count) => sum + count, 0)
}

/** `complete: 12 034 users, 300 groups, 41 000 members; 6 checks passed`, and a line for each that did not. */
export function readingWords(reading: PlanHeader['readings'][number]): { said: string; failed: string[] } {
  const { certificate, standIn } = reading
  const counts = `${plural(certificate.users, 'user')}, ${plural(certificate.groups, 'group')}, ${plural(certificate.members, 'member')}`
  const failed = certificate.checks.filter(check => !check.passed)
  const held = certificate.complete ? `complete, ${plural(certificate.checks.length, 'check')} passed` : 'NOT complete'
  const asOf = certificate.asOf === undefined ? '' : `, as of ${certificate.asOf}`
  const stand = standIn === true ? '; it could not be read now, so its last complete reading stands in' : ''
  return {
    said: `${counts}; ${held}${asOf}${stand}`,
    failed: failed.map(check => `${check.check}: ${check.detail}`),
  }
}

export function findingWords(finding: Finding): string {
  const who = finding.name ?? finding.sourceId
  return `${who === undefined ? '' : `${who}: `}${finding.message}${finding.at === undefined ? '' : ` (${finding.at})`}`
}

export function breachWords(breach: Breach): string {
  return breach.message !== ''
    ? breach.message
    : `${breach.limit}: ${number(breach.changes)} of ${number(breach.managed)} at ${breach.scope}, allowed ${breach.allowed}`
}

/** The members of a line by name where one is known, at most `most` of them, and how many there are besides. */
export function memberNames(
  change: Change,
  most: number,
  nameOf: ((source: string, sourceId: string) => string | undefined) | undefined,
): { names: string[]; more: number } {
  if (!isMembersChange(change)) return { names: [], more: 0 }
  const strangers = change.strangers ?? []
  const names = [
    ...change.members.slice(0, most).map(id => nameOf?.(change.source, id) ?? id),
    ...strangers.slice(0, Math.max(0, most - change.members.length)).map(id => `${id} (known at the target only)`),
  ]
  return { names, more: change.members.length + strangers.length - names.length }
}

/** Why this plan waits, in plain words; nothing when it may be applied as it is. */
export function reasonsToWait(header: PlanHeader): string[] {
  const uncertain = header.readings.filter(reading => reading.standIn === true || !reading.certificate.complete)
  return [
    ...(header.breaches.length > 0 ? [`it is over ${plural(header.breaches.length, 'limit')}`] : []),
    ...uncertain.map(({ source }) => `source ${source} could not be read completely`),
    ...(header.first && total(header) > 0 ? [`nothing was ever applied to ${header.target}`] : []),
  ]
}

/** The command that applies this plan. */
export function applyCommand(header: PlanHeader, file: string): string {
  const approval = header.breaches.length > 0 ? ` --approve ${header.digest}` : ''
  return `rollcall apply ${shellWord(file)}${approval}`
}

export function madeAt(header: PlanHeader): string {
  return time(header.createdAt)
}

/** One word to a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
