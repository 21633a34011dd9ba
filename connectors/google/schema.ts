import type { AttributeType, DeclaredAttributes } from '../../src/connector.ts'
import type { GoogleOptions } from './options.ts'

/**
 * Attributes of users as the discovery document of the Directory API has them (directory_v1, 20260914), and the ones
 * beside them that are picked out of lists. `name` is told of everyone, and so is not among them.
 */
export interface UserAttribute {
  readonly type: AttributeType
  /** Properties on the wire that it is made from. */
  readonly from: string
}

const own = (type: AttributeType, names: string): Record<string, UserAttribute> =>
  Object.fromEntries(names.split(' ').map(name => [name, { type, from: name }]))

const objects = (texts: string, more: Record<string, AttributeType> = {}): AttributeType => ({
  listOf: { object: { ...Object.fromEntries(texts.split(' ').map(name => [name, 'text' as const])), ...more } },
})

const listed = (name: string, type: AttributeType): Record<string, UserAttribute> => ({ [name]: { type, from: name } })

const text = (from: string): UserAttribute => ({ type: 'text', from })

const PRIMARY = { primary: 'boolean' } as const

export const USER_ATTRIBUTES: Readonly<Record<string, UserAttribute>> = {
  ...own(
    'text',
    'primaryEmail orgUnitPath customerId creationTime lastLoginTime suspensionReason suspensionTime archivalTime recoveryEmail recoveryPhone thumbnailPhotoUrl',
  ),
  ...own(
    'boolean',
    'suspended archived isAdmin isDelegatedAdmin isGuestUser isMailboxSetup isEnrolledIn2Sv isEnforcedIn2Sv includeInGlobalAddressList agreedToTerms changePasswordAtNextLogin ipWhitelisted',
  ),
  ...own('list', 'aliases nonEditableAliases'),
  ...own('any', 'gender notes guestAccountInfo'),
  ...listed('emails', objects('address type customType', PRIMARY)),
  ...listed('externalIds', objects('value type customType')),
  ...listed('relations', objects('value type customType')),
  ...listed('phones', objects('value type customType', PRIMARY)),
  ...listed('languages', objects('languageCode preference customLanguage')),
  ...listed('locations', objects('type customType area buildingId floorName floorSection deskCode')),
  ...listed('ims', objects('im type customType protocol customProtocol', PRIMARY)),
  ...listed('websites', objects('value type customType', PRIMARY)),
  ...listed('keywords', objects('value type customType')),
  ...listed(
    'organizations',
    objects('name title type customType department costCenter domain location description symbol', {
      ...PRIMARY,
      fullTimeEquivalent: 'number',
    }),
  ),
  ...listed(
    'addresses',
    objects(
      'type customType formatted streetAddress extendedAddress poBox locality region postalCode country countryCode',
      {
        ...PRIMARY,
        sourceIsStructured: 'boolean',
      },
    ),
  ),
  ...listed(
    'posixAccounts',
    objects('username uid gid homeDirectory shell gecos systemId accountId operatingSystemType', PRIMARY),
  ),
  givenName: text('name'),
  familyName: text('name'),
  fullName: text('name'),
  displayName: text('name'),
  title: text('organizations'),
  department: text('organizations'),
  costCenter: text('organizations'),
  organization: text('organizations'),
  employeeType: text('organizations'),
  phone: text('phones'),
  mobile: text('phones'),
  manager: text('relations'),
  employeeId: text('externalIds'),
  preferredLanguage: text('languages'),
}

export const GROUP_ATTRIBUTES = {
  email: 'text',
  description: 'text',
  aliases: 'list',
  nonEditableAliases: 'list',
  adminCreated: 'boolean',
  directMembersCount: 'number',
  externalIds: objects('namespace id'),
} as const satisfies Record<string, AttributeType>

/** What expressions may name. `customSchemas` is there once its schemas are named in the options. */
export function declared({ schemas }: Pick<GoogleOptions, 'schemas'>): DeclaredAttributes {
  const custom = Object.entries(schemas).map(([schema, fields]) => [schema, { object: fields }] as const)
  return {
    user: {
      ...Object.fromEntries(Object.entries(USER_ATTRIBUTES).map(([name, { type }]) => [name, type])),
      ...(custom.length > 0 && { customSchemas: { object: Object.fromEntries(custom) } }),
    },
    group: GROUP_ATTRIBUTES,
    caseInsensitive: false,
    closed: true,
  }
}
