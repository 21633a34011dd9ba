import { expect, test } from 'vitest'
import { renderJson } from '../../src/report/json.ts'
import { held, joiner, leaver, textOf, view } from './view.ts'

test('the JSON of a plan is one document with its header, changes and findings', async () => {
  const plan = view([joiner, leaver, held])
  expect(JSON.parse(await textOf(renderJson(plan, { target: 'atlassian', exitCode: 3 })))).toEqual({
    target: 'atlassian',
    exitCode: 3,
    header: plan.header,
    changes: [joiner, leaver],
    findings: [held],
  })
})

test('an empty plan is a whole document, too', async () => {
  expect(JSON.parse(await textOf(renderJson(view([]))))).toMatchObject({ changes: [], findings: [] })
})
