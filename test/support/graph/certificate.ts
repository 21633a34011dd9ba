import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate that signs itself (RFC 5280), for 127.0.0.1 and localhost; and its key. PEM. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
  readonly der: Buffer
  readonly publicKey: KeyObject
}

/** RSA for clients, since that is what Entra takes; elliptic curves for servers, since they are made in no time. */
export function selfSigned(name: string, kind: 'rsa' | 'ec'): Certificate {
  const { publicKey, privateKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(
    kind === 'rsa'
      ? [identifier('2a864886f70d01010b'), tagged(0x05, Buffer.alloc(0))]
      : [identifier('2a8648ce3d040302')],
  )
  const called = sequence([tagged(0x31, sequence([identifier('550403'), tagged(0x0c, Buffer.from(name))]))])
  const addresses = sequence([tagged(0x87, Buffer.from([127, 0, 0, 1])), tagged(0x82, Buffer.from('localhost'))])
  const isAuthority = sequence([tagged(0x01, Buffer.from([0xff]))])
  const body = sequence([
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, Buffer.from([0x2a])),
    algorithm,
    called,
    sequence([time('20250101000000Z'), time('20991231235959Z')]),
    called,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      0xa3,
      sequence([
        sequence([identifier('551d13'), tagged(0x01, Buffer.from([0xff])), tagged(0x04, isAuthority)]),
        sequence([identifier('551d11'), tagged(0x04, addresses)]),
      ]),
    ),
  ])
  const signature = sign('sha256', body, privateKey)
  const der = sequence([body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature]))])
  const lines = der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')
  return {
    der,
    publicKey,
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), content])
}

const sequence = (parts: readonly Buffer[]) => tagged(0x30, Buffer.concat(parts))
const identifier = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'))
const time = (text: string) => tagged(0x18, Buffer.from(text))
