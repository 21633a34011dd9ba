import { RollcallError } from '../errors.ts'
import type { GroupSelector, Position, SourceGroup } from '../model.ts'
import type { Fault } from './document.ts'
import { type Compiling, compileCondition, type Written } from './expression.ts'
import type { ProfileContent } from './shape.ts'

type Selector = ProfileContent['scope']['groups'][number]

/**
 * One entry of `scope.groups`. A `when` that cannot be told for a group ends the reading with `source_incomplete`:
 * both answers could take memberships away from somebody.
 */
export function compileSelector(
  selector: Selector,
  at: Position,
  written: Written,
  compiling: Compiling,
): { readonly selector: GroupSelector } | { readonly faults: readonly Fault[] } {
  if (typeof selector === 'string') {
    const pattern = folded(selector)
    return { selector: { text: selector, at, reads: [], matches: ({ name }) => matchesGlob(folded(name), pattern) } }
  }
  if ('id' in selector) {
    return { selector: { text: `{ id: ${selector.id} }`, at, reads: [], matches: ({ id }) => id === selector.id } }
  }
  const compiled = compileCondition(written, compiling)
  if ('faults' in compiled) return compiled
  const { expression } = compiled
  const matches = (group: SourceGroup): boolean => {
    const evaluated = expression.evaluate(group)
    if ('value' in evaluated) return evaluated.value === true
    const why = 'unknown' in evaluated ? `the source could not tell ${evaluated.unknown}` : evaluated.fault
    throw new RollcallError(
      'source_incomplete',
      `${at.file}:${at.line}:${at.column}: whether group ${group.id} is in scope cannot be told: ${why}. Nothing was changed; correct the condition, or allow the source to be read.`,
    )
  }
  return { selector: { text: `{ when: ${selector.when} }`, at, reads: expression.reads, matches } }
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

/** `*` for any characters, `?` for one; the whole name. Takes time in proportion to name × pattern at most. */
function matchesGlob(name: string, pattern: string): boolean {
  const [characters, wanted] = [[...name], [...pattern]]
  let [at, step] = [0, 0]
  let star = -1
  let resumed = 0
  while (at < characters.length) {
    if (wanted[step] === '*') {
      star = step++
      resumed = at
    } else if (step < wanted.length && (wanted[step] === '?' || wanted[step] === characters[at])) {
      step++
      at++
    } else if (star >= 0) {
      step = star + 1
      at = ++resumed
    } else return false
  }
  while (wanted[step] === '*') step++
  return step === wanted.length
}
