/** `npm run build`: the command, the library and its types, in dist/. */
import { copyFileSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import packageJson from '../../package.json' with { type: 'json' }
import { commandOf, ROOT, run } from './command.ts'
import { leanClients, requiring, sources } from './lean.ts'

/**
 * What most commands load: 78 ms from a bundle, 131 ms from node_modules; and googleapis, which is hundreds of files, of
 * which a reading loads a part. All other packages stay outside, each behind the import() of what uses it.
 */
const BUNDLED = [
  'commander',
  'zod',
  'yaml',
  '@marcbachmann/cel-js',
  're2js',
  'any-ascii',
  'p-queue',
  'undici',
  'googleapis',
]
const OUT = join(ROOT, 'dist')

/** Bundled code finds its data where its source does, under dist/: `./dialects/` of src/scim is dist/src/scim/dialects/. */
const inPlace = sources((text, file) =>
  text
    .replaceAll('import.meta.url', `new URL('./${file}', import.meta.url).href`)
    .replaceAll('import.meta.dirname', `(import.meta.dirname + '/${dirname(file)}')`),
)

/** Bundles the code, each heavy part in a file of its own, and puts its data files beside it. */
export async function bundle(): Promise<void> {
  rmSync(OUT, { recursive: true, force: true })
  await build({
    absWorkingDir: ROOT,
    entryPoints: { rollcall: 'src/cli/rollcall.ts', index: 'src/index.ts' },
    outdir: OUT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: Object.keys(packageJson.dependencies).filter(name => !BUNDLED.includes(name)),
    // The modules of yaml, of which a part can be taken; for Node it has but one CommonJS whole.
    alias: { yaml: join(ROOT, 'node_modules/yaml/browser/index.js') },
    banner: requiring,
    plugins: [inPlace, leanClients],
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'warning',
  })
  for (const file of globSync('{src,connectors}/**/*.{yaml,json}', { cwd: ROOT })) {
    mkdirSync(dirname(join(OUT, file)), { recursive: true })
    copyFileSync(join(ROOT, file), join(OUT, file))
  }
}

/** Declarations for whoever imports the library: dist/types, laid out like the sources. */
function declare(): boolean {
  return run(commandOf('typescript', 'tsc'), '-p', 'test/setup/tsconfig.types.json')
}

if (import.meta.main) {
  const bundled = await bundle().then(
    () => true,
    () => false, // esbuild has said why
  )
  if (!bundled || !declare()) process.exitCode = 1
}
