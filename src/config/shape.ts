import * as z from 'zod'
import type { Connector } from '../connector.ts'
import type { Limits } from '../model.ts'
import { limitsShape } from '../profile/limits.ts'
import { duration } from './duration.ts'
import { targetShape } from './targets.ts'

/** Of sources, targets and profiles: they stand in links, file names and command lines. */
export const nameShape = z
  .string()
  .regex(
    /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_-]{0,59}$/u,
    'a name has letters, digits, - and _, up to 60 of them; choose another',
  )

const version = z.literal(1).describe('The version of this format: 1.')
const state = z
  .string()
  .min(1)
  .default('state')
  .describe('The folder of rollcall’s memory, which only this config may use. Default: state, beside this file.')
const profiles = z
  .array(nameShape)
  .min(1)
  .optional()
  .describe('The profiles, the first taking precedence. Default: all of profiles/, by file name.')
const planAge = duration
  .prefault('24h')
  .describe('How old a plan may be when it is applied: 90m, 24h, 7d. Default: 24h.')

/** `rollcall.yaml`, for these connectors. `sources` come out with their options, whichever they are. */
export function configShape(connectors: readonly Connector[], unknownConnector: (kind: unknown) => string) {
  return z.strictObject({
    version,
    state,
    profiles,
    sources: z
      .record(nameShape, sourceShape(connectors, unknownConnector))
      .describe('The directories to read, each under a name of your choice.'),
    targets: z
      .record(nameShape, targetShape)
      .describe('The SCIM directories to write to, each under a name of your choice.'),
    limits: limitsShape
      .optional()
      .transform((limits): Limits => limits ?? {})
      .describe('The most one run may change without approval: 10% or a number, by kind of change.'),
    planAge,
  })
}

/** Where the memory is, whatever else is at fault. */
export const stateShape = z.looseObject({ state })

/** What can be had of a `rollcall.yaml` that is at fault elsewhere: null where an entry cannot. */
export function salvageShape(connectors: readonly Connector[]) {
  const source = sourceShape(connectors, () => '')
  return z.looseObject({
    profiles: profiles.catch(undefined),
    sources: z.record(z.string(), source.nullable().catch(null)).catch({}),
    targets: z
      .record(
        z.string(),
        z
          .looseObject({ dialect: z.string().default('generic') })
          .nullable()
          .catch(null),
      )
      .catch({}),
  })
}

/** The kinds of sources that a `rollcall.yaml` names, read before their connectors are there. */
export const kindsShape = z.looseObject({
  sources: z.record(z.string(), z.looseObject({ connector: z.string() }).nullable().catch(null)).catch({}),
})

function sourceShape(connectors: readonly Connector[], unknownConnector: (kind: unknown) => string) {
  const [first, ...others] = connectors.map(({ kind, options }) => {
    if (!(options instanceof z.ZodObject)) throw new TypeError(`the options of connector ${kind} are no z.strictObject`)
    return options.safeExtend({ connector: z.literal(kind).describe('Which kind of directory this is.') })
  })
  const error = ({ input }: { readonly input?: unknown }) => {
    if (typeof input === 'string') return unknownConnector(input)
    if (typeof input !== 'object' || input === null)
      return 'a source is a block of keys and values; write { connector: … }'
    return unknownConnector('connector' in input ? input.connector : undefined)
  }
  if (first === undefined) return z.looseObject({ connector: z.string().refine(() => false, { error }) }, { error })
  return z.discriminatedUnion('connector', [first, ...others], { error })
}
