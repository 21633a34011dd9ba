import { isMap, LineCounter, parseDocument, visit } from 'yaml'
import type * as z from 'zod'
import { RollcallError } from '../errors.ts'

/** YAML as this shape has it. Throws `config_invalid` with every fault as `file:line:column: what`. */
export function checkDocument<Shape extends z.ZodType>(file: string, text: string, shape: Shape): z.output<Shape> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, merge: false, uniqueKeys: true })
  const faults: string[] = []
  const fault = (offset: number, what: string) => {
    const { line, col } = lines.linePos(offset)
    faults.push(`${file}:${line || 1}:${col || 1}: ${what}`)
  }
  for (const { pos, message } of [...document.errors, ...document.warnings]) fault(pos[0], message.split('\n')[0] ?? '')

  /** Where the value under a path stands, or the nearest thing around it. */
  const offsetOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true)
      const [start] = rangeOf(node)
      if (start !== undefined) return start
    }
    return rangeOf(document.contents)[0] ?? 0
  }
  const keyOffset = (path: readonly PropertyKey[], key: string): number => {
    const map: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
    const pair = isMap(map) ? map.items.find(item => String(item.key) === key) : undefined
    return rangeOf(pair?.key)[0] ?? offsetOf(path)
  }

  visit(document, {
    Alias: (_, { range }) => fault(range?.[0] ?? 0, 'aliases are not read; write the value out'),
  })

  const plain: unknown = faults.length === 0 ? (document.toJS() ?? {}) : undefined
  const checked = faults.length === 0 ? shape.safeParse(plain) : undefined
  if (checked?.success) return checked.data
  for (const issue of checked?.error.issues ?? []) {
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) fault(keyOffset(issue.path, key), `${key} is not known here; remove or correct it`)
    else fault(offsetOf(issue.path), `${issue.path.join('.')}: ${issue.message}`)
  }
  throw new RollcallError('config_invalid', faults.join('\n'))
}

function rangeOf(node: unknown): readonly number[] {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return []
  return node.range.filter(offset => typeof offset === 'number')
}
