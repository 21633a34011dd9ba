/** `node apply-once.ts STATE PLAN URL`: reads the target at URL and applies the plan, as a process that can be killed. */
import * as z from 'zod'
import { apply } from '../../src/apply.ts'
import { RollcallError } from '../../src/errors.ts'
import { openState } from '../../src/state/open.ts'
import type { Target, TargetPart } from '../../src/target.ts'
import { fakeTarget } from './target.ts'

const [folder = '', file = '', url = ''] = process.argv.slice(2)

const Answer = z.union([
  z.object({ code: z.literal(['target_rejected', 'target_gone']), message: z.string() }),
  z.object({ result: z.unknown().optional() }),
])

async function call(method: string, ...args: readonly unknown[]): Promise<unknown> {
  let text: string
  try {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ method, args }) })
    text = await response.text()
  } catch (cause) {
    throw new RollcallError('unknown_outcome', 'the connection was lost', { cause })
  }
  const answer = Answer.parse(JSON.parse(text))
  if ('code' in answer) throw new RollcallError(answer.code, answer.message)
  return answer.result
}

const local = fakeTarget()
const remote: Target = {
  ...local,
  async *read() {
    for (const part of (await call('read')) as TargetPart[]) yield part
  },
  readUser: id => call('readUser', id) as ReturnType<Target['readUser']>,
  readGroup: id => call('readGroup', id) as ReturnType<Target['readGroup']>,
  findUsers: (attribute, value) => call('findUsers', attribute, value) as ReturnType<Target['findUsers']>,
  findGroups: (attribute, value) => call('findGroups', attribute, value) as ReturnType<Target['findGroups']>,
  createUser: user => call('createUser', user) as ReturnType<Target['createUser']>,
  createGroup: group => call('createGroup', group) as ReturnType<Target['createGroup']>,
  updateUser: (...args) => call('updateUser', ...args.slice(0, 3)) as ReturnType<Target['updateUser']>,
  updateGroup: (...args) => call('updateGroup', ...args.slice(0, 3)) as ReturnType<Target['updateGroup']>,
  deleteUser: id => call('deleteUser', id) as Promise<void>,
  deleteGroup: id => call('deleteGroup', id) as Promise<void>,
  addMembers: (group, ids) => call('addMembers', group, ids) as Promise<void>,
  removeMembers: (group, ids) => call('removeMembers', group, ids) as Promise<void>,
}

const { signal } = new AbortController()
const now = new Date()
const state = openState(folder, { command: 'apply', now })
await state.cache.keepCurrent('cloud', { user: [], group: [], members: true }, remote.read({ signal }), now)
const { exitCode } = await apply({
  file,
  target: remote,
  observed: state.cache.observed('cloud'),
  ledger: state.ledger,
  command: 'apply',
  now,
  signal,
  newerReading: () => false,
})
state.close()
process.exitCode = exitCode
