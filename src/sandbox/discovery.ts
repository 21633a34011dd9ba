import type { Dialect } from '../model.ts'
import {
  type Attribute,
  GROUP,
  type ResourceType,
  type Schema,
  USER,
  GROUP_URN,
  USER_URN,
  ENTERPRISE_URN,
} from './attributes.ts'
import type { JsonObject } from './json.ts'
import { mayWrite, type Writable } from './accept.ts'

/** What the discovery endpoints of RFC 7644 §4 say, by path: `/Schemas/urn:…:User`. */
export function discovery(url: string, dialect: Dialect): ReadonlyMap<string, JsonObject> {
  const schemas = schemasOf(dialect).map(schema => ({ ...schema, meta: meta('Schema', `${url}/Schemas/${schema.id}`) }))
  const types = [typeOf(USER, url), typeOf(GROUP, url)]
  return new Map<string, JsonObject>([
    ['/ServiceProviderConfig', providerConfig(url, dialect)],
    ['/Schemas', listOf(schemas)],
    ['/ResourceTypes', listOf(types)],
    ...schemas.map((schema): [string, JsonObject] => [`/Schemas/${schema.id}`, schema]),
    ...types.map((type): [string, JsonObject] => [`/ResourceTypes/${type.id}`, type]),
  ])
}

/** RFC 7643 §5; RFC 9865 §4. */
function providerConfig(url: string, { paging, users }: Dialect): JsonObject {
  const { style, max } = paging
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: users.update === 'patch' },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: max },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: false },
    pagination: {
      cursor: style === 'cursor',
      index: style === 'index',
      defaultPaginationMethod: style,
      maxPageSize: max,
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'OAuth Bearer Token',
        description: 'Authentication scheme using the OAuth Bearer Token Standard',
      },
    ],
    meta: meta('ServiceProviderConfig', `${url}/ServiceProviderConfig`),
  }
}

/** At the top of a user at some targets, not in RFC 7643. */
const VENDORS = ['organization', 'department']

type Document = JsonObject & { readonly id: string }

/** The schemas in which something may be written, and of them what may; read-only attributes stay. */
function schemasOf({ users, groups }: Dialect): Document[] {
  return [
    ...[USER.core, ...USER.extensions].flatMap(schema => schemaOf(schema, USER, users.writable)),
    ...schemaOf(GROUP.core, GROUP, groups.writable === '*' ? '*' : [...groups.writable, 'members']),
  ]
}

function schemaOf(schema: Schema, { core }: ResourceType, writable: Writable): Document[] {
  const known = writable === '*' ? [USER_URN, GROUP_URN, ENTERPRISE_URN].includes(schema.id) : true
  const attributes = schema.attributes.filter(({ name, mutability }) => {
    const path = schema === core ? name : `${schema.id}:${name}`
    if (writable === '*') return schema !== core || !VENDORS.includes(name)
    return mutability === 'readOnly' || mayWrite(path, writable)
  })
  if (!known || attributes.length === 0) return []
  return [
    {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
      id: schema.id,
      name: schema.name,
      description: schema.name,
      attributes: attributes.map(attributeOf),
    },
  ]
}

function attributeOf(attribute: Attribute): JsonObject {
  const { subAttributes, ...traits } = attribute
  return {
    ...traits,
    description: attribute.name,
    ...(subAttributes.length > 0 && { subAttributes: subAttributes.map(attributeOf) }),
  }
}

function typeOf({ name, core }: ResourceType, url: string): Document {
  const extensions = name === 'User' ? [{ schema: ENTERPRISE_URN, required: false }] : []
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: name,
    name,
    endpoint: `/${name}s`,
    description: name,
    schema: core.id,
    schemaExtensions: extensions,
    meta: meta('ResourceType', `${url}/ResourceTypes/${name}`),
  }
}

function meta(resourceType: string, location: string): JsonObject {
  return { resourceType, location }
}

function listOf(resources: readonly JsonObject[]): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: resources.length,
    itemsPerPage: resources.length,
    startIndex: 1,
    Resources: resources,
  }
}
