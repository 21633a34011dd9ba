import { hash } from 'node:crypto'
import { type Directory, idOfRow, parentOf, type Row, type StoredGroup, type StoredUser } from './directory.ts'
import type { GoogleMember, GoogleOptions } from './model.ts'

/** What is held, as it goes over the wire. */

export type Wire = Readonly<Record<string, unknown>>

const quoted = (text: string) => `"${text}"`
export const etagOf = (text: string) => quoted(hash('sha1', text, 'base64url'))

export interface View {
  readonly projection: string
  readonly customFieldMask: string | undefined
  readonly viewType: string
}

const PUBLIC = [
  'id',
  'primaryEmail',
  'name',
  'emails',
  'phones',
  'organizations',
  'locations',
  'relations',
  'customerId',
]

export function wireUser(stored: StoredUser, directory: Directory, view: View): Wire {
  const { user, version, deletedAt } = stored
  const { customSchemas, ...rest } = user
  const whole: Record<string, unknown> = {
    kind: 'admin#directory#user',
    etag: quoted(`u${version}.${user.id}`),
    isAdmin: user.primaryEmail.toLowerCase() === directory.admin.toLowerCase(),
    isDelegatedAdmin: false,
    creationTime: '2024-01-02T03:04:05.000Z',
    lastLoginTime: '2025-01-02T03:04:05.000Z',
    agreedToTerms: true,
    suspended: false,
    archived: false,
    changePasswordAtNextLogin: false,
    ipWhitelisted: false,
    customerId: directory.customer,
    orgUnitPath: '/',
    isMailboxSetup: true,
    isEnrolledIn2Sv: false,
    isEnforcedIn2Sv: false,
    includeInGlobalAddressList: true,
    ...rest,
    name: wireName(user.name),
    emails: user['emails'] ?? emailsOf(user),
    ...(deletedAt !== undefined && { deletionTime: new Date(deletedAt).toISOString() }),
    customSchemas: shown(customSchemas, view),
  }
  if (view.viewType !== 'domain_public') return whole
  return Object.fromEntries(['kind', 'etag', ...PUBLIC].map(name => [name, whole[name]]))
}

function wireName(name: StoredUser['user']['name'] = {}): Wire {
  const { givenName, familyName } = name
  return { fullName: [givenName, familyName].filter(Boolean).join(' '), ...name }
}

function emailsOf({ primaryEmail, aliases = [], nonEditableAliases = [] }: StoredUser['user']) {
  return [
    { address: primaryEmail, primary: true },
    ...[...aliases, ...nonEditableAliases].map(address => ({ address })),
  ]
}

function shown(schemas: StoredUser['user']['customSchemas'], { projection, customFieldMask = '' }: View) {
  if (!schemas || projection === 'basic') return undefined
  if (projection === 'full') return schemas
  const kept = customFieldMask.split(',').flatMap(name => (schemas[name] ? [[name, schemas[name]] as const] : []))
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}

export function wireGroup(stored: StoredGroup, directory: Directory, counts: GoogleOptions['counts']) {
  const { group, version } = stored
  const { members: _, ...rest } = group
  return {
    kind: 'admin#directory#group',
    etag: quoted(`g${version}.${group.id}`),
    name: group.email.slice(0, group.email.indexOf('@')),
    description: '',
    adminCreated: true,
    ...rest,
    get directMembersCount() {
      return String(counts === 'all' ? stored.members.length : usersIn(stored, directory))
    },
  }
}

/** Counted once for every state of the directory. */
const counted = new WeakMap<StoredGroup, { readonly changes: number; readonly users: number }>()

function usersIn(stored: StoredGroup, directory: Directory): number {
  const before = counted.get(stored)
  if (before?.changes === directory.changes) return before.users
  const users = stored.members.reduce((sum, row) => sum + (typeOf(row, directory) === 'USER' ? 1 : 0), 0)
  counted.set(stored, { changes: directory.changes, users })
  return users
}

function typeOf(row: Row, directory: Directory): GoogleMember['type'] {
  if (typeof row !== 'string') return row.type
  if (row === directory.customer) return 'CUSTOMER'
  return directory.groups.has(row) && !directory.users.has(row) ? 'GROUP' : 'USER'
}

export function wireMember(row: Row, directory: Directory) {
  const id = idOfRow(row)
  const given = typeof row === 'string' ? undefined : row
  const type = typeOf(row, directory)
  const user = type === 'USER' ? directory.users.get(id)?.user : undefined
  const group = type === 'GROUP' ? directory.groups.get(id)?.group : undefined
  const email =
    given?.email ?? user?.primaryEmail ?? group?.email ?? (given ? undefined : `${id}@elsewhere.example.net`)
  const usual = user ? (user.suspended ? 'SUSPENDED' : 'ACTIVE') : group ? 'ACTIVE' : undefined
  const status = given?.status ?? usual
  const role = given?.role ?? 'MEMBER'
  return {
    kind: 'admin#directory#member',
    get etag() {
      return quoted(`m.${id}.${email}.${role}.${status}.${type}`)
    },
    id,
    ...(email !== undefined && type !== 'CUSTOMER' && { email }),
    role,
    type,
    ...(status !== undefined && { status }),
  }
}

export function wireOrgUnits(directory: Directory): readonly (Wire & { readonly orgUnitPath: string })[] {
  const units = directory.orgUnits()
  const idOf = (path: string) =>
    path === '/'
      ? 'id:root'
      : (units.find(unit => unit.orgUnitPath === path)?.orgUnitId ?? `id:${hash('sha1', path).slice(0, 12)}`)
  const root = { kind: 'admin#directory#orgUnit', etag: etagOf('/'), name: '/', orgUnitPath: '/', orgUnitId: idOf('/') }
  return [
    root,
    ...units.map(({ orgUnitPath, description = '' }) => ({
      kind: 'admin#directory#orgUnit',
      etag: etagOf(orgUnitPath + description),
      name: orgUnitPath.slice(orgUnitPath.lastIndexOf('/') + 1),
      description,
      orgUnitPath,
      orgUnitId: idOf(orgUnitPath),
      parentOrgUnitPath: parentOf(orgUnitPath),
      parentOrgUnitId: idOf(parentOf(orgUnitPath)),
    })),
  ]
}

export function wireDomains(directory: Directory): readonly Wire[] {
  return directory.domains().map(({ domainName, isPrimary = false, verified = true, aliases = [] }) => ({
    kind: 'admin#directory#domain',
    etag: etagOf(domainName),
    domainName,
    isPrimary,
    verified,
    creationTime: '1700000000000',
    ...(aliases.length > 0 && {
      domainAliases: aliases.map(domainAliasName => ({
        kind: 'admin#directory#domainAlias',
        parentDomainName: domainName,
        domainAliasName,
        verified,
      })),
    }),
  }))
}

export function wireSchemas(schemas: NonNullable<GoogleOptions['schemas']>): readonly Wire[] {
  return schemas.map(({ schemaName, fields }) => ({
    kind: 'admin#directory#schema',
    schemaId: `${schemaName}==`,
    etag: etagOf(schemaName),
    schemaName,
    displayName: schemaName,
    fields: fields.map(field => ({
      kind: 'admin#directory#schema#fieldspec',
      fieldId: `${field.fieldName}==`,
      etag: etagOf(field.fieldName),
      multiValued: false,
      readAccessType: 'ALL_DOMAIN_USERS',
      indexed: true,
      ...field,
    })),
  }))
}
