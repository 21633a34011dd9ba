import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The entity types of the published metadata (v1.0, 2026-08), reduced to names and types by a program. */
const TYPES = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/graph/directory.json'), 'utf8'),
) as Record<string, EntityType>

interface EntityType {
  readonly base: string | null
  readonly properties: Readonly<Record<string, string>>
  readonly navigation: Readonly<Record<string, string>>
}

/** The type of a property, its own or inherited: `String`, `Boolean`, `Collection(String)` … */
export function propertyType(entity: string, property: string): string | undefined {
  return found(entity, ({ properties }) => properties[property])
}

export function navigationType(entity: string, navigation: string): string | undefined {
  return found(entity, type => type.navigation[navigation])
}

function found(entity: string, look: (type: EntityType) => string | undefined): string | undefined {
  for (let name: string | null | undefined = entity; name; name = TYPES[name]?.base) {
    const type = TYPES[name]
    const here = type && look(type)
    if (here !== undefined) return here
  }
  return undefined
}

/** What a list of users answers 501 to: these are kept elsewhere, and one user at a time tells them. */
export const ELSEWHERE = new Set(
  'aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName responsibilities schools skills'.split(
    ' ',
  ),
)

/** What comes without `$select`. */
export const DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  user: 'businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation preferredLanguage surname userPrincipalName'.split(
    ' ',
  ),
  group:
    'id deletedDateTime classification createdDateTime description displayName expirationDateTime groupTypes isAssignableToRole mail mailEnabled mailNickname membershipRule membershipRuleProcessingState onPremisesDomainName onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled preferredDataLocation preferredLanguage proxyAddresses renewedDateTime securityEnabled securityIdentifier theme uniqueName visibility'.split(
      ' ',
    ),
  organization: 'id displayName tenantType verifiedDomains countryLetterCode'.split(' '),
  servicePrincipal: 'id appId displayName accountEnabled appDisplayName servicePrincipalType'.split(' '),
  device: 'id displayName accountEnabled deviceId operatingSystem'.split(' '),
  orgContact: 'id displayName mail'.split(' '),
  directoryObject: ['id', 'displayName'],
}
