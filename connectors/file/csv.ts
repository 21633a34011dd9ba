import { fault, type SourceFile, utf8 } from './client.ts'

/** One row; `line` is where it starts, 1-based. Every row has as many cells as the first, which names the columns. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

const LONGEST_ROW = 16 * 1024 * 1024

/**
 * The rows of a CSV file (RFC 4180, any line break) in batches, the header first; blank lines are passed over.
 * Throws `source_incomplete` with the line where a row has other columns than the header or a quote is out of place.
 */
export async function* rows(file: SourceFile, signal: AbortSignal, size: number): AsyncGenerator<readonly Row[]> {
  const { push, end } = reader(file)
  let batch: Row[] = []
  const batches = function* (some: Iterable<Row>) {
    for (const row of some) {
      if (batch.push(row) < size) continue
      yield batch
      batch = []
    }
  }
  for await (const chunk of utf8(file, signal)) yield* batches(push(chunk.toString('utf8')))
  yield* batches(end())
  if (batch.length > 0) yield batch
}

const [COMMA, QUOTE, FEED, RETURN] = [0x2c, 0x22, 0x0a, 0x0d]

/** Rows from pieces of text cut anywhere. */
function reader(file: SourceFile): { push(piece: string): Generator<Row>; end(): Generator<Row> } {
  let text = ''
  let at = 0
  let line = 1
  let width = 0

  const rowOf = (cells: readonly string[]): Row => {
    width ||= cells.length
    if (cells.length === width) return { line, cells }
    throw fault(file, line, 1, 'not as many cells as the header has columns. Cut off, or a comma without quotes?')
  }
  function* whole(last: boolean): Generator<Row> {
    let [feed, mark, quote] = [-1, -1, -1] // where the next of each is, so that no stretch is searched twice
    const next = (known: number, sought: string) => {
      if (known >= at) return known
      const found = text.indexOf(sought, at)
      return found < 0 ? Infinity : found
    }
    while (at < text.length) {
      feed = next(feed, '\n')
      mark = next(mark, '\r')
      quote = next(quote, '"')
      if (feed < quote && mark >= feed - 1) {
        const end = Math.min(mark, feed)
        if (end > at) yield rowOf(text.slice(at, end).split(','))
        at = feed + 1
        line++
        continue
      }
      const row = cellsAt(text, at, last)
      if (typeof row === 'string') throw fault(file, line, 1, row)
      if (!row) break
      if (row.end > at) yield rowOf(row.cells)
      at = row.next
      line += row.breaks + 1
    }
  }
  return {
    *push(piece) {
      text = text.slice(at) + piece
      at = 0
      yield* whole(false)
      if (text.length - at <= LONGEST_ROW) return
      throw fault(file, line, 1, `a row of over ${LONGEST_ROW / 1024 / 1024} MiB: a quote that is not closed?`)
    },
    end: () => whole(true),
  }
}

interface Cells {
  readonly cells: readonly string[]
  /** Where the row ends, and where the next one starts. */
  readonly end: number
  readonly next: number
  /** How many line breaks stand within quotes. */
  readonly breaks: number
}

/** The row that starts at `from`, cell by cell; undefined where more text is needed; what is wrong with it as text. */
function cellsAt(text: string, from: number, last: boolean): Cells | string | undefined {
  const cells: string[] = []
  let breaks = 0
  for (let at = from; ; at++) {
    if (text.charCodeAt(at) === QUOTE) {
      const start = at + 1
      do at = text.indexOf('"', at + 1) + 1
      while (at > 0 && text.charCodeAt(at) === QUOTE)
      if (at === 0) return last ? 'the file ends within quotes. Cut off, or a quote that is not doubled?' : undefined
      const cell = text.slice(start, at - 1)
      cells.push(cell.includes('"') ? cell.replaceAll('""', '"') : cell)
      breaks += lineBreaks(cell)
    } else {
      const start = at
      while (at < text.length && !ends(text.charCodeAt(at))) at++
      cells.push(text.slice(start, at))
    }
    if (at >= text.length) return last ? { cells, end: at, next: at, breaks } : undefined
    switch (text.charCodeAt(at)) {
      case COMMA:
        continue
      case FEED:
        return { cells, end: at, next: at + 1, breaks }
      case RETURN:
        if (at + 1 === text.length && !last) return undefined
        return { cells, end: at, next: text.charCodeAt(at + 1) === FEED ? at + 2 : at + 1, breaks }
      default:
        return 'a quote in the wrong place: put the cell in quotes and double the quotes in it'
    }
  }
}

function ends(char: number): boolean {
  return char === COMMA || char === FEED || char === RETURN || char === QUOTE
}

function lineBreaks(cell: string): number {
  return cell.includes('\n') || cell.includes('\r') ? cell.split(/\r\n|\n|\r/).length - 1 : 0
}
