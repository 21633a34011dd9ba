import { readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { RollcallError } from '../errors.ts'
import type { Limits, Profile } from '../model.ts'
import { checkYaml, type Fault, renderFaults, suggestion } from '../profile/document.ts'
import { compileProfile, type ParsedProfile } from '../profile/load.ts'
import { inOrder, readProfiles } from './profiles.ts'
import { configShape, salvageShape, stateShape } from './shape.ts'
import {
  configuredSources,
  type ConfiguredSource,
  type ConnectorTable,
  connectorsOf,
  type Declarations,
  declaredBy,
  unknownConnector,
} from './sources.ts'
import { configuredTargets, type ConfiguredTarget, dialectsOf, type LoadDialect } from './targets.ts'

/** `rollcall.yaml` and its profiles, checked and compiled. No secret has been asked for yet. */
export interface Config {
  readonly file: string
  /** Where relative paths start from. */
  readonly folder: string
  readonly stateFolder: string
  /** Milliseconds. */
  readonly planAge: number
  readonly limits: Limits
  readonly sources: ReadonlyMap<string, ConfiguredSource>
  readonly targets: ReadonlyMap<string, ConfiguredTarget>
  /** In order of precedence. */
  readonly profiles: readonly Profile[]
  /** What the profiles were compiled against. */
  readonly declared: Declarations
}

export interface LoadOptions {
  readonly file: string
  /** Where file names in messages start from. */
  readonly cwd: string
  readonly connectors: ConnectorTable
  readonly loadDialect: LoadDialect
  /** What sources declared when they could be asked last, from the state folder. */
  readonly remembered?: (stateFolder: string) => Declarations
}

/**
 * Reads `rollcall.yaml` and the profiles beside it. Throws `config_invalid` with every fault of all files, one
 * `file:line:column: what, and what now` a line. Profiles call their files `profiles/NAME.yaml` wherever they are.
 */
export async function loadConfig({
  file,
  cwd,
  connectors: table,
  loadDialect,
  remembered,
}: LoadOptions): Promise<Config> {
  const [folder, name] = [dirname(file), basename(file)]
  const text = await readConfig(file)
  const connectors = await connectorsOf(name, text, table)
  const checked = checkYaml(
    name,
    text,
    configShape(connectors, kind => unknownConnector(kind, table)),
  )
  const found = await readProfiles(folder)
  // Where something is at fault the rest is looked at all the same, so that every fault is told at once.
  const whole = checked.value ?? checkYaml(name, text, salvageShape(connectors)).value
  if (whole === undefined) throw invalid([...checked.faults, ...found.faults], folder, cwd)

  const { at } = checked
  const ordered = inOrder(found.files, whole.profiles, at)
  const sources = configuredSources(whole.sources, connectors)
  const parsed = ordered.files.flatMap(({ profile }) => profile ?? [])
  const used = [...sources.values()].filter(source => parsed.some(profile => profile.source === source.name))
  const before: Declarations = (checked.value && remembered?.(resolve(folder, checked.value.state))) ?? new Map()
  const told = await declaredBy(used, folder, at, before)
  const spoken = await dialectsOf(whole.targets, loadDialect, folder, at)
  const declared = new Map(told.declared)
  const compiled = parsed.flatMap(profile => {
    const dialect = spoken.dialects.get(profile.target)
    const now = declared.get(profile.source)
    if (now === undefined) return []
    const compiling = compileProfile(profile, now, dialect)
    const then = before.get(profile.source)
    if (compiling.profile !== undefined || then === undefined) return compiling
    // What a source no longer has is missed when it is read: a column left out of an export is no fault of the config.
    const again = compileProfile(profile, then, dialect)
    if (again.profile !== undefined) declared.set(profile.source, then)
    return again.profile === undefined ? compiling : again
  })
  const faults = [
    ...[checked, found, ordered, told, spoken, ...compiled].flatMap(one => one.faults),
    ...parsed.flatMap(profile => strayReferences(profile, whole)),
  ]
  if (checked.value === undefined || faults.length > 0) throw invalid(faults, folder, cwd)
  const { state, planAge, limits, targets } = checked.value
  return {
    file,
    folder,
    stateFolder: resolve(folder, state),
    planAge,
    limits,
    sources,
    targets: configuredTargets(targets, spoken.dialects),
    profiles: compiled.flatMap(({ profile }) => profile ?? []),
    declared,
  }
}

/** The state folder that a `rollcall.yaml` names, for what looks at the past alone: other faults do not matter. */
export async function loadStateFolder(file: string, cwd: string): Promise<string> {
  const folder = dirname(file)
  const { value, faults } = checkYaml(basename(file), await readConfig(file), stateShape)
  if (value === undefined) throw invalid(faults, folder, cwd)
  return resolve(folder, value.state)
}

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const message = `${file} cannot be read; correct -c, or let \`rollcall init\` write a config to start from.`
    throw new RollcallError('config_invalid', message, { cause })
  }
}

/** A profile's source or target that `rollcall.yaml` does not have. */
function strayReferences(
  profile: ParsedProfile,
  known: { readonly sources: object; readonly targets: object },
): Fault[] {
  return (['source', 'target'] as const).flatMap(kind => {
    const names = Object.keys(known[`${kind}s`])
    if (names.includes(profile[kind])) return []
    const near = suggestion(profile[kind], names)
    const now = near === undefined ? `name one that rollcall.yaml has (${names.join(', ')})` : `did you mean ${near}?`
    return { ...profile.document.at([kind]), message: `there is no ${kind} ${profile[kind]}; ${now}` }
  })
}

function invalid(faults: readonly Fault[], folder: string, cwd: string): RollcallError {
  const shown = faults.map(fault => ({ ...fault, file: shownPath(join(folder, fault.file), cwd) }))
  const lines = [...new Set(renderFaults(shown).split('\n'))]
  const files = new Set(shown.map(({ file }) => file)).size
  const count = `${lines.length} ${lines.length === 1 ? 'fault' : 'faults'} in ${files} ${files === 1 ? 'file' : 'files'}`
  return new RollcallError('config_invalid', ['wrong configuration:', ...lines, `${count}.`].join('\n'))
}

/** A file as it is shown: from where the command runs, unless it is outside. */
export function shownPath(file: string, cwd: string): string {
  const from = relative(cwd, file)
  return from.startsWith('..') ? file : from
}
