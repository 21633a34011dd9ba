import type { Outline, Section } from './outline.ts'
import { number, type Paint, type Style } from './paint.ts'
import { escapeTerminal } from './escape.ts'
import { SIGNS } from './words.ts'
import { displayWidth, padEnd, padStart, wrap } from './width.ts'

/** Kinds down, profiles across; where that is too wide for the terminal, a line for each profile. */
export function countsTable({ sections, profiles, kinds }: Outline, columns: number, paint: Paint): string[] {
  const across = profiles.length > 1 ? [...profiles.map(escapeTerminal), 'all'] : ['']
  const rows = kinds.map(kind => {
    const inKind = sections.filter(section => section.kind === kind)
    const counts = profiles.map(profile => sum(inKind.filter(section => section.profile === profile)))
    return { kind, counts: profiles.length > 1 ? [...counts, sum(inKind)] : [sum(inKind)], mark: marks(inKind, paint) }
  })
  const first = Math.max(...kinds.map(kind => kind.length))
  const widths = across.map((name, at) =>
    Math.max(displayWidth(name), ...rows.map(row => displayWidth(number(row.counts[at] ?? 0)))),
  )
  const needed = 4 + first + widths.reduce((all, width) => all + width + 3, 0) + 14
  if (needed > columns && profiles.length > 1) return byProfile(sections, profiles, columns, paint)
  const cell = (count: number, at: number) => {
    const text = padStart(count === 0 ? '·' : number(count), widths[at] ?? 0)
    return `   ${count === 0 ? paint('dim', text) : text}`
  }
  const head = `    ${' '.repeat(first)}${across.map((name, at) => `   ${padStart(name, widths[at] ?? 0)}`).join('')}`
  return [
    ...(profiles.length > 1 ? [paint('dim', head)] : []),
    ...rows.map(
      ({ kind, counts, mark }) =>
        `  ${paint(styleOf(kind), `${SIGNS[kind]} ${padEnd(kind, first)}`)}${counts.map(cell).join('')}${mark}`,
    ),
  ]
}

export function styleOf(kind: Section['kind']): Style {
  switch (SIGNS[kind]) {
    case '+':
      return 'green'
    case '~':
      return 'yellow'
    case '=':
      return 'cyan'
    default:
      return 'red'
  }
}

/** `  3 irreversible, 1 costly`, or nothing. */
export function marks(sections: readonly Section[], paint: Paint): string {
  const irreversible = sections.reduce((all, section) => all + section.irreversible, 0)
  const costly = sections.reduce((all, section) => all + section.costly, 0)
  const words = [
    ...(irreversible > 0 ? [paint('red', `${number(irreversible)} irreversible`)] : []),
    ...(costly > 0 ? [paint('yellow', `${number(costly)} costly to take back`)] : []),
  ]
  return words.length > 0 ? `   ${words.join(', ')}` : ''
}

/** Members count as such: a line of a plan holds up to a thousand of them. */
function sum(sections: readonly Section[]): number {
  return sections.reduce((all, section) => all + (section.members > 0 ? section.members : section.lines), 0)
}

function byProfile(sections: readonly Section[], profiles: readonly string[], columns: number, paint: Paint): string[] {
  return profiles.flatMap(profile => {
    const inside = sections.filter(section => section.profile === profile)
    const said = inside.map(section => `${SIGNS[section.kind]} ${number(sum([section]))} ${section.kind}`).join(', ')
    const mark = marks(inside, paint)
    return [`  ${paint('bold', escapeTerminal(profile))}${mark}`, ...wrap(said, columns - 4).map(line => `    ${line}`)]
  })
}
