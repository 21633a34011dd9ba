import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { RollcallError } from '../errors.ts'
import type { Breach, Change, Finding, PlanHeader } from '../model.ts'
import { planDigest } from '../planfile.ts'

export interface PlanLines {
  readonly changes: Iterable<Change | { readonly change: 'create-user'; readonly text: string }>
  /** Asked for after the changes. */
  findings(): readonly Finding[]
  /** Asked for after the changes, too. */
  breaches(): readonly Breach[]
}

export type HeaderStart = Omit<
  PlanHeader,
  'rollcall' | 'id' | 'digest' | 'inputs' | 'counts' | 'findings' | 'breaches'
> & {
  readonly inputs: Omit<PlanHeader['inputs'], 'lines'>
}

const CHUNK = 1 << 20

/**
 * Writes a plan, 0600, line by line and in memory that does not grow with it; the first line, which sums up the
 * others, is put before them at the end. What stood under this name is replaced only once the plan is whole.
 * Throws `state_unusable` where it cannot be written.
 */
export async function writePlan(
  file: string,
  start: HeaderStart,
  lines: PlanLines,
  signal: AbortSignal,
  progress: (done: number) => void,
): Promise<PlanHeader> {
  const [draft, body] = [`${file}.${randomUUID()}.new`, `${file}.${randomUUID()}.body`]
  try {
    const written = await writeBody(body, lines, signal, progress)
    const breaches = lines.breaches()
    const header: PlanHeader = {
      rollcall: 'plan/1',
      id: `${start.createdAt.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${randomUUID().slice(0, 8)}`,
      target: start.target,
      url: start.url,
      createdAt: start.createdAt,
      digest: planDigest({ ...start, ...start.inputs, breaches, lines: written.hash }),
      inputs: { ...start.inputs, lines: written.hash },
      first: start.first,
      readings: start.readings,
      counts: written.counts,
      findings: written.findings,
      breaches,
    }
    await join(draft, `${JSON.stringify(header)}\n`, body, signal)
    await rename(draft, file)
    return header
  } catch (cause) {
    if (cause instanceof RollcallError || signal.aborted) throw cause
    const full = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT')
    throw new RollcallError(
      'state_unusable',
      `plan ${file} cannot be written${full ? ': the disk is full. Free some space and run again' : '. Is its folder there, and writable?'}. Nothing was changed at the target.`,
      { cause },
    )
  } finally {
    await rm(draft, { force: true })
    await rm(body, { force: true })
  }
}

async function writeBody(file: string, lines: PlanLines, signal: AbortSignal, progress: (done: number) => void) {
  const hasher = createHash('sha256')
  const counts: Partial<Record<Change['change'], number>> = {}
  const findings: Record<string, number> = {}
  const handle = await open(file, 'wx', 0o600)
  try {
    const chunk = gathering()
    let done = 0
    const flush = async () => {
      const bytes = chunk.bytes()
      hasher.update(bytes)
      await handle.writeFile(bytes)
      chunk.clear()
      progress(done)
      await setImmediate()
      signal.throwIfAborted()
    }
    for (const change of lines.changes) {
      counts[change.change] = (counts[change.change] ?? 0) + 1
      done++
      const text = 'text' in change ? change.text : JSON.stringify(change)
      if (!chunk.hasRoomFor(text)) await flush()
      chunk.add(text)
    }
    for (const finding of lines.findings()) {
      findings[finding.finding] = (findings[finding.finding] ?? 0) + 1
      const text = JSON.stringify(finding)
      if (!chunk.hasRoomFor(text)) await flush()
      chunk.add(text)
    }
    await flush()
  } finally {
    await handle.close()
  }
  return { hash: hasher.digest('hex'), counts, findings }
}

/** Lines as bytes, in one buffer that is used again and again. */
function gathering() {
  let buffer = Buffer.allocUnsafe(CHUNK)
  let used = 0
  const most = (line: string) => 3 * line.length + 1 // a UTF-16 unit is at most three bytes of UTF-8
  return {
    hasRoomFor: (line: string) => used + most(line) <= buffer.length,
    /** A line for which there is no room in the empty buffer gets a larger one. */
    add(line: string): void {
      if (used + most(line) > buffer.length) buffer = Buffer.concat([buffer.subarray(0, used)], used + most(line))
      used += buffer.write(line, used)
      buffer[used++] = LINE_FEED
    },
    bytes: () => buffer.subarray(0, used),
    clear(): void {
      used = 0
    },
  }
}

const LINE_FEED = 10

async function join(file: string, header: string, body: string, signal: AbortSignal): Promise<void> {
  const [to, from] = [await open(file, 'wx', 0o600), await open(body)]
  try {
    await to.writeFile(header)
    await copy(from, to, signal)
  } finally {
    await to.close()
    await from.close()
  }
}

async function copy(from: FileHandle, to: FileHandle, signal: AbortSignal): Promise<void> {
  const buffer = Buffer.allocUnsafe(1 << 20)
  for (;;) {
    const { bytesRead } = await from.read(buffer)
    if (bytesRead === 0) return
    await to.writeFile(buffer.subarray(0, bytesRead))
    signal.throwIfAborted()
  }
}
