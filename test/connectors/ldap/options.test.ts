import { describe, expect, test } from 'vitest'
import { ldap } from '../../../connectors/ldap/index.ts'
import { options } from '../../../connectors/ldap/options.ts'

const USUAL = {
  url: 'ldaps://dc1.example.com',
  bind: { dn: 'cn=reader,o=x', password: { env: 'X' } },
  users: { base: 'o=x' },
}
const faults = (more: object) => {
  const { error } = options.safeParse({ ...USUAL, ...more })
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
}

describe('what a source may be configured to', () => {
  test.each([
    [{}],
    [{ url: ['ldaps://dc1.example.com', 'ldaps://[2001:db8::1]:636/'] }],
    [{ url: 'ldap://localhost' }],
    [{ url: 'ldap://127.0.0.1:3890' }],
    [{ url: 'ldap://[::1]:3890' }],
    [{ url: 'ldap://dc1.example.com', tls: { startTls: true } }],
    [{ url: 'ldap://dc1.example.com', allowPlain: true }],
    [{ url: 'ldapi://%2Frun%2Fslapd', bind: { external: true } }],
    [{ bind: { external: true }, tls: { cert: 'reader.pem', key: 'reader.key' } }],
    [{ vendor: 389 }],
    [{ disabled: { attribute: 'status', equals: ['left', 'closed'] } }],
  ])('%j', more => {
    expect(faults(more)).toEqual([])
  })

  test.each([
    [{ url: 'ldap://dc1.example.com' }, /^url: is not encrypted: use ldaps:\/\/, or/],
    [{ url: ['ldaps://a.example.com', 'ldap://b.example.com'] }, /^url.1: is not encrypted/],
    [{ url: 'ldap://localhost.example.com' }, /not encrypted/],
    [{ url: 'https://dc1.example.com' }, /ldaps:\/\/HOST/],
    [{ url: 'ldaps://reader:secret@dc1.example.com' }, /must not hold a user or a password/],
    [{ url: 'ldaps://dc1.example.com/o=x??sub' }, /must end with the host or port/],
    [{ url: 'ldaps://dc1.example.com', tls: { startTls: true } }, /cannot be with startTls/],
    [{ url: 'ldap://localhost', tls: { ca: 'ca.pem' } }, /has tls beside it/],
    [{ url: 'ldaps://gc.example.com:3269', groups: { base: 'o=x' } }, /is the global catalog/],
    [{ bind: { dn: 'cn=reader', password: 'plain' } }, /^bind/],
    [{ bind: { external: true } }, /name it in tls/],
    [{ users: { base: 'o=x', filter: '(&(a=b)' } }, /^users.filter: ".*" expected, at character/],
    [{ users: { base: '' } }, /^users.base/],
    [{ vendor: 'novell' }, /^vendor/],
    [{ attributes: { shoeSize: 'integer' } }, /^attributes.shoeSize/],
    [{ attributes: { name: 'text' } }, /^attributes.name: is told of every user already/],
    [{ disabled: { attribute: 'x' } }, /^disabled: say/],
    [{ disabled: { attribute: 'x', equals: 'a', present: true } }, /^disabled: say/],
    [{ pagesize: 5 }, /pagesize/],
  ])('%j is refused', (more, message) => {
    expect(faults(more).join('\n')).toMatch(message)
  })
})

test('the attributes of the standard schemas may be named, and those declared', async () => {
  const given = options.parse({ ...USUAL, attributes: { shoeSize: 'number', MAIL: 'list' } })
  const { user, group, caseInsensitive, closed } = await ldap.attributes(given, { name: 'hq', folder: '/' })
  expect([caseInsensitive, closed]).toEqual([true, true])
  expect({ ...user }).toMatchObject({
    givenName: 'text',
    sAMAccountName: 'text',
    memberOf: 'list',
    shoeSize: 'number',
    MAIL: 'list',
  })
  expect(Object.keys(user).filter(name => name.toLowerCase() === 'mail')).toEqual(['MAIL'])
  expect(group).toMatchObject({ description: 'text', memberUid: 'list' })
  for (const names of [Object.keys(user), Object.keys(group)]) {
    expect(names.filter(name => ['id', 'name', 'enabled'].includes(name))).toEqual([])
    expect(new Set(names.map(name => name.toLowerCase())).size).toBe(names.length)
  }
})
