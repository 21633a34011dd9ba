import { resolve } from 'node:path'
import type { Sandbox } from '../sandbox/server.ts'
import type { Invocation } from './invocation.ts'

export interface SandboxArguments {
  /** A built-in name, or a dialect file. */
  readonly dialect: string
  readonly port: number
  readonly data?: string
  readonly token?: string
  /** `NAME=VALUE` or `NAME`. */
  readonly fault?: readonly string[]
}

/** Serves a SCIM directory on the loopback until Ctrl-C. */
export async function sandbox(invocation: Invocation, given: SandboxArguments): Promise<number> {
  const { startSandbox } = await import('../sandbox/server.ts')
  const { loadDialect } = await import('../scim/dialect.ts')
  const { signal } = invocation.interruption
  const { data, token, fault } = given
  const dialect = await loadDialect(given.dialect, invocation.cwd)
  const started = await startSandbox({
    dialect,
    port: given.port,
    ...(token !== undefined && { token }),
    ...(data !== undefined && { data: resolve(invocation.cwd, data) }),
    ...(fault !== undefined && { faults: fault }),
  })
  try {
    const { url, token } = started
    if (invocation.json) await invocation.print(`${JSON.stringify({ url, token, dialect: dialect.name })}\n`)
    else await invocation.print(introduction(started, dialect.name, given))
    if (!signal.aborted) await new Promise(stop => signal.addEventListener('abort', stop, { once: true }))
  } finally {
    await started.close()
  }
  return 0
}

function introduction({ url, token }: Sandbox, name: string, { dialect, data, fault = [] }: SandboxArguments): string {
  return `A SCIM directory like ${name} is at ${url}
${data === undefined ? 'What is written to it is forgotten when it stops.' : `What is written to it is kept in ${data}.`}
${fault.length === 0 ? '' : `It misbehaves: ${fault.join(', ')}.\n`}
In rollcall.yaml:
  targets:
    sandbox:
      connector: scim
      dialect: ${JSON.stringify(dialect)}
      url: ${url}
      token: { env: ROLLCALL_SANDBOX_TOKEN }

Where rollcall is started:
  export ROLLCALL_SANDBOX_TOKEN='${token.replaceAll("'", "'\\''")}'

Ctrl-C stops it.
`
}
