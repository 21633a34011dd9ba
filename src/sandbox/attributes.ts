/** What a SCIM attribute is (RFC 7643 §2.2, §7). */
export interface Attribute {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'complex' | 'reference' | 'dateTime' | 'binary'
  readonly multiValued: boolean
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: 'readWrite' | 'readOnly' | 'immutable' | 'writeOnly'
  readonly returned: 'default' | 'always' | 'never'
  readonly uniqueness: 'none' | 'server'
  readonly subAttributes: readonly Attribute[]
}

export interface Schema {
  readonly id: string
  readonly name: string
  readonly attributes: readonly Attribute[]
}

/** A resource type: the schema at the top of a resource, and those below their URN. */
export interface ResourceType {
  readonly name: 'User' | 'Group'
  readonly core: Schema
  readonly extensions: readonly Schema[]
}

type Traits = Partial<Omit<Attribute, 'name' | 'subAttributes'>>

function attribute(name: string, traits: Traits = {}, subAttributes: readonly Attribute[] = []): Attribute {
  return {
    name,
    type: subAttributes.length > 0 ? 'complex' : 'string',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...traits,
    subAttributes,
  }
}

function texts(...names: string[]): Attribute[] {
  return names.map(name => attribute(name))
}

/** A list of values with `display`, `type` and `primary` (RFC 7643 §2.4). */
function list(name: string, value: Attribute = attribute('value')): Attribute {
  return attribute(name, { multiValued: true }, [
    value,
    ...texts('display', 'type'),
    attribute('primary', { type: 'boolean' }),
  ])
}

const READ_ONLY: Traits = { mutability: 'readOnly' }
const IMMUTABLE: Traits = { mutability: 'immutable' }
const reference = (name: string, traits: Traits = {}) =>
  attribute(name, { type: 'reference', caseExact: true, ...traits })

/** What every resource has beside its schema's own attributes (RFC 7643 §3.1). */
const COMMON: readonly Attribute[] = [
  reference('schemas', { ...READ_ONLY, multiValued: true, returned: 'always' }),
  attribute('id', { ...READ_ONLY, caseExact: true, returned: 'always', uniqueness: 'server' }),
  attribute('externalId', { caseExact: true }),
  attribute('meta', READ_ONLY, [
    attribute('resourceType', { ...READ_ONLY, caseExact: true }),
    attribute('created', { ...READ_ONLY, type: 'dateTime' }),
    attribute('lastModified', { ...READ_ONLY, type: 'dateTime' }),
    reference('location', READ_ONLY),
  ]),
]

export const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const GROUP_URN = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const ENTERPRISE_URN = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
/** Which account a user is linked to. */
export const ACCOUNT_URN = 'urn:scim:schemas:extension:atlassian-external:1.0'
const CUSTOM_URN = 'urn:scim:schemas:extension:atlassian-custom:1.0:Attributes'

/** RFC 7643 §4.1, §4.3. */
export const USER: ResourceType = {
  name: 'User',
  core: {
    id: USER_URN,
    name: 'User',
    attributes: [
      attribute('userName', { required: true, uniqueness: 'server' }),
      attribute(
        'name',
        {},
        texts('formatted', 'familyName', 'givenName', 'middleName', 'honorificPrefix', 'honorificSuffix'),
      ),
      ...texts('displayName', 'nickName'),
      reference('profileUrl'),
      ...texts('title', 'userType', 'preferredLanguage', 'locale', 'timezone', 'organization', 'department'),
      attribute('active', { type: 'boolean' }),
      attribute('password', { mutability: 'writeOnly', returned: 'never' }),
      ...['emails', 'phoneNumbers', 'ims'].map(name => list(name)),
      list('photos', reference('value')),
      attribute('addresses', { multiValued: true }, [
        ...texts('formatted', 'streetAddress', 'locality', 'region', 'postalCode', 'country', 'type'),
        attribute('primary', { type: 'boolean' }),
      ]),
      attribute('groups', { ...READ_ONLY, multiValued: true }, [
        attribute('value', READ_ONLY),
        reference('$ref', READ_ONLY),
        attribute('display', READ_ONLY),
        attribute('type', READ_ONLY),
      ]),
      ...['entitlements', 'roles'].map(name => list(name)),
      list('x509Certificates', attribute('value', { type: 'binary', caseExact: true })),
    ],
  },
  extensions: [
    {
      id: ENTERPRISE_URN,
      name: 'EnterpriseUser',
      attributes: [
        ...texts('employeeNumber', 'costCenter', 'organization', 'division', 'department'),
        attribute('manager', {}, [attribute('value'), reference('$ref'), attribute('displayName', READ_ONLY)]),
      ],
    },
    {
      id: ACCOUNT_URN,
      name: 'ExternalAccount',
      attributes: [attribute('atlassianAccountId', { ...READ_ONLY, caseExact: true })],
    },
    { id: CUSTOM_URN, name: 'Attributes', attributes: texts('basedIn') },
  ],
}

/** RFC 7643 §4.2. `displayName` is required by the text, whatever the schema of §8.7.1 says. */
export const GROUP: ResourceType = {
  name: 'Group',
  core: {
    id: GROUP_URN,
    name: 'Group',
    attributes: [
      attribute('displayName', { required: true }),
      attribute('members', { multiValued: true }, [
        attribute('value', { ...IMMUTABLE, caseExact: true }),
        reference('$ref', IMMUTABLE),
        attribute('type', IMMUTABLE),
        attribute('display', IMMUTABLE),
      ]),
    ],
  },
  extensions: [],
}

const named = new WeakMap<readonly Attribute[], ReadonlyMap<string, Attribute>>()

/** The attribute with this name in whatever case. */
export function attributeNamed(name: string, among: readonly Attribute[]): Attribute | undefined {
  let table = named.get(among)
  if (table === undefined) {
    table = new Map(among.map(one => [one.name.toLowerCase(), one]))
    named.set(among, table)
  }
  return table.get(name.toLowerCase())
}

export function topAttribute(name: string, type: ResourceType): Attribute | undefined {
  return attributeNamed(name, COMMON) ?? attributeNamed(name, type.core.attributes)
}

/** The schema with this URN in whatever case. */
export function schemaNamed(urn: string, type: ResourceType): Schema | undefined {
  const wanted = urn.toLowerCase()
  return [type.core, ...type.extensions].find(schema => schema.id.toLowerCase() === wanted)
}

/** RFC 7643 §2.1, and `$ref`. */
export function isAttributeName(name: string): boolean {
  return /^[A-Za-z$][\w$-]*$/.test(name)
}
