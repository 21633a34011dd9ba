/** What the bundle leaves out, so that it loads fast: plugins for esbuild. */
import { readFileSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { type Plugin, transform } from 'esbuild'
import { ROOT } from './command.ts'

/** Our sources, and those of commander, as they are bundled; `more` is done to the text of each of ours. */
export function sources(more: (text: string, file: string) => string): Plugin {
  return {
    name: 'sources',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => ({
        loader: 'ts',
        contents: more(leanImports(readFileSync(path, 'utf8')), relative(ROOT, path).split(sep).join('/')),
      }))
      onLoad({ filter: /node_modules.commander\W.*\.js$/ }, ({ path }) => ({
        contents: leanImports(readFileSync(path, 'utf8')),
      }))
    },
  }
}

/** child_process is heavy, and only for subcommands in files of their own (commander) and another program's sign-in. */
const LATE = `new Proxy({}, { get: (_, name) => globalThis.process.getBuiltinModule('node:child_process')[name] })`

/**
 * Takes what is named from Node's own modules, without the module of all their exports that an ES import makes of each:
 * that of node:fs alone takes half as long as all of `--help`.
 */
function leanImports(text: string): string {
  return text.replace(/^import (\{[^}]*\}|\w+) from '(node:[^']+)';?$/gm, (_, names: string, module: string) => {
    const values = names.replaceAll(/\btype \w+( as \w+)?,?/g, '').replaceAll(/(\w+) as (\w+)/g, '$1: $2')
    const taken = module === 'node:child_process' ? LATE : `globalThis.process.getBuiltinModule('${module}')`
    return `const ${values} = ${taken}`
  })
}

export const leanSources = sources(text => text)

/** For CommonJS that is bundled: Node's own modules without the loader's ceremony, which `--help` need not wait for. */
export const requiring = {
  js: `const require = id => process.getBuiltinModule(id) ?? process.getBuiltinModule('module').createRequire(import.meta.url)(id)`,
}

/** Of undici the pools alone, without its fetch and caches: half of the time that loading it takes. */
const UNDICI = `export { default as Pool } from 'undici/lib/dispatcher/pool.js'
  export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js'`

/** What is loaded and never asked for: HTTP/2, whose part of Node takes as long to load as all of undici. */
const UNASKED = /(undici.lib.dispatcher.client-h2|googleapis-common.build.src.http2)\.js$/
const NOTHING = `module.exports = () => { throw new Error('HTTP/2 is not part of this bundle') }`

/** What undici loads when it first connects, and when it meets bodies of other sorts than ours. */
const SELDOM = /\/(web\/.*|llhttp\/llhttp(_simd)?-wasm\.js)$/

/** What undici and googleapis load, without what no request of rollcall's needs. */
export const leanClients: Plugin = {
  name: 'lean-clients',
  setup({ initialOptions, onLoad, onResolve }) {
    // As in Node's own build of undici: without a second parser, which is an experiment.
    initialOptions.define = { ...initialOptions.define, esbuildDetection: 'true' }
    onResolve({ filter: /^undici$/ }, ({ path }) => ({ path, namespace: 'lean' }))
    onResolve({ filter: /^(node:)?child_process$/ }, ({ importer }) =>
      /node_modules.(commander|google-auth-library)\W/.test(importer)
        ? { path: 'child_process', namespace: 'lean' }
        : undefined,
    )
    onLoad({ filter: /^undici$/, namespace: 'lean' }, () => ({ contents: UNDICI, resolveDir: ROOT }))
    onLoad({ filter: /^child_process$/, namespace: 'lean' }, () => ({
      contents: `module.exports = ${LATE}`,
    }))
    onLoad({ filter: UNASKED }, () => ({ contents: NOTHING }))
    // Loading takes as long as there is text: names of their own are a fifth of it.
    onLoad(
      { filter: /node_modules.(undici|googleapis|googleapis-common|google-auth-library|gaxios)\W.*\.js$/ },
      async ({ path }) => ({
        contents: (await transform(readFileSync(path, 'utf8'), { minify: true, target: 'node24' })).code,
      }),
    )
    onResolve({ filter: SELDOM }, ({ path, importer }) =>
      /undici.lib/.test(importer) ? { path: `undici/lib/${path.replace('../', '')}`, external: true } : undefined,
    )
  },
}
