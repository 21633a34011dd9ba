/** A stretch of a mapping's text: literal, or an expression with the offset at which it starts. */
export type Part =
  | { readonly part: 'text'; readonly text: string }
  | { readonly part: 'expression'; readonly source: string; readonly offset: number }

export interface Template {
  readonly parts: readonly Part[]
  /** Offset of a `${` that nothing closes. */
  readonly unfinished?: number
}

/**
 * Cuts text at its `${…}`. An expression ends at the brace that closes it, not at one in a string or of a map in
 * it; `$${` stands for a literal `${`.
 */
export function parseTemplate(text: string): Template {
  const parts: Part[] = []
  let literal = ''
  const flush = (): void => {
    if (literal !== '') parts.push({ part: 'text', text: literal })
    literal = ''
  }
  let at = 0
  while (at < text.length) {
    if (text.startsWith('$${', at)) {
      literal += '${'
      at += 3
    } else if (text.startsWith('${', at)) {
      const end = closingBrace(text, at + 2)
      if (end === undefined) return { parts, unfinished: at }
      flush()
      parts.push({ part: 'expression', source: text.slice(at + 2, end), offset: at + 2 })
      at = end + 1
    } else {
      const next = text.indexOf('$', at + 1)
      literal += text.slice(at, next < 0 ? text.length : next)
      at = next < 0 ? text.length : next
    }
  }
  flush()
  return { parts }
}

function closingBrace(text: string, from: number): number | undefined {
  let depth = 0
  let at = from
  while (at < text.length) {
    const character = text[at]
    if (character === '"' || character === "'") {
      const end = endOfString(text, at)
      if (end === undefined) return undefined
      at = end
    } else if (text.startsWith('//', at)) {
      const line = text.indexOf('\n', at)
      if (line < 0) return undefined
      at = line + 1
    } else if (character === '{') {
      depth++
      at++
    } else if (character === '}') {
      if (depth === 0) return at
      depth--
      at++
    } else at++
  }
  return undefined
}

/** The offset after a CEL string. In a raw one, too, a quote after a backslash does not end it. */
function endOfString(text: string, start: number): number | undefined {
  const quote = text.slice(start, start + 1)
  const delimiter = text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote
  for (let at = start + delimiter.length; at < text.length; at++) {
    if (text.startsWith(delimiter, at)) return at + delimiter.length
    if (text[at] === '\\') at++
  }
  return undefined
}
