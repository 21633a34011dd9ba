import { expect, test } from 'vitest'
import { interruptible } from '../../src/cli/interrupt.ts'

const silent = { told: () => {}, exit: () => {} }

test('the first Ctrl-C lets the work end by itself, with the reason', async () => {
  const said: string[] = []
  const ended = await interruptible(
    async ({ signal }) => {
      process.emit('SIGINT')
      return signal.reason as unknown
    },
    { ...silent, told: message => said.push(message) },
  )
  expect(ended).toMatchObject({ code: 'interrupted' })
  expect(said).toEqual(['stopping after the requests in flight; Ctrl-C again stops at once'])
})

test('a second one stops at once: 130 before any write, 4 after', async () => {
  const exits: number[] = []
  const exit = (code: number) => void exits.push(code)
  await interruptible(async () => void (process.emit('SIGTERM'), process.emit('SIGINT')), { ...silent, exit })
  await interruptible(
    async interruption => {
      interruption.writing = true
      process.emit('SIGINT')
      process.emit('SIGINT')
    },
    { ...silent, exit },
  )
  expect(exits).toEqual([130, 4])
})

test('afterwards signals are the process’s own again', async () => {
  const before = process.listenerCount('SIGINT')
  await interruptible(async () => {}, silent)
  expect(process.listenerCount('SIGINT')).toBe(before)
})
