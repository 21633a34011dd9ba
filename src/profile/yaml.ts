import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type YAMLError,
} from 'yaml'
import type { Position } from '../model.ts'
import type { Checked, Fault } from './document.ts'
import { lineAndColumn, nodeAt, sourceOffset } from './place.ts'

const MOST_CHARACTERS = 1 << 20
const DEEPEST = 64
const QUOTES = 'put it in quotes if it is meant as text'

interface ParsedYaml extends Pick<Checked<unknown>, 'faults' | 'at' | 'inside'> {
  readonly value: unknown
  /** Whether the value is worth looking at: what YAML could not read yields faults that nobody made. */
  readonly wellFormed: boolean
}

/** YAML 1.2 without what surprises; the value holds plain objects, lists, text, numbers, booleans and null only. */
export function parseYaml(file: string, text: string): ParsedYaml {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1)
  const place = (offset: number): Position => ({ file, ...lineAndColumn(lines, offset) })
  const unreadable = (offset: number, message: string): ParsedYaml => {
    const where = place(offset)
    return {
      value: undefined,
      wellFormed: false,
      faults: [{ ...where, message }],
      at: () => where,
      inside: () => where,
    }
  }
  if (text.length > MOST_CHARACTERS) return unreadable(0, 'the file is longer than 1 MiB; split it up')
  const odd = text.search(/[\0\uFFFD]/)
  if (odd >= 0) return unreadable(odd, 'this is not UTF-8 text; save the file as UTF-8')
  const tokens = [...new Parser().parse(text)]
  const deep = tooDeep(tokens)
  if (deep !== undefined) {
    return unreadable(deep, `this is nested deeper than ${DEEPEST} levels; a config needs no more than ten`)
  }
  const options = { prettyErrors: false, uniqueKeys: false, merge: false, version: '1.2' } as const
  const [document, second] = [...new Composer(options).compose(tokens, true, text.length)]
  if (!document) return unreadable(0, 'the file is empty; write the config here')
  if (second) {
    return unreadable(
      second.range[0],
      'a second document starts here; keep one document a file, without a --- line between',
    )
  }
  const errors = syntaxFaults(document, text, place)
  if (errors.length > 0) return { ...unreadable(0, ''), faults: errors }

  const root: Node | null = document.contents
  const { value, faults } = plainValue(root, text, place)
  const directive = /^%/m.exec(text.slice(0, root?.range?.[0] ?? 0))
  if (directive) faults.push({ ...place(directive.index), message: 'directives are not taken; remove the line' })
  return {
    value,
    wellFormed: true,
    faults,
    at(path, where = 'value') {
      const { node, key, whole } = nodeAt(root, path)
      const found = (where === 'key' || !whole) && key ? key : node
      return place(found?.range?.[0] ?? 0)
    },
    inside(path, offset) {
      const { node } = nodeAt(root, path)
      return place(isScalar(node) ? sourceOffset(text, node, offset) : (node?.range?.[0] ?? 0))
    },
  }
}

/** The offset of what is nested too deep for a recursive reader, found without recursion. */
function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  let level: (CST.Token | null | undefined)[] = [...tokens]
  for (let depth = 0; level.length > 0; depth++) {
    const next: (CST.Token | null | undefined)[] = []
    for (const token of level) {
      if (!token) continue
      if (depth > DEEPEST) return token.offset
      if (token.type === 'document') next.push(token.value)
      if ('items' in token) for (const item of token.items) next.push(item.key, item.value)
    }
    level = next
  }
  return undefined
}

/** The first error of each line: the others on it follow from that one. */
function syntaxFaults(document: Document, text: string, place: (offset: number) => Position): Fault[] {
  const faults = new Map<number, Fault>()
  for (const error of document.errors) {
    const where = place(error.pos[0])
    if (!faults.has(where.line)) faults.set(where.line, { ...where, message: sentence(error, text) })
  }
  return [...faults.values()]
}

function sentence({ code, message, pos }: YAMLError, text: string): string {
  const line = text.slice(text.lastIndexOf('\n', pos[0] - 1) + 1).split('\n', 1)[0] ?? ''
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab stands where only blanks may indent; replace it with blanks'
    case 'BAD_SCALAR_START':
      return `text cannot start with ${text[pos[0]] ?? 'this'} in YAML; put it in quotes`
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a colon and a blank start a value inside this value; put the whole text in quotes'
    case 'MISSING_CHAR':
      return `YAML misses a character here (${message}); close what was opened, or put the whole text in quotes`
    case 'BAD_DQ_ESCAPE':
      return 'this is no escape that YAML knows; write \\\\ for a backslash, or use single quotes'
    case 'UNEXPECTED_TOKEN':
      return /["'`{}]/.test(line)
        ? "YAML ends the text before this; put the whole text in quotes, and double a ' inside single ones"
        : 'YAML cannot place this here; check the indentation, or put the text in quotes'
    case 'BAD_INDENT':
    case 'BAD_COLLECTION_TYPE':
      return `YAML cannot follow the indentation or brackets here (${message}); line them up, or put text in quotes`
    default:
      return `YAML cannot read this (${message}); correct it, or put text in quotes`
  }
}

interface Plain {
  readonly value: unknown
  readonly faults: Fault[]
}

/** What the nodes say, as plain data. What is at fault is left out, so that no fault follows from another. */
function plainValue(root: Node | null, text: string, place: (offset: number) => Position): Plain {
  const faults: Fault[] = []
  const faultAt = (offset: number, message: string): void => {
    faults.push({ ...place(offset), message })
  }
  const fault = (node: Node, message: string): void => faultAt(node.range?.[0] ?? 0, message)
  const before = (node: Node, property: string): number => {
    const start = node.range?.[0] ?? 0
    const found = text.lastIndexOf(property, start)
    return found < 0 ? start : found
  }
  const plain = (node: Node | null): unknown => {
    if (!node) return null
    if (isAlias(node)) {
      fault(node, `*${node.source} is an alias, which is not taken; ${QUOTES}`)
      return ''
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
      faultAt(before(node, `&${node.anchor}`), `&${node.anchor} is an anchor, which is not taken; ${QUOTES}`)
    }
    if (node.tag !== undefined) {
      const tag = node.tag.replace('tag:yaml.org,2002:', '!!')
      faultAt(before(node, tag), `${tag} is a tag to YAML, which is not taken; ${QUOTES}`)
    }
    if (isMap<Node, Node | null>(node)) return plainMap(node.items)
    if (isSeq<Node>(node)) return node.items.map(plain)
    return isScalar(node) ? node.value : null
  }
  const plainMap = (items: readonly { readonly key: Node; readonly value: Node | null }[]): object => {
    const entries = new Map<string, unknown>()
    for (const { key, value } of items) {
      const name = isScalar(key) ? key.value : undefined
      if (typeof name !== 'string') fault(key, 'a key must be text; put it in quotes')
      else if (FORBIDDEN.has(name)) fault(key, `${name} is not taken as a key; remove the line`)
      else if (name === '<<') fault(key, '<< merges nothing here; write the lines out')
      else if (entries.has(name)) fault(key, `${name} stands here a second time; remove one of the two`)
      else {
        plain(key)
        entries.set(name, plain(value))
      }
    }
    return Object.fromEntries(entries)
  }
  return { value: plain(root), faults }
}

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])
