import * as z from 'zod'
import type { Limit, LimitName, Limits } from '../model.ts'

const error = 'a limit is a percentage like 10% or 0.5%, or a whole number like 0 or 25; write one of these'
const MOST = 999_999_999

const limit = z
  .union(
    [
      z.int({ error }).min(0, { error }).max(MOST, { error }),
      z.string().regex(/^(?:(?:100(?:\.0{1,3})?|\d{1,2}(?:\.\d{1,3})?)%|\d{1,9})$/, { error }),
    ],
    { error },
  )
  .transform((written): Limit => {
    if (typeof written === 'number') return { count: written }
    return written.endsWith('%') ? { percent: Number(written.slice(0, -1)) } : { count: Number(written) }
  })

function limitOn(counted: string): z.ZodExactOptional<typeof limit> {
  return limit.exactOptional().describe(`the most ${counted} in one run without approval: 10% or 25`)
}

const limits = {
  'create-user': limitOn('users created'),
  'adopt-user': limitOn('users of the target taken over by a match'),
  'relink-user': limitOn('users whose source object is new (rehired, directory rebuilt)'),
  'update-user': limitOn('users changed'),
  'deactivate-user': limitOn('users deactivated'),
  'reactivate-user': limitOn('users reactivated'),
  'delete-user': limitOn('users deleted'),
  'create-group': limitOn('groups created'),
  'adopt-group': limitOn('groups of the target taken over by a match'),
  'update-group': limitOn('groups changed'),
  'delete-group': limitOn('groups deleted'),
  'add-members': limitOn('memberships added'),
  'remove-members': limitOn('memberships removed'),
  'empty-group': limitOn('groups of five or more that lose their last member'),
  'change-address': limitOn('users whose userName or e-mail changes'),
  'shrink-users': limitOn('users missing from a source since its last certified reading'),
  'shrink-groups': limitOn('groups missing from a source since its last certified reading'),
  'shrink-members': limitOn('memberships missing from a source since its last certified reading'),
} satisfies Record<LimitName, unknown>

const floorError = 'floor is a whole number of users, groups or memberships; write one like 10'

/** `limits:` of rollcall.yaml and of a profile. */
export const limitsShape = z
  .strictObject({
    ...limits,
    floor: z
      .int({ error: floorError })
      .min(0, { error: floorError })
      .max(MOST, { error: floorError })
      .exactOptional()
      .describe('percentages are taken of this many where fewer are managed'),
  })
  .transform((limits): Limits => limits)
