import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A real OpenLDAP server, in a temporary folder, as a user without rights. */

const SLAPD = '/usr/sbin/slapd'
const SLAPADD = '/usr/sbin/slapadd'
/** OpenLDAP's own client, to compare with. */
export const LDAPSEARCH = '/usr/bin/ldapsearch'

/** Where OpenLDAP is not installed, tests that need it are skipped (`describe.skipIf(!slapdAvailable)`). */
export const slapdAvailable = [SLAPD, SLAPADD, LDAPSEARCH].every(file => existsSync(file))

export const SUFFIX = 'dc=example,dc=com'
/** Who may do everything, and who may only read. */
export const ADMIN = { dn: `cn=admin,${SUFFIX}`, password: 'admin secret' }
export const READER = { dn: `cn=reader,${SUFFIX}`, password: 'reader secret' }

export interface Slapd {
  readonly url: string
  /** With TLS only. */
  readonly tlsUrl: string
  readonly socketUrl: string
  readonly folder: string
  readonly tls: Certificates | undefined
  /** LDIF through ldapmodify, as the administrator. */
  modify(ldif: string): void
  stop(): Promise<void>
}

export interface SlapdOptions {
  /** Entries below the suffix, operational attributes and all; the suffix, its account and two branches are there. */
  readonly ldif?: string | Iterable<string>
  readonly tls?: boolean
  /** What the reader may have at most; `size=unlimited` unless said. */
  readonly limits?: string
  /** What the reader may see; everything unless said. */
  readonly access?: readonly string[]
}

/** Starts it and waits until it answers. */
export async function startSlapd(options: SlapdOptions = {}): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-slapd-'))
  chmodSync(folder, 0o755)
  for (const name of ['db', 'run']) mkdirSync(join(folder, name))
  const tls = options.tls ? certificates(folder) : undefined
  const conf = join(folder, 'slapd.conf')
  writeFileSync(conf, configuration(folder, options, tls))
  writeFileSync(join(folder, 'data.ldif'), base())
  for (const text of typeof options.ldif === 'string' ? [options.ldif] : (options.ldif ?? [])) {
    writeFileSync(join(folder, 'data.ldif'), text, { flag: 'a' })
  }
  const owned = spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout.trim()
  if (process.getuid?.() === 0)
    for (const name of ['db', 'run', ...(tls ? ['server.key'] : [])])
      chownSync(join(folder, name), Number(owned), 65_534)
  run(...unprivileged(SLAPADD, '-q', '-f', conf, '-l', join(folder, 'data.ldif')))
  rmSync(join(folder, 'data.ldif'))
  const socketUrl = `ldapi://${encodeURIComponent(join(folder, 'run/ldapi'))}`
  const { server, port, tlsPort } = await listening(folder, conf, socketUrl, tls !== undefined)
  const url = `ldap://127.0.0.1:${port}`
  return {
    url,
    tlsUrl: `ldaps://localhost:${tlsPort}`,
    socketUrl,
    folder,
    tls,
    modify: ldif => run('ldapmodify', '-x', '-H', url, '-D', ADMIN.dn, '-w', ADMIN.password, { input: ldif }),
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        const ended = new Promise(done => server.once('exit', done))
        server.kill('SIGKILL')
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Ports that are free now may be another test's a moment later: then it is tried with others. */
async function listening(folder: string, conf: string, socketUrl: string, tls: boolean) {
  for (let tried = 1; ; tried++) {
    const [port, tlsPort] = [await freePort(), await freePort()]
    const urls = [`ldap://127.0.0.1:${port}`, socketUrl, ...(tls ? [`ldaps://127.0.0.1:${tlsPort}`] : [])]
    const listen = urls.map(one => `${one}/`).join(' ')
    const [program, ...rest] = unprivileged(SLAPD, '-f', conf, '-h', listen, '-d', '0')
    const server = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    try {
      await answering(port, join(folder, 'run/slapd.pid'), server, () => said)
      return { server, port, tlsPort }
    } catch (error) {
      if (tried === 3) throw error
    }
  }
}

function configuration(folder: string, options: SlapdOptions, tls: Certificates | undefined): string {
  const schemas = ['core', 'cosine', 'inetorgperson', 'nis', 'dyngroup']
  const modules = ['back_mdb', 'memberof', 'syncprov', 'dynlist', 'ppolicy']
  return [
    ...schemas.map(name => `include /etc/ldap/schema/${name}.schema`),
    "attributetype ( 1.3.6.1.4.1.55555.1.1 NAME 'shoeSize' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )",
    "attributetype ( 1.3.6.1.4.1.55555.1.2 NAME 'robot' EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 )",
    "attributetype ( 1.3.6.1.4.1.55555.1.3 NAME 'badge' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )",
    "attributetype ( 1.3.6.1.4.1.55555.1.4 NAME 'region' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
    "objectclass ( 1.3.6.1.4.1.55555.2.1 NAME 'groupOfMembers' SUP top STRUCTURAL MUST cn MAY ( member $ description $ ou ) )",
    "objectclass ( 1.3.6.1.4.1.55555.2.2 NAME 'colleague' SUP top AUXILIARY MAY ( shoeSize $ robot $ badge $ region ) )",
    'modulepath /usr/lib/ldap',
    ...modules.map(name => `moduleload ${name}`),
    `pidfile ${folder}/run/slapd.pid`,
    `argsfile ${folder}/run/slapd.args`,
    ...(tls
      ? [
          `TLSCertificateFile ${folder}/server.pem`,
          `TLSCertificateKeyFile ${folder}/server.key`,
          `TLSCACertificateFile ${folder}/ca.pem`,
          'TLSVerifyClient try',
        ]
      : []),
    // Who comes with the client's certificate, or through the socket.
    `authz-regexp "^(cn=reader|.*cn=peercred,cn=external,cn=auth)$" "${READER.dn}"`,
    'database mdb',
    `suffix "${SUFFIX}"`,
    `rootdn "${ADMIN.dn}"`,
    `rootpw "${ADMIN.password}"`,
    `directory ${folder}/db`,
    'maxsize 4294967296',
    'envflags nosync',
    'index objectClass,entryUUID eq',
    `limits dn.exact="${READER.dn}" ${options.limits ?? 'size=unlimited time=unlimited'}`,
    'access to attrs=userPassword by anonymous auth by * none',
    ...(options.access ?? [`access to * by dn.exact="${READER.dn}" read by * none`]),
    'overlay ppolicy',
    'overlay syncprov',
    '',
  ].join('\n')
}

function base(): string {
  return [
    `dn: ${SUFFIX}\nobjectClass: domain\ndc: example`,
    `dn: ${READER.dn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: reader\nuserPassword: ${READER.password}`,
    `dn: ou=people,${SUFFIX}\nobjectClass: organizationalUnit\nou: people`,
    `dn: ou=groups,${SUFFIX}\nobjectClass: organizationalUnit\nou: groups`,
  ]
    .map(entry => `${entry}\n\n`)
    .join('')
}

export interface Certificates {
  readonly ca: string
  /** Of the account `READER`. */
  readonly clientCert: string
  readonly clientKey: string
}

/** An authority, a server’s certificate for localhost and 127.0.0.1, and a client’s. Paths of PEM files. */
export function certificates(folder: string): Certificates {
  const at = (name: string) => join(folder, name)
  const days = ['-days', '2']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = ['-CA', at('ca.pem'), '-CAkey', at('ca.key')]
  const issue = (name: string, subject: string, ...more: string[]) =>
    run(
      'openssl',
      'req',
      '-x509',
      ...key,
      '-subj',
      subject,
      ...days,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.pem`),
      ...more,
    )
  issue('ca', '/CN=rollcall test authority')
  issue(
    'server',
    '/CN=directory',
    ...authority,
    '-addext',
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-addext',
    'basicConstraints=CA:FALSE',
  )
  issue('client', '/CN=reader', ...authority, '-addext', 'basicConstraints=CA:FALSE')
  return { ca: at('ca.pem'), clientCert: at('client.pem'), clientKey: at('client.key') }
}

function unprivileged(program: string, ...rest: string[]): [string, ...string[]] {
  if (process.getuid?.() !== 0) return [program, ...rest]
  return ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', program, ...rest]
}

function run(...command: [string, ...(string | { readonly input: string })[]]): void {
  const words = command.filter(word => typeof word === 'string')
  const input = command.find(word => typeof word === 'object')?.input
  const { status, stderr, error } = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8', input })
  if (status !== 0) throw new Error(`${words.slice(0, 2).join(' ')} ended ${status}: ${stderr} ${error ?? ''}`)
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** It notes its process once it has all of its ports, so whoever answers then is none else. */
async function answering(port: number, pidFile: string, server: ChildProcess, said: () => string): Promise<void> {
  for (let left = 500; left > 0; left--) {
    if (server.exitCode !== null) throw new Error(`slapd ended: ${said()}`)
    const answers = await new Promise<boolean>(done => {
      if (!existsSync(pidFile)) return done(false)
      const socket = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false))
      socket.on('connect', () => socket.destroy())
    })
    if (answers) return
    await sleep(20)
  }
  server.kill('SIGKILL')
  throw new Error(`slapd does not answer: ${said()}`)
}
