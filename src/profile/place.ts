import { isMap, isScalar, isSeq, type LineCounter, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml'

/** The node under a path and its key's, as far as the document goes along it. */
export function nodeAt(
  root: Node | null,
  path: readonly (string | number)[],
): { readonly node: Node | null; readonly key: Node | null; readonly whole: boolean } {
  let node: Node | null = root
  let key: Node | null = null
  for (const step of path) {
    if (isMap<Node, Node | null>(node)) {
      const pair = pairsOf(node).get(step)
      if (!pair) return { node, key, whole: false }
      key = pair.key
      node = pair.value ?? pair.key
    } else if (isSeq<Node>(node) && typeof step === 'number' && node.items[step]) {
      node = node.items[step]
      key = null
    } else return { node, key, whole: false }
  }
  return { node, key, whole: true }
}

const pairs = new WeakMap<object, ReadonlyMap<unknown, Pair<Node, Node | null>>>()

/** A map's pairs by key, the first of several; made once, since a file may have many faults. */
function pairsOf(map: YAMLMap<Node, Node | null>): ReadonlyMap<unknown, Pair<Node, Node | null>> {
  const known = pairs.get(map)
  if (known) return known
  const made = new Map<unknown, Pair<Node, Node | null>>()
  for (const pair of map.items) if (isScalar(pair.key) && !made.has(pair.key.value)) made.set(pair.key.value, pair)
  pairs.set(map, made)
  return made
}

export function lineAndColumn(lines: LineCounter, offset: number): { readonly line: number; readonly column: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

/**
 * Where in the source a character of a scalar's text stands. Folding and indentation change blanks alone, so the
 * characters that are none are counted on both sides.
 */
export function sourceOffset(source: string, scalar: Scalar, offset: number): number {
  const [start, end] = scalar.range ?? [0, 0]
  const text = String(scalar.value)
  let wanted = 0
  for (const character of text.slice(0, offset)) if (!BLANK.test(character)) wanted += character.length
  const onBlank = offset >= text.length || BLANK.test(text[offset]!)
  let at = bodyStart(source, scalar, start)
  let last = at
  for (let counted = 0; at < end; ) {
    const { decoded, length } = characterAt(source, scalar, at)
    const blank = BLANK.test(decoded) || decoded === ''
    if (!blank && counted >= wanted && !onBlank) return at
    if (!blank && counted + decoded.length > wanted) break
    at += length
    if (!blank) {
      counted += decoded.length
      last = at
    } else if (onBlank && counted >= wanted) break
  }
  return last
}

const BLANK = /^\s+$/

function bodyStart(source: string, scalar: Scalar, start: number): number {
  if (scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED') {
    const line = source.indexOf('\n', start)
    return line < 0 ? start : line + 1
  }
  return scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE' ? start + 1 : start
}

function characterAt(
  source: string,
  scalar: Scalar,
  at: number,
): { readonly decoded: string; readonly length: number } {
  const character = source[at]!
  if (scalar.type === 'QUOTE_SINGLE' && source.startsWith("''", at)) return { decoded: "'", length: 2 }
  if (scalar.type !== 'QUOTE_DOUBLE' || character !== '\\') return { decoded: character, length: 1 }
  const kind = source[at + 1] ?? ''
  const digits = { x: 2, u: 4, U: 8 }[kind]
  if (digits === undefined) return { decoded: ESCAPED_BLANKS.includes(kind) ? '' : kind, length: 2 }
  const code = Number.parseInt(source.slice(at + 2, at + 2 + digits), 16)
  return { decoded: code <= 0x10ffff ? String.fromCodePoint(code) : '', length: 2 + digits }
}

/** Escapes that stand for a blank, or for nothing. */
const ESCAPED_BLANKS = 'nrtvfNLP_ \t\r\n'
