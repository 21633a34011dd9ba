import { expect, test } from 'vitest'
import { feed } from '../../src/apply/feed.ts'
import type { Unit } from '../../src/apply/units.ts'
import { createUser } from '../support/plans.ts'

function unit(line: number): Unit {
  const change = createUser(`joiner-${line}`)
  if (change.change !== 'create-user') throw new Error('not a joiner')
  return { phase: 'creates', lines: [{ line, change, text: '' }], members: false }
}

test.each([1, 3, 16])(
  '%i at a time: each unit is handed out once and on disk, and nobody goes while there are more',
  async width => {
    const COUNT = 500
    async function* source() {
      for (let line = 0; line < COUNT; line++) yield unit(line)
    }
    const intended = new Set<Unit>()
    const onDisk = new Set<Unit>()
    const supply = feed(source(), 8, {
      intend: one => void intended.add(one),
      commit() {
        for (const one of intended) onDisk.add(one)
      },
    })
    const handed: Unit[] = []
    let early = 0
    const work = async (nth: number) => {
      for (;;) {
        const one = await supply.next('creates')
        if (one === undefined) {
          if (handed.length < COUNT) early++
          return
        }
        expect(onDisk.has(one)).toBe(true)
        handed.push(one)
        for (let hop = 0; hop < (nth * 7 + handed.length) % 11; hop++) await Promise.resolve()
      }
    }
    await Promise.all(Array.from({ length: width }, (_, nth) => work(nth)))
    expect(handed.map(({ lines: [{ line }] }) => line)).toEqual(Array.from({ length: COUNT }, (_, line) => line))
    expect(early).toBe(0)
  },
)

test('when the journal fails, nothing that it lost is handed out', async () => {
  async function* source() {
    for (let line = 0; line < 20; line++) yield unit(line)
  }
  let isFull = false
  const supply = feed(source(), 8, {
    intend({ lines: [{ line }] }) {
      if (line !== 11 || isFull) return
      isFull = true
      throw new Error('the disk is full')
    },
    commit: () => undefined,
  })
  const handed: number[] = []
  const work = async () => {
    for (;;) {
      const one = await supply.next('creates')
      if (one === undefined) return
      handed.push(one.lines[0].line)
      await new Promise(go => setImmediate(go))
    }
  }
  const ends = await Promise.allSettled([work(), work()])
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(Math.max(...handed)).toBeLessThan(8)
})
