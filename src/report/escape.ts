/**
 * Text from outside, made safe to show (I12). Control characters, ANSI escapes, line breaks, marks that turn the
 * direction of writing and characters without a shape become visible as `\n`, `\x1b` or `\u{202e}`. The joiners
 * U+200C and U+200D stay: Persian, Indic scripts and emoji are written with them.
 */
export function escapeTerminal(text: string): string {
  return UNSAFE_ASCII.test(text) || NOT_ASCII.test(text) ? text.replace(UNSAFE, visible) : text
}

/**
 * Outside text in Markdown: a code span, in which nothing is a link, a mention, an image or HTML. With `cell`,
 * for a table's cell, where a bar would end the cell even inside a code span (GFM §4.10).
 */
export function escapeMarkdown(text: string, where: 'line' | 'cell' = 'line'): string {
  const shown = escapeTerminal(text)
  const runs = shown.match(/`+/g) ?? []
  const fence = '`'.repeat(Math.max(0, ...runs.map(run => run.length)) + 1)
  // A code span loses one blank at each end where both have one (CommonMark §6.1), and cannot be empty.
  const padded = shown === '' || /^[` ]|[` ]$/.test(shown) ? ` ${shown} ` : shown
  return `${fence}${where === 'cell' ? padded.replaceAll('|', '\\|') : padded}${fence}`
}

/** JSON on one line, with everything that a terminal might act upon written as `\uXXXX`. */
export function escapeJson(value: unknown): string {
  const text = JSON.stringify(value)
  return NOT_ASCII.test(text) || text.includes('\x7f') ? text.replace(UNSAFE, escapedUnits) : text
}

const UNSAFE_ASCII = /[\x00-\x1f\x7f]/
const NOT_ASCII = /[^\x00-\x7f]/
const UNSAFE = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]--[\u200c\u200d]]/gv
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const short = SHORT[character]
  if (short !== undefined) return short
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

function escapedUnits(character: string): string {
  let text = ''
  for (let at = 0; at < character.length; at++) text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  return text
}
