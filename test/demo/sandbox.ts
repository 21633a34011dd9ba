import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { CLI, type Place } from './shell.ts'

/** The sandbox directory, at work in a process of its own. */
export interface Sandbox {
  readonly url: string
  readonly token: string
  readonly port: string
  /** Creates users by hand, as an administrator did before there was rollcall. */
  create(...users: readonly string[]): Promise<void>
  /** How many users there are, and how many of them are active. */
  count(): Promise<{ readonly users: number; readonly active: number }>
  stop(): Promise<void>
}

/** Throws where it does not come up. */
export async function startSandbox(place: Place): Promise<Sandbox> {
  const child = spawn(process.execPath, [CLI, 'sandbox', '--json', '--dialect', 'atlassian', '--data', 'directory'], {
    cwd: place.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const errors: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  const told = await announced(child.stdout)
  if (!told) throw new Error(`the sandbox did not start: ${Buffer.concat(errors).toString()}`)
  const { url, token } = told
  const request = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`the sandbox answered ${response.status} to ${method} ${path}`)
    return (await response.json()) as { totalResults: number; Resources: { active: boolean }[] }
  }
  return {
    url,
    token,
    port: new URL(url).port,
    async create(...users) {
      for (const userName of users) {
        const emails = [{ value: userName, type: 'work', primary: true }]
        const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
        await request('POST', '/Users', { schemas, userName, emails, displayName: userName, active: true })
      }
    },
    async count() {
      const resources = []
      for (let total = 1; resources.length < total; ) {
        const page = await request('GET', `/Users?startIndex=${resources.length + 1}&count=100`)
        total = page.totalResults
        resources.push(...page.Resources)
        if (page.Resources.length === 0) break
      }
      return { users: resources.length, active: resources.filter(({ active }) => active).length }
    },
    async stop() {
      const exited = once(child, 'exit')
      if (child.exitCode !== null) return
      child.kill('SIGINT')
      const [code] = await exited
      if (code !== 0) throw new Error(`the sandbox ended ${code} when it was told to stop`)
    },
  }
}

/** The JSON object it prints once it listens; undefined where it ends without. */
async function announced(output: Readable): Promise<{ readonly url: string; readonly token: string } | undefined> {
  let text = ''
  for await (const line of createInterface(output)) {
    text += line
    const said = parsed(text)
    if (said?.url !== undefined && said.token !== undefined) return { url: said.url, token: said.token }
  }
  return undefined
}

/** Undefined as long as there is more of it to come. */
function parsed(text: string): { readonly url?: string; readonly token?: string } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
