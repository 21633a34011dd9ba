import { createHash, hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import * as z from 'zod'
import { RollcallError } from './errors.ts'
import type { Breach, Change, ChangeKind, Finding, PlanHeader, ScimResource } from './model.ts'

/** A plan file, read once from end to end and found unaltered. */
export interface PlanFile {
  readonly header: PlanHeader
  /** Every line below the header, as text, and with its 1-based number in the file; at most once through for each call. */
  lines(): AsyncIterable<{ readonly line: number; readonly value: Change | Finding; readonly text: string }>
}

/**
 * Reads a plan file and holds it to its own header: the digest and the counts are computed anew from its lines.
 * Memory does not grow with the file. Throws `plan_invalid` where the file is no plan, was altered or cut off.
 */
export async function readPlan(file: string): Promise<PlanFile> {
  const { header, linesHash, counts, findings } = await withFile(file, handle => survey(file, handle))
  const digest = planDigest({
    target: header.target,
    url: header.url,
    profiles: header.inputs.profiles,
    limits: header.inputs.limits,
    breaches: header.breaches,
    lines: linesHash,
  })
  const missing = total(header.counts) + total(header.findings) - total(counts) - total(findings)
  if (linesHash !== header.inputs.lines && missing > 0)
    throw invalid(file, `is cut off: ${missing} of its lines are missing`)
  if (linesHash !== header.inputs.lines || digest !== header.digest)
    throw invalid(file, 'was altered after it was made: its digest does not match what it says')
  if (!sameCounts(header.counts, counts) || !sameCounts(header.findings, findings))
    throw invalid(file, 'contradicts itself: the counts in its first line are not those of its lines')
  return { header, lines: () => changesAndFindings(file) }
}

/**
 * The digest that approvals name: `sha256:` and sha256 of canonical JSON of what decides a plan's effect. `lines`
 * is sha256, in hex, over the bytes of every line after the header, each with its line feed. Ids, times and
 * certificates are not covered, so that equal inputs give equal digests.
 */
export function planDigest(plan: {
  readonly target: string
  readonly url: string
  readonly profiles: Readonly<Record<string, string>>
  readonly limits: Readonly<Record<string, string>>
  readonly breaches: readonly Breach[]
  readonly lines: string
}): string {
  const { target, url, profiles, limits, breaches, lines } = plan
  return `sha256:${hash('sha256', canonicalJson({ target, url, profiles, limits, breaches, lines }))}`
}

/** JSON with the keys of every object in code unit order, and without those that are undefined. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(item => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(',')}}`
}

// ── shapes ─────────────────────────────────────────────────────────────────────────────────────────

const resource = z.custom<ScimResource>(value => typeof value === 'object' && value !== null && !Array.isArray(value))
const common = {
  profile: z.string(),
  source: z.string(),
  sourceId: z.string(),
  name: z.string(),
  reason: z.string(),
  reversible: z.enum(['reversible', 'costly', 'irreversible']),
}
const ids = z.array(z.string()).readonly()

const ChangeLine = z.discriminatedUnion('change', [
  z.object({ change: z.literal('create-user'), ...common, before: z.null(), after: resource }),
  z.object({
    change: z.literal('create-group'),
    ...common,
    replaces: z.string().exactOptional(),
    before: z.null(),
    after: resource,
  }),
  z.object({
    change: z.enum(['adopt-user', 'adopt-group']),
    ...common,
    before: resource,
    after: resource,
    scimId: z.string(),
  }),
  z.object({
    change: z.literal('relink-user'),
    ...common,
    before: resource,
    after: resource,
    scimId: z.string(),
    formerSourceId: z.string(),
  }),
  z.object({
    change: z.enum(['update-user', 'update-group', 'deactivate-user', 'reactivate-user']),
    ...common,
    before: resource,
    after: resource,
  }),
  z.object({ change: z.literal('delete-user'), ...common, before: resource, after: z.null() }),
  z.object({
    change: z.literal('delete-group'),
    ...common,
    scimId: z.string().exactOptional(),
    before: resource,
    after: z.null(),
  }),
  z.object({
    change: z.enum(['add-members', 'remove-members']),
    ...common,
    groupSource: z.string().exactOptional(),
    members: ids,
    strangers: ids.exactOptional(),
  }),
])

const FindingLine = z.object({
  finding: z.string(),
  profile: z.string().exactOptional(),
  source: z.string().exactOptional(),
  sourceId: z.string().exactOptional(),
  name: z.string().exactOptional(),
  at: z.string().exactOptional(),
  message: z.string(),
})

const CHANGE_KINDS = [
  'create-user',
  'adopt-user',
  'relink-user',
  'update-user',
  'deactivate-user',
  'reactivate-user',
  'delete-user',
  'create-group',
  'adopt-group',
  'update-group',
  'delete-group',
  'add-members',
  'remove-members',
] as const satisfies readonly ChangeKind[]
const LIMIT_NAMES = [
  ...CHANGE_KINDS,
  'empty-group',
  'change-address',
  'shrink-users',
  'shrink-groups',
  'shrink-members',
] as const

const Header = z.object({
  rollcall: z.literal('plan/1'),
  id: z.string(),
  target: z.string(),
  url: z.string(),
  createdAt: z.iso.datetime(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  inputs: z.object({
    profiles: z.record(z.string(), z.string()),
    limits: z.record(z.string(), z.string()),
    lines: z.string(),
  }),
  first: z.boolean(),
  readings: z.array(
    z.object({
      source: z.string(),
      reading: z.number(),
      certificate: z.object({
        complete: z.boolean(),
        checks: z.array(z.object({ check: z.string(), passed: z.boolean(), detail: z.string() })),
        users: z.number(),
        groups: z.number(),
        members: z.number(),
        server: z.string().exactOptional(),
        asOf: z.string().exactOptional(),
      }),
      standIn: z.literal(true).exactOptional(),
    }),
  ),
  counts: z.partialRecord(z.enum(CHANGE_KINDS), z.number()),
  findings: z.record(z.string(), z.number()),
  breaches: z.array(
    z.object({
      limit: z.enum(LIMIT_NAMES),
      scope: z.string(),
      changes: z.number(),
      managed: z.number(),
      allowed: z.string(),
      message: z.string(),
    }),
  ),
})

// ── reading ────────────────────────────────────────────────────────────────────────────────────────

async function survey(file: string, handle: FileHandle) {
  const hasher = createHash('sha256')
  const counts: Record<string, number> = {}
  const findings: Record<string, number> = {}
  let header: PlanHeader | undefined
  for await (const { line, text, bytes } of textLines(file, handle)) {
    if (!header) {
      header = parseHeader(file, text)
      continue
    }
    hasher.update(bytes)
    const value = parseLine(file, line, text)
    if ('change' in value) counts[value.change] = (counts[value.change] ?? 0) + 1
    else findings[value.finding] = (findings[value.finding] ?? 0) + 1
  }
  if (!header) throw invalid(file, 'is empty')
  return { header, linesHash: hasher.digest('hex'), counts, findings }
}

async function* changesAndFindings(file: string) {
  const handle = await openPlan(file)
  try {
    for await (const { line, text } of textLines(file, handle))
      if (line > 1) yield { line, value: parseLine(file, line, text), text }
  } finally {
    await handle.close()
  }
}

function parseHeader(file: string, text: string): PlanHeader {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null || !('rollcall' in value))
    throw invalid(file, 'is not a plan of rollcall')
  if (value.rollcall !== 'plan/1')
    throw invalid(file, `has the format ${JSON.stringify(value.rollcall)}, and this rollcall reads plan/1`)
  const parsed = Header.safeParse(value)
  if (!parsed.success) throw invalid(file, `has a first line that is not a plan's: ${faults(parsed.error)}`)
  return parsed.data
}

function parseLine(file: string, line: number, text: string): Change | Finding {
  const value = parseJson(text)
  const isFinding = typeof value === 'object' && value !== null && 'finding' in value
  const parsed = isFinding ? FindingLine.safeParse(value) : ChangeLine.safeParse(value)
  if (!parsed.success) throw invalid(`${file}:${line}`, `is neither a change nor a finding: ${faults(parsed.error)}`)
  return parsed.data
}

/** A change as the journal keeps it; undefined where the text is none. */
export function parseChange(text: string): Change | undefined {
  const parsed = ChangeLine.safeParse(parseJson(text))
  return parsed.success ? parsed.data : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const LINE_FEED = 10
const NOTHING: Buffer = Buffer.alloc(0)

/** Lines as text and as bytes, these with the line feed; one that does not end in a line feed means a cut. */
async function* textLines(file: string, handle: FileHandle) {
  let rest = NOTHING
  let line = 0
  const chunks: AsyncIterable<Buffer> = handle.createReadStream({ highWaterMark: 1 << 18, autoClose: false, start: 0 })
  for await (const chunk of chunks) {
    let from = 0
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, from)
      const own = chunk.subarray(from, end < 0 ? chunk.length : end + 1)
      const bytes = rest.length > 0 ? Buffer.concat([rest, own]) : own
      rest = end < 0 ? bytes : NOTHING
      if (end < 0) break
      line++
      yield { line, text: bytes.toString('utf8', 0, bytes.length - 1), bytes }
      from = end + 1
    }
  }
  if (rest.length > 0) throw invalid(file, `is cut off in line ${line + 1}`)
}

async function withFile<T>(file: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await openPlan(file)
  try {
    return await work(handle)
  } finally {
    await handle.close()
  }
}

async function openPlan(file: string): Promise<FileHandle> {
  try {
    return await open(file)
  } catch (cause) {
    throw new RollcallError(
      'plan_invalid',
      `plan ${file} cannot be read. Give the file that \`rollcall plan -o\` wrote.`,
      {
        cause,
      },
    )
  }
}

function invalid(where: string, what: string): RollcallError {
  return new RollcallError('plan_invalid', `plan ${where} ${what}. Nothing was changed; make a new plan.`)
}

function faults(error: z.ZodError): string {
  const [first] = error.issues
  return first ? `${first.path.join('.') || 'line'}: ${first.message}` : 'unreadable'
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function sameCounts(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every(name => (one[name] ?? 0) === (other[name] ?? 0))
}
