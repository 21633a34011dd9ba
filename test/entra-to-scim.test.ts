import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../src/sandbox/server.ts'
import { loadDialect } from '../src/scim/dialect.ts'
import { company, type CompanyUser } from './support/company/company.ts'
import { companyLdif, created, ldapSource, memberships, planned } from './support/company/planned.ts'
import { type GraphDouble, type GraphUser, startGraph } from './support/graph/index.ts'
import { type Slapd, slapdAvailable, startSlapd } from './support/slapd.ts'

const EMEA = readFileSync(join(import.meta.dirname, '../config/profiles/emea.yaml'), 'utf8')

/** What Entra ID has under another name, and the company's own attribute, which is an extension attribute there. */
const CALLED = {
  'user.sn': 'user.surname',
  'user.title': 'user.jobTitle',
  'user.c,': 'user.country,',
  'user.departmentNumber': 'user.department',
  'user.region': 'user.onPremisesExtensionAttributes.extensionAttribute1',
}

const { users, groups: named } = company(1)
const idsOf = (...names: readonly string[]) => named.filter(({ name }) => names.includes(name)).map(({ id }) => id)
/** The groups that the profile asks for hold those that the company has. */
const groups = [
  ...named,
  {
    id: 'b0000000-0000-4000-8000-000000000001',
    name: 'atlassian-users',
    description: 'For Atlassian',
    members: idsOf('everyone', 'guests'),
  },
  {
    id: 'b0000000-0000-4000-8000-000000000002',
    name: 'atlassian-guilds',
    description: 'For Atlassian',
    members: idsOf('guild-design'),
  },
]

describe.skipIf(!slapdAvailable)('the demo’s company in Entra ID, by the EMEA profile', () => {
  let slapd: Slapd
  let graph: GraphDouble
  let sandbox: Sandbox
  beforeAll(async () => {
    slapd = await startSlapd({
      ldif: companyLdif({ users, groups }, user => ({
        objectClass: ['inetOrgPerson', 'colleague', 'extensibleObject'],
        c: user.country,
        departmentNumber: user.department,
      })),
    })
    graph = await startGraph(inGraph())
    sandbox = await startSandbox({ dialect: await loadDialect('atlassian', '.'), port: 0 })
    process.env['ROLLCALL_TEST_SECRET'] = graph.secret
    process.env['ROLLCALL_TEST_CA'] = graph.ca
  })
  afterAll(async () => {
    await sandbox?.close()
    await graph?.close()
    await slapd?.stop()
  })

  test('gives the same SCIM users and memberships as from LDAP, apart from ids', { timeout: 120_000 }, async () => {
    const fromLdap = await planned(sandbox, ldapSource(slapd), { name: 'emea', text: EMEA })
    const fromEntra = await planned(
      sandbox,
      `{ connector: entra, tenant: "${graph.tenant}", client: "${graph.client}", credential: { secret: { env: ROLLCALL_TEST_SECRET } },
    endpoints: { login: "${graph.login}", graph: "${graph.url}" }, tls: { ca: { env: ROLLCALL_TEST_CA } } }`,
      {
        name: 'emea',
        text: Object.entries(CALLED).reduce((text, [name, there]) => text.replaceAll(name, there), EMEA),
      },
    )
    expect(created(fromEntra)).toEqual(created(fromLdap))
    expect(memberships(fromEntra)).toEqual(memberships(fromLdap))
    expect(created(fromLdap)).toHaveLength(users.filter(isTaken).length)
    expect(memberships(fromLdap).length).toBeGreaterThan(100)
    expect(graph.writes).toBe(0)
  })
})

/** Whom the profile takes in: the region's, of its domains, and enabled. */
function isTaken({ enabled, region, mail }: CompanyUser): boolean {
  return enabled && region === 'emea' && mail.endsWith('@example.com')
}

function inGraph() {
  const person = (user: CompanyUser): GraphUser => ({
    id: user.id.replace(/^./, 'e'),
    userPrincipalName: `${user.id}@example.onmicrosoft.com`,
    accountEnabled: user.enabled,
    displayName: user.name,
    givenName: user.givenName,
    surname: user.familyName || user.givenName,
    mail: user.mail,
    jobTitle: user.title,
    country: user.country,
    department: user.department,
    preferredLanguage: user.locale,
    employeeType: user.type,
    userType: user.type === 'guest' ? 'Guest' : 'Member',
    onPremisesExtensionAttributes: { extensionAttribute1: user.region.toUpperCase() },
  })
  const ids = new Map(users.map(user => [user.id, person(user).id]))
  return {
    users: users.map(person),
    groups: groups.map(({ id, name, description, members }) => ({
      id,
      displayName: name,
      description,
      members: members.map(member => ids.get(member) ?? member),
    })),
    pageSizes: { users: 100, groups: 20, members: 10 },
  }
}
