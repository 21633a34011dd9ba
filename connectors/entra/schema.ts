import type { AttributeType } from '../../src/connector.ts'

/**
 * What a listing of users and of groups tells, of the published metadata (v1.0, 2026-08), under Graph's own names. Not
 * here, since only single users or groups tell it, or nobody should read it: aboutMe, birthday, hireDate, interests,
 * mailboxSettings, mySite, pastProjects, preferredName, responsibilities, schools, skills, signInActivity, passwordProfile …
 */

const USER_TEXTS = `ageGroup city companyName consentProvidedForMinor country creationType department
  displayName employeeId employeeType externalUserState faxNumber givenName jobTitle legalAgeGroupClassification mail
  mailNickname mobilePhone officeLocation onPremisesDistinguishedName onPremisesDomainName onPremisesImmutableId
  onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesUserPrincipalName passwordPolicies postalCode
  preferredDataLocation preferredLanguage securityIdentifier state streetAddress surname usageLocation
  userPrincipalName userType createdDateTime employeeHireDate employeeLeaveDateTime externalUserStateChangeDateTime
  lastPasswordChangeDateTime onPremisesLastSyncDateTime signInSessionsValidFromDateTime`
const USER_BOOLEANS = 'accountEnabled isManagementRestricted isResourceAccount onPremisesSyncEnabled showInAddressList'
const USER_LISTS = 'businessPhones imAddresses otherMails proxyAddresses'
const USER_ANY = `assignedLicenses assignedPlans licenseAssignmentStates onPremisesProvisioningErrors provisionedPlans
  serviceProvisioningErrors customSecurityAttributes`

const GROUP_TEXTS = `classification description displayName mail mailNickname membershipRule
  membershipRuleProcessingState onPremisesDomainName onPremisesNetBiosName onPremisesSamAccountName
  onPremisesSecurityIdentifier preferredDataLocation preferredLanguage securityIdentifier theme uniqueName visibility
  createdDateTime expirationDateTime onPremisesLastSyncDateTime renewedDateTime`
const GROUP_BOOLEANS = 'isAssignableToRole isManagementRestricted mailEnabled onPremisesSyncEnabled securityEnabled'
const GROUP_LISTS = 'groupTypes proxyAddresses resourceBehaviorOptions resourceProvisioningOptions'
const GROUP_ANY = 'assignedLabels assignedLicenses onPremisesProvisioningErrors serviceProvisioningErrors'

const typed = (text: string, type: AttributeType) =>
  text.split(/\s+/).map((name): [string, AttributeType] => [name, type])

const EXTENSION_ATTRIBUTES: AttributeType = {
  object: Object.fromEntries(
    Array.from({ length: 15 }, (_, nth): [string, AttributeType] => [`extensionAttribute${nth + 1}`, 'text']),
  ),
}

export const USER_ATTRIBUTES: Readonly<Record<string, AttributeType>> = {
  ...Object.fromEntries([
    ...typed(USER_TEXTS, 'text'),
    ...typed(USER_BOOLEANS, 'boolean'),
    ...typed(USER_LISTS, 'list'),
    ...typed(USER_ANY, 'any'),
  ]),
  employeeOrgData: { object: { costCenter: 'text', division: 'text' } },
  identities: { listOf: { object: { signInType: 'text', issuer: 'text', issuerAssignedId: 'text' } } },
  onPremisesExtensionAttributes: EXTENSION_ATTRIBUTES,
  guest: 'boolean',
  manager: 'text',
}

export const GROUP_ATTRIBUTES: Readonly<Record<string, AttributeType>> = Object.fromEntries([
  ...typed(GROUP_TEXTS, 'text'),
  ...typed(GROUP_BOOLEANS, 'boolean'),
  ...typed(GROUP_LISTS, 'list'),
  ...typed(GROUP_ANY, 'any'),
])

/** Attributes that are worked out here, from these of Graph's; `manager` is a link of its own. */
export const WORKED_OUT: Readonly<Record<string, readonly string[]>> = {
  guest: ['userType', 'userPrincipalName'],
  manager: [],
}
