import { readFileSync } from 'node:fs'

export interface Figure {
  readonly bench: string
  readonly value: number
  readonly unit: string
  /** The same work with nothing of ours in it, in the same unit; null where there is none to compare with. */
  readonly floor: number | null
  readonly peakMiB: number | null
  readonly [extra: string]: string | number | boolean | null
}

/** Prints one figure as a line of JSON on stdout, with its ratio to the floor. Three digits are what a shared machine can tell. */
export function figure({ bench, value, unit, floor, peakMiB, ...extra }: Figure): void {
  const ratio = floor === null || floor === 0 ? null : rounded(value / floor)
  const line = { bench, value: rounded(value), unit, floor: floor && rounded(floor), ratio, peakMiB, ...extra }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** The most memory this process has held so far, in MiB. */
export function peakMiB(): number {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    if (kibibytes !== undefined) return Math.round(Number(kibibytes) / 1024)
  } catch {
    // Not Linux.
  }
  return Math.round(process.resourceUsage().maxRSS / 1024)
}

/** Of several runs the middle one; of an even number the one above. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
