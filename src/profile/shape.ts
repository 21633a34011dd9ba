import * as z from 'zod'
import { limitsShape } from './limits.ts'

const text = z.string().min(1)

const selector = z
  .union([
    text.describe('A name; * stands for any characters, ? for one. Case does not matter.'),
    z.strictObject({ id: text.describe("The source's id of one group.") }),
    z.strictObject({ when: text.describe("CEL over group, like group.type == 'security'.") }),
  ])
  .describe('Which groups: a name with * and ?, { id: … } or { when: CEL }.')

const selectors = z.array(selector)

const domain = z
  .string()
  .regex(/^[^\s@*]+\.[^\s@*]+$/, { error: 'a domain is expected here, without @ and *; write it like example.com' })
  .transform(name => name.toLowerCase())

const mapped = z
  .union([z.string(), z.boolean()], {
    error: 'a mapping is text with ${…}; write it in quotes, and a part of name as name.givenName: …',
  })
  .transform(String)

/** A profile as it is written. */
export const profileShape = z
  .strictObject({
    version: z.literal(1).describe('Of this form of file.'),
    source: text.describe('The name of a source in rollcall.yaml: where these people come from.'),
    target: text.describe('The name of a target in rollcall.yaml: where they go.'),
    addresses: z.array(domain).default([]).describe('Domains; who has a userName or e-mail outside them is held.'),
    scope: z
      .strictObject({
        groups: selectors.default([]).describe('Which groups appear at the target; [] for none.'),
        users: z
          .union([
            z.literal('members'),
            z.literal('all'),
            z.strictObject({ members: selectors.min(1).describe('Groups that need not appear at the target.') }),
          ])
          .default('members')
          .describe('Who: members of those groups, all, or members of other groups.'),
        when: text.exactOptional().describe("And of those, whom: CEL like user.employeeType != 'robot'."),
        members: z
          .enum(['nested', 'direct'])
          .default('nested')
          .describe('Whether members of groups inside a group count as its members.'),
      })
      .describe('Which groups and users this profile takes in.'),
    match: z
      .array(text)
      .default([])
      .describe('Attributes by which someone already at the target is recognised, best first. Default: none.'),
    matchGroups: z
      .array(text)
      .default([])
      .describe('The same for groups: displayName or externalId. Default: none, and a taken name is held.'),
    takeOver: z.boolean().default(false).describe('Whether a match may be adopted that has another externalId.'),
    strangers: z
      .enum(['remove', 'keep'])
      .default('remove')
      .describe('What becomes of members of managed groups that were added at the target.'),
    leavers: z
      .enum(['deactivate', 'delete', 'keep'])
      .default('deactivate')
      .describe('What becomes of people who are no longer in scope.'),
    goneGroups: z
      .enum(['empty', 'keep', 'delete'])
      .default('empty')
      .describe('What becomes of groups that are no longer in scope.'),
    rename: z
      .enum(['if-supported', 'recreate'])
      .default('if-supported')
      .describe('Whether a group is made anew where the target cannot rename: its permissions there are lost.'),
    mergeGroups: z.boolean().default(false).describe('Whether groups mapped to one name become one.'),
    user: z
      .record(z.string(), mapped)
      .describe('SCIM attribute: text with ${CEL} inside. What is not named here is never touched.'),
    group: z
      .record(z.string(), mapped)
      .default({ displayName: '${group.name}' })
      .describe('The same for groups: displayName and externalId.'),
    limits: limitsShape.default({}).describe("The most one run may change of this profile's people and groups."),
  })
  .describe('One population: where it comes from, who is in scope, how it is mapped, where it goes.')

export type ProfileContent = z.output<typeof profileShape>
