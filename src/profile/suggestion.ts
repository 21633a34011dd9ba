/** The known name nearest to what was written, for *did you mean*; undefined where none is near enough to be meant. */
export function suggestion(name: string, known: Iterable<string>): string | undefined {
  const written = name.slice(0, LONGEST).toLowerCase()
  let best: string | undefined
  let fewest = Math.max(1, Math.floor(written.length / 3)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - written.length) >= fewest) continue
    const edits = distance(written, candidate.toLowerCase(), fewest)
    if (edits < fewest) [best, fewest] = [candidate, edits]
  }
  return best
}

const LONGEST = 100

/** Insertions, deletions, substitutions and swaps of neighbours; at least `enough` where there are more. */
function distance(one: string, other: string, enough: number): number {
  let before: number[] = []
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const cost = one[i - 1] === other[j - 1] ? 0 : 1
      let edits = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + cost)
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
        edits = Math.min(edits, before[j - 2]! + 1)
      }
      row.push(edits)
    }
    if (Math.min(...row) >= enough) return enough
    before = previous
    previous = row
  }
  return previous[other.length]!
}
