import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { output } from '../../src/cli/io.ts'

const COMMAND = join(import.meta.dirname, '../../src/cli/rollcall.ts')

test('what a full pipe that does not block has no room for follows when it has, and nothing is lost', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-io-'))
  const pipe = join(folder, 'pipe')
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
  const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  const later = new PassThrough()
  const rest = text(later)
  const out = output(fd, () => later as unknown as NodeJS.WriteStream)
  const said = Array.from({ length: 20_000 }, (_, line) => `line ${line} – ü\n`).join('')
  const written = [out.write(said), out.write('the end\n')]
  const now = Buffer.alloc(1 << 20)
  const size = readSync(fd, now)
  await Promise.all(written)
  later.end()
  expect(size).toBeGreaterThan(0)
  expect(size).toBeLessThan(Buffer.byteLength(said))
  expect(Buffer.concat([now.subarray(0, size), Buffer.from(await rest)]).toString()).toBe(`${said}the end\n`)
  expect([out.open, out.terminal, out.columns]).toEqual([true, false, undefined])
  closeSync(fd)
  rmSync(folder, { recursive: true })
})

test('whoever reads may go, and that is no error', async () => {
  const child = spawn('sh', ['-c', '"$0" "$1" --help | true', process.execPath, COMMAND])
  const [[code], err] = await Promise.all([once(child, 'exit'), text(child.stderr)])
  expect([code, err]).toEqual([0, ''])
})

test('the command says all of it into a file, a pipe and nowhere', async () => {
  const child = spawn(process.execPath, [COMMAND, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [said, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  expect([code, err]).toEqual([0, ''])
  expect(said).toMatch(/^Usage: rollcall [^]*\n$/)
  const file = join(mkdtempSync(join(tmpdir(), 'rollcall-io-')), 'help.txt')
  expect(
    execFileSync('sh', ['-c', `"$0" "$1" --help > "$2" && cat "$2"`, process.execPath, COMMAND, file]).toString(),
  ).toBe(said)
  expect(execFileSync('sh', ['-c', `"$0" "$1" --help >&-; echo $?`, process.execPath, COMMAND]).toString()).toBe('0\n')
})
