import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import * as z from 'zod'
import { RollcallError } from '../errors.ts'
import { Secret, secret } from '../secret.ts'

const pem = z.union([z.string().min(1), secret], {
  error: 'a path, or { env: NAME }, { file: PATH } or { command: [PROGRAM] }',
})

/** The `tls` of a source or target. */
export const tls = z
  .strictObject({
    ca: pem.optional().describe('Certificates to trust, PEM, in place of the system’s.'),
    cert: pem.optional().describe('The client’s certificate, PEM.'),
    key: pem.optional().describe('The client’s private key, PEM.'),
    serverName: z.string().min(1).optional().describe('The name the server’s certificate must be for.'),
    startTls: z.boolean().optional().describe('LDAP: begin plainly and turn to TLS (RFC 4511 §4.14).'),
  })
  .describe('Which certificates to trust and to show.')
export type TlsOptions = z.infer<typeof tls>

/** For `tls.connect`. */
export interface TlsMaterial {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

/** Reads what `tls` names; relative paths start from `folder`. Throws `secret_unavailable` where it cannot be read. */
export async function readTls(given: TlsOptions | undefined, folder: string): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([given?.ca, given?.cert, given?.key].map(one => read(one, folder)))
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(given?.serverName !== undefined && { servername: given.serverName }),
  }
}

async function read(one: string | Secret | undefined, folder: string): Promise<string | undefined> {
  if (one === undefined || one instanceof Secret) return one?.read(folder)
  try {
    return await readFile(resolve(folder, one), 'utf8')
  } catch (cause) {
    throw new RollcallError('secret_unavailable', `tls: ${one} cannot be read; put it there, or correct the path.`, {
      cause,
    })
  }
}
