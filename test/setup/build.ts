/** `npm run build`: the command, the library and its types, in dist/. */
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { build, type Plugin } from 'esbuild'
import packageJson from '../../package.json' with { type: 'json' }
import { commandOf, ROOT, run } from './command.ts'

/**
 * What most commands load: 78 ms from a bundle, 131 ms from node_modules; and googleapis, which is hundreds of files, of
 * which a reading loads a part. All other packages stay outside, each behind the import() of what uses it.
 */
const BUNDLED = ['commander', 'zod', 'yaml', '@marcbachmann/cel-js', 're2js', 'any-ascii', 'p-queue', 'googleapis']
const OUT = join(ROOT, 'dist')

/** Bundled code finds its data where its source does, under dist/: `./dialects/` of src/scim is dist/src/scim/dialects/. */
const inPlace: Plugin = {
  name: 'in-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const place = relative(ROOT, path).split(sep).join('/')
      return {
        loader: 'ts',
        contents: text
          .replaceAll('import.meta.url', `new URL('./${place}', import.meta.url).href`)
          .replaceAll('import.meta.dirname', `(import.meta.dirname + '/${dirname(place)}')`),
      }
    })
  },
}

/**
 * What commander takes of Node, without the module that ES imports make of each: they are a third of the time that
 * `--help` takes, and child_process, the heaviest, is for subcommands in files of their own, which there are not.
 */
const COMMANDER_TAKES: Readonly<Record<string, string>> = {
  'node:events': 'export const { EventEmitter } = builtin',
  'node:util': 'export const { stripVTControlCharacters } = builtin',
  'node:path': 'export default builtin',
  'node:fs': 'export default builtin',
  'node:process': 'export default builtin',
}
const leanCommander: Plugin = {
  name: 'lean-commander',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path, importer }) => {
      if (!importer.replaceAll(sep, '/').includes('node_modules/commander/')) return undefined
      return { path, namespace: path === 'node:child_process' ? 'nothing' : 'builtin' }
    })
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export default {}' }))
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `const builtin = process.getBuiltinModule('${path}'); ${COMMANDER_TAKES[path] ?? ''}`,
    }))
  },
}

/** CommonJS that is bundled asks for Node's own modules as it always did. */
export const requiring = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
}

/** Of undici the pools alone, without its fetch and caches: half of the time that loading it takes. */
export const leanUndici: Plugin = {
  name: 'lean-undici',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^undici$/ }, ({ path }) => ({ path, namespace: 'lean' }))
    onResolve({ filter: /.*/, namespace: 'lean' }, ({ path }) => ({ path, external: true }))
    onLoad({ filter: /^undici$/, namespace: 'lean' }, () => ({
      contents: `export { default as Pool } from 'undici/lib/dispatcher/pool.js'
        export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js'`,
    }))
  },
}

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
    plugins: [inPlace, leanCommander, leanUndici],
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
