import { pipeline } from 'node:stream/promises'
import { CsvError, type Info, parse } from 'csv-parse'
import { fault, type SourceFile, utf8 } from './client.ts'

/** One row; `line` is where it starts, 1-based. Every row has as many cells as the first, which names the columns. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

const LONGEST_ROW = 16 * 1024 * 1024

/** The rows of a CSV file (RFC 4180, any line break) in batches, the header first; blank lines are passed over. */
export async function* rows(file: SourceFile, signal: AbortSignal, size: number): AsyncGenerator<readonly Row[]> {
  const parser = parse({
    info: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
  })
  const fed = pipeline(utf8(file, signal), parser).catch(() => {}) // what fails there is thrown by the loop
  const parsed: AsyncIterable<{ readonly record: string[]; readonly info: Info }> = parser
  let drift = 0 // csv-parse takes \r\n within quotes for two lines
  let batch: Row[] = []
  try {
    for await (const { record, info } of parsed) {
      let inside = 0
      for (const cell of record) {
        if (!cell.includes('\n') && !cell.includes('\r')) continue
        const breaks = cell.split(/\r\n|\n|\r/).length - 1
        inside += breaks
        drift += cell.split(/\n|\r/).length - 1 - breaks
      }
      batch.push({ line: info.lines - drift - inside, cells: record })
      if (batch.length < size) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  } catch (error) {
    throw error instanceof CsvError ? explained(file, error, drift) : error
  } finally {
    parser.destroy()
    await fed
  }
}

/** csv-parse's own messages quote the cell, which is personal data. */
function explained(file: SourceFile, error: CsvError, drift: number): Error {
  const line = typeof error['lines'] === 'number' ? error['lines'] - drift : 1
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return fault(file, line, 1, 'not as many cells as the header has columns. Cut off, or a comma without quotes?')
    case 'CSV_QUOTE_NOT_CLOSED':
      return fault(file, line, 1, 'the file ends within quotes. Cut off, or a quote that is not doubled?')
    case 'CSV_MAX_RECORD_SIZE':
      return fault(file, line, 1, `a row of over ${LONGEST_ROW / 1024 / 1024} MiB: a quote that is not closed?`)
    default:
      return fault(file, line, 1, 'a quote in the wrong place: put the cell in quotes and double the quotes in it')
  }
}
