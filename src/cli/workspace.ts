import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { connectors } from '../../connectors/index.ts'
import { loadConfig, loadStateFolder, shownPath } from '../config/load.ts'
import type { ConfiguredTarget } from '../config/targets.ts'
import type { Source } from '../connector.ts'
import { RollcallError } from '../errors.ts'
import type { Patience } from '../http/retry.ts'
import { readTls } from '../http/tls.ts'
import type { Limits, Profile } from '../model.ts'
import { suggestion } from '../profile/document.ts'
import { loadDialect } from '../scim/dialect.ts'
import { Secret } from '../secret.ts'
import { remember, remembered } from '../state/declared.ts'
import type { Target } from '../target.ts'
import type { Invocation } from './invocation.ts'

/** The config of one command line, and what is opened from it. Secrets are asked for when something is opened. */
export interface Workspace {
  /** As shown: from where the command runs. */
  readonly file: string
  readonly stateFolder: string
  readonly sources: readonly { readonly name: string; readonly kind: string }[]
  readonly targets: readonly string[]
  readonly limits: Limits
  /** Milliseconds. */
  readonly planAge: number
  /**
   * The targets asked for, or all; with profiles, those that one of them goes to. Throws `usage` where the config
   * has no such target or profile.
   */
  wanted(given: { readonly target?: readonly string[]; readonly profile?: readonly string[] }): readonly string[]
  /** In order of precedence. */
  profilesOf(target: string): readonly Profile[]
  /** What the config says of a target; no secret is asked for. */
  targetOf(name: string): Pick<Target, 'name' | 'url' | 'dialect'>
  /** Throws `secret_unavailable`. Without `patience` an answer is waited for as long as a run can wait. */
  openTarget(name: string, patience?: Patience): Promise<Target>
  /** Each is opened once. */
  openSources(names: ReadonlySet<string>): ReadonlyMap<string, Source>
  protectOf(target: string): { readonly users: readonly string[]; readonly groups: readonly string[] }
  /** Keeps what sources declare, for the day when one of them cannot be asked. The state's lock is to be held. */
  remember(): void
}

/**
 * Loads the config that the command line names. Throws `config_invalid`, with every fault of every file. A source
 * that cannot say what it has is none, where it could before; `strict` takes it for one.
 */
export async function loadWorkspace(
  { config, cwd }: Pick<Invocation, 'config' | 'cwd'>,
  { strict = false }: { readonly strict?: boolean } = {},
): Promise<Workspace> {
  const file = configFile(config, cwd)
  const loaded = await loadConfig({ file, cwd, connectors, loadDialect, ...(!strict && { remembered }) })
  const { folder, stateFolder, limits, planAge, profiles } = loaded
  const targets = [...loaded.targets.keys()]
  const opened = new Map<string, Source>()
  const profilesOf = (target: string) => profiles.filter(profile => profile.target === target)
  return {
    file: shownPath(file, cwd),
    stateFolder,
    sources: Array.from(loaded.sources.values(), ({ name, connector }) => ({ name, kind: connector.kind })),
    targets,
    limits,
    planAge,
    wanted({ target = targets, profile }) {
      const names = profiles.map(({ name }) => name)
      for (const name of target) known('target', name, targets)
      for (const name of profile ?? []) known('profile', name, names)
      const asked = targets.filter(name => target.includes(name))
      if (profile === undefined) return asked
      const reached = asked.filter(name => profilesOf(name).some(one => profile.includes(one.name)))
      if (reached.length > 0) return reached
      throw new RollcallError(
        'usage',
        `profile ${profile.join(', ')} does not go to target ${target.join(', ')}; leave --target out.`,
      )
    },
    profilesOf,
    targetOf: name => found(loaded.targets, name),
    openTarget: (name, patience) => open(found(loaded.targets, name), folder, patience),
    openSources(names) {
      return new Map(
        Array.from(names, name => {
          const { connector, options } = found(loaded.sources, name)
          const source = opened.get(name) ?? connector.open(options, { name, folder })
          opened.set(name, source)
          return [name, source] as const
        }),
      )
    },
    protectOf: target => found(loaded.targets, target).protect,
    remember: () => remember(stateFolder, loaded.declared),
  }
}

/** The state folder alone, of a config that need not be in order otherwise. */
export function stateFolderOf({ config, cwd }: Pick<Invocation, 'config' | 'cwd'>): Promise<string> {
  return loadStateFolder(configFile(config, cwd), cwd)
}

function configFile(given: string | undefined, cwd: string): string {
  if (given !== undefined) return resolve(cwd, given)
  const file = PLACES.map(place => join(cwd, place)).find(existsSync)
  if (file !== undefined) return file
  throw new RollcallError(
    'config_invalid',
    `there is no ${PLACES.join(' and no ')} here; name the config with -c, or let \`rollcall init\` write one.`,
  )
}

const PLACES = ['config/rollcall.yaml', 'rollcall.yaml']

function known(kind: 'target' | 'profile', name: string, names: readonly string[]): void {
  if (names.includes(name)) return
  const near = suggestion(name, names)
  const now = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`
  throw new RollcallError('usage', `the config has no ${kind} ${name}; ${now}`)
}

function found<T>(all: ReadonlyMap<string, T>, name: string): T {
  const one = all.get(name)
  if (one === undefined) throw new RollcallError('config_invalid', `the config does not name ${name}; add it.`)
  return one
}

async function open(configured: ConfiguredTarget, folder: string, patience?: Patience): Promise<Target> {
  const { name, url, dialect, token, headers = {}, requestsPerMinute, tls, proxy } = configured
  const resolved = async (what: string, value: string | Secret) => {
    if (!(value instanceof Secret)) return value
    const text = await ofTarget(name, what, () => value.read(folder))
    if (/^[\x20-\x7e]+$/.test(text)) return text
    const message = `target ${name}, ${what}: there is more than printable ASCII in it; put the bare value there.`
    throw new RollcallError('secret_unavailable', message)
  }
  const [bearer, proxied, material, named, { openTarget }] = await Promise.all([
    resolved('token', token),
    proxy === undefined ? undefined : resolved('proxy', proxy),
    tls === undefined ? undefined : ofTarget(name, 'tls', () => readTls(tls, folder)),
    Promise.all(Object.entries(headers).map(async ([key, value]) => [key, await resolved(key, value)] as const)),
    import('../scim/target.ts'),
  ])
  return openTarget({
    name,
    url,
    dialect,
    token: bearer,
    userAgent: `rollcall/${packageJson.version}`,
    headers: Object.fromEntries(named),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(material && { tls: material }),
    ...(proxied !== undefined && { proxy: proxied }),
    ...(patience && { patience }),
  })
}

/** Says which target a secret that cannot be had belongs to. */
async function ofTarget<T>(name: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof RollcallError)) throw thrown
    throw new RollcallError(thrown.code, `target ${name}, ${what}: ${thrown.message}`, { cause: thrown.cause })
  }
}
