import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeJson, escapeMarkdown, escapeTerminal } from '../../src/report/escape.ts'

test('a display name cannot clear the screen, move the cursor or break a line', () => {
  expect(escapeTerminal('Ada\x1b[2J\r\nroot\x9b1A\x07')).toBe('Ada\\x1b[2J\\r\\nroot\\x9b1A\\x07')
})

test('a name cannot turn the direction of what follows, nor hide characters', () => {
  expect(escapeTerminal('ada\u202egnp.exe\u2066\u200f\u200b\ufeff\u2028')).toBe(
    'ada\\u{202e}gnp.exe\\u{2066}\\u{200f}\\u{200b}\\u{feff}\\u{2028}',
  )
})

test('names in any script, and emoji made of several characters, are shown as they are', () => {
  for (const name of ['Zoë Müller', '山田　太郎', 'مریم می‌خواهم', '👩‍💻 Ada', 'DOMAIN\\ada', 'ผู้ใช้']) {
    expect(escapeTerminal(name)).toBe(name)
  }
})

test('whatever the text, nothing a terminal acts upon is left, and escaping twice changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const shown = escapeTerminal(text)
      expect(shown).not.toMatch(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/)
      expect(escapeTerminal(shown)).toBe(shown)
    }),
  )
})

test('in Markdown outside text is a code span, whatever backticks it brings', () => {
  expect(escapeMarkdown('<img src=x> [a](b) @ada *x*')).toBe('`<img src=x> [a](b) @ada *x*`')
  expect(escapeMarkdown('a`b``c')).toBe('```a`b``c```')
  expect(escapeMarkdown('`')).toBe('`` ` ``')
  expect(escapeMarkdown('')).toBe('`  `')
  expect(escapeMarkdown('two\nlines')).toBe('`two\\nlines`')
  expect(escapeMarkdown('a|b', 'cell')).toBe('`a\\|b`')
})

test('JSON for a terminal says the same as JSON, without a character it would act upon', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const json = escapeJson({ text })
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ text })))
      expect(json).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/)
    }),
  )
})
