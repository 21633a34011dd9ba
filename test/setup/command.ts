import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

/** Runs a script with this Node, what it prints going straight through. True where it ended 0. */
export function run(script: string, ...options: string[]): boolean {
  return spawnSync(process.execPath, [script, ...options], { cwd: ROOT, stdio: 'inherit' }).status === 0
}

/** The script behind the command of a package, wherever it is installed: no shell, no PATH, no npx between. */
export function commandOf(name: string, command = name): string {
  const file = join(ROOT, 'node_modules', name, 'package.json')
  const { bin }: { bin: string | Record<string, string> } = JSON.parse(readFileSync(file, 'utf8'))
  const script = typeof bin === 'string' ? bin : bin[command]
  if (script === undefined) throw new Error(`${name} has no command ${command}`)
  return join(dirname(file), script)
}
