import { setFlagsFromString } from 'node:v8'

/**
 * Has the heap grow by a fifth at a time. Left alone it doubles before it is cleaned, and a plan of a million users,
 * whose garbage is short-lived, takes twice the memory for nothing.
 */
export function growSlowly(): void {
  setFlagsFromString('--heap-growing-percent=20')
}
