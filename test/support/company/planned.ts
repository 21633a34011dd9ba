import { join } from 'node:path'
import { expect } from 'vitest'
import type { Change } from '../../../src/model.ts'
import { readPlan } from '../../../src/planfile.ts'
import type { Sandbox } from '../../../src/sandbox/server.ts'
import { rollcall } from '../../cli/terminal.ts'
import { folderWith } from '../folder.ts'
import { dnsOf, GROUPS, ldifEntry, ldifGroup, PEOPLE } from '../ldif.ts'
import { textIn } from '../scene.ts'
import { READER, type Slapd } from '../slapd.ts'
import type { Company, CompanyUser } from './company.ts'

/** A company planned from a directory into a target that knows nobody, to compare what two directories come to. */

/** The company's first plan, from this source and by this profile. */
export async function planned(
  sandbox: Sandbox,
  source: string,
  profile: { readonly name: string; readonly text: string },
) {
  process.env['ROLLCALL_TEST_TOKEN'] = sandbox.token
  const cwd = folderWith({
    'config/rollcall.yaml': `version: 1
state: ../state
sources:
  hq: ${source}
targets:
  atlassian: { connector: scim, dialect: atlassian, url: "${sandbox.url}", token: { env: ROLLCALL_TEST_TOKEN } }
`,
    [`config/profiles/${profile.name}.yaml`]: profile.text,
  })
  const { code, err } = await rollcall(['plan', '-o', 'plan.ndjson', '-q'], { cwd })
  expect([code, err]).toEqual([3, ''])
  const changes: Change[] = []
  for await (const { value } of (await readPlan(join(cwd, 'plan.ndjson'))).lines()) {
    if ('change' in value) changes.push(value)
  }
  return changes
}

/** What users would be at the target, by name; without the id that they have at the source. */
export function created(changes: readonly Change[]) {
  return changes
    .flatMap(change => (change.change === 'create-user' ? [change.after] : []))
    .toSorted((one, other) => (textIn(one, 'userName') < textIn(other, 'userName') ? -1 : 1))
    .map(({ externalId: _, ...user }) => user)
}

/** Who comes into which group, by names. */
export function memberships(changes: readonly Change[]) {
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

/** The source that reads a company from this server. */
export function ldapSource({ url }: Slapd): string {
  process.env['ROLLCALL_TEST_PASSWORD'] = READER.password
  return `{ connector: ldap, url: "${url}", bind: { dn: "${READER.dn}", password: { env: ROLLCALL_TEST_PASSWORD } },
    users: { base: "${PEOPLE}", filter: "(objectClass=inetOrgPerson)" }, groups: { base: "${GROUPS}" }, attributes: { region: text } }`
}

/** The company as LDIF; `more` is what else there is of a user. */
export function companyLdif(
  { users, groups }: Company,
  more: (user: CompanyUser) => Parameters<typeof ldifEntry>[1],
): string {
  const dns = dnsOf(users, groups)
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
      region: user.region.toUpperCase(),
      preferredLanguage: user.locale,
      employeeType: user.type,
      entryUUID: user.id,
      pwdAccountLockedTime: user.enabled ? undefined : '000001010000Z',
      ...more(user),
    }),
  )
  const teams = groups.map(group => ldifGroup(group, dns))
  return [...people, ...teams].join('')
}
