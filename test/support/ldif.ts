import type { Directory } from '../conformance.ts'
import { SUFFIX } from './slapd.ts'

/** What is in an entry; values in any encoding. Undefined ones are left out. */
export type LdifAttributes = Readonly<Record<string, string | Buffer | readonly (string | Buffer)[] | undefined>>

/** One entry, ready for slapadd: everything in base64, so that any value may be in it. */
export function ldifEntry(dn: string, attributes: LdifAttributes): string {
  const lines = [`dn:: ${base64(dn)}`]
  for (const [name, given] of Object.entries(attributes)) {
    const values = given === undefined ? [] : typeof given === 'string' || Buffer.isBuffer(given) ? [given] : given
    for (const value of values) lines.push(`${name}:: ${base64(value)}`)
  }
  return `${lines.join('\n')}\n\n`
}

function base64(value: string | Buffer): string {
  return Buffer.from(value as string, 'utf8').toString('base64')
}

export const PEOPLE = `ou=people,${SUFFIX}`
export const GROUPS = `ou=groups,${SUFFIX}`

/** A directory as entries. Groups that must not be empty are `groupOfMembers`. */
export function* directoryLdif({ users, groups }: Directory): Generator<string> {
  const dns = dnsOf(users, groups)
  for (const { id, enabled, name, mail, title } of users) {
    yield ldifEntry(dns.get(id)!, {
      objectClass: 'inetOrgPerson',
      uid: id,
      cn: 'Someone',
      sn: 'Someone',
      displayName: name,
      mail,
      title,
      entryUUID: id,
      pwdAccountLockedTime: enabled ? undefined : '000001010000Z',
    })
  }
  for (const group of groups) yield ldifGroup(group, dns)
}

/** The DNs of a directory's users and groups, by id. */
export function dnsOf(
  users: readonly { readonly id: string }[],
  groups: readonly { readonly id: string }[],
): ReadonlyMap<string, string> {
  return new Map([
    ...users.map(({ id }): [string, string] => [id, `uid=${id},${PEOPLE}`]),
    ...groups.map(({ id }): [string, string] => [id, `ou=${id},${GROUPS}`]),
  ])
}

/** A group as an entry; its members are ids. */
export function ldifGroup(
  { id, name, description, members }: Directory['groups'][number],
  dns: ReadonlyMap<string, string>,
): string {
  return ldifEntry(dns.get(id)!, {
    objectClass: 'groupOfMembers',
    ou: id,
    cn: name,
    description,
    member: members.map(member => dns.get(member)!),
    entryUUID: id,
  })
}
