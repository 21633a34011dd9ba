import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../../connectors/google')

/** Packages that are loaded once these files of the connector are. */
function loadedBy(...files: readonly string[]): string[] {
  const script = `
    import { createRequire } from 'node:module'
    for (const file of ${JSON.stringify(files.map(file => join(FOLDER, file)))}) await import(file)
    process.stdout.write(Object.keys(createRequire(import.meta.url).cache).join('\\n'))`
  const loaded = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  return [...new Set(loaded.split('\n').map(path => /node_modules\/([^/]+)/.exec(path)?.[1] ?? path))]
}

test('a config that names the connector loads none of what reading needs', () => {
  const read = ['undici', 'googleapis', 'google-auth-library']
  expect(loadedBy('index.ts').filter(name => read.includes(name))).toEqual([])
  expect(loadedBy('index.ts', 'reading.ts').filter(name => read.includes(name))).toEqual(['undici'])
})
