import type { Finding, Profile } from '../model.ts'

/** By kind, then profile in order of precedence, then whom they are about. The same finding is told once. */
export function inFixedOrder(findings: readonly Finding[], profiles: readonly Profile[]): readonly Finding[] {
  const rank = new Map(profiles.map(({ name }, index) => [name, index]))
  const seen = new Set<string>()
  return findings
    .filter(finding => {
      const text = JSON.stringify(finding)
      return seen.has(text) ? false : seen.add(text)
    })
    .sort(
      (one, other) =>
        compare(one.finding, other.finding) ||
        (rank.get(one.profile ?? '') ?? -1) - (rank.get(other.profile ?? '') ?? -1) ||
        compare(one.source, other.source) ||
        compare(one.sourceId, other.sourceId) ||
        compare(one.message, other.message),
    )
}

function compare(one: string | undefined, other: string | undefined): number {
  const [left, right] = [one ?? '', other ?? '']
  return left < right ? -1 : left > right ? 1 : 0
}
