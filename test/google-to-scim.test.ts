import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../src/sandbox/server.ts'
import { loadDialect } from '../src/scim/dialect.ts'
import { company, type Company, type CompanyUser } from './support/company/company.ts'
import { companyLdif, created, ldapSource, memberships, planned } from './support/company/planned.ts'
import { type GoogleDouble, type GoogleUser, startGoogle } from './support/google/index.ts'
import { type Slapd, slapdAvailable, startSlapd } from './support/slapd.ts'

const AMER = readFileSync(join(import.meta.dirname, '../config/profiles/amer.yaml'), 'utf8')

/** What Google has under another name, or in a schema of the company's own. All else stands as it is. */
const CALLED = {
  'user.mail': 'user.primaryEmail',
  'user.sn': 'user.familyName',
  'user.region': 'user.customSchemas.Company.region',
  'user.st': 'user.customSchemas.Company.state',
}

/** The demo's company, with the groups that the profile asks for. Google has no two users of one address: one gets another. */
const { users, groups }: Company = withOwnAddresses(company(1))
const STATES: Readonly<Record<string, string>> = { Denver: 'CO', 'São Paulo': 'SP', Montréal: 'QC' }
const ENABLED_IN_AMER = users.filter(
  user => user.enabled && user.region === 'amer' && user.mail.endsWith('@example.com'),
)

describe.skipIf(!slapdAvailable)('the demo’s company in Google Workspace, by the AMER profile', () => {
  let slapd: Slapd
  let google: GoogleDouble
  let sandbox: Sandbox
  beforeAll(async () => {
    slapd = await startSlapd({ ldif: companyLdif({ users, groups }, user => ({ st: STATES[user.city] })) })
    google = await startGoogle(inGoogle())
    sandbox = await startSandbox({ dialect: await loadDialect('atlassian', '.'), port: 0 })
    process.env['ROLLCALL_TEST_KEY'] = JSON.stringify(google.key)
  })
  afterAll(async () => {
    await sandbox?.close()
    await google?.close()
    await slapd?.stop()
  })

  test('gives the same SCIM users and memberships as from LDAP, apart from ids', { timeout: 120_000 }, async () => {
    const ldap = await planned(sandbox, ldapSource(slapd), { name: 'amer', text: AMER })
    const fromGoogle = await planned(
      sandbox,
      `{ connector: google, admin: "${google.admin}", credential: { key: { env: ROLLCALL_TEST_KEY } }, requestsPerMinute: 1000000,
    endpoints: { admin: "${google.url}", token: "${google.tokenUrl}", iam: "${google.iamUrl}" },
    schemas: { Company: { region: text, state: text } } }`,
      {
        name: 'amer',
        text: Object.entries(CALLED).reduce((text, [name, there]) => text.replaceAll(name, there), AMER),
      },
    )
    expect(created(fromGoogle)).toEqual(created(ldap))
    expect(memberships(fromGoogle)).toEqual(memberships(ldap))
    expect(created(ldap)).toHaveLength(ENABLED_IN_AMER.length)
    expect(google.writes).toBe(0)
  })
})

function withOwnAddresses({ users: all, groups: named }: Company): Company {
  const taken = new Set<string>()
  const own = all.map(user => {
    const mail = taken.has(user.mail) ? user.mail.replace('@', '.2@') : user.mail
    taken.add(mail)
    return { ...user, mail }
  })
  const idOf = (name: string) => named.filter(group => group.name === name).map(({ id }) => id)
  const more = [
    {
      id: 'b0000000-0000-4000-8000-000000000001',
      name: 'atlassian-users',
      members: [...idOf('everyone'), ...idOf('guests')],
    },
    { id: 'b0000000-0000-4000-8000-000000000002', name: 'atlassian-platform', members: idOf('platform') },
  ]
  return { users: own, groups: [...named, ...more.map(group => ({ ...group, description: 'For Atlassian' }))] }
}

function inGoogle() {
  const ids = new Map([
    ...users.map(({ id }, nth): [string, string] => [id, `1${String(nth).padStart(20, '0')}`]),
    ...groups.map(({ id }, nth): [string, string] => [id, `0${String(nth).padStart(14, '0')}`]),
  ])
  const person = (user: CompanyUser): GoogleUser => ({
    id: ids.get(user.id)!,
    primaryEmail: user.mail,
    name: { givenName: user.givenName, familyName: user.familyName || '\u200b' },
    suspended: !user.enabled,
    organizations: [{ title: user.title, department: user.department, description: user.type, primary: true }],
    languages: [{ languageCode: user.locale, preference: 'preferred' }],
    customSchemas: {
      Company: { region: user.region.toUpperCase(), ...(STATES[user.city] && { state: STATES[user.city] }) },
    },
  })
  return {
    perMinute: Number.POSITIVE_INFINITY,
    schemas: [
      {
        schemaName: 'Company',
        fields: ['region', 'state'].map(fieldName => ({ fieldName, fieldType: 'STRING' })),
      },
    ],
    users: users.map(person),
    groups: groups.map(({ id, name, description, members }) => ({
      id: ids.get(id)!,
      email: `${name}@example.com`,
      name,
      description,
      members: members.map(member => ids.get(member)!),
    })),
  }
}
