/**
 * The built command against what it talks to: signs in at Google by a key and without one, and at Entra ID, reads each
 * directory, and writes what it read to a target over HTTP. Bundling takes parts away from the packages that do this.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startSandbox } from '../../src/sandbox/server.ts'
import { loadDialect } from '../../src/scim/dialect.ts'
import { startGoogle } from '../support/google/index.ts'
import { startGraph } from '../support/graph/index.ts'

const COUNT = 12
const people = Array.from({ length: COUNT }, (_, nth) => nth)

export async function smokeSources(launcher: string, folder: string): Promise<void> {
  const google = await startGoogle({
    users: people.map(nth => ({
      id: `10000000000000000000${nth}`,
      primaryEmail: `p${nth}@example.com`,
      name: { givenName: 'Pat', familyName: `Doe ${nth}`, fullName: `Pat Doe ${nth}` },
      suspended: false,
      archived: false,
    })),
  })
  const graph = await startGraph({
    users: people.map(nth => ({
      id: `00000000-0000-4000-8000-0000000000${10 + nth}`,
      displayName: `Pat ${nth}`,
      userPrincipalName: `p${nth}@example.com`,
      accountEnabled: true,
    })),
  })
  writeFileSync(join(folder, 'key.json'), JSON.stringify(google.key))
  writeFileSync(join(folder, 'ca.pem'), graph.ca)
  const atGoogle = `endpoints: { admin: "${google.url}", token: "${google.tokenUrl}", iam: "${google.iamUrl}" }`
  const sources = [
    {
      name: 'key',
      userName: 'primaryEmail',
      settings: `{ connector: google, admin: ${google.admin}, credential: { key: { file: ../key.json } }, ${atGoogle} }`,
    },
    {
      name: 'keyless',
      userName: 'primaryEmail',
      settings: `{ connector: google, admin: ${google.admin}, credential: { keyless: ${google.key.client_email} }, ${atGoogle} }`,
    },
    {
      name: 'entra',
      userName: 'userPrincipalName',
      settings: `{ connector: azure-ad, tenant: ${graph.tenant}, client: ${graph.client}, credential: { secret: { env: SECRET } },
      endpoints: { login: "${graph.login}", graph: "${graph.url}" }, tls: { ca: ../ca.pem } }`,
    },
  ]
  try {
    for (const { name, userName, settings } of sources) {
      const sandbox = await startSandbox({ dialect: await loadDialect('generic', '.'), port: 0 })
      mkdirSync(join(folder, name, 'profiles'), { recursive: true })
      writeFileSync(
        join(folder, name, 'rollcall.yaml'),
        `version: 1\nstate: ./state\nsources:\n  ${name}: ${settings}\ntargets:\n  cloud: { connector: scim, url: "${sandbox.url}", token: { env: TOKEN } }\n`,
      )
      writeFileSync(
        join(folder, name, 'profiles/all.yaml'),
        `version: 1\nsource: ${name}\ntarget: cloud\nscope: { users: all }\nuser: { userName: "\${user.${userName}}", active: "\${user.enabled}" }\n`,
      )
      const env = {
        ...process.env,
        TOKEN: sandbox.token,
        SECRET: graph.secret,
        GCE_METADATA_HOST: google.metadataHost,
      }
      const config = join(folder, name, 'rollcall.yaml')
      const said = await new Promise<string>((done, fail) => {
        execFile(
          process.execPath,
          [launcher, 'sync', '--first', '-c', config],
          { cwd: folder, env },
          (error, out, err) => (error ? fail(new Error(`${name}: ${out}\n${err}`, { cause: error })) : done(out)),
        )
      })
      assert.equal(sandbox.directory.users().length, COUNT, said)
      await sandbox.close()
    }
  } finally {
    await google.close()
    await graph.close()
  }
}
