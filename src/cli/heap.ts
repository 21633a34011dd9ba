import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Bytes of the young generation, and milliseconds between looks at it. */
const YOUNG = 32 << 20
const LOOK = 100

/**
 * Has the heap grow by a fifth at a time. Left alone it doubles before it is cleaned, and a plan of a million users,
 * whose garbage is short-lived, takes twice the memory for nothing. The young generation stops at some megabytes: it
 * would go up to a hundred in a reading of a large directory, and does as well without.
 */
export function growSlowly(): void {
  setFlagsFromString('--heap-growing-percent=20')
  const look = setInterval(() => {
    const young = getHeapSpaceStatistics().find(space => space.space_name === 'new_space')
    if (young === undefined || young.space_size < YOUNG) return
    setFlagsFromString('--semi-space-growth-factor=1')
    clearInterval(look)
  }, LOOK)
  look.unref()
}
