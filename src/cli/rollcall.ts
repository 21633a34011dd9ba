#!/usr/bin/env node
// No import but main's, and that one later: on an older Node this file must get as far as saying so.
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `rollcall: this is Node ${process.versions.node}; rollcall needs Node 24 or newer. Get it from https://nodejs.org, or with: npm install --global node@24\n`,
  )
  process.exitCode = 1
} else {
  const { XDG_CACHE_HOME, HOME, LOCALAPPDATA } = process.env
  const caches = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`) || LOCALAPPDATA
  // In a folder of the user's own: what lies in the shared temporary one could be anybody's code.
  if (caches) process.getBuiltinModule('node:module').enableCompileCache(`${caches}/rollcall`)
  void import('./main.ts').then(({ asProcess }) => asProcess(process.argv.slice(2)))
}

export {}
