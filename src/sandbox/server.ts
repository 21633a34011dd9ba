import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { RollcallError } from '../errors.ts'
import type { Dialect } from '../model.ts'
import { behaviourOf } from './behaviour.ts'
import { type Directory, directory } from './directory.ts'
import { discovery } from './discovery.ts'
import { faults } from './faults.ts'
import { openJournal } from './journal.ts'
import { respond, send } from './respond.ts'
import type { Site } from './site.ts'
import { store } from './store.ts'
import { view } from './view.ts'

export interface SandboxOptions {
  readonly dialect: Dialect
  /** 0 takes a free one. */
  readonly port: number
  /** What requests must bring as bearer token; otherwise one is made up. */
  readonly token?: string
  /** The folder that what is written is kept in; otherwise it is forgotten. */
  readonly data?: string
  /** `NAME=VALUE` or `NAME`, as on the command line. */
  readonly faults?: readonly string[]
}

export interface Sandbox {
  /** The base URL to configure, without a slash at its end. */
  readonly url: string
  readonly token: string
  readonly directory: Directory
  /** Connections in use are cut. */
  close(): Promise<void>
}

/**
 * A SCIM 2.0 directory on the loopback that behaves like a dialect. Throws `usage` for a fault that there is not and
 * a port that is taken, `state_unusable` for a data folder that cannot be used, `busy` for one in use.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dialect, token = randomBytes(24).toString('base64url') } = options
  const switches = faults()
  for (const spec of options.faults ?? []) switches.parse(spec)
  const kept = store()
  const journal = options.data === undefined ? undefined : openJournal(options.data, kept)
  const behaviour = behaviourOf(dialect)
  const seen = view(kept)
  const requests = new Map<string, number>()

  const server = createServer({ keepAliveTimeout: 60_000, noDelay: true })
  const port = await listening(server, options.port).catch((thrown: unknown) => {
    journal?.close()
    throw thrown
  })
  const url = `http://127.0.0.1:${port}${behaviour.base}`
  const site: Site = {
    url,
    dialect,
    behaviour,
    faults: switches,
    store: kept,
    view: seen,
    commit(write) {
      journal?.append(write)
      const stale = switches.number('stale-reads')
      if (stale !== undefined) seen.hide(write, stale)
      kept.apply(write)
    },
  }
  const desk = { site, token, requests, documents: discovery(url, dialect) }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    respond(request, desk)
      .then(reply => send(reply, response, site))
      .catch(() => response.destroy())
  })
  let closed: Promise<void> | undefined
  const close = async () => {
    const ended = new Promise<void>(resolve => server.close(() => resolve()))
    server.closeAllConnections()
    await ended
    journal?.close()
  }
  return {
    url,
    token,
    directory: directory(site, requests),
    close: () => (closed ??= close()),
  }
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${cause.code ?? 'unknown'})`
      fail(new RollcallError('usage', `port ${port} ${why}; name another with --port, or 0 for a free one.`, { cause }))
    })
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      done(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
