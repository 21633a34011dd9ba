import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../src/sandbox/server.ts'
import { loadDialect } from '../src/scim/dialect.ts'
import { rollcall } from './cli/terminal.ts'
import { flat } from './support/flat.ts'
import { folderWith } from './support/folder.ts'
import { largeCompany } from './support/large.ts'
import { GROUPS, PEOPLE } from './support/ldif.ts'
import { textIn } from './support/scene.ts'
import { READER, type Slapd, slapdAvailable, startSlapd } from './support/slapd.ts'

const company = largeCompany({ users: 20_000, groups: 2_000, memberships: 60_000, seed: 7 })

/** The main job at its size: a real OpenLDAP server, nested and cyclic groups, and a SCIM directory over HTTP. */
describe.skipIf(!slapdAvailable)('20 000 users and 2 000 groups from slapd', () => {
  let slapd: Slapd
  let sandbox: Sandbox
  beforeAll(async () => {
    slapd = await startSlapd({ ldif: company.ldif })
    sandbox = await startSandbox({ dialect: await loadDialect('generic', '.'), port: 0 })
    process.env['ROLLCALL_TEST_TOKEN'] = sandbox.token
    process.env['ROLLCALL_TEST_PASSWORD'] = READER.password
  }, 120_000)
  afterAll(async () => {
    await sandbox?.close()
    await slapd?.stop()
  })

  test('are planned, applied, and then in step; who is in which group is what walking the LDIF says', {
    timeout: 400_000,
  }, async () => {
    const cwd = folderWith({
      'config/rollcall.yaml': `
version: 1
state: ../state
sources:
  hq:
    connector: ldap
    url: ${slapd.url}
    bind: { dn: "${READER.dn}", password: { env: ROLLCALL_TEST_PASSWORD } }
    users: { base: "${PEOPLE}", filter: "(objectClass=inetOrgPerson)" }
    groups: { base: "${GROUPS}" }
targets:
  directory: { connector: scim, url: "${sandbox.url}", token: { env: ROLLCALL_TEST_TOKEN } }
`,
      'config/profiles/staff.yaml': `
version: 1
source: hq
target: directory
scope: { groups: ["*"], users: all }
match: [externalId, userName]
user:
  userName: "\${lower(user.mail)}"
  externalId: "\${user.id}"
  emails: "\${lower(user.mail)}"
  name.givenName: "\${user.givenName}"
  name.familyName: "\${user.sn}"
  displayName: "\${user.displayName}"
  title: "\${user.title}"
  active: "\${user.enabled}"
group:
  displayName: "\${group.name}"
  externalId: "\${group.id}"
`,
    })
    const planned = await rollcall(['plan', '-o', 'plan.ndjson', '-q'], { cwd })
    expect(planned.err).toBe('')
    expect(planned.code).toBe(3)
    const applied = await rollcall(['apply', 'plan.ndjson', '-q'], { cwd })
    expect([applied.code, applied.err]).toEqual([0, ''])
    const again = await rollcall(['plan', '--detailed-exitcode', '--json', '-q'], { cwd })
    expect(again.code).toBe(0)
    expect(JSON.parse(again.out)).toMatchObject({ targets: [{ header: { counts: {}, breaches: [] } }] })

    const { directory } = sandbox
    expect(directory.users()).toHaveLength(company.users)
    const sourceIdOf = new Map(directory.users().map(({ id, resource }) => [id, textIn(resource, 'externalId')]))
    const expected = flat(company.direct)
    let memberships = 0
    for (const { id, resource } of directory.groups()) {
      const members = directory.members(id).map(member => sourceIdOf.get(member) ?? '')
      memberships += members.length
      expect(members.toSorted()).toEqual([...(expected.get(textIn(resource, 'externalId')) ?? [])].toSorted())
    }
    expect(directory.groups()).toHaveLength(expected.size)
    expect(memberships).toBeGreaterThan(60_000)
  })
})
