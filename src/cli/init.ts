import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { RollcallError } from '../errors.ts'
import { escapeJson } from '../report/escape.ts'
import { shellWord } from '../report/words.ts'
import type { Invocation } from './invocation.ts'
import { STARTER } from './starter.ts'

/** Writes the starting config below `folder`, all of it or, where one of its files exists, nothing. */
export async function init(invocation: Invocation, folder: string): Promise<number> {
  const root = resolve(invocation.cwd, folder)
  const files = Object.entries(STARTER).map(([path, text]) => ({ path: join(root, path), text }))
  const { existsSync } = await import('node:fs')
  const taken = files.find(({ path }) => existsSync(path))
  if (taken !== undefined) {
    throw new RollcallError('usage', `${taken.path} exists already. Name another folder, or change that file.`)
  }
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { flag: 'wx' })
  }
  const written = files.map(({ path }) => path)
  if (invocation.json) await invocation.print(`${escapeJson({ written })}\n`)
  else {
    const shown = written.map(path => `wrote ${relative(invocation.cwd, path)}\n`).join('')
    const flag = root === invocation.cwd ? '' : ` -c ${shellWord(relative(invocation.cwd, written[0] ?? ''))}`
    await invocation.print(`${shown}Fill in names and addresses, then: rollcall check${flag}\n`)
  }
  return 0
}
