import { connectors } from '../../connectors/index.ts'
import { type Config, loadConfig } from '../../src/config/load.ts'
import { RollcallError } from '../../src/errors.ts'
import { loadDialect } from '../../src/scim/dialect.ts'
import { folderWith } from '../support/folder.ts'

export const ROLLCALL = `version: 1
state: ../state
sources:
  hq: { connector: file, users: ../data/users.csv, groups: ../data/groups.csv, members: ../data/members.csv }
targets:
  atlassian:
    connector: scim
    dialect: atlassian
    url: https://api.example.com/scim/directory/1/
    token: { env: ROLLCALL_TEST_TOKEN }
`

export const PROFILE = `version: 1
source: hq
target: atlassian
scope: { groups: ["team-*"] }
user:
  userName: "\${lower(user.mail)}"
  emails: "\${lower(user.mail)}"
  displayName: "\${user.displayName}"
`

/** A config folder that is right, with these files instead or beside; '' leaves one out. */
export function company(files: Readonly<Record<string, string>> = {}): string {
  const all: Record<string, string> = {
    'config/rollcall.yaml': ROLLCALL,
    'config/profiles/staff.yaml': PROFILE,
    'data/users.csv': 'id,enabled,name,mail,displayName\n1,true,Ada,ada@example.com,Ada Lovelace\n',
    'data/groups.csv': 'id,name\ng1,team-a\n',
    'data/members.csv': 'group,member\ng1,1\n',
    ...files,
  }
  return folderWith(Object.fromEntries(Object.entries(all).filter(([, text]) => text !== '')))
}

/** The config of such a folder. */
export function load(folder: string, file = 'config/rollcall.yaml'): Promise<Config> {
  return loadConfig({ file: `${folder}/${file}`, cwd: folder, connectors, loadDialect })
}

/** What is at fault in such a folder: the lines of the message between its heading and its count. */
export async function faults(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return (await refusal(files)).message.split('\n').slice(1, -1)
}

export async function refusal(files: Readonly<Record<string, string>>): Promise<RollcallError> {
  try {
    await load(company(files))
  } catch (thrown) {
    if (thrown instanceof RollcallError && thrown.code === 'config_invalid') return thrown
    throw thrown
  }
  throw new Error('nothing was found at fault')
}
