/**
 * How many columns of a terminal a text takes: two for East Asian wide characters and emoji, none for marks that
 * sit on another character. Ranges: Unicode's EastAsianWidth.txt (W and F), in which emoji are wide, too.
 */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let columns = 0
  for (const { segment } of segmenter.segment(text)) columns += widthOf(segment)
  return columns
}

/** At most so many columns of it, with `…` where something is left out. Never cuts a character from its marks. */
export function fit(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const width = widthOf(segment)
    if (used + width > columns - 1) break
    kept += segment
    used += width
  }
  return `${kept}…`
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - displayWidth(text))) + text
}

/** Words on lines of at most so many columns; a longer word has a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

const PLAIN = /^[\x20-\x7e]*$/
const ZERO = /^[\p{M}\p{Cf}\p{Cc}]+$/u
const EMOJI = /^\p{Emoji_Presentation}|\ufe0f/u
/** They extend the character before them, and yet have a column of their own. */
const HALFWIDTH_SOUND_MARKS = /(?<=.)[\uff9e\uff9f]/g
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
]

function widthOf(grapheme: string): number {
  if (ZERO.test(grapheme)) return 0
  if (EMOJI.test(grapheme)) return 2
  const code = grapheme.codePointAt(0) ?? 0
  const wide = WIDE.some(([first, last]) => code >= first && code <= last)
  return (wide ? 2 : 1) + (grapheme.match(HALFWIDTH_SOUND_MARKS)?.length ?? 0)
}
