import type { AttributeType } from '../../src/connector.ts'
import type { Decoding } from './entry.ts'

/**
 * The attributes of people and groups that servers bring along: RFC 4519, RFC 4524, inetOrgPerson (RFC 2798), NIS
 * (RFC 2307), eduPerson's kin excepted; Active Directory's; the operational ones. By name, as published.
 *
 * Most of them may have several values and have one. Those that are there to have several are lists; of the others the
 * first value in byte order is taken, and a finding says so.
 */

const PERSON = `cn sn givenName initials generationQualifier displayName title description telephoneNumber
  facsimileTelephoneNumber mobile homePhone pager mail uid userid rfc822Mailbox employeeNumber employeeType
  departmentNumber preferredLanguage o ou l st street postalAddress postalCode postOfficeBox physicalDeliveryOfficeName
  registeredAddress homePostalAddress roomNumber carLicense businessCategory manager secretary labeledURI c co
  friendlyCountryName localityName organizationName organizationalUnitName surname commonName host personalTitle
  preferredDeliveryMethod x121Address telexNumber internationaliSDNNumber destinationIndicator info drink
  uniqueIdentifier dnQualifier x500UniqueIdentifier organizationalStatus buildingName`

const NIS_USER = 'uidNumber gidNumber gecos homeDirectory loginShell'

const AD_USER = `sAMAccountName userPrincipalName userAccountControl accountExpires lastLogonTimestamp pwdLastSet
  lockoutTime badPwdCount primaryGroupID objectCategory distinguishedName whenCreated whenChanged uSNChanged uSNCreated
  company department division countryCode wWWHomePage comment assistant employeeID middleName ipPhone
  mailNickname targetAddress legacyExchangeDN msExchHideFromAddressLists msExchRecipientTypeDetails
  msExchUsageLocation homeMDB extensionAttribute1 extensionAttribute2 extensionAttribute3 extensionAttribute4
  extensionAttribute5 extensionAttribute6 extensionAttribute7 extensionAttribute8 extensionAttribute9 extensionAttribute10
  extensionAttribute11 extensionAttribute12 extensionAttribute13 extensionAttribute14 extensionAttribute15
  msDS-cloudExtensionAttribute1 msDS-cloudExtensionAttribute2 msDS-cloudExtensionAttribute3
  msDS-cloudExtensionAttribute4 msDS-cloudExtensionAttribute5 msDS-cloudExtensionAttribute6
  msDS-cloudExtensionAttribute7 msDS-cloudExtensionAttribute8 msDS-cloudExtensionAttribute9
  msDS-cloudExtensionAttribute10 msDS-cloudExtensionAttribute11 msDS-cloudExtensionAttribute12
  msDS-cloudExtensionAttribute13 msDS-cloudExtensionAttribute14 msDS-cloudExtensionAttribute15
  msDS-PrincipalName msDS-User-Account-Control-Computed mS-DS-ConsistencyGuid extensionName userWorkstations
  scriptPath profilePath homeDrive adminCount msSFU30Name msDS-preferredDataLocation`

const OPERATIONAL = `entryUUID entryDN createTimestamp modifyTimestamp creatorsName modifiersName structuralObjectClass
  subschemaSubentry nsUniqueId nsAccountLock ipaUniqueID pwdAccountLockedTime pwdChangedTime pwdPolicySubentry
  krbPrincipalName krbPrincipalExpiration krbPasswordExpiration entryCSN objectGUID objectSid
  mailHost mailQuotaSize mailMessageStore employeeStatus jpegPhoto thumbnailPhoto photo audio`

const USER_LISTS = `objectClass memberOf isMemberOf proxyAddresses otherMailbox otherTelephone otherMobile otherHomePhone
  otherPager otherFacsimileTelephoneNumber otherIpPhone url servicePrincipalName directReports
  mailAlternateAddress mailForwardingAddress mailLocalAddress sshPublicKey ipaSshPubKey seeAlso userCertificate
  userSMIMECertificate userPKCS12 showInAddressBook publicDelegates roleOccupant nsRoleDN nsRole secretaries
  msDS-KeyCredentialLink sIDHistory`

const GROUP = `cn description displayName mail gidNumber ou o businessCategory owner info commonName
  sAMAccountName groupType managedBy mailNickname distinguishedName whenCreated whenChanged uSNChanged uSNCreated
  adminCount primaryGroupToken extensionAttribute1 extensionAttribute2 extensionAttribute3 extensionAttribute4
  extensionAttribute5 extensionAttribute6 extensionAttribute7 extensionAttribute8 extensionAttribute9
  extensionAttribute10 extensionAttribute11 extensionAttribute12 extensionAttribute13 extensionAttribute14
  extensionAttribute15 msDS-PrincipalName legacyExchangeDN msExchHideFromAddressLists
  entryUUID entryDN createTimestamp modifyTimestamp creatorsName modifiersName structuralObjectClass nsUniqueId
  ipaUniqueID entryCSN objectGUID objectSid objectCategory wWWHomePage comment labeledURI`

const GROUP_LISTS = 'objectClass memberOf proxyAddresses seeAlso memberURL url member uniqueMember memberUid'

const words = (text: string) => text.trim().split(/\s+/)
const typed = (text: string, type: AttributeType) => words(text).map((name): [string, AttributeType] => [name, type])

export const USER_ATTRIBUTES: Readonly<Record<string, AttributeType>> = Object.fromEntries([
  ...[PERSON, NIS_USER, AD_USER, OPERATIONAL].flatMap(text => typed(text, 'text')),
  ...typed(USER_LISTS, 'list'),
])

export const GROUP_ATTRIBUTES: Readonly<Record<string, AttributeType>> = Object.fromEntries([
  ...typed(GROUP, 'text'),
  ...typed(GROUP_LISTS, 'list'),
])

/** Values that are not text, and the text that stands for them. */
const DECODINGS: ReadonlyMap<string, Decoding> = new Map<string, Decoding>([
  ...words('objectGUID mS-DS-ConsistencyGuid').map((name): [string, Decoding] => [name.toLowerCase(), 'guid']),
  ...words('objectSid sIDHistory').map((name): [string, Decoding] => [name.toLowerCase(), 'sid']),
  ...words(
    'jpegPhoto thumbnailPhoto photo audio userCertificate userSMIMECertificate userPKCS12 x500UniqueIdentifier',
  ).map((name): [string, Decoding] => [name.toLowerCase(), 'base64']),
])

export function decodingOf(name: string): Decoding {
  const plain = name.toLowerCase().replace(/;binary$/, '')
  return DECODINGS.get(plain) ?? (plain === name.toLowerCase() ? 'text' : 'base64')
}
