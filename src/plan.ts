import type { Source } from './connector.ts'
import { RollcallError } from './errors.ts'
import type { Breach, Certificate, Change, Finding, Limits, PlanHeader, Profile } from './model.ts'
import { DEFAULT_LIMITS, guard, limitTexts, type Shrinkage } from './pipeline/guard.ts'
import { changes, type Decided, type Rendered } from './plan/changes.ts'
import { inFixedOrder } from './plan/findings.ts'
import { planGroups } from './plan/groups.ts'
import { managedBy } from './plan/managed.ts'
import { mappingKey, mapPeople } from './plan/mapping.ts'
import type { DesiredGroup } from './plan/group-names.ts'
import { planMembers } from './plan/members.ts'
import { filterOf, type Only } from './plan/only.ts'
import { managedPaths } from './plan/paths.ts'
import { planPeople } from './plan/people.ts'
import { breathe, type Planning } from './plan/planning.ts'
import { readSources } from './plan/read.ts'
import { breachesOf } from './plan/recheck.ts'
import { hiddenFindings, scopeOf } from './plan/scope.ts'
import { talliesOf } from './plan/tallies.ts'
import { writePlan } from './plan/write.ts'
import type { PlanFile } from './planfile.ts'
import type { Cache, Ledger } from './state.ts'
import type { Target } from './target.ts'

export { managedPaths, readSources }

/** What a stage has done so far, for a progress line or a log line. `total` where it is known. */
export interface Progress {
  readonly stage: 'read' | 'target' | 'flatten' | 'map' | 'compare' | 'plan' | 'apply'
  /** The source or target concerned. */
  readonly of: string
  readonly done: number
  readonly total?: number
  readonly unit: string
}

/** The state folder, opened: made by `state/open.ts`, which also holds the lock. */
export interface State {
  readonly folder: string
  readonly cache: Cache
  readonly ledger: Ledger
  close(): void
}

/** What became of reading one source. */
export interface ReadSource {
  readonly source: string
  readonly certified: boolean
  /** Whether there is a last certified reading to stand in where this one is not certified. */
  readonly standIn: boolean
  /** Of this reading, where it came to its end. */
  readonly certificate?: Certificate
  /** What it threw. */
  readonly error?: unknown
}

export interface ReadOptions {
  readonly sources: ReadonlyMap<string, Source>
  /** Every profile of every target that is to be planned. */
  readonly profiles: readonly Profile[]
  readonly state: State
  readonly now: Date
  readonly signal: AbortSignal
  readonly progress?: (progress: Progress) => void
}

export interface PlanOptions {
  /** What came of reading the sources in this run. */
  readonly read: readonly ReadSource[]
  readonly target: Pick<Target, 'name' | 'url' | 'dialect'>
  /** Every profile of this target, in order of precedence. */
  readonly profiles: readonly Profile[]
  readonly limits: Limits
  readonly protect: { readonly users: readonly string[]; readonly groups: readonly string[] }
  readonly state: State
  /** Where the plan goes, 0600. */
  readonly file: string
  /** Keeps only these changes of the finished plan; a NAME that nobody has is a `usage` error. */
  readonly only?: Only
  readonly now: Date
  readonly signal: AbortSignal
  readonly progress?: (progress: Progress) => void
}

/** What a plan is decided from. */
export type Deciding = Omit<PlanOptions, 'file' | 'only' | 'now'>

export interface Planned {
  readonly header: PlanHeader
  readonly file: string
  /** How many users a group has in itself and at any depth; of the groups that change. */
  flattened(source: string, sourceId: string): { readonly direct: number; readonly users: number } | undefined
}

/** Lists the target into the cache. Throws `target_incomplete` where the listing cannot be trusted (I1). */
export async function readTarget(
  target: Target,
  { profiles, state, now, signal, progress }: Pick<PlanOptions, 'profiles' | 'state' | 'now' | 'signal' | 'progress'>,
): Promise<void> {
  const parts = target.read({
    signal,
    progress: ({ users, groups }) => {
      progress?.({ stage: 'target', of: target.name, done: users, unit: 'users' })
      progress?.({ stage: 'target', of: target.name, done: groups, unit: 'groups' })
    },
  })
  const certificate = await state.cache.keepCurrent(target.name, managedPaths(profiles, target), parts, now)
  if (certificate.complete) return
  const failed = certificate.checks.filter(({ passed }) => !passed).map(({ check, detail }) => `${check}: ${detail}`)
  throw new RollcallError(
    'target_incomplete',
    `target "${target.name}" did not list everything (${failed.join('; ')}). Nothing was planned; run again later.`,
  )
}

/** From the sources as last read and the target as last listed to a plan file: what is to change, and why. */
export async function plan(options: PlanOptions): Promise<Planned> {
  const { target, signal, progress } = options
  const { cache, ledger } = options.state
  const { decided, findings, sizes } = await decide(options)
  const { planning, people, who, members } = decided

  const keep = options.only && filterOf(planning, people, who, options.only)
  const managed = managedBy(planning, people, who.roles)
  const tallies = talliesOf(planning)
  const all = function* (): Generator<Change | Rendered> {
    for (const change of keep ? kept(changes(decided), keep) : changes(decided, true)) {
      tallies.count(change)
      yield change
    }
  }
  const first = !ledger.knows(target.name)
  const shrinkage = shrinkageOf(options)
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const write = () =>
    writePlan(
      options.file,
      {
        target: target.name,
        url: target.url,
        createdAt: options.now.toISOString(),
        inputs: {
          profiles: Object.fromEntries(planning.profiles.map(({ name, hash }) => [name, hash])),
          limits: limitsInForce(planning, limits),
        },
        first,
        readings: readingsOf(options),
      },
      {
        changes: all(),
        findings: () => inFixedOrder(findings, planning.profiles),
        breaches: (): readonly Breach[] => {
          if (!keep) for (const { group, empties } of members) if (empties) tallies.empty(group.profile.name)
          return guard(tallies.counted(managed, limits), shrinkage, limits, !ledger.hasApplied(target.name))
        },
      },
      signal,
      done => progress?.({ stage: 'plan', of: target.name, done, unit: 'changes' }),
    )
  const header = await cache.looking(write)
  acceptReadings(options, header.breaches)
  return { header, file: options.file, flattened: sizeLookup(decided, sizes) }
}

function* kept(all: Iterable<Change>, keep: (change: Change) => Change | undefined): Generator<Change> {
  for (const change of all) {
    const rest = keep(change)
    if (rest) yield rest
  }
}

/** The breaches of a saved plan as they are counted now; `apply` refuses one that does not name them all. */
export function recount(saved: PlanFile, options: Deciding): Promise<readonly Breach[]> {
  return breachesOf(
    saved,
    planningOf(options, () => {}),
    { ...DEFAULT_LIMITS, ...options.limits },
  )
}

/** Everything a plan says, before it is written: for the plan itself, and to explain a part of it. */
export async function decide(options: Deciding): Promise<{
  readonly decided: Decided
  readonly findings: readonly Finding[]
  readonly sizes: ReadonlyMap<DesiredGroup, number>
}> {
  const { target, state, signal, progress } = options
  const { cache, ledger } = state
  const tell = (stage: Progress['stage'], unit: string) => (done: number, total?: number) =>
    progress?.({ stage, of: target.name, done, unit, ...(total !== undefined && { total }) })
  const findings: Finding[] = []
  const base = planningOf(options, finding => findings.push(finding))

  cache.followLinks(target.name, ledger)
  const people = cache.population(target.name, mappingKey(base))
  await breathe(signal)
  const scope = scopeOf(base, people)
  tell('flatten', 'groups')(scope.groups.length)
  await breathe(signal)
  const planning = await mapPeople(base, people, scope, tell('map', 'users'))
  const who = await planPeople(planning, people, scope, tell('compare', 'users'))
  const groups = planGroups(planning, people, scope, who.roles, who.protected)
  await breathe(signal)
  const { members, sizes } = await planMembers(planning, people, scope, who, groups, tell('compare', 'groups'))
  findings.push(...hiddenFindings(scope), ...readingFindings(options))
  return { decided: { planning, people, scope, who, groups, members }, findings, sizes }
}

function planningOf(
  { read, target, profiles, limits, protect, state, signal }: Deciding,
  note: Planning['note'],
): Planning {
  const { cache, ledger } = state
  const readable = profiles.filter(({ source }) => cache.reading(source) !== undefined)
  for (const { name, source } of profiles.filter(profile => !readable.includes(profile)))
    note({
      finding: 'profile-skipped',
      profile: name,
      source,
      message: `source ${source} was never read completely: left out`,
    })
  return {
    target: target.name,
    dialect: target.dialect,
    cache,
    ledger,
    profiles: readable,
    certified: new Set(read.filter(({ certified }) => certified).map(({ source }) => source)),
    paths: managedPaths(profiles, target),
    limits,
    protect,
    signal,
    note,
  }
}

/** Sources of these profiles, each with the reading that was planned from. */
function* usedSources({ read, profiles, state }: Deciding) {
  for (const source of new Set(profiles.map(profile => profile.source))) {
    const reading = state.cache.reading(source)
    if (reading) yield { source, reading, now: read.find(one => one.source === source) }
  }
}

function readingsOf(options: PlanOptions): PlanHeader['readings'] {
  return [...usedSources(options)].map(({ source, reading, now }) => ({
    source,
    reading: reading.reading,
    certificate: now?.certified === false ? (now.certificate ?? reading.certificate) : reading.certificate,
    ...(now?.certified !== true && { standIn: true as const }),
  }))
}

function* readingFindings(options: Deciding): Generator<Finding> {
  for (const { source, reading, now } of usedSources(options)) {
    yield* reading.findings
    if (now?.certified === true) continue
    yield {
      finding: 'stand-in',
      source,
      message: `was not read completely; its reading of ${reading.readAt} stands in, and nothing destructive is planned for its people`,
    }
  }
}

function shrinkageOf(options: PlanOptions): readonly Shrinkage[] {
  return [...usedSources(options)].flatMap(({ source, reading, now }) =>
    now?.certified === true && reading.accepted ? [{ source, before: reading.accepted, now: reading.certificate }] : [],
  )
}

/** Shrinkage is counted from the last reading that was within the limits. */
function acceptReadings(options: PlanOptions, breaches: readonly Breach[]): void {
  for (const { source, now } of usedSources(options)) {
    const shrunk = breaches.some(({ limit, scope }) => limit.startsWith('shrink-') && scope === `source ${source}`)
    if (now?.certified === true && !shrunk) options.state.cache.acceptReading(source)
  }
}

/** Limits by name; a profile's own with its name before them. */
function limitsInForce({ profiles }: Planning, limits: Limits): Record<string, string> {
  const own = profiles.flatMap(profile =>
    Object.entries(limitTexts(profile.limits))
      .filter(([name]) => Object.hasOwn(profile.limits, name))
      .map(([name, text]) => [`${profile.name}/${name}`, text] as const),
  )
  return { ...limitTexts(limits), ...Object.fromEntries(own) }
}

function sizeLookup(
  { planning: { cache }, scope, who: { roles } }: Decided,
  sizes: ReadonlyMap<DesiredGroup, number>,
): Planned['flattened'] {
  let byId: Map<string, DesiredGroup> | undefined
  return (source, sourceId) => {
    byId ??= new Map(
      [...sizes.keys()].map(group => [`${roles.sourceOf(group.node)}\0${cache.idOf('group', group.node)}`, group]),
    )
    const group = byId.get(`${source}\0${sourceId}`)
    const users = group && sizes.get(group)
    if (!group || users === undefined) return undefined
    return { direct: group.from.reduce((sum, from) => sum + scope.directUsersOf(from).length, 0), users }
  }
}
