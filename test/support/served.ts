import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import { RollcallError } from '../../src/errors.ts'
import type { FakeTarget } from './target.ts'

/** A call of one method of a target, as `remoteTarget` sends it. */
export const Call = z.object({ method: z.string(), args: z.array(z.unknown()) })
export const WRITING = /^(create|update|delete|add|remove)/

/**
 * Serves a fake target on the loopback, for a process that may be killed at any moment. `onWrite` is called for each
 * request that writes before it takes place, and may have it answered, or not; what it starts happens between the
 * request's arrival and its answer.
 */
export async function serve(
  target: FakeTarget,
  onWrite: () => 'answer' | 'lose-before' | 'lose-after',
): Promise<string> {
  const methods = new Map<string, unknown>(Object.entries(target))
  const { signal } = new AbortController()
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
      const { method, args } = Call.parse(JSON.parse(Buffer.concat(chunks).toString()))
      const fate = WRITING.test(method) ? onWrite() : 'answer'
      if (fate === 'lose-before') return void response.destroy()
      const answer = await carryOut(methods.get(method), [...args, method === 'read' ? { signal } : signal])
      if (fate === 'lose-after') return void response.destroy()
      response.end(JSON.stringify(answer))
    })().catch(() => response.destroy())
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function carryOut(method: unknown, args: readonly unknown[]): Promise<unknown> {
  if (typeof method !== 'function') throw new TypeError('no such method')
  try {
    const result: unknown = await Reflect.apply(method, undefined, args)
    if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return { result }
    const parts: unknown[] = []
    for await (const part of result as AsyncIterable<unknown>) parts.push(part)
    return { result: parts }
  } catch (error) {
    if (error instanceof RollcallError) return { code: error.code, message: error.message }
    throw error
  }
}
