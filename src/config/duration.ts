import * as z from 'zod'

const MINUTE_MS = 60_000
const UNIT_MS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: 60 * MINUTE_MS, d: 24 * 60 * MINUTE_MS }

/** `90m`, `24h` or `7d`, as milliseconds. */
export const duration = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/, 'this is no length of time; write a number and m, h or d, like 90m, 24h or 7d')
  .transform(text => Number(text.slice(0, -1)) * (UNIT_MS[text.slice(-1)] ?? 0))
