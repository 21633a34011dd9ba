import { connect, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { paced, type PaceOptions } from '../../src/http/pace.ts'
import { type OriginOptions, openOrigin } from '../../src/http/request.ts'
import { type Heard, type Reply, scripted } from '../support/http.ts'

const signal = new AbortController().signal

async function sender(
  answer: (heard: Heard, nth: number) => Reply | Promise<Reply>,
  pace: Partial<PaceOptions> = {},
  origin: Partial<OriginOptions> = {},
) {
  const server = await scripted(answer)
  const opened = openOrigin({
    url: server.url,
    headers: { authorization: 'Bearer secret-token' },
    contentType: 'application/scim+json',
    connections: 8,
    deadlines: { connect: 500, silence: 300, whole: 1_000 },
    ...origin,
  })
  onTestFinished(() => opened.close())
  const patience = { attempts: 4, first: 2, longest: 300, giveUp: 3_000 }
  return { ...server, send: paced(opened, { name: 'target "t"', concurrency: 8, patience, ...pace }) }
}

const get = { method: 'GET', path: '/Users?filter=userName%20eq%20%22ada%40example.com%22' } as const
const post = { method: 'POST', path: '/Users', body: '{"userName":"ada@example.com"}' } as const

test('a 429 pauses everyone, not only the request that met it', async () => {
  const times: number[] = []
  const { send } = await sender((_, nth) => {
    times.push(Date.now())
    return nth === 1 ? { status: 429, headers: { 'retry-after': '0.2' } } : { json: {} }
  })
  const first = send(post, signal)
  while (times.length === 0) await new Promise(done => setTimeout(done, 2))
  await new Promise(done => setTimeout(done, 50))
  await Promise.all([first, send(get, signal), send(get, signal)])
  const [met = 0, ...others] = times
  expect(others).toHaveLength(3)
  for (const other of others) expect(other - met).toBeGreaterThanOrEqual(190)
})

test('a POST is sent once more after 429, and never after 503, 500, a reset or silence', async () => {
  const after429 = await sender((_, nth) => (nth === 1 ? { status: 429 } : { status: 201, json: {} }))
  expect((await after429.send(post, signal)).status).toBe(201)
  expect(after429.heard).toHaveLength(2)
  const replies: Reply[] = [{ status: 503 }, { status: 500 }, { status: 502 }, { drop: true }, { silence: true }]
  for (const reply of replies) {
    const { send, heard } = await sender(() => reply)
    await expect(send(post, signal)).rejects.toMatchObject({ code: 'unknown_outcome' })
    expect(heard).toHaveLength(1)
  }
})

test('a GET survives a reset, an error and silence', async () => {
  const { send, heard } = await sender((_, nth) => {
    if (nth === 1) return { drop: true }
    if (nth === 2) return { status: 502 }
    return nth === 3 ? { silence: true } : { json: { well: true } }
  })
  expect((await send(get, signal)).text).toBe('{"well":true}')
  expect(heard).toHaveLength(4)
})

test('what is down all the time is given up, and the message holds no filter and no secret', async () => {
  const { send, heard } = await sender(() => ({ status: 503 }))
  const error = await send(get, signal).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'target_unavailable' })
  expect(String(error)).toContain('target "t": GET /Users brought no answer worth having (status 503)')
  expect(String(error)).not.toMatch(/ada|filter|secret-token/)
  expect(heard).toHaveLength(4)
})

test('a write that cannot have been sent is tried again, and then given up', async () => {
  const closed = createServer()
  await new Promise<void>(done => closed.listen(0, '127.0.0.1', done))
  const address = closed.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await new Promise(done => closed.close(done))
  const { send } = await sender(() => ({}), {}, { url: `http://127.0.0.1:${port}` })
  await expect(send(post, signal)).rejects.toMatchObject({ code: 'target_unavailable' })
})

test('a redirect is an answer, and the other origin hears nothing', async () => {
  const other = await scripted(() => ({ json: {} }))
  const { send } = await sender(() => ({ status: 307, headers: { location: `${other.url}/Users` } }))
  expect((await send(post, signal)).status).toBe(307)
  expect(other.heard).toEqual([])
})

test('an error of ten megabytes is cut, not swallowed', async () => {
  const { send } = await sender(() => ({ status: 400, text: 'x'.repeat(10 << 20) }))
  const { status, text } = await send(post, signal)
  expect(status).toBe(400)
  expect(text).toHaveLength(64 << 10)
})

test('the rest of a large error is not waited for', async () => {
  const endless = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 100000000\r\n\r\n')
      socket.write('x'.repeat(100_000))
    })
  })
  await new Promise<void>(done => endless.listen(0, '127.0.0.1', done))
  onTestFinished(() => void endless.close())
  const address = endless.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { send } = await sender(() => ({}), {}, { url: `http://127.0.0.1:${port}` })
  expect((await send(post, signal)).status).toBe(400)
})

test('an answer without end is given up', async () => {
  const endless = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{')
      const drip = setInterval(() => socket.write(' '), 50)
      socket.on('close', () => clearInterval(drip))
    })
  })
  await new Promise<void>(done => endless.listen(0, '127.0.0.1', done))
  onTestFinished(() => void endless.close())
  const address = endless.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { send } = await sender(
    () => ({}),
    {},
    { url: `http://127.0.0.1:${port}`, deadlines: { connect: 500, silence: 300, whole: 400 } },
  )
  await expect(send(post, signal)).rejects.toMatchObject({ code: 'unknown_outcome' })
})

test('no more requests are in flight than asked for', async () => {
  let inFlight = 0
  let most = 0
  const { send } = await sender(
    async () => {
      most = Math.max(most, ++inFlight)
      await new Promise(done => setTimeout(done, 5))
      inFlight--
      return { json: {} }
    },
    { concurrency: 3 },
  )
  await Promise.all(Array.from({ length: 30 }, () => send(get, signal)))
  expect(most).toBe(3)
})

test('a cap on requests in a minute is kept in every part of it', async () => {
  const times: number[] = []
  const { send } = await sender(
    () => {
      times.push(Date.now())
      return { json: {} }
    },
    { requestsPerMinute: 600 },
  )
  await Promise.all(Array.from({ length: 20 }, () => send(get, signal)))
  const [first = 0] = times
  expect((times.at(-1) ?? 0) - first).toBeGreaterThanOrEqual(900)
})

test('an interruption ends requests and waits at once', async () => {
  const controller = new AbortController()
  const silent = await sender(() => ({ silence: true }), {}, { deadlines: { connect: 9e3, silence: 9e3, whole: 9e3 } })
  const waiting = await sender(() => ({ status: 429, headers: { 'retry-after': '60' } }), {
    patience: { attempts: 3, first: 1, longest: 60_000, giveUp: 90_000 },
  })
  const ends = [silent.send(post, controller.signal), waiting.send(get, controller.signal)]
  setTimeout(() => controller.abort(), 50)
  for (const end of ends) await expect(end).rejects.toMatchObject({ code: 'interrupted' })
  await expect(silent.send(get, controller.signal)).rejects.toMatchObject({ code: 'interrupted' })
})

test('hundreds of requests under one signal leave no listener and no warning behind', async () => {
  const warnings: Error[] = []
  const listen = (warning: Error) => warnings.push(warning)
  process.on('warning', listen)
  const { send } = await sender(() => ({ json: {} }), { concurrency: 64 }, { connections: 64 })
  await Promise.all(Array.from({ length: 300 }, () => send(get, signal)))
  await new Promise(done => setImmediate(done))
  process.off('warning', listen)
  expect(warnings).toEqual([])
})

test('requests go through a proxy where one is named', async () => {
  const target = await scripted(() => ({ json: { through: 'proxy' } }))
  const seen: string[] = []
  const relay = createServer(client => {
    client.once('data', data => {
      const line = data.toString().split('\r\n')[0] ?? ''
      seen.push(line)
      const { port } = new URL(target.url)
      const server = connect(Number(port), '127.0.0.1', () => {
        if (line.startsWith('CONNECT')) client.write('HTTP/1.1 200 OK\r\n\r\n')
        else server.write(data)
        client.pipe(server).pipe(client)
      })
      server.on('error', () => client.destroy())
      client.on('error', () => server.destroy())
    })
  })
  await new Promise<void>(done => relay.listen(0, '127.0.0.1', done))
  onTestFinished(() => void relay.close())
  const address = relay.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { send } = await sender(() => ({}), {}, { url: target.url, proxy: `http://127.0.0.1:${port}` })
  expect((await send(get, signal)).text).toBe('{"through":"proxy"}')
  expect(seen).toHaveLength(1)
  expect(target.heard[0]?.headers['authorization']).toBe('Bearer secret-token')
})
