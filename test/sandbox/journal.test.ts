import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { folderWith } from '../support/folder.ts'
import { GROUP, open, USER } from './open.ts'

const SERVER = `
import { startSandbox } from ${JSON.stringify(new URL('../../src/sandbox/server.ts', import.meta.url).href)}
import { loadDialect } from ${JSON.stringify(new URL('../../src/scim/dialect.ts', import.meta.url).href)}
const box = await startSandbox({ dialect: await loadDialect('generic', '.'), port: 0, token: 'open sesame', data: process.argv[1] })
console.log(box.url)
`

/** A sandbox in a process of its own. */
async function sandboxProcess(data: string): Promise<{ readonly url: string; readonly process: ChildProcess }> {
  const started = spawn(process.execPath, ['--input-type=module', '-e', SERVER, data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void started.kill('SIGKILL'))
  for await (const url of createInterface({ input: started.stdout })) return { url, process: started }
  throw new Error('the sandbox ended before it was there')
}

test('whatever was answered is still there after the process was killed', async () => {
  const data = folderWith()
  const { url, process } = await sandboxProcess(data)
  const post = async (path: string, body: object) => {
    const headers = { authorization: 'Bearer open sesame', 'content-type': 'application/json' }
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const { id } = (await answer.json()) as { id: string }
    return id
  }
  const answered: string[] = []
  const first = await post('/Users', { schemas: [USER], userName: 'first' })
  const group = await post('/Groups', { schemas: [GROUP], displayName: 'eng', members: [{ value: first }] })
  let stopped = false
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let at = 0; !stopped; at += 1) {
      try {
        answered.push(await post('/Users', { schemas: [USER], userName: `u${writer}-${at}` }))
      } catch {
        return
      }
      if (answered.length === 200) process.kill('SIGKILL')
    }
  })
  await Promise.all(writers)
  stopped = true
  expect(answered.length).toBeGreaterThanOrEqual(200)

  const { directory } = await open('generic', { data })
  const there = new Set(directory.users().map(({ id }) => id))
  expect(answered.filter(id => !there.has(id))).toEqual([])
  expect(directory.members(group)).toEqual([first])
})

test('a directory opened again is what it was, in a file of what is and no longer of what was', async () => {
  const data = folderWith()
  const before = await open('atlassian', { data })
  const [ada, ben] = [await before.user('ada@example.com', { externalId: 'S1' }), await before.user('ben@example.com')]
  const [eng, gone] = [await before.group('eng'), await before.group('gone')]
  for (let at = 0; at < 50; at += 1)
    await before.patch(`/Users/${ada}`, { op: 'replace', path: 'title', value: `T${at}` })
  await before.patch(`/Groups/${eng}`, { op: 'add', path: 'members', value: [{ value: ada }, { value: ben }] })
  await before.patch(`/Groups/${eng}`, { op: 'remove', path: `members[value eq "${ben}"]` })
  await before.call('DELETE', `/Groups/${gone}`)
  await before.call('DELETE', `/Users/${ben}`)
  const shown = (await before.call('GET', `/Users/${ada}`)).body
  await before.close()
  const file = join(data, 'directory.jsonl')
  expect(readFileSync(file, 'utf8').split('\n').length).toBeGreaterThan(50)

  const after = await open('atlassian', { data })
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(4) // Ada, the group, its members, and the end
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(after.directory.users()).toEqual(before.directory.users())
  expect(after.directory.groups()).toEqual([{ id: eng, resource: { displayName: 'eng' } }])
  expect(after.directory.members(eng)).toEqual([ada])
  const { meta, groups, ...rest } = (await after.call('GET', `/Users/${ada}`)).body
  expect(shown).toMatchObject(rest)
  expect(meta).toMatchObject({ created: shown.meta.created, lastModified: shown.meta.lastModified })
  expect(groups).toMatchObject([{ value: eng }])
  expect((await after.call('POST', '/Groups', { schemas: [GROUP], displayName: 'ENG' })).status).toBe(409)
})

test('a last line that was not finished is left out; a line that is none is told', async () => {
  const data = folderWith()
  const before = await open('generic', { data })
  await before.user('ada')
  await before.close()
  const file = join(data, 'directory.jsonl')
  appendFileSync(file, '{"write":"user","record":{"id":"half')
  const after = await open('generic', { data })
  expect(after.directory.users()).toHaveLength(1)
  await after.user('ben')
  await after.close()

  for (const line of ['{"write":"user"', '{"write":"group","record":{}}', '[]', '7']) {
    writeFileSync(file, `${line}\n`)
    await expect(open('generic', { data })).rejects.toMatchObject({
      code: 'state_unusable',
      message: expect.stringMatching(/directory\.jsonl:1: /),
    })
  }
})

test('two sandboxes do not share a folder; one that was killed has left it', async () => {
  const data = folderWith()
  const { process } = await sandboxProcess(data)
  await expect(open('generic', { data })).rejects.toMatchObject({ code: 'busy' })
  const ended = new Promise(done => process.once('exit', done))
  process.kill('SIGKILL')
  await ended
  await (await open('generic', { data })).close()
  await open('generic', { data })
})

test('a folder that cannot be is told', async () => {
  const data = join(folderWith({ file: '' }), 'file', 'data')
  await expect(open('generic', { data })).rejects.toMatchObject({ code: 'state_unusable' })
})
