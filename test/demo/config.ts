/** The demo's config: two directories, three regions, one target. `url` is the sandbox's. */
export function config(url: string): Readonly<Record<string, string>> {
  return {
    'config/rollcall.yaml': `version: 1
state: ../state
profiles: [emea, amer, apac]        # order of precedence

sources:
  hq:                               # the headquarters' export: three tables
    connector: file
    users: ../data/users.csv
    groups: ../data/groups.csv
    members: ../data/members.csv
  tokyo:                            # Tokyo has a directory of its own, and exports LDIF
    connector: file
    path: ../data/tokyo.ldif

targets:
  atlassian:
    connector: scim
    dialect: atlassian
    url: ${url}
    token: { env: ROLLCALL_SANDBOX_TOKEN }
    protect: { users: [breakglass@example.com] }
`,
    'config/profiles/emea.yaml': `version: 1
source: hq
target: atlassian
addresses: [example.com]
scope:
  groups: [everyone, emea, "emea-*", "payments*", platform, "guild-*", launch]
  users: members
  when: "user.region == 'emea' && user.type == 'employee'"
match: [externalId, userName]
user:
  userName: "\${lower(user.mail)}"
  externalId: "\${user.id}"
  emails: "\${lower(user.mail)}"
  name.givenName: "\${user.givenName}"
  name.familyName: "\${user.familyName}"
  displayName: "\${user.givenName} \${user.familyName}"
  title: "\${user.title}"
  preferredLanguage: "\${user.locale}"
  active: "\${user.enabled}"
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "\${user.department}"
group:
  displayName: "\${group.name}"
leavers: deactivate
`,
    'config/profiles/amer.yaml': `version: 1
source: hq
target: atlassian
addresses: [example.com]
scope:
  groups: [everyone, amer, "amer-*", "payments*", platform, "guild-*"]
  users: members
  when: "user.region == 'amer' && user.type == 'employee'"
match: [externalId, userName]
user:
  userName: "\${lower(user.mail)}"
  externalId: "\${user.id}"
  emails: "\${lower(user.mail)}"
  name.givenName: "\${user.givenName}"
  name.familyName: "\${user.familyName}"
  displayName: "\${user.givenName} \${user.familyName}"
  title: "\${user.title}"
  timezone: "\${lookup(user.city, { 'Denver': 'America/Denver', 'São Paulo': 'America/Sao_Paulo' }, 'America/New_York')}"
  preferredLanguage: "\${user.locale}"
  active: "\${user.enabled}"
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "\${user.department}"
group:
  displayName: "\${group.name}"
leavers: deactivate
`,
    'config/profiles/apac.yaml': `version: 1
source: tokyo
target: atlassian
addresses: [example.co.jp, example.com]
scope:
  groups: [apac, "apac-*"]
  users: members
  when: "user.employeeType == 'employee'"
match: [externalId, userName]
user:
  userName: "\${lower(user.mail)}"
  externalId: "\${user.id}"
  emails: "\${lower(user.mail)}"
  name.givenName: "\${user.givenName}"
  name.familyName: "\${user.sn}"               # some people have none: the attribute is left out
  displayName: "\${user.sn} \${user.givenName}"  # family name first
  title: "\${user.title}"
  timezone: "\${lookup(user.c, { 'JP': 'Asia/Tokyo', 'KR': 'Asia/Seoul', 'IN': 'Asia/Kolkata' }, 'Australia/Sydney')}"
  preferredLanguage: "\${coalesce(user.preferredLanguage, 'ja-JP')}"
  active: "\${user.enabled}"
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "\${user.ou}"
group:
  displayName: "\${group.name}"
leavers: deactivate
`,
  }
}
