import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Change } from '../src/model.ts'
import { readPlan } from '../src/planfile.ts'
import { type Sandbox, startSandbox } from '../src/sandbox/server.ts'
import { loadDialect } from '../src/scim/dialect.ts'
import { rollcall } from './cli/terminal.ts'
import { company, type Company, type CompanyUser } from './support/company/company.ts'
import { folderWith } from './support/folder.ts'
import { type GoogleDouble, type GoogleUser, startGoogle } from './support/google/index.ts'
import { textIn } from './support/scene.ts'
import { GROUPS, ldifEntry, PEOPLE } from './support/ldif.ts'
import { READER, type Slapd, slapdAvailable, startSlapd } from './support/slapd.ts'

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
    slapd = await startSlapd({ ldif: inLdap() })
    google = await startGoogle(inGoogle())
    sandbox = await startSandbox({ dialect: await loadDialect('atlassian', '.'), port: 0 })
    process.env['ROLLCALL_TEST_TOKEN'] = sandbox.token
    process.env['ROLLCALL_TEST_PASSWORD'] = READER.password
    process.env['ROLLCALL_TEST_KEY'] = JSON.stringify(google.key)
  })
  afterAll(async () => {
    await sandbox?.close()
    await google?.close()
    await slapd?.stop()
  })

  const planned = async (source: string, profile: string) => {
    const cwd = folderWith({
      'config/rollcall.yaml': `version: 1
state: ../state
sources:
  hq: ${source}
targets:
  atlassian: { connector: scim, dialect: atlassian, url: "${sandbox.url}", token: { env: ROLLCALL_TEST_TOKEN } }
`,
      'config/profiles/amer.yaml': profile,
    })
    const { code, err } = await rollcall(['plan', '-o', 'plan.ndjson', '-q'], { cwd })
    expect([code, err]).toEqual([3, ''])
    const changes: Change[] = []
    for await (const { value } of (await readPlan(join(cwd, 'plan.ndjson'))).lines()) {
      if ('change' in value) changes.push(value)
    }
    return changes
  }

  test('gives the same SCIM users and memberships as from LDAP, apart from ids', { timeout: 120_000 }, async () => {
    const ldap = await planned(
      `{ connector: ldap, url: "${slapd.url}", bind: { dn: "${READER.dn}", password: { env: ROLLCALL_TEST_PASSWORD } },
    users: { base: "${PEOPLE}", filter: "(objectClass=inetOrgPerson)" }, groups: { base: "${GROUPS}" }, attributes: { region: text } }`,
      AMER,
    )
    const fromGoogle = await planned(
      `{ connector: google, admin: "${google.admin}", credential: { key: { env: ROLLCALL_TEST_KEY } }, requestsPerMinute: 1000000,
    endpoints: { admin: "${google.url}", token: "${google.tokenUrl}", iam: "${google.iamUrl}" },
    schemas: { Company: { region: text, state: text } } }`,
      Object.entries(CALLED).reduce((text, [name, there]) => text.replaceAll(name, there), AMER),
    )
    expect(created(fromGoogle)).toEqual(created(ldap))
    expect(memberships(fromGoogle)).toEqual(memberships(ldap))
    expect(created(ldap)).toHaveLength(ENABLED_IN_AMER.length)
    expect(google.writes).toBe(0)
  })
})

/** What users would be at the target, by name; without the id that they have at the source. */
function created(changes: readonly Change[]) {
  const found = changes.flatMap(change => (change.change === 'create-user' ? [change.after] : []))
  return found
    .toSorted((one, other) => (textIn(one, 'userName') < textIn(other, 'userName') ? -1 : 1))
    .map(({ externalId: _, ...user }) => user)
}

/** Who comes into which group, by names. */
function memberships(changes: readonly Change[]) {
  const names = new Map(
    changes.flatMap(change =>
      change.change === 'create-user' ? [[change.sourceId, textIn(change.after, 'userName')]] : [],
    ),
  )
  return changes
    .flatMap(change =>
      change.change === 'add-members' ? change.members.map(id => `${change.name}: ${names.get(id)}`) : [],
    )
    .toSorted()
}

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

function inLdap(): string {
  const dns = new Map([
    ...users.map(({ id }): [string, string] => [id, `uid=${id},${PEOPLE}`]),
    ...groups.map(({ id }): [string, string] => [id, `ou=${id},${GROUPS}`]),
  ])
  const people = users.map(user =>
    ldifEntry(dns.get(user.id)!, {
      objectClass: ['inetOrgPerson', 'colleague'],
      uid: user.id,
      cn: user.name,
      displayName: user.name,
      givenName: user.givenName,
      sn: user.familyName || user.givenName, // which LDAP insists on
      mail: user.mail,
      title: user.title,
      st: STATES[user.city],
      region: user.region.toUpperCase(),
      preferredLanguage: user.locale,
      employeeType: user.type,
      entryUUID: user.id,
      pwdAccountLockedTime: user.enabled ? undefined : '000001010000Z',
    }),
  )
  const teams = groups.map(({ id, name, description, members }) =>
    ldifEntry(dns.get(id)!, {
      objectClass: 'groupOfMembers',
      ou: id,
      cn: name,
      description,
      member: members.map(member => dns.get(member)!),
      entryUUID: id,
    }),
  )
  return [...people, ...teams].join('')
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
