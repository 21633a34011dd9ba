import { expect, test } from 'vitest'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { goneGroup, held, joiner, joining, leaver, mover, textOf, view } from './view.ts'

test('a plan in Markdown has a table of counts, then every profile, then findings', async () => {
  const text = await textOf(
    renderMarkdown(view([joiner, mover, leaver, goneGroup, joining, held]), { file: 'plan.ndjson' }),
  )
  expect(text).toBe(`# Plan for \`atlassian\`

**5 changes** at \`https://api.example.com/scim/directory/d1\`, made \`2026-11-24 08:00 UTC\`, \`sha256:4be1\`.

| | \`emea\` | \`apac\` | all |
|---|---:|---:|---:|
| create-user | 1 | 0 | 1 |
| update-user | 1 | 0 | 1 |
| deactivate-user | 0 | 1 | 1 |
| delete-group | 1 | 0 | 1 |
| add-members | 2 | 0 | 2 |

## \`emea\`: create-user, 1 user

- \`ada@example.com\`: \`new in scope through group atlassian-users\`

## \`emea\`: update-user, 1 user

- \`grace@example.com\`: \`changed at the source\`
  - \`title: "Engineer" → "Lead"\`
  - \`name.familyName: "Hopper" → none\`

## \`emea\`: delete-group, 1 group

- \`atlassian-old\`: \`gone from the source\` **irreversible**

## \`emea\`: add-members, 2 memberships

- \`atlassian-users\`: \`in the group at the source\`
  - \`u1\`, \`u2\`

## \`apac\`: deactivate-user, 1 user

- \`taro@example.co.jp\`: \`left every group in scope\`
  - \`active: true → false\`

## Findings

### \`held\`: 1

- \`jiro@example.co.jp: has no surname (profiles/apac.yaml:14:3)\`

## What now

To apply it: \`rollcall apply plan.ndjson\`
`)
})

test('a name in a plan is never a link, a mention, an image or HTML', async () => {
  const text = await textOf(renderMarkdown(view([{ ...mover, name: '<b>`@all`</b>\n# owned' }]), {}))
  expect(text).toContain('- ``<b>`@all`</b>\\n# owned``: ')
  expect(text).not.toMatch(/^# owned/m)
})
