import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan'
export type Paint = (style: Style, text: string) => string

/** Colours, or the text as it is. Whether to colour is decided by whoever knows the terminal. */
export function painter(colour: boolean): Paint {
  return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

/** `12 034`, with blanks that do not break. */
export function number(count: number): string {
  return count < 10_000 ? String(count) : count.toLocaleString('en').replaceAll(',', '\u00a0')
}

/** `1 user`, `2 users`, `1 membership`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`
}

/** `2026-11-24 08:00 UTC`; what is no time is shown as it stands. */
export function time(iso: string): string {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? iso : `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
