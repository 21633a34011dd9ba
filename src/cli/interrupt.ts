import { RollcallError } from '../errors.ts'

export interface Interruption {
  /** Aborted at the first Ctrl-C or SIGTERM; the reason is an `interrupted` error. */
  readonly signal: AbortSignal
  /** Set once something may have been written: a run stopped from then on was applied in part. */
  writing: boolean
}

/**
 * Lets Ctrl-C stop `work` cleanly: the first ends it after the requests in flight, a second one `exit`s at once.
 * Both are safe, since each write is journaled before it is sent.
 */
export async function interruptible<T>(
  work: (interruption: Interruption) => Promise<T>,
  { told, exit }: { readonly told: (message: string) => void; readonly exit: (code: number) => void },
): Promise<T> {
  const controller = new AbortController()
  const interruption: Interruption = { signal: controller.signal, writing: false }
  const stop = () => {
    if (controller.signal.aborted) return exit(interruption.writing ? 4 : 130)
    told('stopping after the requests in flight; Ctrl-C again stops at once')
    controller.abort(new RollcallError('interrupted', 'interrupted. Run again to go on.'))
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    return await work(interruption)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}
