import { isUtf8 } from 'node:buffer'
import { fault, type SourceFile, utf8 } from './client.ts'

/** Text, or the bytes of a value that is not UTF-8. */
export type LdifValue = string | Buffer

/** One record of an LDIF file; `line` is that of its dn, 1-based. Names are in lower case, as they compare. */
export interface Entry {
  readonly line: number
  readonly dn: string
  readonly values: ReadonlyMap<string, readonly LdifValue[]>
}

/** What stands in the file besides entries. */
export interface LdifRemarks {
  /** `version: 1` stands at the top. */
  versioned: boolean
  /** Names as the file spells them, by lower case. */
  readonly spelling: Map<string, string>
  /** The last lines were blank: ldapsearch, slapcat and ldifde all end a record so. */
  endsInBlankLine: boolean
  /** What ldapsearch says after the last entry: `0 Success`, `4 Size limit exceeded` (of several searches the first that failed); and its count of entries. */
  result: string | undefined
  announced: number | undefined
  /** Parts of the directory that another server holds and that are therefore not in the file. */
  referrals: number
}

export function noRemarks(): LdifRemarks {
  return {
    versioned: false,
    spelling: new Map(),
    endsInBlankLine: false,
    result: undefined,
    announced: undefined,
    referrals: 0,
  }
}

interface Line {
  readonly text: Buffer
  readonly number: number
}

const LONGEST_LINE = 64 * 1024 * 1024

/**
 * The entries of an LDIF file (RFC 2849), one by one; `remarks` fills while they come. Throws `source_incomplete`
 * with the place where a line is not LDIF, a record is cut off, a value is a link to another file (`:<`, never
 * followed) or a record is a change (`changetype:`). Raw UTF-8 is taken, though RFC 2849 wants it in base64.
 */
export async function* entries(file: SourceFile, signal: AbortSignal, remarks: LdifRemarks): AsyncGenerator<Entry> {
  const { push, end } = logicalLines(file)
  let record: Line[] = []
  function* grouped(lines: Iterable<Line>): Generator<Entry> {
    for (const line of lines) {
      remarks.endsInBlankLine = line.text.length === 0
      if (line.text[0] === 0x23) {
        const announced = /^# numEntries: (\d+)$/.exec(line.text.toString())?.[1]
        if (announced !== undefined) remarks.announced = (remarks.announced ?? 0) + Number(announced)
      } else if (line.text.length > 0) {
        record.push(line)
      } else if (record.length > 0) {
        const entry = entryOf(file, record, remarks)
        record = []
        if (entry) yield entry
      }
    }
  }
  for await (const chunk of utf8(file, signal)) yield* grouped(push(chunk))
  yield* grouped(end())
  const last = record.length > 0 ? entryOf(file, record, remarks) : undefined
  if (last) yield last
}

/** Lines of LDIF, put back together where they were folded, from chunks of bytes cut anywhere. */
function logicalLines(file: SourceFile): { push(chunk: Buffer): Generator<Line>; end(): Generator<Line> } {
  let rest: Buffer[] = [] // the beginning of a line that goes on in the next chunk
  let folded: Buffer[] = []
  let length = 0
  let start = 1
  let number = 0

  function* unfolded(): Generator<Line> {
    const [first] = folded
    if (first) yield { text: folded.length === 1 ? first : Buffer.concat(folded), number: start }
    folded = []
    length = 0
  }
  return {
    *push(chunk) {
      let from = 0
      for (let feed = chunk.indexOf(10); feed >= 0; feed = chunk.indexOf(10, from)) {
        const piece = chunk.subarray(from, feed > from && chunk[feed - 1] === 13 ? feed - 1 : feed)
        const line = rest.length > 0 ? withoutReturn(Buffer.concat([...rest, piece])) : piece
        rest = []
        from = feed + 1
        number++
        if (line[0] === 0x20) {
          if (!folded[0]?.length) throw fault(file, number, 1, 'a folded line with nothing before it')
          length += line.length
          if (length > LONGEST_LINE) throw fault(file, start, 1, 'a value of over 64 MiB')
          folded.push(line.subarray(1))
        } else {
          yield* unfolded()
          folded = [line]
          start = number
        }
      }
      if (from < chunk.length) rest.push(chunk.subarray(from))
    },
    *end() {
      if (rest.length > 0) {
        throw fault(file, number + 1, 1, 'the file ends in the middle of a line. Cut off? Write it again')
      }
      yield* unfolded()
    },
  }
}

/** The chunk may have been cut between carriage return and line feed. */
function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line
}

function entryOf(file: SourceFile, record: readonly Line[], remarks: LdifRemarks): Entry | undefined {
  const [head, ...rest] = record.map(line => attributeIn(file, line))
  if (!head) return undefined
  if (head.name === 'version') {
    remarks.versioned = true
    if (head.value !== '1') throw fault(file, head.line, 1, 'an LDIF version other than 1')
    return entryOf(file, record.slice(1), remarks)
  }
  if (head.name === 'search' || head.name === 'result') {
    const result = [head, ...rest].find(({ name }) => name === 'result')
    if (result && !remarks.result?.match(/^[1-9]/)) remarks.result = text(result.value)
    return undefined
  }
  if (head.name === 'ref') {
    remarks.referrals++
    return undefined
  }
  if (head.name !== 'dn') throw fault(file, head.line, 1, 'a record must begin with its dn')
  if (rest.length === 0) throw fault(file, head.line, 1, 'a dn and nothing after it. Cut off? Write the file again')
  const values = new Map<string, LdifValue[]>()
  for (const { name, written, value, line } of rest) {
    if (name === 'changetype' || name === 'control') {
      throw fault(file, line, 1, 'a record of changes: export the entries themselves')
    }
    if (name.includes(';range=')) {
      throw fault(
        file,
        line,
        1,
        'a group of which the server gave a part (range=): export with ldifde, or read it with the ldap connector',
      )
    }
    const known = values.get(name)
    if (known) known.push(value)
    else values.set(name, [value])
    if (!remarks.spelling.has(name)) remarks.spelling.set(name, written)
  }
  return { line: head.line, dn: text(head.value), values }
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9.-]*(;[A-Za-z0-9=*-]+)*$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

interface Attribute {
  readonly name: string
  readonly written: string
  readonly line: number
  readonly value: LdifValue
}

/** `name: value`, `name:: base64`. */
function attributeIn(file: SourceFile, { text: line, number }: Line): Attribute {
  const colon = line.indexOf(0x3a)
  const written = line.toString('latin1', 0, Math.max(colon, 0))
  if (!NAME.test(written)) throw fault(file, number, 1, 'not LDIF: expected an attribute and a colon')
  const name = written.toLowerCase()
  let from = colon + 1
  const kind = line[from]
  if (kind === 0x3c) throw fault(file, number, colon + 2, 'a link to another file (":<"), which is never followed')
  if (kind === 0x3a) from++
  while (line[from] === 0x20) from++
  if (kind !== 0x3a) return { name, written, line: number, value: line.toString('utf8', from) }
  const encoded = line.toString('latin1', from).trimEnd()
  if (!BASE64.test(encoded)) throw fault(file, number, from + 1, 'not base64. Cut off? Write the file again')
  const bytes = Buffer.from(encoded, 'base64')
  return { name, written, line: number, value: isUtf8(bytes) ? bytes.toString('utf8') : bytes }
}

/** Bytes that are not UTF-8 (pictures, certificates) as base64. */
export function text(value: LdifValue): string {
  return typeof value === 'string' ? value : value.toString('base64')
}
