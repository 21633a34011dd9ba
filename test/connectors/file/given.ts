import { file } from '../../../connectors/file/index.ts'
import type { FileOptions } from '../../../connectors/file/options.ts'
import type { ReadRequest, Source } from '../../../src/connector.ts'
import { RollcallError } from '../../../src/errors.ts'
import { folderWith } from '../../support/folder.ts'
import { type Reading, reading } from '../../support/reading.ts'

type Files = Readonly<Record<string, string | Uint8Array>>

/** Files of one directory, and the source that reads them. */
export interface Given {
  readonly folder: string
  readonly source: Source
  read(request?: Partial<ReadRequest>): Promise<Reading>
  attributes(): ReturnType<typeof file.attributes>
}

export function given(options: FileOptions, files: Files): Given {
  const folder = folderWith(files)
  const place = { name: 'hq', folder }
  const parsed = file.options.parse(options)
  const source = file.open(parsed, place)
  return {
    folder,
    source,
    read: request => reading(source, request),
    attributes: () => file.attributes(parsed, place),
  }
}

/** `users.csv` and, where given, `groups.csv` and `members.csv`. */
export function tables(users: string | Uint8Array, groups?: string, members?: string): Given {
  if (groups === undefined) return given({ users: 'users.csv' }, { 'users.csv': users })
  const options = { users: 'users.csv', groups: 'groups.csv', members: 'members.csv' }
  return given(options, { 'users.csv': users, 'groups.csv': groups, 'members.csv': members ?? 'group,member\n' })
}

export function document(text: string | Uint8Array): Given {
  return given({ path: 'hq.json' }, { 'hq.json': text })
}

export function directory(text: string | Uint8Array, attributes?: FileOptions['attributes']): Given {
  return given({ path: 'hq.ldif', ...(attributes && { attributes }) }, { 'hq.ldif': text })
}

/** What a RollcallError says, its code in front. Whatever else is thrown, or nothing, fails the test. */
export async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof RollcallError) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error('it was taken without a word')
}

/** The checks of a certificate that did not hold. */
export function failures({ certificate }: Reading): readonly string[] {
  return certificate.checks.filter(({ passed }) => !passed).map(({ check, detail }) => `${check}: ${detail}`)
}
