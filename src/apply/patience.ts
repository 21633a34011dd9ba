/**
 * How long requests in flight may go on after an interruption: `signal` is aborted `graceMs` milliseconds after
 * `interruption` is, unless `done` was called by then.
 */
export function patient(interruption: AbortSignal, graceMs: number): { readonly signal: AbortSignal; done(): void } {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const start = () => {
    timer = setTimeout(() => controller.abort(interruption.reason), graceMs)
  }
  if (interruption.aborted) start()
  else interruption.addEventListener('abort', start, { once: true })
  return {
    signal: controller.signal,
    done(): void {
      clearTimeout(timer)
      interruption.removeEventListener('abort', start)
    },
  }
}
