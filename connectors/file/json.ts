import { fault, type SourceFile, utf8 } from './client.ts'

/** What stands in an array under a key of the outermost object: first that it is there, then its elements one by one. */
export type Element = {
  readonly key: string
  readonly line: number
  readonly column: number
} & ({ readonly index: -1 } | { readonly index: number; readonly value: unknown })

const BLANK = /[ \t\r\n]/
const LONGEST = 64 * 1024 * 1024

/**
 * The arrays of one JSON object `{ key: [element, …], … }`, element by element, so that a file of any size fits in
 * memory; one element may take 64 MiB. Throws `source_incomplete` with the place where the text is not JSON or ends
 * early. Values of the outermost object that are not arrays are passed over.
 */
export async function* elements(file: SourceFile, signal: AbortSignal): AsyncGenerator<Element> {
  const text = reader(file, signal)
  const wrong = (message: string) => fault(file, ...text.place(), message)
  const expect = async (wanted: string) => {
    const next = await text.next()
    if (next === undefined) throw wrong('the file ends in the middle. Cut off? Write it again')
    if (!wanted.includes(next)) throw wrong(`expected ${[...wanted].join(' or ')}: not JSON`)
    return next
  }
  const parsed = async () => {
    const [line, column] = (await text.next(), text.place())
    const { json, pairs } = await text.value()
    const value = parse(file, json, line, column)
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length !== pairs) {
      throw fault(file, line, column, 'one key stands twice in this object')
    }
    return { value, line, column }
  }
  try {
    if ((await text.next()) === undefined) return
    await expect('{')
    text.skip()
    for (let end = (await expect('"}')) === '}'; !end; ) {
      const { value: key, line, column } = await parsed()
      if (typeof key !== 'string') throw fault(file, line, column, 'expected a key in quotes: not JSON')
      await expect(':')
      text.skip()
      if ((await text.next()) === '[') {
        const [line, column] = text.place()
        yield { key, line, column, index: -1 }
        text.skip()
        for (let index = 0, last = (await text.next()) === ']'; !last; index++) {
          yield { key, index, ...(await parsed()) }
          last = (await expect(',]')) === ']'
          if (!last) text.skip()
        }
        text.skip()
      } else await parsed()
      end = (await expect(',}')) === '}'
      if (!end) {
        text.skip()
        await expect('"')
      }
    }
    text.skip()
    if ((await text.next()) !== undefined) throw wrong('text after the end of the outermost object: not JSON')
  } finally {
    await text.close()
  }
}

/** V8's own message quotes the text, which is personal data; only the position is taken from it. */
function parse(file: SourceFile, text: string, line: number, column: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const at = Number(/at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1] ?? 0)
    const before = text.slice(0, at)
    const breaks = before.split('\n').length - 1
    const on = breaks === 0 ? column + at : at - before.lastIndexOf('\n')
    throw fault(file, line + breaks, on, 'not JSON: a comma, a quote or a bracket missing or too much?')
  }
}

interface Reader {
  /** The next character that is not blank, without passing it; undefined at the end of the file. */
  next(): Promise<string | undefined>
  skip(): void
  /** The text of the value that starts here, and how many pairs it has if it is an object; passes it. */
  value(): Promise<{ readonly json: string; readonly pairs: number }>
  /** Line and column of what comes next, 1-based. */
  place(): [number, number]
  close(): Promise<unknown>
}

function reader(file: SourceFile, signal: AbortSignal): Reader {
  const source = utf8(file, signal)
  let text = ''
  let at = 0
  let line = 1
  let lineStart = 0 // where the line starts, counted from the beginning of `text`; negative once that is gone

  let feed = Infinity // where the next line break is

  const nextFeed = (from: number) => {
    const found = text.indexOf('\n', from)
    feed = found < 0 ? Infinity : found
  }
  const pass = (end: number) => {
    while (feed < end) {
      line++
      lineStart = feed + 1
      nextFeed(lineStart)
    }
    at = end
  }
  const more = async (): Promise<boolean> => {
    const next = await source.next()
    if (next.done === true) return false
    lineStart -= at
    text = text.slice(at) + next.value.toString('utf8')
    at = 0
    nextFeed(0)
    return true
  }
  const place = (): [number, number] => [line, at - lineStart + 1]
  return {
    place,
    close: () => source.return(undefined),
    async next() {
      for (;;) {
        let end = at
        while (end < text.length && BLANK.test(text[end]!)) end++
        pass(end)
        if (at < text.length) return text[at]
        if (!(await more())) return undefined
      }
    },
    skip: () => pass(at + 1),
    async value() {
      const [line, column] = place()
      const scan = scanner()
      const parts: string[] = []
      for (let length = 0; ; ) {
        const end = scan.end(text, at)
        const part = text.slice(at, end < 0 ? text.length : end)
        parts.push(part)
        length += part.length
        pass(at + part.length)
        if (end >= 0) return { json: parts.join(''), pairs: scan.pairs() }
        if (length > LONGEST) {
          throw fault(file, line, column, 'one element of over 64 MiB: a quote that is not closed?')
        }
        if (!(await more())) throw fault(file, ...place(), 'the file ends in the middle. Cut off? Write it again')
      }
    },
  }
}

/** Finds where a value ends; asked again with the text that follows, as long as it says -1. */
function scanner(): { end(text: string, from: number): number; pairs(): number } {
  let depth = 0
  let quoted = false
  let escaped = false
  let pairs = 0
  return {
    pairs: () => pairs,
    end(text, from) {
      for (let at = from; at < text.length; at++) {
        const char = text.charCodeAt(at)
        if (escaped) escaped = false
        else if (quoted) {
          if (char === 0x5c) escaped = true
          else if (char === 0x22) {
            quoted = false
            if (depth === 0) return at + 1
          }
        } else if (char === 0x22) quoted = true
        else if (char === 0x7b || char === 0x5b) depth++
        else if (char === 0x7d || char === 0x5d) {
          if (depth === 0) return at
          if (--depth === 0) return at + 1
        } else if (depth === 1 && char === 0x3a) pairs++
        else if (depth === 0 && (char === 0x2c || char === 0x3a || char <= 0x20)) return at
      }
      return -1
    },
  }
}
