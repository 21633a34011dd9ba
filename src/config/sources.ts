import type { Connector, DeclaredAttributes } from '../connector.ts'
import { RollcallError } from '../errors.ts'
import { type Checked, checkYaml, type Fault, suggestion } from '../profile/document.ts'
import { kindsShape } from './shape.ts'

export type ConnectorTable = Readonly<Record<string, () => Promise<Connector>>>

export interface ConfiguredSource {
  readonly name: string
  readonly connector: Connector
  /** As the connector's own schema has them. */
  readonly options: unknown
}

/** Loads the connectors that a `rollcall.yaml` names, and no others; kinds that there are not are left out. */
export async function connectorsOf(file: string, text: string, table: ConnectorTable): Promise<readonly Connector[]> {
  const sources = checkYaml(file, text, kindsShape).value?.sources ?? {}
  const kinds = new Set(Object.values(sources).flatMap(source => source?.connector ?? []))
  const loaders = [...kinds].flatMap(kind => (Object.hasOwn(table, kind) ? (table[kind] ?? []) : []))
  return Promise.all(loaders.map(load => load()))
}

/** As a sentence lists them: `file, google and ldap`. */
function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(names)
}

/** What is said of a source whose `connector` is no kind that there is. */
export function unknownConnector(kind: unknown, table: ConnectorTable): string {
  const known = Object.keys(table)
  const those = `there ${known.length === 1 ? 'is' : 'are'} ${listed(known)}`
  if (kind === undefined) return `this is missing; add it: ${those}`
  if (typeof kind !== 'string') return `a connector is named by text; ${those}`
  const near = suggestion(kind, known)
  return `there is no connector ${kind}; ${near === undefined ? those : `did you mean ${near}?`}`
}

/** Sources with their connectors; those at fault, which are null, are missing. */
export function configuredSources(
  entries: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>,
  connectors: readonly Connector[],
): ReadonlyMap<string, ConfiguredSource> {
  return new Map(
    Object.entries(entries).flatMap(([name, entry]) => {
      const connector = connectors.find(({ kind }) => kind === entry?.connector)
      if (entry === null || connector === undefined) return []
      const { connector: _, ...options } = entry
      return [[name, { name, connector, options }] as const]
    }),
  )
}

/**
 * What each of these sources declares. One that cannot say is a fault at its line, and missing; where it is
 * `remembered` what it declared before, that holds: its trouble is told when it is read, and stays its own (I13).
 */
export async function declaredBy(
  sources: readonly ConfiguredSource[],
  folder: string,
  at: Checked<unknown>['at'],
  remembered: Declarations,
): Promise<{ readonly declared: Declarations; readonly faults: readonly Fault[] }> {
  const declared = new Map<string, DeclaredAttributes>()
  const faults: Fault[] = []
  const ask = async ({ name, connector, options }: ConfiguredSource) => {
    try {
      declared.set(name, await connector.attributes(options, { name, folder }))
    } catch (thrown) {
      if (!(thrown instanceof RollcallError && thrown.code === 'config_invalid')) throw thrown
      const before = remembered.get(name)
      if (before) declared.set(name, before)
      else faults.push({ ...at(['sources', name], 'key'), message: thrown.message })
    }
  }
  await Promise.all(sources.map(ask))
  return { declared, faults }
}

/** What sources declare, by name. */
export type Declarations = ReadonlyMap<string, DeclaredAttributes>
