import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('Google’s library is loaded by reading, and not by a config that names the connector', () => {
  const connector = join(import.meta.dirname, '../../../connectors/google/index.ts')
  const loaded = execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { createRequire } from 'node:module'
       const { google } = await import(${JSON.stringify(connector)})
       google.options.parse({ admin: 'reader@example.com', credential: { key: { env: 'KEY' } } })
       process.stdout.write(Object.keys(createRequire(import.meta.url).cache).join('\\n'))`,
    ],
    { encoding: 'utf8' },
  )
  expect(loaded.split('\n').filter(path => /googleapis|google-auth|gaxios|undici/.test(path))).toEqual([])
})
