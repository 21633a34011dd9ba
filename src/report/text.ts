import type { Change, Finding } from '../model.ts'
import { countsTable, marks, styleOf } from './counts.ts'
import { differences, shortPath, sides, valueText } from './difference.ts'
import { escapeTerminal } from './escape.ts'
import {
  changesOf,
  findingsOf,
  isMembersChange,
  type Outline,
  outline,
  type PlanView,
  type Section,
} from './outline.ts'
import { number, type Paint, painter, plural } from './paint.ts'
import { displayWidth, fit, padEnd, wrap } from './width.ts'
import {
  applyCommand,
  breachWords,
  findingWords,
  madeAt,
  memberNames,
  readingWords,
  reasonsToWait,
  SIGNS,
  sizeOf,
  total,
} from './words.ts'

export interface TextOptions {
  /** How wide the terminal is. */
  readonly columns: number
  readonly colour: boolean
  /** Everything, instead of the first of each kind. */
  readonly all: boolean
  /** A name for people, by source id. */
  readonly nameOf?: (source: string, sourceId: string) => string | undefined
  /** How many users a source's group has directly and flattened. */
  readonly flattened?: (source: string, sourceId: string) => { direct: number; users: number } | undefined
  /** Where the plan is saved: for the command that applies it. */
  readonly file?: string
}

/**
 * A plan for someone at a terminal: counts, changes by profile and kind, what was read, limits, findings, and what
 * to do now. Lines end with a line feed. Memory does not grow with the plan.
 */
export async function* renderText(view: PlanView, options: TextOptions): AsyncGenerator<string> {
  const paint = painter(options.colour)
  const shown = await outline(view, options.all ? KEPT : FIRST)
  for (const line of heading(view, shown, options, paint)) yield `${line}\n`
  for (const profile of shown.profiles) {
    yield `\n${paint('bold', escapeTerminal(profile))}\n`
    for (const section of shown.sections.filter(one => one.profile === profile)) {
      for await (const line of sectionLines(view, section, options, paint)) yield `${line}\n`
    }
  }
  for (const line of readings(view, options, paint)) yield `${line}\n`
  for (const line of limits(view, options, paint)) yield `${line}\n`
  for await (const line of findings(view, shown, options, paint)) yield `${line}\n`
  for (const line of whatNow(view, options, paint)) yield `${line}\n`
}

const FIRST = 20
const KEPT = 1000
const MEMBERS_SHOWN = 10

function* heading({ header }: PlanView, shown: Outline, options: TextOptions, paint: Paint): Generator<string> {
  const count = total(header)
  const target = paint('bold', escapeTerminal(header.target))
  if (count === 0) yield `${target}: nothing to do, it is as it should be`
  else yield `${target}: ${plural(count, 'change')}${marks(shown.sections, paint)}`
  yield paint(
    'dim',
    `${escapeTerminal(header.url)}  ${escapeTerminal(madeAt(header))}  ${escapeTerminal(header.digest)}`,
  )
  if (count > 0) {
    yield ''
    yield* countsTable(shown, options.columns, paint)
  }
}

async function* sectionLines(
  view: PlanView,
  section: Section,
  options: TextOptions,
  paint: Paint,
): AsyncGenerator<string> {
  const sign = `${SIGNS[section.kind]} ${section.kind}`
  yield `  ${paint(styleOf(section.kind), sign)}  ${sizeOf(section)}${marks([section], paint)}`
  const column = Math.min(NAME_COLUMNS, Math.max(...section.first.map(nameWidth)))
  const changes = options.all ? changesOf(view, section) : section.first
  for await (const change of changes) yield* changeLines(change, column, options, paint)
  const more = section.lines - section.first.length
  if (!options.all && more > 0) yield paint('dim', `    … and ${number(more)} more (-v shows all)`)
}

const NAME_COLUMNS = 40

function nameWidth(change: Change): number {
  return displayWidth(escapeTerminal(change.name))
}

/** The change on one line, and below it what differs, or who comes and goes. */
export function* changeLines(change: Change, column: number, options: TextOptions, paint: Paint): Generator<string> {
  const name = padEnd(escapeTerminal(change.name), column)
  const mark = change.reversible === 'reversible' ? '' : ` ${paint(markStyle(change), `[${change.reversible}]`)}`
  const reason = escapeTerminal(change.reason)
  yield `    ${name}  ${paint('dim', options.all ? reason : fit(reason, Math.max(30, options.columns - column - 6)))}${mark}`
  if (isMembersChange(change)) {
    const size = options.flattened?.(change.source, change.sourceId)
    if (size !== undefined) {
      yield paint(
        'dim',
        `      ${plural(size.direct, 'direct user')} → ${plural(size.users, 'user')} with nested groups`,
      )
    }
    const { names, more } = memberNames(change, options.all ? Number.POSITIVE_INFINITY : MEMBERS_SHOWN, options.nameOf)
    const text = [...names.map(escapeTerminal), ...(more > 0 ? [`and ${number(more)} more`] : [])].join(', ')
    for (const line of wrap(text, Math.max(40, options.columns - 8))) yield `      ${line}`
    return
  }
  const value = Math.max(24, Math.floor((options.columns - 30) / 2))
  for (const difference of shownDifferences(change, options.all)) {
    const { path, before, after } = difference
    const side = change.before === null ? valueText(after) : change.after === null ? valueText(before) : undefined
    yield `      ${shortPath(path)}: ${side === undefined ? sides(difference, value) : fit(side, 2 * value)}`
  }
}

/** A created or deleted resource is shown in full only where everything is; `active` says no more than the kind does. */
function shownDifferences(change: Exclude<Change, { readonly members: readonly string[] }>, all: boolean) {
  const { before, after } = change
  if (!all && (before === null || after === null)) return []
  const obvious = change.change === 'deactivate-user' || change.change === 'reactivate-user'
  return differences(before, after).filter(({ path }) => !(obvious && path === 'active'))
}

function markStyle(change: Change) {
  return change.reversible === 'irreversible' ? 'red' : 'yellow'
}

function* readings({ header }: PlanView, options: TextOptions, paint: Paint): Generator<string> {
  if (header.readings.length === 0) return
  yield `\n${paint('bold', 'Read')}`
  for (const reading of header.readings) {
    const { said, failed } = readingWords(reading)
    const sound = reading.certificate.complete && reading.standIn !== true
    const source = escapeTerminal(reading.source)
    const [first = '', ...rest] = wrap(escapeTerminal(said), options.columns - displayWidth(source) - 4)
    yield `  ${sound ? source : paint('red', source)}  ${first}`
    for (const line of rest) yield `  ${' '.repeat(displayWidth(source))}  ${line}`
    for (const check of failed) yield `    ${paint('red', 'failed')} ${escapeTerminal(check)}`
  }
}

function* limits({ header }: PlanView, options: TextOptions, paint: Paint): Generator<string> {
  if (header.breaches.length === 0) return
  yield `\n${paint('bold', paint('red', 'Over the limits'))}`
  for (const breach of header.breaches) {
    const [first = '', ...rest] = wrap(escapeTerminal(breachWords(breach)), options.columns - 4)
    yield `  ${paint('red', '!')} ${first}`
    for (const line of rest) yield `    ${line}`
  }
}

async function* findings(
  view: PlanView,
  { findings: sections }: Outline,
  options: TextOptions,
  paint: Paint,
): AsyncGenerator<string> {
  if (sections.length === 0) return
  yield `\n${paint('bold', 'Findings')}  ${paint('dim', 'they stop nothing')}`
  for (const section of sections) {
    yield `  ${paint('yellow', escapeTerminal(section.finding))}  ${number(section.count)}`
    const found: AsyncIterable<Finding> | Iterable<Finding> = options.all ? findingsOf(view, section) : section.first
    for await (const finding of found) {
      const [first = '', ...rest] = wrap(escapeTerminal(findingWords(finding)), options.columns - 6)
      yield `    ${first}`
      for (const line of rest) yield `      ${line}`
    }
    const more = section.count - section.first.length
    if (!options.all && more > 0) yield paint('dim', `    … and ${number(more)} more (-v shows all)`)
  }
}

function* whatNow({ header }: PlanView, { file }: TextOptions, paint: Paint): Generator<string> {
  if (file === undefined || total(header) === 0) return
  const reasons = reasonsToWait(header)
  yield ''
  if (reasons.length > 0)
    yield `${paint('bold', 'Held')}: ${escapeTerminal(reasons.join(', and '))}. Read the plan; to apply it:`
  else yield 'To apply it:'
  yield `  ${paint('cyan', escapeTerminal(applyCommand(header, file)))}`
}
