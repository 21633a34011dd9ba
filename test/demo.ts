/**
 * `npm run demo`: the whole job in a minute, with an invented company and a directory on the loopback; nothing
 * leaves this machine. What it wrote stays in ./demo (or the folder given), to look at. Ends 1 where anything
 * comes out otherwise than told.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { config } from './demo/config.ts'
import { type Sandbox, startSandbox } from './demo/sandbox.ts'
import { CLI, type Place, rollcall, say } from './demo/shell.ts'
import { company, type Day, news } from './support/company/company.ts'
import { headquarters, tokyo } from './support/company/exports.ts'

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '../demo'))

try {
  await demo()
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

async function demo(): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  writeDay(1)
  const sandbox = await startSandbox({ folder, env: {} })
  try {
    await story(sandbox)
  } finally {
    await sandbox.stop()
  }
  farewell(sandbox)
}

async function story(sandbox: Sandbox): Promise<void> {
  const place: Place = { folder, env: { ROLLCALL_SANDBOX_TOKEN: sandbox.token } }
  write(config(sandbox.url))
  const { users } = company(1)
  const { joiner, mover, leaver, married } = news()
  const mailOf = (id: string) => [...users, ...company(2).users].find(user => user.id === id)?.mail ?? ''

  say(`A company of ${users.length} people in three regions. Headquarters exports CSV, Tokyo LDIF; both go to one`)
  console.log('directory, here a sandbox that behaves like Atlassian Cloud. Two users are there already, made by hand:')
  console.log(`an administrator, whom the config protects, and ${mailOf(mover)}.`)
  await sandbox.create('breakglass@example.com', mailOf(mover))

  say('1. Is the config valid, and does everything answer?')
  await rollcall(place, 0, ['check'])

  say('2. What would change? The first plan for a directory always ends 3: it waits for someone to read it.')
  await rollcall(place, 3, ['plan', '-o', 'plan.ndjson'])

  say('3. That is right, so apply exactly that.')
  await rollcall(place, 0, ['apply', 'plan.ndjson'])
  const first = await sandbox.count()
  expect(
    first.users > 240 && first.users < users.length,
    `${first.users} users at the directory, not all of ${users.length}`,
  )

  say('4. And again: nothing is left to do.')
  await rollcall(place, 0, ['plan', '--detailed-exitcode'])

  say('5. Why is someone in a group? On-call people are in payments twice over, through groups in groups.')
  const onCall = users.find((_, at) => at % 60 === 12)!
  await rollcall(place, 0, ['explain', 'user', onCall.mail])
  await rollcall(place, 0, ['explain', 'group', 'payments'])

  say('6. The next day: one joined, one left, one moved from EMEA to AMER, one married, a team went elsewhere.')
  writeDay(2)
  const next = await rollcall(place, 2, ['plan', '--detailed-exitcode'], { head: 200, tail: 0 })
  for (const mail of [mailOf(joiner), mailOf(leaver), mailOf(mover), mailOf(married)]) {
    expect(next.includes(mail), `the plan names ${mail}`)
  }
  say('   From here on cron does it: sync plans, checks the limits and applies.')
  await rollcall(place, 0, ['sync'])
  const second = await sandbox.count()
  expect(second.users === first.users + 1, 'one user more: the joiner; the leaver is deactivated, not deleted')
  expect(second.active === first.active, 'as many active users: one joined, one left')

  say('7. Then headquarters’ export goes wrong: half the people are missing, and nothing in the file says so.')
  writeDay('half')
  const held = await rollcall(place, 3, ['sync'], { head: 14, tail: 27 })
  expect(held.includes('source hq has 105 of its 210 users less than before'), 'the reason in plain words')
  const third = await sandbox.count()
  expect(third.users === second.users && third.active === second.active, 'nobody at the directory was touched')
  console.log(`  ${third.active} people are active at the directory, as before. Exit code 3: a person has to look.`)

  say('8. What happened so far?')
  await rollcall(place, 0, ['runs'])
}

function farewell({ port, token }: Sandbox): void {
  const here = relative(process.cwd(), folder) || '.'
  const own = relative(join(import.meta.dirname, '..'), process.execPath)
  const node = own.startsWith('..') ? 'node' : relative(folder, process.execPath) // that of the machine may be older
  say(`Everything is in ${here}/: config/, data/ (the exports), plan.ndjson, state/, directory/ (the sandbox’s).`)
  console.log(`To go on by yourself:

  cd ${here}
  alias rollcall='${node} ${relative(folder, CLI)}'
  export ROLLCALL_SANDBOX_TOKEN=${token}
  rollcall sandbox --data directory --port ${port} --token $ROLLCALL_SANDBOX_TOKEN &
  rollcall plan                      # still held: the export lacks half its people
  $EDITOR config/profiles/apac.yaml  # change a mapping, and plan again
`)
}

function writeDay(day: Day): void {
  const { users, groups, members } = headquarters(day)
  write({
    'data/users.csv': users,
    'data/groups.csv': groups,
    'data/members.csv': members,
    'data/tokyo.ldif': tokyo(day),
  })
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`this should hold and does not: ${what}`)
}
