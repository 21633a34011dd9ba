/** A directory as files hold it, in the words of the file: what the writers below put down, and in what order. */
export interface Written {
  readonly users: readonly {
    readonly id: string
    readonly enabled: boolean
    readonly name: string
    readonly attributes: Readonly<Record<string, string>>
  }[]
  readonly groups: readonly {
    readonly id: string
    readonly name: string
    readonly attributes: Readonly<Record<string, string>>
    /** Ids of users and groups. */
    readonly members: readonly string[]
  }[]
}

export interface Csv {
  readonly users: string
  readonly groups: string
  readonly members: string
}

/** Three tables (RFC 4180). */
export function csv({ users, groups }: Written): Csv {
  const ofUsers = namesIn(users)
  const ofGroups = namesIn(groups)
  return {
    users: table([
      ['id', 'enabled', 'name', ...ofUsers],
      ...users.map(({ id, enabled, name, attributes }) => [
        id,
        String(enabled),
        name,
        ...ofUsers.map(column => attributes[column] ?? ''),
      ]),
    ]),
    groups: table([
      ['id', 'name', ...ofGroups],
      ...groups.map(({ id, name, attributes }) => [id, name, ...ofGroups.map(column => attributes[column] ?? '')]),
    ]),
    members: table([['group', 'member'], ...groups.flatMap(({ id, members }) => members.map(member => [id, member]))]),
  }
}

/** One document, one user or group a line. */
export function json({ users, groups }: Written): string {
  const lines = (items: readonly object[]) => items.map(item => `    ${JSON.stringify(item)}`).join(',\n')
  const flat = users.map(({ attributes, ...user }) => ({ ...user, ...attributes }))
  const teams = groups.map(({ attributes, ...group }) => ({ ...group, ...attributes }))
  return `{\n  "users": [\n${lines(flat)}\n  ],\n  "groups": [\n${lines(teams)}\n  ]\n}\n`
}

/** As `ldapsearch` writes inetOrgPerson and groupOfNames with their operational attributes (RFC 2849), lines folded at 76. */
export function ldif({ users, groups }: Written): string {
  const dns = new Map([
    ...users.map(({ id }) => [id, `uid=${id},ou=people,dc=example,dc=com`] as const),
    ...groups.map(({ id }) => [id, `ou=${id},ou=groups,dc=example,dc=com`] as const),
  ])
  const entry = (id: string, rest: readonly (readonly [string, string])[]) =>
    [['dn', dns.get(id) ?? id] as const, ...rest, ['entryUUID', id] as const].map(lineOf).join('')
  const locked = ['pwdAccountLockedTime', '000001010000Z'] as const
  return [
    'version: 1\n',
    ...users.map(({ id, enabled, name, attributes }) =>
      entry(id, [
        ['objectClass', 'inetOrgPerson'],
        ['uid', id],
        ['cn', name],
        ...Object.entries(attributes),
        ...(enabled ? [] : [locked]),
      ]),
    ),
    ...groups.map(({ id, name, attributes, members }) =>
      entry(id, [
        ['objectClass', 'groupOfNames'],
        ['cn', name],
        ...Object.entries(attributes),
        ...members.map(member => ['member', dns.get(member) ?? member] as const),
      ]),
    ),
  ]
    .map(record => `${record}\n`)
    .join('')
}

function namesIn(items: readonly { readonly attributes: Readonly<Record<string, string>> }[]): string[] {
  return [...new Set(items.flatMap(({ attributes }) => Object.keys(attributes)))]
}

function table(rows: readonly (readonly string[])[]): string {
  return rows.map(cells => `${cells.map(cell).join(',')}\r\n`).join('')
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** In base64 where RFC 2849 asks for it: anything but plain ASCII that begins and ends harmlessly. */
function lineOf([name, value]: readonly [string, string]): string {
  const safe = /^(?![ :<])[\x20-\x7e]*(?<! )$/.test(value)
  const line = safe ? `${name}: ${value}` : `${name}:: ${Buffer.from(value).toString('base64')}`
  return `${line.slice(0, 76)}${line.slice(76).replace(/.{1,75}/g, '\n $&')}\n`
}
