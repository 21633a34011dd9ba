/**
 * A distinguished name in the one form in which equal names are equal text (RFC 4514; case and blanks as
 * caseIgnoreMatch takes them, which is how directories compare the names of people and groups). For keys, not for show.
 */
export function normalDn(dn: string): string {
  if (!UNUSUAL.test(dn)) return dn.toLowerCase()
  return split(dn, ',')
    .map(rdn => split(rdn, '+').map(normalPair).sort().join('+'))
    .join(',')
}

/** Nearly all names have none of these: escapes, quotes, several pairs in one part, blanks that do not count, other scripts. */
const UNUSUAL = /[^\x20-\x7e]|[\\"+#]| [ ,=]|[,=] |^ | $/

function normalPair(pair: string): string {
  const at = pair.indexOf('=')
  if (at < 0) return unescaped(pair)
  return `${pair.slice(0, at).trim().toLowerCase()}=${escaped(unescaped(pair.slice(at + 1)))}`
}

/** Cuts at a separator that is neither escaped nor within quotes (RFC 2253 names have them). */
function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') quoted = !quoted
    else if (!quoted && text[at] === separator) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)]
}

function unescaped(value: string): string {
  const bare = value.replace(/^ +/, '').replace(/(\\ )? +$/, '$1')
  const text = bare.length > 1 && bare.startsWith('"') && bare.endsWith('"') ? bare.slice(1, -1) : bare
  return text
    .replace(/(?:\\[0-9a-f]{2})+/gi, hex => Buffer.from(hex.replaceAll('\\', ''), 'hex').toString('utf8'))
    .replace(/\\(.)/gsu, '$1')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/ +/g, ' ')
    .trim()
}

function escaped(value: string): string {
  return value.replace(/[\\,+]/g, '\\$&')
}
