import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import type { ApplyArguments } from './apply.ts'
import { EXAMPLES, OVERVIEW } from './help.ts'
import type { CommonOptions, Invocation } from './invocation.ts'
import { type Io, processIo } from './io.ts'
import type { PlanArguments } from './plan.ts'
import type { SandboxArguments } from './sandbox.ts'
import type { SyncArguments } from './sync.ts'

/** Runs a command line as the process that it is, and ends it. */
export async function asProcess(argv: readonly string[]): Promise<void> {
  const io = processIo()
  const code = await main(argv, io)
  // A connection kept open would keep cron waiting, so the end is the end; what was printed goes out first.
  await Promise.all([io.stdout.write(''), io.stderr.write('')])
  io.exit(code)
}

/**
 * Runs one command line and returns the exit code; throws nothing. Each command stands behind an import() of
 * its own, so that `--help` and `--version` start as fast as node does.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code = 0
  const root = program(async work => {
    const { invoke } = await import('./invocation.ts')
    code = await invoke(io, root.opts<CommonOptions>(), work)
  })
  let printed = Promise.resolve()
  const print = (text: string) => {
    printed = io.stdout.write(text)
  }
  const printError = (text: string) => {
    printed = io.stderr.write(text)
  }
  for (const command of [root, ...root.commands]) {
    // Errors are told once, in `ended`; commander itself writes help and version.
    command.exitOverride().configureOutput({
      writeOut: print,
      writeErr: printError,
      outputError: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  }
  try {
    await root.parseAsync([...argv], { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    code = await ended(thrown, root, argv, io)
  }
  await printed
  return code
}

type Run = (work: (invocation: Invocation) => Promise<number>) => Promise<void>

function program(run: Run): Command {
  const root = new Command('rollcall')
    .description('Keeps a SCIM 2.0 directory in step with Entra ID, Google Workspace, LDAP and files.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .option('-c, --config <file>', 'the config (default: config/rollcall.yaml, then rollcall.yaml)')
    .option('--json', 'one JSON document on stdout; what is told meanwhile goes to stderr')
    .addOption(new Option('--log-format <format>', 'how stderr is written').choices(['text', 'json']).default('text'))
    .option('--no-color', 'no colours (also: NO_COLOR in the environment)')
    .option('-v, --verbose', 'everything: all changes and findings, causes of errors')
    .option('-q, --quiet', 'nothing on stderr but errors')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', OVERVIEW)

  root
    .command('init')
    .summary('write a commented starting config')
    .description('Writes a commented starting config and one profile.')
    .argument('[dir]', 'where to', '.')
    .addHelpText('after', EXAMPLES.init)
    .action((folder: string) => run(async one => (await import('./init.ts')).init(one, folder)))

  root
    .command('check')
    .summary('test the config and every connection')
    .description('Checks config and profiles, then asks every source and target whether it answers and permits.')
    .option('--offline', 'the files only; nothing is asked')
    .addOption(targets())
    .addHelpText('after', EXAMPLES.check)
    .action((given: { offline?: true; target?: string[] }) =>
      run(async one => (await import('./check.ts')).check(one, given)),
    )

  root
    .command('plan')
    .summary('show what would change')
    .description('Reads the sources and targets and shows what would change, and why.')
    .option('-o, --output <file>', 'save the plan (one target)')
    .addOption(new Option('--format <format>', 'how it is shown').choices(['text', 'markdown']).default('text'))
    .option('--detailed-exitcode', 'end 2 when there are changes')
    .addOption(targets())
    .addOption(profiles())
    .addOption(users())
    .addHelpText('after', EXAMPLES.plan)
    .action((given: PlanArguments) => run(async one => (await import('./plan.ts')).plan(one, given)))

  root
    .command('apply')
    .summary('apply a saved plan')
    .description('Applies a saved plan: exactly its changes, and no others.')
    .argument('<file>', 'the plan')
    .option('--approve <digest>', 'apply it although it is over its limits; the digest is the plan’s own')
    .addHelpText('after', EXAMPLES.apply)
    .action((file: string, given: Omit<ApplyArguments, 'file'>) =>
      run(async one => (await import('./apply.ts')).apply(one, { file, ...given })),
    )

  root
    .command('sync')
    .summary('plan and apply in one go, for cron')
    .description('Plans, checks the limits and applies, target by target.')
    .option('--first', 'also apply the first plan of a target, unread')
    .addOption(targets())
    .addOption(profiles())
    .addOption(users())
    .addHelpText('after', EXAMPLES.sync)
    .action((given: SyncArguments) => run(async one => (await import('./sync.ts')).sync(one, given)))

  root
    .command('explain')
    .summary('why this value, why in this group, why not')
    .description('Explains one user or group from the last reading.')
    .addArgument(root.createArgument('<what>', 'user or group').choices(['user', 'group']))
    .argument('<name>', 'a userName, e-mail, group name or source id')
    .addOption(targets())
    .addHelpText('after', EXAMPLES.explain)
    .action((what: 'user' | 'group', name: string, given: { target?: string[] }) =>
      run(async one => (await import('./explain.ts')).explain(one, { what, name, ...given })),
    )

  root
    .command('runs')
    .summary('past runs and their outcomes')
    .description('Lists past runs, or what became of each change of one.')
    .argument('[id]', 'a run; its first characters are enough')
    .addHelpText('after', EXAMPLES.runs)
    .action((id: string | undefined) => run(async one => (await import('./runs.ts')).runs(one, id)))

  root
    .command('sandbox')
    .summary('a SCIM directory to try things on')
    .description('Serves a SCIM directory on the loopback that behaves like the dialect it is given.')
    .option('--dialect <name>', 'a built-in name, or a dialect file', 'atlassian')
    .option('--port <number>', 'the port; 0 takes a free one', port, 0)
    .option('--data <dir>', 'keep what is written in this folder; otherwise it is forgotten')
    .option('--token <token>', 'the token that requests must bring; otherwise one is made up')
    .option('--fault <name=value>', 'misbehave, repeatable; an unknown name lists them', repeated)
    .addHelpText('after', EXAMPLES.sandbox)
    .action((given: SandboxArguments) => run(async one => (await import('./sandbox.ts')).sandbox(one, given)))

  root
    .command('schema')
    .summary('JSON Schema for editors')
    .description('Prints the JSON Schema that editors complete and check YAML from.')
    .addArgument(root.createArgument('[what]', 'of what').choices(['config', 'profile', 'dialect']).default('config'))
    .addHelpText('after', EXAMPLES.schema)
    .action((what: 'config' | 'profile' | 'dialect') =>
      run(async one => (await import('./schema.ts')).schema(one, what)),
    )

  return root
}

function targets(): Option {
  return new Option('--target <name>', 'this target only, repeatable').argParser(repeated)
}
function profiles(): Option {
  return new Option('--profile <name>', 'keep only the changes of this profile, repeatable').argParser(repeated)
}
function users(): Option {
  return new Option('--user <name>', 'keep only the changes of this user, repeatable').argParser(repeated)
}

function repeated(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

function port(value: string): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new InvalidArgumentError('A port is 0 … 65535.')
  return number
}

/** What commander stopped for: help and version end well, everything else is wrong usage. */
async function ended(thrown: CommanderError, root: Command, argv: readonly string[], io: Io): Promise<number> {
  if (thrown.code === 'commander.help') return 64 // no command was given: help went to stderr
  if (thrown.exitCode === 0) return 0
  const { failureJson, failureText } = await import('./failure.ts')
  const said = thrown.message
    .replace(/^error: (command-argument )?/, '')
    .replace('\n(Did you mean', ' (Did you mean')
    .replace(/\.+$/, '')
  const [command] = argv.filter(word => root.commands.some(one => one.name() === word))
  const message = `${said}. See: rollcall ${command === undefined ? '' : `${command} `}--help`
  const failure = { exitCode: 64, code: 'usage', message, causes: [] }
  await io.stderr.write(failureText(failure, false))
  if (argv.includes('--json')) await io.stdout.write(failureJson(failure))
  return 64
}
