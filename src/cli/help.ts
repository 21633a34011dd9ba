export const OVERVIEW = `
Start here:
  $ rollcall init                                  a commented config to fill in
  $ rollcall check                                 is it valid, and does everything answer?
  $ rollcall plan -o plan.ndjson                   what would change, and why
  $ rollcall apply plan.ndjson                     do exactly that
  $ rollcall sync                                  plan, limits, apply in one go: for cron

Exit codes:
  0    done, or nothing to do
  1    failed
  2    the plan has changes (with --detailed-exitcode only)
  3    held: over a limit, a source not read completely, or a target's first plan
  4    applied in part: some changes failed, were stale or were interrupted
  5    another run is at work
  64   wrong usage
  78   wrong configuration
  130  interrupted before anything was written
`

export const EXAMPLES = {
  init: `
Examples:
  $ rollcall init                                  writes config/rollcall.yaml and config/profiles/staff.yaml
  $ rollcall init /etc/rollcall                    the same, below another folder

Nothing that exists is overwritten.
`,
  check: `
Examples:
  $ rollcall check                                 config, then every source and target: Test connection
  $ rollcall check --offline                       config and profiles only: for continuous integration
`,
  plan: `
Examples:
  $ rollcall plan                                  what would change, by profile and kind
  $ rollcall plan -v                               every change and every finding
  $ rollcall plan -o plan.ndjson                   saved, for review and rollcall apply
  $ rollcall plan --format markdown > plan.md      for a ticket or a pull request
  $ rollcall plan --user ada@example.com           one person's changes; everyone else is left alone
  $ rollcall plan --detailed-exitcode -q           2 when something would change: for monitoring

Nothing is written but to the state folder. Ends 3 when the plan would have to be approved.
`,
  apply: `
Examples:
  $ rollcall apply plan.ndjson                     exactly these changes, no others
  $ rollcall apply plan.ndjson --approve sha256:…  a plan over its limits, by its digest

What has changed since the plan was made is skipped as stale. Given again after an interruption, apply goes on
where it stopped.
`,
  sync: `
Examples:
  $ rollcall sync                                  for cron: plans and applies what is within the limits
  $ rollcall sync --first                          also the first plan of a target, unread
  $ rollcall sync --profile apac                   one population only

Over a limit nothing is written: the plan is saved, and the exit code is 3.
`,
  explain: `
Examples:
  $ rollcall explain user ada@example.com          each attribute and where it comes from, each group and the path
  $ rollcall explain group atlassian-users         who is in it, and through which nested groups

NAME is a userName, an e-mail address or a source id.
`,
  runs: `
Examples:
  $ rollcall runs                                  the last runs, newest first
  $ rollcall runs 01JDF0KZ3M                       what became of each of its changes
`,
  sandbox: `
Examples:
  $ rollcall sandbox                               prints the url and the token to put into a config
  $ rollcall sandbox --dialect atlassian --port 8085 --data ./sandbox
  $ rollcall sandbox --fault slow=200              misbehaves as told

It listens on the loopback only and stops on Ctrl-C.
`,
  schema: `
Examples:
  $ rollcall schema config > rollcall.schema.json
  $ rollcall schema profile > profile.schema.json

In an editor with the YAML language server, begin a file with
  # yaml-language-server: $schema=rollcall.schema.json
`,
} as const
