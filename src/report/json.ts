import { escapeJson } from './escape.ts'
import { isChange, type PlanView } from './outline.ts'

/**
 * A plan as one JSON object, in pieces: `{ …, "header": {…}, "changes": […], "findings": […] }`, with `extra` in
 * front. The changes and findings are the lines of the plan file as they are.
 */
export async function* renderJson(
  view: PlanView,
  extra: Readonly<Record<string, unknown>> = {},
): AsyncGenerator<string> {
  yield '{'
  for (const [name, value] of Object.entries(extra)) yield `${escapeJson(name)}:${escapeJson(value)},`
  yield `"header":${escapeJson(view.header)},"changes":[`
  yield* list(view, true)
  yield '],"findings":['
  yield* list(view, false)
  yield ']}'
}

async function* list(view: PlanView, changes: boolean): AsyncGenerator<string> {
  let first = true
  for await (const line of view.lines()) {
    if (isChange(line) !== changes) continue
    yield `${first ? '' : ','}\n${escapeJson(line)}`
    first = false
  }
}
