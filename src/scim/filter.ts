/**
 * The one filter that every server understands: `attribute eq "value"` (RFC 7644 §3.4.2.2), the value as a JSON
 * literal, percent-encoded as a whole for a query; blanks as %20, since some servers take a plus as it is.
 */
export function equalFilter(attribute: string, value: string): string {
  return encodeURIComponent(`${attribute} eq ${JSON.stringify(value.toWellFormed())}`).replaceAll("'", '%27')
}

/** A path that names one member of a group, for a PATCH (RFC 7644 §3.5.2). */
export function memberPath(scimId: string): string {
  return `members[value eq ${JSON.stringify(scimId)}]`
}

/** How keys are compared: NFKC and lower case; `externalId` exactly (RFC 7643 §3.1). */
export function sameKey(attribute: string, one: string, other: string): boolean {
  return attribute === 'externalId' ? one === other : foldKey(one) === foldKey(other)
}

export function foldKey(value: string): string {
  return value.normalize('NFKC').toLowerCase()
}
