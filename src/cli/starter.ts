/** What `rollcall init` writes: complete, commented, and valid as it stands. */
export const STARTER: Readonly<Record<string, string>> = {
  'config/rollcall.yaml': `# Sources, targets and limits. Who is in scope and how people are mapped stands in profiles/.
# A secret is { env: NAME }, { file: PATH } or { command: [argv] }, never plain text.
version: 1
state: ../state                       # rollcall's memory: keep it, back it up, never share it between two configs

sources:
  hq:
    connector: ldap
    url: ldaps://ldap.example.com
    bind: { dn: "cn=rollcall,ou=services,dc=example,dc=com", password: { env: ROLLCALL_LDAP_PASSWORD } }
    users: { base: "ou=people,dc=example,dc=com", filter: "(objectClass=inetOrgPerson)" }
    groups: { base: "ou=groups,dc=example,dc=com" }
  # Entra ID, Google Workspace, or files:
  # hq: { connector: entra, tenant: TENANT-ID, client: CLIENT-ID, credential: { secret: { env: ROLLCALL_ENTRA_SECRET } } }
  # hq: { connector: google, admin: admin@example.com, credential: { key: { file: /run/secrets/google.json } } }
  # hq: { connector: file, users: ../data/users.csv, groups: ../data/groups.csv, members: ../data/members.csv }

targets:
  atlassian:
    connector: scim
    dialect: atlassian
    url: https://api.atlassian.com/scim/directory/DIRECTORY-ID
    token: { env: ROLLCALL_ATLASSIAN_TOKEN }
    protect: { users: [], groups: [] }   # never adopted, changed or deactivated: your way back in

# The most one run may change without approval. These are the defaults; a profile can set its own.
limits:
  deactivate-user: 10%
  remove-members: 20%
  update-user: 30%
  delete-user: 0
  delete-group: 0
`,
  'config/profiles/staff.yaml': `# One population: where it comes from, who is in scope, how it is mapped, where it goes.
version: 1
source: hq
target: atlassian
addresses: [example.com]              # a userName or e-mail outside these domains is held

scope:
  groups: ["atlassian-*"]             # these groups appear at the target, nested groups flattened into them
  users: members                      # and their members; "all" takes everyone
  # when: "user.employeeType != 'robot'"
  members: nested

match: [externalId, userName]         # how someone already at the target is recognised

# SCIM attribute: text, with \${CEL} inside. An attribute not named here is never touched.
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

leavers: deactivate                   # deactivate | delete | keep
goneGroups: empty                     # empty | keep | delete
`,
}
