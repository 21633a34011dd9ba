import type { Change } from '../model.ts'
import { differences, shortPath, sides } from './difference.ts'
import { escapeMarkdown } from './escape.ts'
import { isMembersChange, type Outline, outline, type PlanView, type Section } from './outline.ts'
import { number, plural } from './paint.ts'
import type { TextOptions } from './text.ts'
import {
  applyCommand,
  breachWords,
  findingWords,
  madeAt,
  memberNames,
  readingWords,
  reasonsToWait,
  sizeOf,
  total,
} from './words.ts'

/**
 * A plan as GitHub Flavored Markdown: for a pull request, a ticket, a mail. Text from outside stands in code
 * spans. The first changes of each kind are shown; the plan file has them all.
 */
export async function* renderMarkdown(
  view: PlanView,
  options: Pick<TextOptions, 'nameOf' | 'flattened' | 'file'>,
): AsyncGenerator<string> {
  const { header } = view
  const shown = await outline(view, FIRST)
  const count = total(header)
  yield `# Plan for ${escapeMarkdown(header.target)}\n\n`
  yield `${count === 0 ? 'Nothing to do' : `**${plural(count, 'change')}**`} at ${escapeMarkdown(header.url)}, made ${escapeMarkdown(madeAt(header))}, ${escapeMarkdown(header.digest)}.\n`
  if (count > 0) yield* counts(shown)
  for (const section of shown.sections) yield* sectionText(section, options)
  if (header.readings.length > 0) yield '\n## Read\n\n'
  for (const reading of header.readings) {
    const { said, failed } = readingWords(reading)
    yield `- ${escapeMarkdown(reading.source)}: ${escapeMarkdown(said)}\n`
    for (const check of failed) yield `  - **failed** ${escapeMarkdown(check)}\n`
  }
  if (header.breaches.length > 0) yield '\n## Over the limits\n\n'
  for (const breach of header.breaches) yield `- **${breach.limit}**: ${escapeMarkdown(breachWords(breach))}\n`
  if (shown.findings.length > 0) yield '\n## Findings\n'
  for (const { finding, count: found, first } of shown.findings) {
    yield `\n### ${escapeMarkdown(finding)}: ${number(found)}\n\n`
    for (const one of first) yield `- ${escapeMarkdown(findingWords(one))}\n`
    if (found > first.length) yield `- … and ${number(found - first.length)} more\n`
  }
  if (options.file === undefined || count === 0) return
  const reasons = reasonsToWait(header)
  yield `\n## What now\n\n${reasons.length > 0 ? `Held: ${escapeMarkdown(reasons.join(', and '))}. ` : ''}To apply it: ${escapeMarkdown(applyCommand(header, options.file))}\n`
}

const FIRST = 20
const MEMBERS_SHOWN = 10
const VALUE = 80

function* counts({ profiles, kinds, sections }: Outline): Generator<string> {
  yield `\n| |${profiles.map(profile => ` ${escapeMarkdown(profile, 'cell')} |`).join('')} all |\n`
  yield `|---|${'---:|'.repeat(profiles.length + 1)}\n`
  const sum = (some: readonly Section[]) =>
    number(some.reduce((all, { members, lines }) => all + (members || lines), 0))
  for (const kind of kinds) {
    const inKind = sections.filter(section => section.kind === kind)
    const cells = profiles.map(profile => ` ${sum(inKind.filter(section => section.profile === profile))} |`)
    yield `| ${kind} |${cells.join('')} ${sum(inKind)} |\n`
  }
}

function* sectionText(section: Section, options: Pick<TextOptions, 'nameOf' | 'flattened'>): Generator<string> {
  yield `\n## ${escapeMarkdown(section.profile)}: ${section.kind}, ${sizeOf(section)}\n\n`
  for (const change of section.first) yield* changeText(change, options)
  if (section.lines > section.first.length) yield `- … and ${number(section.lines - section.first.length)} more\n`
}

function* changeText(change: Change, options: Pick<TextOptions, 'nameOf' | 'flattened'>): Generator<string> {
  const mark = change.reversible === 'reversible' ? '' : ` **${change.reversible}**`
  yield `- ${escapeMarkdown(change.name)}: ${escapeMarkdown(change.reason)}${mark}\n`
  if (isMembersChange(change)) {
    const size = options.flattened?.(change.source, change.sourceId)
    if (size !== undefined) yield `  - ${number(size.direct)} direct → ${number(size.users)} with nested groups\n`
    const { names, more } = memberNames(change, MEMBERS_SHOWN, options.nameOf)
    const rest = more > 0 ? `, and ${number(more)} more` : ''
    yield `  - ${names.map(name => escapeMarkdown(name)).join(', ')}${rest}\n`
    return
  }
  if (change.before === null || change.after === null) return
  for (const difference of differences(change.before, change.after)) {
    yield `  - ${escapeMarkdown(`${shortPath(difference.path)}: ${sides(difference, VALUE)}`)}\n`
  }
}
